//! `/api/loyalty-cards`.

use super::points::history;
use crate::domain::programme::Scope;
use crate::http::api::loyalty_cards as cards;
use crate::http::limits;
use crate::http::openapi::fields::*;
use crate::http::openapi::table::Table;
use serde_json::json;

const CARD: &str = "The card: `card_17`, `17`, or its number.";

fn filters() -> Vec<Field> {
    let mut fields = vec![
        field(
            "status",
            words(&["active", "inactive", "blocked", "suspended", "expired"]),
            "`suspended` means blocked.",
        ),
        field("tier", words(TIERS), "How far the card has come."),
        field("customer_email", string(), "The holder's, exact but for case."),
    ];
    fields.extend(period(
        &["created_after", "date_from", "from_date", "start_date"],
        &["created_before", "date_to", "to_date", "end_date"],
    ));
    fields.push(sort(&["created_at", "points_balance", "last_activity"], "created_at:desc"));
    fields.extend(paging(limits::PAGE_ROWS, limits::PAGE_ROWS_MAX));
    fields
}

fn issue() -> Vec<Field> {
    vec![
        field("customer_email", email(), "Whose card it is; who is not known is registered.").required(),
        field("customer_name", text(limits::NAME_CHARS), "What the holder is called.").required(),
        field("customer_phone", phone(), "In international format; the plus sign may be missing."),
        field("initial_points", any_points(), "Absent: the template's own bonus."),
        field("card_design", design(), "`default` if absent."),
        field("auto_activate", boolean(), "`true` if absent."),
        field("metadata", metadata(), "Anything else, at most 1,024 bytes."),
    ]
}

fn note() -> Vec<Field> {
    vec![
        field("reason", text(limits::REASON_CHARS), "What the customer may be told.").required(),
        field("internal_note", text(limits::NOTE_CHARS), "For the staff; in no answer."),
    ]
}

pub(super) fn describe(table: &mut Table) {
    let mut api = table.section(&[""], "Cards");
    api.post("/api/loyalty-cards", cards::create, "Issue a card")
        .about("Who has a card already: `409 DUPLICATE_CUSTOMER`, with `existing_card_id`.")
        .needs(Scope::LoyaltyWrite)
        .takes(&issue())
        .created();
    api.get("/api/loyalty-cards", cards::list, "List cards").needs(Scope::LoyaltyRead).query(filters());
    api.get("/api/loyalty-cards/{id}", cards::get, "Show a card").needs(Scope::LoyaltyRead).id(CARD);
    api.put("/api/loyalty-cards/{id}", cards::update, "Change a card")
        .about("What is absent stays; `metadata` is replaced as a whole.")
        .needs(Scope::LoyaltyWrite)
        .id(CARD)
        .takes(&[
            field("customer_name", text(limits::NAME_CHARS), "What the holder is called."),
            field("customer_phone", phone(), "In international format."),
            field("customer_email", string(), "As it is: it cannot be changed here."),
            field("card_design", design(), "How the card looks."),
            field("status", json!({ "type": "null" }), "Refused here: blocking and unblocking change it."),
            field("metadata", metadata(), "Anything else, at most 1,024 bytes."),
        ]);
    api.post("/api/loyalty-cards/{id}/block", cards::block, "Block a card")
        .about("A blocked card neither earns nor spends; its points still expire. Blocked twice, it stays blocked for the first reason.")
        .needs(Scope::LoyaltyWrite)
        .id(CARD)
        .takes(&note());
    api.post("/api/loyalty-cards/{id}/unblock", cards::unblock, "Unblock a card")
        .about("Restores what it was, and activates an inactive card.")
        .needs(Scope::LoyaltyWrite)
        .id(CARD)
        .takes(&note());
    api.get("/api/loyalty-cards/{id}/history", cards::history, "A card's movements")
        .needs(Scope::LoyaltyRead)
        .id(CARD)
        .query(history(limits::HISTORY_ROWS));
}
