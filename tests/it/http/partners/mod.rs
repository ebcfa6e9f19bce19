//! The partner's management of its programme, under both forms of path.

mod access;
mod bulk;
mod cards;
mod closing;
mod customers;
mod end_to_end;
mod export_jobs;
mod exports;
mod settings;
mod shops;
mod transactions;

use crate::support::{NewKey, Reply, Shop};
use serde_json::{Value, json};

/// A template with everything that a new one needs.
fn template() -> Value {
    json!({
        "title": {"en": "Bakery card", "lt": "Kepyklos kortelė"},
        "description": {"en": "Points for bread", "lt": "Taškai už duoną"},
        "terms_conditions": {"en": "Points last a year.\nNo cash.", "lt": "Taškai galioja metus."},
        "card_design": {},
    })
}

/// `body` with one field more.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// A request is refused, naming the field and no other.
#[track_caller]
fn refused(reply: &Reply, field: &str) -> String {
    let body = reply.json();
    assert_eq!(reply.status, 400, "{field}: {body:#}");
    let named: Vec<&String> = body["errors"].as_object().expect("errors").keys().collect();
    assert_eq!(named, [field], "{body:#}");
    reply.about(field)
}

/// A client whose key is bound to the shop.
pub(super) fn bound(shop: &Shop) -> crate::support::Client {
    shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() })
}

/// Books a purchase and answers it.
#[track_caller]
fn buy(shop: &Shop, card: &str, order: &str, total: &Value) -> Value {
    let body = json!({"order_id": order, "order_total": total, "card_id": card});
    shop.post("/en/shop/transactions/create", &body).data(201)
}
