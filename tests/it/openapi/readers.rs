//! The fields of bodies and the parameters of queries: those that the document has are those that the readers take.
//!
//! A reader names what it takes in words that stand in its source. So every word of the sources is sent: a body's unknown fields are
//! refused by name, and what is not refused was taken.

use crate::support::{Shop, contract};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// What a field is refused with that nobody asks for.
const UNKNOWN: &str = "is not a field of this request";
/// The same, and what is said of fields that are shown but not written, or that nothing here goes by.
const REFUSED: [&str; 3] = [UNKNOWN, "cannot be written", "has no rule for it"];
/// What makes any number, word, time or id wrong.
const NONSENSE: &str = "%E2%98%83";
/// How many words are sent at once.
const AT_ONCE: usize = 400;

/// Every word that stands in quotes anywhere in the HTTP surface.
fn words() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(path).expect("a source");
                found.extend(text.split('"').filter(|word| is_name(word)).map(str::to_owned));
            }
        }
    }
    assert!(found.len() > 500 && found.contains("reference"), "the words are where this test looks");
    found
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.len() < 40
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

struct Scene {
    shop: Shop,
    card: String,
    webhook: i64,
}

impl Scene {
    fn set() -> Self {
        let shop = Shop::open();
        let card = shop.card("ann@example.com");
        shop.award(&card, 50);
        let hook = json!({"url": "https://receiver.example/hook", "events": ["*"]});
        let webhook = shop.post("/en/partners/webhooks", &hook).data(201)["id"].as_i64().expect("an id");
        Self { shop, card, webhook }
    }

    /// A path of the document, of something that is there.
    fn at(&self, path: &str) -> String {
        let shown = self.shop.get(&format!("/api/loyalty-cards/{}", self.card)).data(200);
        let id = match path {
            path if path.contains("/webhooks/") => self.webhook.to_string(),
            path if path.contains("/customers/") => {
                self.shop.customer_of(shown["card_number"].as_str().expect("a number"))
            }
            path if path.contains("/shops/") || path.contains("/partners/cards/") => "1".to_owned(),
            path if path.contains("/transactions/") || path.contains("/points/{id}") => {
                shown["recent_transactions"][0]["id"].as_str().expect("a transaction").to_owned()
            }
            path if path.starts_with("/audit/checkpoint/") => "1".to_owned(),
            _ => self.card.clone(),
        };
        path.replace("{locale}", "en").replace("{id}", &id)
    }
}

/// Operations: method, path, what the document has of them. The second of two equal bases is left out.
fn operations() -> Vec<(String, String, Value)> {
    let document = contract::committed();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            if !path.contains("/shop/shop") && !path.starts_with("/api/partners") {
                all.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    all
}

/// The problems that an answer lists: which field, and what is said of it.
fn problems(answer: &Value) -> Vec<(String, String)> {
    let fields = answer["error"]["fields"].as_array().cloned().unwrap_or_default();
    let text = |problem: &Value, name: &str| problem[name].as_str().expect("a text").to_owned();
    fields.iter().map(|problem| (text(problem, "field"), text(problem, "message"))).collect()
}

/// The words that a reader takes, where they stand within what `wrap` makes of them, at `prefix`.
fn taken(
    scene: &Scene,
    (method, path): (&str, &str),
    prefix: &str,
    wrap: &dyn Fn(Map<String, Value>) -> Value,
) -> BTreeSet<String> {
    let words: Vec<String> = words().into_iter().collect();
    let mut taken = BTreeSet::new();
    for some in words.chunks(AT_ONCE) {
        let body = wrap(some.iter().map(|word| (word.clone(), Value::Null)).collect());
        let reply = scene.shop.send(method, path, Some(body.to_string().as_bytes()));
        let refused: BTreeSet<String> = problems(&reply.json())
            .into_iter()
            // What is shown but not written, or has no rule, is refused in other words.
            .filter(|(_, said)| REFUSED.iter().any(|words| said.contains(words)))
            .filter_map(|(field, _)| field.strip_prefix(prefix).map(str::to_owned))
            .collect();
        assert!(!refused.is_empty(), "{method} {path} {prefix}: {}", reply.json());
        taken.extend(some.iter().filter(|word| !refused.contains(*word)).cloned());
    }
    taken
}

fn names(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

/// The object that a property holds, alone or as the entries of a list.
fn inner(property: &Value) -> Option<(bool, &Value)> {
    if property["properties"].is_object() {
        return Some((false, property));
    }
    property["items"]["properties"].is_object().then(|| (true, &property["items"]))
}

#[test]
fn the_documented_fields_of_a_body_are_those_that_its_reader_takes() {
    let scene = Scene::set();
    let mut seen = 0;
    for (method, path, operation) in operations() {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let is_bulk = path.contains("/bulk");
        if !schema["properties"].is_object() || is_bulk {
            continue;
        }
        seen += 1;
        let at = scene.at(&path);
        let whole = taken(&scene, (&method, &at), "", &|fields| json!(fields));
        assert_eq!(whole, names(schema), "{method} {path}");
        for (name, property) in schema["properties"].as_object().expect("properties") {
            let Some((is_list, object)) = inner(property) else { continue };
            let prefix = if is_list { format!("{name}.0.") } else { format!("{name}.") };
            let wrap = |fields: Map<String, Value>| {
                let fields = if is_list { json!([fields]) } else { json!(fields) };
                json!({ name: fields })
            };
            assert_eq!(taken(&scene, (&method, &at), &prefix, &wrap), names(object), "{method} {path}: {name}");
        }
    }
    assert!(seen > 25, "{seen} bodies");
}

/// An item of a bulk request answers for itself, in one text.
#[test]
fn the_documented_fields_of_a_row_are_those_that_its_reader_takes() {
    let scene = Scene::set();
    let words: Vec<String> = words().into_iter().collect();
    for (path, list, kind) in [
        ("/api/points/bulk", "transactions", Some("award")),
        ("/api/points/bulk", "transactions", Some("redeem")),
        ("/api/points/bulk", "transactions", Some("adjust")),
        ("/{locale}/partners/points/bulk-award", "awards", None),
        ("/{locale}/partners/points/bulk-adjust", "adjustments", None),
        ("/{locale}/partners/transactions/bulk-process", "transactions", None),
    ] {
        let (_, _, operation) = operations().into_iter().find(|(_, at, _)| at == path).expect("the operation");
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let object = schema["oneOf"].as_array().map_or(schema, |ways| &ways[0]);
        let row = &object["properties"][list]["items"];
        let of_kind = |row: &&Value| row["properties"]["type"]["enum"][0] == json!(kind);
        let row = row["anyOf"].as_array().map_or(Some(row), |rows| rows.iter().find(of_kind)).expect("a row");
        let mut taken = BTreeSet::new();
        for some in words.chunks(AT_ONCE) {
            let mut item: Map<String, Value> = some.iter().map(|word| (word.clone(), Value::Null)).collect();
            if let Some(kind) = kind {
                item.insert("type".to_owned(), json!(kind));
            }
            let client = scene.shop.client.with("Idempotency-Key", "rows");
            let data = client.post(&path.replace("{locale}", "en"), &json!({ list: [item] })).data(200);
            let said = data["results"][0]["error"]["message"].as_str().expect("what is wrong").to_owned();
            let refused: BTreeSet<_> = said
                .split("; ")
                .filter(|part| part.contains(UNKNOWN))
                .filter_map(|part| part.split(' ').next().map(str::to_owned))
                .collect();
            taken.extend(some.iter().filter(|word| !refused.contains(*word)).cloned());
        }
        if kind.is_some() {
            taken.insert("type".to_owned());
        }
        assert_eq!(taken, names(row), "{path} {kind:?}");
    }
}

/// What complains of nonsense is no text that may be anything.
fn is_checked(parameter: &Value) -> bool {
    let schema = &parameter["schema"];
    schema["type"] != "string" || schema["enum"].is_array() || schema["pattern"].is_string()
}

#[test]
fn every_parameter_that_a_reader_checks_is_documented_and_the_other_way_round() {
    let scene = Scene::set();
    let words = words();
    for (method, path, operation) in operations() {
        // A stream of events has no end, and a token is checked as a credential is.
        if method != "GET" || operation["security"] == json!([]) || path.ends_with("/stream") {
            continue;
        }
        let at =
            scene.at(&path).replace("{period}", "2025-12").replace("{card}", &scene.card).replace("{tile}", "0/000");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let query: Vec<_> = parameters.iter().filter(|parameter| parameter["in"] == "query").collect();
        for parameter in query.iter().filter(|parameter| is_checked(parameter)) {
            let name = parameter["name"].as_str().expect("a name");
            let reply = scene.shop.get(&format!("{at}?{name}={NONSENSE}"));
            let complains = problems(&reply.json()).iter().any(|(field, _)| field == name);
            assert!(complains, "{path} does not look at {name}: {}", reply.json());
        }
        let known: BTreeSet<_> = query.iter().map(|parameter| parameter["name"].as_str().expect("a name")).collect();
        let others: Vec<_> = words.iter().filter(|word| !known.contains(word.as_str())).collect();
        for some in others.chunks(AT_ONCE) {
            let sent = some.iter().filter(|word| !word.starts_with("as_of")).map(|word| format!("{word}={NONSENSE}"));
            let reply = scene.shop.get(&format!("{at}?{}", sent.collect::<Vec<_>>().join("&")));
            if reply.header("content-type").is_none_or(|kind| kind != "application/json") {
                continue;
            }
            let complains = problems(&reply.json()).into_iter().filter(|(_, said)| !said.contains(UNKNOWN));
            let complains: Vec<_> = complains.map(|(field, _)| field).collect();
            let hidden: Vec<_> = complains.iter().filter(|field| !known.contains(field.as_str())).collect();
            assert_eq!(hidden, Vec::<&String>::new(), "{path} reads more than is documented");
        }
    }
}
