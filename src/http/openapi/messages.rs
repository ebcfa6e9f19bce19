//! What receivers of webhooks are sent: the other direction, in which this service is the client. What no type says stands here, and the
//! tests hold every message that their receivers get against it.

use super::schemas::{Schemas, reference};
use crate::domain::webhooks::{EventName, Topic};
use serde_json::{Map, Value, json};

const ABOUT: &str = "Sent at least once and, for each customer, in order. Ignore an `id` that you have had. Check one of the signatures over \
the body's bytes before you read it. New fields may come at any time.";

/// What is sent, by canonical names.
pub(super) fn described(schemas: &mut Schemas) -> Value {
    schemas.insert("WebhookMessage", envelope());
    schemas.insert("WebhookSample", sample());
    let told = EventName::canonical().filter_map(|event| Some((event.topic(), data(event.topic())?)));
    let items = told.map(|(topic, data)| {
        let name = schema_name(topic);
        let data = schemas.insert(&format!("{name}Data"), data);
        let schema = schemas.insert(&format!("{name}Message"), message(topic, &data));
        (topic.name().to_owned(), json!({ "post": operation(topic, &schema) }))
    });
    Value::Object(items.collect())
}

fn operation(topic: Topic, schema: &Value) -> Value {
    let header = |name: &str, about: &str| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } });
    let rotated = json!({ "name": "X-Loyalty-Signature-Previous", "in": "header", "required": false,
        "description": "The same with the secret before, while it is valid too.", "schema": { "type": "string" } });
    let signature = "`sha256=` and the hex digits of HMAC-SHA256 of the raw body; the key is the secret's text.";
    json!({
        "operationId": format!("receive{}", schema_name(topic)),
        "summary": summary(topic),
        "description": ABOUT,
        "tags": ["Partner: webhooks"],
        "security": [],
        "parameters": [
            header("X-Loyalty-Event", "The event's name, as in the body."),
            header("X-Loyalty-Delivery", "The event's `id`, as in the body."),
            header("X-Loyalty-Timestamp", "When this attempt was signed, in seconds since 1970."),
            header("X-Loyalty-Signature", signature),
            rotated,
            header("X-Signature", "The same as `X-Loyalty-Signature`."),
            header("webhook-id", "The event's `id` (Standard Webhooks)."),
            header("webhook-timestamp", "The same as `X-Loyalty-Timestamp` (Standard Webhooks)."),
            header("webhook-signature", "`v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}` (Standard Webhooks); two of them, \
                separated by a space, while an earlier secret is valid too."),
        ],
        "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
        "responses": {
            "2XX": { "description": "Taken." },
            "410": { "description": "The receiver is gone: the webhook is disabled." },
            "default": { "description": "Not taken: sent again later, after `Retry-After` where the answer has it." },
        },
    })
}

fn message(topic: Topic, data: &Value) -> Value {
    let names: Vec<&str> = topic.names().collect();
    json!({
        "allOf": [reference("WebhookMessage")],
        "type": "object",
        "required": ["data"],
        "properties": {
            "event": { "enum": names },
            "type": { "enum": names },
            "data": { "anyOf": [data, reference("WebhookSample")] },
        },
    })
}

fn envelope() -> Value {
    json!({
        "type": "object",
        "description": "What stands around what is told.",
        "required": ["id", "event", "type", "sequence", "created_at", "occurred_at", "environment", "partner_id", "shop_id"],
        "properties": {
            "id": { "type": "string", "pattern": "^evt_", "description": "The same for every attempt." },
            "event": { "type": "string", "description": "The name that was subscribed to; with `*` the canonical one." },
            "type": { "type": "string", "description": "The same as `event`." },
            "sequence": { "type": "integer", "minimum": 0,
                "description": "The event's place in the log: of two messages about a card, the larger is the later. 0 in a test." },
            "created_at": { "type": "string", "format": "date-time", "description": "When it was recorded." },
            "occurred_at": { "type": "string", "format": "date-time", "description": "When it happened: earlier, where an import says so." },
            "environment": { "enum": ["production", "staging"] },
            "partner_id": { "type": "integer" },
            "shop_id": { "type": ["integer", "null"], "description": "Where it happened." },
            "test": { "const": true, "description": "Only in a test." },
        },
    })
}

/// The data of a test, whichever event it is called after.
fn sample() -> Value {
    object(vec![("customer_id", whole()), ("card_id", whole()), ("points", whole()), ("new_balance", whole())], &[])
}

/// What is told of a topic; nothing where nothing is sent of it by its own name.
fn data(topic: Topic) -> Option<Value> {
    let card = |more: Vec<(&'static str, Value)>| {
        let mut all = vec![("customer_id", whole()), ("card_id", whole())];
        all.extend(more);
        Some(object(all, &[]))
    };
    match topic {
        Topic::All | Topic::CouponRedeemed | Topic::OfferClaimed | Topic::GameCompleted => None,
        Topic::CustomerRegistered => {
            let all = vec![
                ("customer_id", whole()),
                ("registered_at", time()),
                ("shop_id", json!({ "type": "null" })),
                ("name", word()),
                ("email", word()),
                ("phone", maybe("string")),
            ];
            // Absent once they are erased.
            Some(object(all, &["name", "email", "phone"]))
        }
        Topic::CustomerUpdated => {
            let changed = json!({ "type": "array", "items": { "type": "string" } });
            Some(object(vec![("customer_id", whole()), ("changed", changed)], &[]))
        }
        Topic::CustomerErased => Some(object(vec![("customer_id", whole()), ("erased_at", time())], &[])),
        Topic::CustomerTierChanged => card(vec![
            ("previous_tier", word()),
            ("new_tier", word()),
            ("lifetime_points", whole()),
            ("benefits", json!({ "type": "array", "items": { "type": "string" } })),
        ]),
        Topic::CardCreated => card(vec![("card_number", word()), ("partner_card_id", whole()), ("status", word())]),
        Topic::CardBlocked | Topic::CardUnblocked => card(vec![("status", word())]),
        Topic::PointsAwarded => {
            card(moved(vec![("expires_at", json!({ "type": ["string", "null"], "format": "date-time" }))]))
        }
        Topic::PointsRedeemed | Topic::PointsExpired => card(moved(Vec::new())),
        Topic::TransactionRefunded => card(moved(vec![
            ("refund_id", maybe("string")),
            ("points_deducted", whole()),
            ("original_transaction_id", word()),
            ("completes_order", json!({ "type": "boolean" })),
        ])),
    }
}

fn moved(more: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    let positive = json!({ "type": "integer", "minimum": 0, "description": "How many, whichever way they went." });
    let balance = json!({ "type": "integer", "description": "The card's balance right after the event." });
    let kinds =
        ["purchase", "award", "welcome", "redemption", "expiry", "refund", "cancellation", "return", "adjustment"];
    let mut all = vec![
        ("points", positive),
        ("points_change", whole()),
        ("new_balance", balance),
        ("transaction_id", word()),
        ("kind", json!({ "enum": kinds })),
        ("order_id", maybe("string")),
        ("reference", maybe("string")),
        ("reason", maybe("string")),
    ];
    all.extend(more);
    all
}

fn object(fields: Vec<(&'static str, Value)>, absent_at_times: &[&str]) -> Value {
    let required: Vec<&str> =
        fields.iter().map(|(name, _)| *name).filter(|name| !absent_at_times.contains(name)).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn whole() -> Value {
    json!({ "type": "integer" })
}

fn word() -> Value {
    json!({ "type": "string" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn maybe(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

/// `points.awarded` as the name of a schema: `PointsAwarded`.
fn schema_name(topic: Topic) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    topic.name().split(['.', '_']).map(capital).collect()
}

const fn summary(topic: Topic) -> &'static str {
    match topic {
        Topic::All => "Anything",
        Topic::CustomerRegistered => "Somebody became a customer",
        Topic::CustomerUpdated => "A customer's record was changed",
        Topic::CustomerErased => "A customer was erased: forget them too",
        Topic::CustomerTierChanged => "A card reached another tier",
        Topic::PointsAwarded => "Points were awarded",
        Topic::PointsRedeemed => "Points were spent, or taken off by a correction",
        Topic::PointsExpired => "Points expired",
        Topic::TransactionRefunded => "An order was refunded or cancelled, and its points were taken back",
        Topic::CardCreated => "A card was issued",
        Topic::CardBlocked => "A card was blocked",
        Topic::CardUnblocked => "A card was unblocked",
        Topic::CouponRedeemed => "A coupon was redeemed",
        Topic::OfferClaimed => "An offer was claimed",
        Topic::GameCompleted => "A game was completed",
    }
}
