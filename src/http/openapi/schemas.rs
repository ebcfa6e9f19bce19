//! The schemas of answers, as the types of the answers state them.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// Schemas by their names.
#[derive(Debug, Default)]
pub(super) struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// The schema of a type: a reference where the type is a thing with a name.
    pub(super) fn of<T: ToSchema>(&mut self) -> Value {
        let mut others = Vec::new();
        T::schemas(&mut others);
        for (name, schema) in others {
            self.add(name, &schema);
        }
        let schema = T::schema();
        if is_thing(&plain(&schema)) {
            let name = T::name().into_owned();
            self.add(name.clone(), &schema);
            return reference(&name);
        }
        let mut schema = plain(&schema);
        complete(&mut schema);
        schema
    }

    /// Adds a schema that no type states.
    pub(super) fn insert(&mut self, name: &str, schema: Value) -> Value {
        let known = self.0.insert(name.to_owned(), schema.clone());
        assert!(known.is_none_or(|known| known == schema), "two schemas are called {name}");
        reference(name)
    }

    fn add(&mut self, name: String, schema: &RefOr<Schema>) {
        let mut schema = plain(schema);
        complete(&mut schema);
        self.insert(&name, schema);
    }

    pub(super) fn into_value(self) -> Value {
        json!(self.0)
    }
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn plain(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).expect("a schema is plain data with text keys")
}

fn is_thing(schema: &Value) -> bool {
    schema.get("properties").is_some() || schema.get("allOf").is_some() || schema.get("enum").is_some()
}

/// A field that may be null is always there: what is left out instead of being null is declared as never null.
fn complete(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for inner in object.values_mut() {
                complete(inner);
            }
            require_nullable(object);
            // Of two forms, one may have all that the other has: an event, and of another's event its place and hash.
            if let Some(forms) = object.remove("oneOf") {
                object.insert("anyOf".to_owned(), forms);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(complete),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn require_nullable(object: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = object.get("properties") else { return };
    let nullable: Vec<Value> =
        properties.iter().filter(|(_, it)| is_nullable(it)).map(|(name, _)| json!(name)).collect();
    if nullable.is_empty() {
        return;
    }
    let mut required = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    required.extend(nullable.into_iter().filter(|name| !required.contains(name)).collect::<Vec<_>>());
    object.insert("required".to_owned(), Value::Array(required));
}

fn is_nullable(schema: &Value) -> bool {
    let own = match &schema["type"] {
        Value::Array(types) => types.iter().any(|kind| kind == "null"),
        Value::String(kind) => kind == "null",
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    own || schema["anyOf"].as_array().is_some_and(|list| list.iter().any(is_nullable))
}
