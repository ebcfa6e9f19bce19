//! The worked examples of `schema/vectors` and the schemas of `schema/events`.

use super::books::Books;
use super::questions::assert_chain;
use counterfoil_replay::findings::Findings;
use counterfoil_replay::fold::{CardRow, Cards, LotRow, Value as Column};
use counterfoil_replay::instant::Instant;
use counterfoil_replay::ledger::{Event, GENESIS, commitment};
use counterfoil_replay::payload::Payload;
use counterfoil_replay::points::CardId;
use serde_json::{Map, Value};
use std::path::Path;

fn vector(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).expect("a vector")).expect("JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name} of {value}"))
}

#[test]
fn the_chain_of_the_worked_example_comes_out() {
    assert_chain(list(&vector("chain.json"), "events"));
}

#[test]
fn the_commitments_of_the_worked_example_come_out() {
    for record in list(&vector("vault.json"), "records") {
        let salt = hex::decode(record["salt"].as_str().expect("hex")).expect("hex");
        let got = commitment(&salt, record["body"].as_str().expect("text"));
        assert_eq!(hex::encode(got), record["commitment"].as_str().expect("hex"));
    }
}

#[test]
fn every_worked_example_of_a_fold_comes_out() {
    for case in list(&vector("fold.json"), "cases") {
        let name = case["name"].as_str().expect("a name");
        let (mut cards, mut findings) = (Cards::default(), Findings::default());
        for row in list(case, "events") {
            apply(row, &mut cards, &mut findings);
        }
        cards.finish(&mut findings);
        assert_eq!(findings.total(), 0, "{name}: {:?}", findings.into_sorted());
        let id = CardId::new(17);
        let card = cards.get(id).expect("the card");
        assert_eq!(
            object(&CardRow::NAMES, &CardRow::values(id, card, &card.number.to_string())),
            case["card"],
            "{name}"
        );
        // The era is a matter of the table, and follows from the lot.
        let row = |lot| object(&LotRow::NAMES[1..], &LotRow::values(id, lot)[1..]);
        let lots: Vec<Value> = card.lots.iter().map(row).collect();
        assert_eq!(&lots, list(case, "lots"), "{name}");
        for expected in list(case, "available") {
            let at = Instant::from_micros(expected["at"].as_i64().expect("a time"));
            assert_eq!(card.available(at).get(), expected["points"], "{name} at {at}");
        }
    }
}

fn apply(row: &Value, cards: &mut Cards, findings: &mut Findings) {
    let number = |name: &str| row[name].as_i64().expect("a number");
    let text = |name: &str| row[name].as_str().expect("text");
    let payload = row["payload"].to_string();
    let event = Event {
        seq: number("seq"),
        command_seq: number("command_seq"),
        recorded_at: number("recorded_at"),
        partner_id: number("partner_id"),
        stream: text("stream"),
        version: number("version"),
        kind: text("kind"),
        schema: number("schema"),
        actor: text("actor"),
        idempotency_key: None,
        fingerprint: None,
        payload: &payload,
        hash: GENESIS,
    };
    let payload = Payload::read(event.kind, event.schema, event.payload).expect("a payload of the format");
    cards.apply(&event, &payload, findings);
}

fn object(names: &[&str], values: &[Column<'_>]) -> Value {
    let value = |column: &Column<'_>| match column {
        Column::Null => Value::Null,
        Column::Number(number) => Value::from(*number),
        Column::Text(text) => Value::from(*text),
    };
    Value::Object(
        names.iter().zip(values).map(|(name, column)| ((*name).to_owned(), value(column))).collect::<Map<_, _>>(),
    )
}

#[test]
fn a_schema_describes_every_kind_and_the_fields_of_its_events() {
    let books = Books::rich();
    let mut statement = books.ledger.prepare("SELECT kind, payload FROM events").expect("a query");
    let rows: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    for (kind, payload) in rows {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/events").join(format!("{kind}.v1.json"));
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON");
        assert_eq!(
            (&schema["title"], &schema["additionalProperties"]),
            (&Value::from(kind.as_str()), &Value::from(false))
        );
        let payload: Map<String, Value> = serde_json::from_str(&payload).expect("JSON");
        for field in payload.keys() {
            assert!(schema["properties"].get(field).is_some(), "{kind} does not describe {field}");
        }
        for field in list(&schema, "required") {
            assert!(payload.contains_key(field.as_str().expect("a name")), "{kind} requires {field}");
        }
    }
}
