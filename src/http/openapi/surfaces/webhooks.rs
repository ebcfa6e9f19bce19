//! Webhooks and what came of telling their receivers.

use super::PARTNERS;
use crate::domain::programme::Scope;
use crate::domain::webhooks::EventName;
use crate::http::limits;
use crate::http::openapi::fields::*;
use crate::http::openapi::schemas::reference as component;
use crate::http::openapi::table::Table;
use crate::http::partners::webhooks::{self, deliveries};
use serde_json::{Value, json};

const WEBHOOK: &str = "The webhook: `3` or `whk_3`.";
const DELIVERY: &str = "The attempt: `dlv_12` or `12`.";

/// The name of an event, or of all of them.
fn event() -> Value {
    let names: Vec<String> = EventName::canonical().map(|name| name.as_str().to_owned()).collect();
    json!({ "type": "string", "examples": names })
}

fn secret() -> Field {
    let (least, most) = limits::WEBHOOK_SECRET_CHARS;
    let schema = json!({ "type": "string", "minLength": least, "maxLength": most, "pattern": "^[ -~]+$" });
    field("secret", schema, "Drawn if absent. The answer shows it whole, once.")
}

fn facts(new: bool) -> Vec<Field> {
    let require = |field: Field| if new { field.required() } else { field };
    vec![
        require(field("url", json!({ "type": "string" }), "Where the receiver is: https, a public host.")),
        require(field(
            "events",
            list_of(event(), 1, limits::WEBHOOK_EVENTS),
            "What it wants to be told of; `*` means everything.",
        )),
        field(
            "shop_ids",
            list_of(id(), 0, limits::SHOPS_OF_TEMPLATE),
            "Only what happens there; everywhere if absent.",
        ),
        field("is_active", boolean(), "`true` starts a paused or disabled one again, where it was."),
        field("description", text(limits::REASON_CHARS), "What it is for."),
    ]
}

pub(super) fn describe(table: &mut Table) {
    let mut api = table.section(PARTNERS, "Partner: webhooks");
    api.get("/webhooks", webhooks::list, "List webhooks").needs(Scope::WebhooksManage);
    let mut new = facts(true);
    new.push(secret());
    api.post("/webhooks", webhooks::create, "Create a webhook")
        .about("The answer shows the whole `secret`, once. It is told of what comes after it was made.")
        .needs(Scope::WebhooksManage)
        .takes(&new)
        .created();
    api.get("/webhooks/deliveries/{id}", deliveries::get, "Show an attempt and what was sent")
        .needs(Scope::WebhooksManage)
        .id(DELIVERY);
    api.post("/webhooks/deliveries/{id}/redeliver", deliveries::redeliver, "Send an event again")
        .about("The body is not looked at.")
        .needs(Scope::WebhooksManage)
        .id(DELIVERY)
        .takes_schema(json!({}), false);
    api.get("/webhooks/{id}", webhooks::get, "Show a webhook").needs(Scope::WebhooksManage).id(WEBHOOK);
    api.put("/webhooks/{id}", webhooks::update, "Change a webhook")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK)
        .takes(&facts(false));
    api.delete("/webhooks/{id}", webhooks::delete, "End a webhook")
        .about("With its deliveries and secrets.")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK);
    let hours = format!("For how long the secret before signs too; {} if absent.", limits::WEBHOOK_OVERLAP_HOURS);
    api.post("/webhooks/{id}/rotate-secret", webhooks::rotate, "Give a webhook a new secret")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK)
        .takes(&[field("overlap_hours", whole(0, limits::WEBHOOK_OVERLAP_HOURS_MAX), hours), secret()]);
    api.post("/webhooks/{id}/test", webhooks::test, "Send a sample now")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK)
        .takes(&[field("event", event(), "Which event it looks like; absent: the first that the webhook wants.")]);
    api.post("/webhooks/{id}/skip", webhooks::skip, "Leave out what waits")
        .about("It is told of what comes from here on. What somebody asked to be sent again still is.")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK)
        .takes_schema(json!({}), false);
    api.get("/webhooks/{id}/deliveries", deliveries::list, "List attempts")
        .about("Newest first; `pending` is what waits, in the order of the log.")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK)
        .query([field("status", words(&["pending", "delivered", "failed", "abandoned"]), "Which of them.")])
        .query(paging(limits::SHOP_ROWS, limits::SHOP_ROWS_MAX))
        .beside("meta", component("PageMeta"), true);
    api.post("/webhooks/{id}/redeliver", deliveries::redeliver_range, "Send a part of the log again")
        .needs(Scope::WebhooksManage)
        .id(WEBHOOK)
        .takes(&[
            field("from_sequence", whole(1, i64::MAX), "The first event.").required(),
            field("to_sequence", whole(1, i64::MAX), "The last; the log's end if absent."),
        ]);
}
