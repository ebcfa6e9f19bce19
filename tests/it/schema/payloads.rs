//! `schema/events`: one JSON Schema for each kind and version, and every stored payload valid by its own.

use super::life::{Life, PERSONAL, Row};
use super::{folder, list, read_json};
use counterfoil::domain::Event;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The schemas by kind and version, as their file names say.
fn schemas() -> BTreeMap<(String, i64), Value> {
    let files = std::fs::read_dir(folder("events")).expect("the folder of schemas");
    files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let stem = name.strip_suffix(".json").unwrap_or_else(|| panic!("{name} is no JSON file"));
            let (kind, version) = stem.rsplit_once(".v").unwrap_or_else(|| panic!("{name} names no version"));
            ((kind.to_owned(), version.parse().expect("a version")), read_json(&path))
        })
        .collect()
}

fn validators() -> BTreeMap<(String, i64), Validator> {
    let compile = |schema: &Value| jsonschema::validator_for(schema).expect("a JSON Schema");
    schemas().iter().map(|(name, schema)| (name.clone(), compile(schema))).collect()
}

fn valid(validators: &BTreeMap<(String, i64), Validator>, row: &Row, payload: &Value) -> Result<(), String> {
    let name = (row.kind.clone(), row.schema);
    let validator = validators.get(&name).ok_or_else(|| format!("{name:?} has no schema"))?;
    validator.validate(payload).map_err(|error| format!("{}: {error} at {}", row.kind, error.instance_path()))
}

#[test]
fn every_kind_has_a_schema_and_every_schema_a_kind() {
    let kinds: BTreeSet<&str> = Event::KINDS.iter().copied().collect();
    let schemas = schemas();
    let described: BTreeSet<&str> = schemas.keys().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(described, kinds);
    for ((kind, version), schema) in &schemas {
        assert_eq!((&schema["title"], &schema["$id"]), (&json!(kind), &json!(format!("{kind}.v{version}.json"))));
        assert_eq!(schema["additionalProperties"], json!(false), "{kind}");
    }
}

#[test]
fn the_format_page_lists_the_kinds_that_there_are() {
    let page = std::fs::read_to_string(folder("event-log.md")).expect("the page");
    let (_, after) = page.split_once("## Kinds of events").expect("the section");
    let table = after.split("\n## ").next().unwrap_or_default();
    let listed: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|w| w.contains('.'))
        .collect();
    assert_eq!(listed, Event::KINDS.iter().copied().collect());
}

#[test]
fn every_kind_is_written_and_every_payload_is_valid_by_its_schema() {
    let (life, validators) = (Life::lived(), validators());
    let written: BTreeSet<&str> = life.rows.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(written, Event::KINDS.iter().copied().collect(), "each kind at least once");
    let shape = |kind: &str, holds: &dyn Fn(&Value) -> bool| {
        assert!(life.rows.iter().any(|row| row.kind == kind && holds(&row.payload)), "{kind} in that shape");
    };
    for kind in Event::KINDS.iter().filter(|kind| kind.starts_with("points.")) {
        shape(kind, &|payload| payload.get("happened_at").is_some());
        shape(kind, &|payload| payload.get("happened_at").is_none());
    }
    for kind in ["order.recorded", "customer.registered", "card.issued"] {
        shape(kind, &|payload| payload.get("happened_at").is_some());
    }
    shape("points.adjusted", &|payload| payload["points"].as_i64() > Some(0) && payload["lot"].is_object());
    shape("points.adjusted", &|payload| payload["points"].as_i64() < Some(0) && payload["taken"].is_array());
    shape("points.expired", &|payload| payload["cause"] == "due" && payload.get("sealed").is_none());
    shape("points.expired", &|payload| payload["cause"] == "requested" && payload.get("sealed").is_some());
    shape("points.awarded", &|payload| payload["origin"] == "issue");
    shape("points.awarded", &|payload| payload["origin"] == "award" && payload.get("sealed").is_none());
    shape("points.awarded", &|payload| payload["order"] == "1001" && payload["reference"] == "spring");
    shape("points.awarded", &|payload| payload["purchase"]["formula"].is_object());
    shape("points.awarded", &|payload| payload["purchase"].is_object() && payload["purchase"].get("formula").is_none());
    shape("points.redeemed", &|payload| payload["discount"].is_object() && payload["lot_shops"].is_array());
    shape("order.recorded", &|payload| payload.get("sealed").is_some());
    shape("order.recorded", &|payload| payload.get("sealed").is_none());
    shape("points.refunded", &|payload| payload["cause"] == "refund" && payload.get("amount").is_some());
    shape("points.refunded", &|payload| payload["cause"] == "refund" && payload.get("amount").is_none());
    shape("points.refunded", &|payload| payload["cause"] == "cancellation" && payload.get("refund").is_none());
    shape("shop.updated", &|payload| payload["coordinates"].is_object() && payload["is_active"] == false);
    shape("template.updated", &|payload| payload["version"] == 2 && payload["rules"]["shop_ids"].is_array());
    shape("card.issued", &|payload| payload["status"] == "inactive" && payload.get("sealed").is_some());
    shape("card.updated", &|payload| payload.get("design").is_some() && payload.get("sealed").is_none());
    shape("card.updated", &|payload| payload.get("design").is_none() && payload.get("sealed").is_some());
    shape("webhook.updated", &|payload| payload["is_active"] == false && payload["shop_ids"].is_array());
    shape("checkpoint_key.created", &|payload| payload.get("handover").is_none());
    shape("checkpoint_key.created", &|payload| payload["handover"]["signature"].is_string());
    shape("key.created", &|payload| payload["form"] == "bearer" && payload.get("expires_at").is_some());
    for row in &life.rows {
        assert_eq!(valid(&validators, row, &row.payload), Ok(()), "{}", row.payload);
        let decoded = Event::decode(&row.kind, row.schema, &row.texts[1]).expect("the service reads what it wrote");
        assert_eq!(decoded.payload(), row.texts[1], "and would write it so again");
    }
}

#[test]
fn a_payload_that_was_changed_in_its_layout_is_refused() {
    let (life, validators, schemas) = (Life::lived(), validators(), schemas());
    for row in &life.rows {
        let schema = &schemas[&(row.kind.clone(), row.schema)];
        let refused = |what: &str, payload: &Value| {
            assert!(valid(&validators, row, payload).is_err(), "{} {what}: {payload}", row.kind);
            assert!(Event::decode(&row.kind, row.schema, &payload.to_string()).is_err(), "{} {what}", row.kind);
        };
        for field in list(schema, "required").iter().filter_map(Value::as_str).filter(|field| *field != "sealed") {
            refused(&format!("without {field}"), &changed(&row.payload, |fields| drop(fields.remove(field))));
        }
        refused("with a field too many", &changed(&row.payload, |fields| drop(fields.insert("note".into(), json!(1)))));
        for (field, value) in row.payload.as_object().expect("an object") {
            let wrong = if value.is_boolean() { json!("true") } else { json!(true) };
            refused(&format!("with a wrong {field}"), &changed(&row.payload, |fields| fields[field] = wrong));
        }
        if let Some(sealed) = row.payload.get("sealed") {
            let wordy = changed(sealed, |fields| drop(fields.insert("reason".into(), json!("words"))));
            refused("with words beside the seal", &changed(&row.payload, |fields| fields["sealed"] = wordy));
            // The service reads an event that seals nothing; where something must be sealed, the schema says so.
            let without = changed(&row.payload, |fields| drop(fields.remove("sealed")));
            let required = list(schema, "required").contains(&json!("sealed"));
            assert_eq!(valid(&validators, row, &without).is_err(), required, "{} without its seal", row.kind);
        }
    }
}

fn changed(value: &Value, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut object = value.as_object().cloned().expect("an object");
    change(&mut object);
    Value::Object(object)
}

#[test]
fn nothing_that_the_vault_holds_stands_in_the_log() {
    let life = Life::lived();
    let mut words = BTreeSet::new();
    life.sealed.iter().for_each(|body| collect_words(body, &mut words));
    for personal in PERSONAL {
        assert!(words.contains(personal), "{personal} is in the vault, so that it is looked for");
    }
    assert!(words.contains("Corner Bakery") && words.contains("Kepyklos kortelė"));
    for row in &life.rows {
        for text in &row.texts {
            let text = text.to_lowercase();
            let found = words.iter().find(|word| text.contains(&word.to_lowercase()));
            assert_eq!(found, None, "{text}");
        }
    }
}

/// Every text in a sealed body, however deep.
fn collect_words(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(words.insert(text.clone())),
        Value::Array(list) => list.iter().for_each(|value| collect_words(value, words)),
        Value::Object(fields) => fields.values().for_each(|value| collect_words(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
