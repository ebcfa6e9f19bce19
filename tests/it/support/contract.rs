//! What `schema/openapi.json` promises, held against everything that the tests' client sends and is answered.

use super::client::Reply;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::new(committed()));

/// Where the document is committed.
pub(crate) fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/openapi.json")
}

/// The document as it is committed, with what stands elsewhere in it in its place, but for schemas.
pub(crate) fn committed() -> Value {
    let mut document = as_written();
    let components = document["components"].clone();
    for operation in document["paths"].as_object_mut().expect("paths").values_mut().flat_map(operations_of) {
        if let Some(body) = operation.get_mut("requestBody") {
            resolve(body, &components);
        }
        operation["responses"].as_object_mut().expect("answers").values_mut().for_each(|it| resolve(it, &components));
    }
    document
}

fn as_written() -> Value {
    let text = std::fs::read(file()).expect("the document is there");
    serde_json::from_slice(&text).expect("schema/openapi.json is JSON")
}

fn operations_of(item: &mut Value) -> impl Iterator<Item = &mut Value> {
    item.as_object_mut().expect("operations").values_mut()
}

fn resolve(value: &mut Value, components: &Value) {
    let place = value["$ref"].as_str().and_then(|place| place.strip_prefix("#/components"));
    if let Some(found) = place.map(|place| components.pointer(place).unwrap_or_else(|| panic!("no {place}")).clone()) {
        *value = found;
    }
}

/// Fails where an answer is not as the document says, or a request that was accepted is not.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, body: Option<&[u8]>, reply: &Reply) {
    if let Err(why) = CONTRACT.held(method, path, body, reply) {
        let said = String::from_utf8_lossy(&reply.raw);
        let sent = body.map(String::from_utf8_lossy);
        panic!("schema/openapi.json: {method} {path}: {why}\nstatus {}: {said}\nsent: {sent:?}", reply.status);
    }
}

/// Fails where what a receiver was sent is not as the document says.
#[track_caller]
pub(crate) fn check_message(message: &Value) {
    let held = CONTRACT.told(message);
    held.unwrap_or_else(|why| panic!("schema/openapi.json: {why}\na receiver was sent: {message}"));
}

struct Contract {
    paths: Vec<Route>,
    /// The schemas of messages by the names of their events.
    messages: HashMap<String, Value>,
    responses: Value,
    schemas: Value,
    /// Compiled when they are first needed.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

struct Route {
    segments: Vec<String>,
    item: Value,
    name: String,
}

impl Contract {
    fn new(document: Value) -> Self {
        let components = &document["components"];
        let mut schemas = components["schemas"].clone();
        close(&mut schemas, &document);
        let paths = document["paths"].as_object().expect("paths").iter();
        let paths = paths.map(|(name, item)| Route {
            segments: name.split('/').skip(1).map(str::to_owned).collect(),
            item: item.clone(),
            name: name.clone(),
        });
        let messages = messages(&document, &schemas);
        Self {
            paths: paths.collect(),
            messages,
            responses: components["responses"].clone(),
            schemas,
            validators: Mutex::default(),
        }
    }

    fn held(&self, method: &str, path: &str, body: Option<&[u8]>, reply: &Reply) -> Result<(), String> {
        let method = method.to_ascii_lowercase();
        if matches!(method.as_str(), "options" | "head") {
            return Ok(());
        }
        let path = path.split('?').next().unwrap_or(path);
        let Some(known) = self.path(path) else { return self.failed(404, reply) };
        let operation = &known.item[&method];
        if operation.is_null() {
            return self.failed(405, reply);
        }
        let response = &operation["responses"][reply.status.to_string()];
        if response.is_null() {
            return Err("the status is not documented".to_owned());
        }
        self.answered(&format!("{method} {} {}", known.name, reply.status), response, reply)?;
        match &operation["requestBody"]["content"]["application/json"]["schema"] {
            Value::Null => Ok(()),
            schema if (200..300).contains(&reply.status) => {
                self.asked(&format!("{method} {}", known.name), schema, body.unwrap_or_default(), reply)
            }
            _ => Ok(()),
        }
    }

    fn told(&self, message: &Value) -> Result<(), String> {
        let event = message["event"].as_str().ok_or("a message has no name")?;
        let schema = self.messages.get(event).ok_or_else(|| format!("{event} is not documented"))?;
        self.valid(&format!("message {event}"), schema, message, true)
    }

    /// The path that fits, of several the one with a word where the others have a parameter.
    fn path(&self, path: &str) -> Option<&Route> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let fits = |known: &&Route| {
            let mut given = segments.as_slice();
            // What stands at the end of these may have slashes of its own.
            if matches!(known.name.as_str(), "/audit/tile/{tile}" | "/docs/{id}") && given.len() > known.segments.len()
            {
                given = &given[..known.segments.len()];
            }
            given.len() == known.segments.len()
                && known.segments.iter().zip(given).all(|(known, given)| match known.as_str() {
                    "{locale}" => matches!(*given, "en" | "lt"),
                    known => known.starts_with('{') || known == *given,
                })
        };
        let parameters = |path: &&Route| -> Vec<bool> { path.segments.iter().map(|it| it.starts_with('{')).collect() };
        self.paths.iter().filter(fits).min_by_key(parameters)
    }

    fn failed(&self, status: u16, reply: &Reply) -> Result<(), String> {
        // Before a path is looked at, the server itself may refuse what it cannot read.
        if reply.status != status {
            return Err(format!("there is no such operation, and {status} is expected"));
        }
        self.answered(&format!("failure {status}"), &self.responses[format!("Failure{status}")], reply)
    }

    fn answered(&self, name: &str, response: &Value, reply: &Reply) -> Result<(), String> {
        let Some(contents) = response["content"].as_object() else {
            return if reply.raw.is_empty() { Ok(()) } else { Err("no body is documented".to_owned()) };
        };
        let kind = reply.header("content-type").unwrap_or_default();
        let content = contents.get(kind).ok_or_else(|| format!("the content type {kind:?} is not documented"))?;
        if kind != "application/json" || reply.header("content-encoding").is_some() {
            return Ok(());
        }
        let body = serde_json::from_slice(&reply.raw).map_err(|error| format!("not JSON: {error}"))?;
        self.valid(name, &content["schema"], &body, true)
    }

    fn asked(&self, name: &str, schema: &Value, body: &[u8], reply: &Reply) -> Result<(), String> {
        let empty = body.iter().all(u8::is_ascii_whitespace) || body == b"[]";
        let body = if empty { Ok(json!({})) } else { serde_json::from_slice(body) };
        let Ok(mut body) = body else { return Err("what was accepted is not JSON".to_owned()) };
        if !accepted_rows(&mut body, reply) {
            return Ok(());
        }
        self.valid(&format!("request {name}"), schema, &body, false)
            .map_err(|why| format!("what was accepted is not as documented: {why}"))
    }

    fn valid(&self, name: &str, schema: &Value, body: &Value, closed: bool) -> Result<(), String> {
        let known = self.validators.lock().expect("nobody fails here").get(name).cloned();
        let validator = known.unwrap_or_else(|| {
            let mut schema = schema.clone();
            if closed && schema.get("allOf").is_some() {
                schema["unevaluatedProperties"] = json!(false);
            }
            schema["components"] = json!({ "schemas": self.schemas });
            let made = jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            let made = Arc::new(made);
            self.validators.lock().expect("nobody fails here").insert(name.to_owned(), made.clone());
            made
        });
        let wrong: Vec<_> = validator.iter_errors(body).map(|e| format!("{}: {e}", e.instance_path())).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

fn messages(document: &Value, schemas: &Value) -> HashMap<String, Value> {
    let operations = document["webhooks"].as_object().into_iter().flat_map(Map::values);
    let of_topic = operations.map(|item| &item["post"]["requestBody"]["content"]["application/json"]["schema"]);
    let named = of_topic.flat_map(|schema| {
        let name = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()).expect("a schema with a name");
        let events = schemas[name]["properties"]["event"]["enum"].as_array().expect("the names of the event");
        events.iter().map(|event| (event.as_str().expect("a name").to_owned(), schema.clone()))
    });
    named.collect()
}

/// Holds every example of the document against its schema; how many there are.
pub(crate) fn examples() -> usize {
    let mut count = 0;
    contents(&as_written(), "#", &mut |place, content| {
        let named = content["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
        for example in content.get("example").into_iter().chain(named) {
            count += 1;
            let closed = place.contains("responses");
            CONTRACT.valid(place, &content["schema"], example, closed).unwrap_or_else(|why| panic!("{place}: {why}"));
        }
    });
    count
}

/// Every `application/json` of the document with its place.
fn contents(value: &Value, place: &str, found: &mut impl FnMut(&str, &Value)) {
    let Value::Object(object) = value else { return };
    for (name, inner) in object {
        let place = format!("{place}/{name}");
        if name == "application/json" && inner.get("schema").is_some() {
            found(&place, inner);
        }
        contents(inner, &place, found);
    }
}

/// Leaves those rows of a bulk request that were accepted; false where none was.
fn accepted_rows(body: &mut Value, reply: &Reply) -> bool {
    let answer: Value = serde_json::from_slice(&reply.raw).unwrap_or_default();
    let Some(results) = answer["data"]["results"].as_array() else { return true };
    let list = match body {
        Value::Array(list) => Some(list),
        Value::Object(fields) => fields.values_mut().find_map(Value::as_array_mut),
        _ => None,
    };
    let Some(list) = list else { return true };
    let mut accepted = results.iter().map(|result| result["status"] == "success");
    list.retain(|_| accepted.next().unwrap_or(true));
    !list.is_empty()
}

/// Lets no answer have what its schema does not: the document leaves room for what is added later, the tests do not.
fn close(schemas: &mut Value, document: &Value) {
    let mut open = BTreeSet::from(["Success".to_owned(), "Failure".to_owned(), "FailureDetail".to_owned()]);
    parts(document, &mut open);
    for (name, schema) in schemas.as_object_mut().expect("schemas") {
        let is_object = schema.get("properties").is_some() || schema.get("allOf").is_some();
        if is_object && !open.contains(name) {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
}

/// The names of schemas that are a part of another.
fn parts(value: &Value, found: &mut BTreeSet<String>) {
    let of_object = |object: &Map<String, Value>, found: &mut BTreeSet<String>| {
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            found.extend(part["$ref"].as_str().and_then(|name| name.rsplit('/').next()).map(str::to_owned));
        }
        object.values().for_each(|inner| parts(inner, found));
    };
    match value {
        Value::Object(object) => of_object(object, found),
        Value::Array(list) => list.iter().for_each(|inner| parts(inner, found)),
        _ => {}
    }
}
