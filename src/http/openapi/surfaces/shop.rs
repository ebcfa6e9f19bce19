//! `/{locale}/shop`.

use super::SHOP;
use super::movements::{booking, item, named, note, places};
use crate::domain::points::Points;
use crate::domain::programme::Scope;
use crate::http::api::bulk;
use crate::http::openapi::fields::*;
use crate::http::openapi::schemas::reference as component;
use crate::http::openapi::table::Table;
use crate::http::shop::{cards, catalogue, points, shops, transactions};
use crate::http::{health, limits};
use crate::queries::TRANSACTION_WORDS;
use serde_json::{Value, json};

const ENTRY: &str = "The transaction: `204` or `txn_204`.";
const CARD: &str = "The card: `17`, `card_17`, or its number.";

/// What stands beside the rows of a list: nothing where they are nested.
fn meta() -> Value {
    component("PageMeta")
}

/// Words that stand in one text.
pub(super) fn split(known: &'static str) -> Value {
    words(&known.split(", ").collect::<Vec<_>>())
}

fn whose() -> Vec<Field> {
    let mut fields = aliases(&field("loyalty_card_id", string(), "Of one card, by its id."), &["card_id"]);
    fields.extend(aliases(&field("user_id", string(), "Of one customer."), &["customer_id"]));
    fields.push(field("user_email", string(), "Of one customer, by email."));
    fields.push(field("shop_id", string(), "Of one shop."));
    let name = field("reference_number", string(), "An order id or a reference, exact.");
    fields.extend(aliases(&name, &["reference_id", "order_id"]));
    fields.extend(period(&["date_from", "from_date", "start_date"], &["date_to", "to_date", "end_date"]));
    fields
}

fn names() -> Vec<Field> {
    let mut fields = vec![field("card_number", string(), "Its number, or what its QR code holds.")];
    fields.extend(aliases(&field("card_id", string(), "Its id."), &["loyalty_card_id"]));
    fields.extend(aliases(&field("user_id", string(), "Its holder."), &["customer_id"]));
    fields.push(field("user_email", string(), "Its holder's email."));
    fields
}

fn around() -> Vec<Field> {
    let radius = json!({ "type": "number", "minimum": 0.001, "maximum": limits::RADIUS_MAX });
    vec![
        field("latitude", json!({ "type": "number", "minimum": -90, "maximum": 90 }), "Of the point around which."),
        field("longitude", json!({ "type": "number", "minimum": -180, "maximum": 180 }), "Of the point around which."),
        field("radius", radius, "How far, in kilometres; 10 where none is sent."),
    ]
}

pub(super) fn describe(table: &mut Table) {
    bookings(table);
    entries(table);
    catalogue_of_cards(table);
    others(table);
}

fn bookings(table: &mut Table) {
    let mut api = table.section(SHOP, "Shop: transactions");
    for path in ["/transactions/create", "/transactions/award-points"] {
        api.post(path, transactions::create, "Book a purchase, a redemption, a refund or a cancellation")
            .about("Books what `type` says. An order id counts once in its shop; a refund counts once under its `refund_id`.")
            .needs(Scope::PointsManage)
            .takes(&booking())
            .created()
            .fails(&[409]);
    }
    let mut deduction = named();
    deduction.extend([
        field("points", positive_points(), "How many."),
        field("order_id", reference(), "Which order is refunded; absent: a correction of the card."),
        field("refund_id", reference(), "Under which it counts once."),
        field("refund_amount", decimal(), "How much of the order is refunded."),
    ]);
    deduction.extend(places());
    deduction.extend(note());
    api.post("/transactions/deduct-points", transactions::deduct, "Take points back")
        .about("With `order_id` a refund, without a correction of the named card by `points`.")
        .needs(Scope::PointsManage)
        .takes(&deduction)
        .one_of(&[&["points"], &["refund_amount"]])
        .created();
    api.get("/transactions", transactions::list, "List transactions")
        .needs(Scope::LoyaltyRead)
        .query([
            field("type", split(TRANSACTION_WORDS), "Which kind."),
            field("status", words(&["completed", "pending", "cancelled"]), "All are `completed`."),
            field("staff_id", string(), "Matches nothing."),
            field("category_id", string(), "Matches nothing."),
            sort(&["created_at", "transaction_date", "points", "amount"], "-created_at"),
        ])
        .query(whose())
        .query(listing(limits::PAGE_ROWS_MAX))
        .beside("meta", meta(), false);
    api.get("/transactions/{id}", transactions::get, "Show a transaction").needs(Scope::LoyaltyRead).id(ENTRY);
}

fn entries(table: &mut Table) {
    let mut api = table.section(SHOP, "Shop: points");
    let kinds = ["earned", "spent", "bonus", "expired", "refund"];
    let sums = json!({ "allOf": [meta(), { "type": "object", "properties": {
        "total_points_earned": { "type": "integer", "description": "Over the whole list." },
        "total_points_spent": { "type": "integer", "description": "Over the whole list." },
    } }] });
    api.get("/points", points::list, "List entries of points")
        .needs(Scope::LoyaltyRead)
        .query([
            field("type", words(&["earned", "spent", "bonus", "expired", "refund", "all"]), "Which kind."),
            sort(&["created_at", "points"], "-created_at"),
        ])
        .query(whose())
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", sums, false);
    let card = field("loyalty_card_id", id(), "The card.");
    let mut entry = aliases(&card, &["card_id"]);
    entry.extend([
        field("points", whole(1, Points::MAX_MOVED.get()), "How many.").required(),
        field("type", words(&kinds), "`earned` and `bonus` award, `spent` redeems, `refund` corrects downwards.")
            .required(),
        field("description", text(limits::REASON_CHARS), "What the customer may read.").required(),
        field("reference_id", reference(), "Counts once for each card."),
        field("shop_id", id(), "Where it took place."),
        field("staff_member", typed(limits::STAFF_CHARS), "Who did it."),
        field("metadata", metadata(), "Anything else, at most 1,024 bytes."),
    ]);
    api.post("/points", points::create, "Record an entry of points")
        .needs(Scope::PointsManage)
        .takes(&entry)
        .one_of(&[&["loyalty_card_id"], &["card_id"]])
        .created();
    api.post("/points/bulk", bulk::bulk_with_numbers, "Move points of many cards")
        .about("As `/api/points/bulk`, with whole numbers as ids.")
        .needs(Scope::PointsManage)
        .takes(&[field("transactions", list_of(item(), 1, limits::BULK_ITEMS), "The movements.").required()]);
    for path in ["/points/balance/{id}", "/points/card/{id}/balance"] {
        api.get(path, points::balance, "What a card holds").needs(Scope::LoyaltyRead).id(CARD);
    }
    api.get("/points/{id}", points::get, "Show an entry of points").needs(Scope::LoyaltyRead).id(ENTRY);
}

fn catalogue_of_cards(table: &mut Table) {
    let mut api = table.section(SHOP, "Shop: cards");
    let kinds = ["loyalty", "third_party", "partner_specific", "personal", "universal"];
    api.get("/loyalty-cards", cards::list, "List card templates, or find a card")
        .about("Templates; with `card_number`, `user_id` or `user_email`, the card that all of them name.")
        .needs(Scope::LoyaltyRead)
        .query([
            search("Part of a title."),
            field("is_active", truth(), "`true` where none is sent, of templates."),
            field("shop_id", string(), "Templates that apply there."),
            field("card_type", words(&kinds), "Which kind."),
            field("is_third_party", truth(), "The same in another form."),
            sort(&["id", "created_at"], "id"),
        ])
        .query(names())
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false);
    api.get("/loyalty-cards/info", cards::info, "Show the card that the query names")
        .needs(Scope::LoyaltyRead)
        .query(names());
    api.get("/loyalty-cards/balance", cards::balance, "What the card holds that the query names")
        .needs(Scope::LoyaltyRead)
        .query(names());
    api.get("/loyalty-cards/{id}", cards::get, "Show a template or a card")
        .about("An id names one thing: the template of that id, else the card.")
        .needs(Scope::LoyaltyRead)
        .id("A template's id, or a card's.");
}

fn others(table: &mut Table) {
    let mut api = table.section(SHOP, "Shop: places and checks");
    api.get("/shops", shops::list, "List shops")
        .needs(Scope::LoyaltyRead)
        .query([
            search("Part of the name, the address or the city."),
            field("is_active", truth(), "`true` where none is sent."),
            field("is_virtual", truth(), "Whether it is on the web alone."),
            sort(&["id", "name", "created_at"], "id"),
        ])
        .query(around())
        .query(listing(limits::SHOP_ROWS_MAX))
        .beside("meta", meta(), false);
    let [latitude, longitude, radius] = around().try_into().expect("three parameters");
    api.get("/shops/nearby", shops::nearby, "The nearest shops").needs(Scope::LoyaltyRead).query([
        latitude.required(),
        longitude.required(),
        radius,
    ]);
    api.get("/shops/{id}", shops::get, "Show a shop").needs(Scope::LoyaltyRead).id("The shop: `1` or `shop_1`.");
    api.get("/categories", catalogue::categories, "Categories: none are kept").needs(Scope::LoyaltyRead);
    api.get("/products/categories", catalogue::product_categories, "Categories of products: none are kept")
        .needs(Scope::LoyaltyRead);
    api.get("/sync-status", catalogue::sync_status, "Offers: none are kept").needs(Scope::LoyaltyRead);
    api.post("/validate-credentials", health::validate_credentials, "Whether credentials are good")
        .about("The body is not looked at.")
        .takes_schema(json!({}), false);
    api.get("/system/health", health::health, "Whether the service works");
    api.get("/health", health::health_with_credentials, "Whether the service works, and the credentials that are sent")
        .fails(&[400, 401, 403, 404, 429]);
}
