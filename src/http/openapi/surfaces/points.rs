//! `/api/points`.

use super::movements::{Kind, WHOSE, fields, item};
use crate::domain::programme::Scope;
use crate::http::api::{bulk, points};
use crate::http::limits;
use crate::http::openapi::fields::*;
use crate::http::openapi::table::Table;

const CARD: &str = "The card: `card_17`, `17`, or its number.";

/// The filters of a card's history.
pub(super) fn history(rows: i64) -> Vec<Field> {
    let kinds = words(&["all", "award", "redeem", "expire", "adjust", "order", "refund", "return"]);
    let mut fields = vec![field("type", kinds, "Which movements.")];
    fields.extend(period(&["from_date", "date_from", "start_date"], &["to_date", "date_to", "end_date"]));
    fields.push(field("reference", string(), "An order id or a reference, exact."));
    fields.push(field("staff_member", string(), "Who did it, exact."));
    fields.extend(paging(rows, limits::PAGE_ROWS_MAX));
    fields
}

pub(super) fn describe(table: &mut Table) {
    let mut api = table.section(&[""], "Points");
    api.post("/api/points/award", points::award, "Award points")
        .about("Each award is a lot of its own. Sent again under its `order_id`, `reference` or `Idempotency-Key` it counts once.")
        .needs(Scope::PointsManage)
        .takes(&fields(Kind::Award))
        .one_of(WHOSE)
        .created();
    api.post("/api/points/redeem", points::redeem, "Redeem points")
        .about("Takes the lot that expires soonest, of equals the oldest; what never expires last.")
        .needs(Scope::PointsManage)
        .takes(&fields(Kind::Redeem))
        .one_of(WHOSE)
        .created();
    api.post("/api/points/adjust", points::adjust, "Correct a balance")
        .about("A correction is no earning: lifetime points and tier stay.")
        .needs(Scope::PointsManage)
        .takes(&fields(Kind::Adjust))
        .one_of(WHOSE)
        .created();
    api.post("/api/points/expire", points::expire, "Take points off before their time")
        .about(
            "`points` alone: so many. `expires_before`: what would expire before that moment, at most `points` of it.",
        )
        .needs(Scope::PointsManage)
        .takes(&fields(Kind::Expire))
        .one_of(&[
            &["card_id", "points"],
            &["card_id", "expires_before"],
            &["customer_id", "points"],
            &["customer_id", "expires_before"],
        ]);
    api.post("/api/points/bulk", bulk::bulk, "Move points of many cards")
        .about("Items are decided in their order and each for itself. Look at every item: the status is 200 even where all were refused.")
        .needs(Scope::PointsManage)
        .takes(&[field("transactions", list_of(item(), 1, limits::BULK_ITEMS), "The movements.").required()]);
    api.get("/api/points/expiring", points::expiring, "What expires soon")
        .needs(Scope::LoyaltyRead)
        .query([
            field("days", whole(1, i64::from(limits::EXPIRING_DAYS_MAX)), "How far ahead; 30 where none is sent."),
            field("card_id", string(), "Of one card."),
        ])
        .query(paging(limits::PAGE_ROWS_MAX, limits::PAGE_ROWS_MAX));
    api.get("/api/points/balance/{id}", points::balance, "What a card holds").needs(Scope::LoyaltyRead).id(CARD);
    api.get("/api/points/history/{id}", points::history, "A card's movements with its balances")
        .needs(Scope::LoyaltyRead)
        .id(CARD)
        .query(history(limits::PAGE_ROWS));
}
