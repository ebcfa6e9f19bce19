//! Putting the document together.

use super::operation::Shared;
use super::schemas::Schemas;
use super::{failures, headers, messages, surfaces, tags};
use crate::http::limits;
use crate::http::paging::{Meta, Pagination};
use serde_json::{Map, Value, json};

const ABOUT: &str = "An append-only, event-sourced loyalty ledger. Cards and points are kept the way a bank keeps books: exactly-once \
awards, and a history that an auditor can replay.\n\nPut no personal data into order ids, references or idempotency keys: they stand in \
the log for ever.\n\nIn a body, `null` is as good as absent, and a field that a request does not have is refused. Unknown parameters of a \
query are ignored. Times are RFC 3339 in UTC; a bare date means its first instant, and as the end of a range its last.";

/// The whole document; `public` is where clients reach the service, where it is configured.
pub(super) fn document(public: Option<&str>) -> Value {
    let mut table = surfaces::table();
    let mut paths: Map<String, Value> = Map::new();
    let mut parts = Shared::default();
    for operation in &table.operations {
        for base in operation.bases {
            let path = format!("{base}{}", operation.path);
            let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
            assert!(item.get(operation.method).is_none(), "{} {path} is described twice", operation.method);
            item[operation.method] = operation.described(&path, &mut parts);
        }
    }
    parts.responses.extend(failures::responses(&mut table.schemas));
    shared(&mut table.schemas);
    let webhooks = messages::described(&mut table.schemas);
    let mut servers = vec![json!({ "url": "./", "description": "Where this document comes from." })];
    servers.extend(public.map(|url| json!({ "url": url })));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Counterfoil",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": servers,
        "tags": tags(&table.operations),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": table.schemas.into_value(),
            "responses": parts.responses,
            "requestBodies": parts.bodies,
            "headers": headers::components(),
            "parameters": parameters(),
            "securitySchemes": schemes(),
        },
    })
}

fn tags(operations: &[super::operation::Operation]) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for operation in operations {
        if !names.contains(&operation.tag()) {
            names.push(operation.tag());
        }
    }
    names.into_iter().map(tags::described).collect()
}

fn shared(schemas: &mut Schemas) {
    schemas.of::<Meta>();
    schemas.of::<Pagination>();
    let success = json!({
        "type": "object",
        "description": "What stands around every answer.",
        "required": ["success", "message", "code", "request_id", "data"],
        "properties": {
            "success": { "const": true },
            "message": { "type": "string", "description": "In the language that the path names; may be reworded." },
            "code": { "type": "integer", "description": "The HTTP status." },
            "request_id": { "type": "string", "description": "Name it when you report a problem." },
            "data": {},
        },
    });
    schemas.insert("Success", success);
}

fn parameters() -> Value {
    let header = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "header", "required": false, "description": about, "schema": schema });
    let key =
        json!({ "type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": limits::IDEMPOTENCY_KEY_BYTES });
    let past = "A moment (RFC 3339 with its offset): the answer is the one of then.";
    let event = "An event of the log: the answer is the one after it.";
    json!({
        "Locale": { "name": "locale", "in": "path", "required": true, "description": "The language of messages.",
            "schema": { "type": "string", "enum": ["en", "lt"] } },
        "AsOf": { "name": "as_of", "in": "query", "required": false, "description": past, "schema": { "type": "string" } },
        "AsOfSeq": { "name": "as_of_seq", "in": "query", "required": false, "description": event,
            "schema": { "type": "integer", "minimum": 1 } },
        "IdempotencyKey": header("Idempotency-Key", "Under which the request counts once, for ever. No personal data.", key),
        "Signature": header("X-API-Signature", "`sha256=<hex>`: HMAC-SHA256 of the raw body with the secret as key; optional.",
            json!({ "type": "string", "pattern": "^sha256=[0-9a-fA-F]{64}$" })),
        "PartnerId": header("X-Partner-ID", "Must be the credential's own partner, where it is sent.", json!({ "type": "integer" })),
        "AcceptLanguage": header("Accept-Language", "Chooses the language of messages.", json!({ "type": "string" })),
    })
}

fn schemes() -> Value {
    let header =
        |name: &str, about: &str| json!({ "type": "apiKey", "in": "header", "name": name, "description": about });
    json!({
        "key": header("X-API-Key", "The key of a pair: `lty_…`."),
        "secret": header("X-API-Secret", "The secret of the pair: `lts_…`."),
        "shop": header("Shop-ID", "The shop: `1` or `shop_1`. Needed with a token; with a pair, where it acts for one shop."),
        "token": { "type": "http", "scheme": "bearer", "description": "A token that is bound to one shop: `ltb_….…`, sent with `Shop-ID`." },
    })
}
