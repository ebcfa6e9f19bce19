//! The bodies that move points: of a single movement, and the rows of bulk requests.

use crate::http::limits;
use crate::http::openapi::fields::*;
use serde_json::{Value, json};

/// Which movement a body asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Award,
    Redeem,
    Adjust,
    Expire,
}

/// The fields of a movement.
pub(super) fn fields(kind: Kind) -> Vec<Field> {
    let needed = kind != Kind::Expire;
    let require = |field: Field| if needed { field.required() } else { field };
    let points = match kind {
        Kind::Award | Kind::Redeem => field("points", positive_points(), "How many."),
        Kind::Expire => field("points", positive_points(), "How many at most; alone, exactly so many."),
        Kind::Adjust => field("points", other_than_zero(), "How many: more than 0 to give, less to take."),
    };
    let mut fields = vec![
        field("card_id", id(), "The card: `card_17`, `17`, or its number."),
        field("customer_id", id(), "A customer's card, where `card_id` is not sent: `cust_9` or `9`."),
        require(points),
        require(field("reason", text(limits::REASON_CHARS), "What the customer may read.")),
        field(
            "order_id",
            reference(),
            "Counts once in its shop, whatever the card. No personal data: it stays for ever.",
        ),
        field("reference", reference(), "Counts once for each shop and card. No personal data: it stays for ever."),
        field("shop_id", id(), "Where it took place; goes before `Shop-ID`."),
        field("staff_member", text(limits::STAFF_CHARS), "Who did it; erased with the customer."),
        field("metadata", metadata(), "Anything else, at most 1,024 bytes; erased with the customer."),
    ];
    match kind {
        Kind::Award => {
            fields.push(field("expires_at", time(), "When these points expire; absent: as the template says."))
        }
        Kind::Expire => fields.push(field("expires_before", time(), "What would expire before this moment.")),
        Kind::Redeem | Kind::Adjust => {}
    }
    fields
}

/// Whose points are moved, in every way to say it.
pub(super) const WHOSE: &[&[&str]] = &[&["card_id"], &["customer_id"]];

/// An item of a bulk request: any movement but an expiry.
pub(super) fn item() -> Value {
    let kind = |words: &[&str], kind: Kind, required: bool| {
        let word = field("type", json!({ "type": "string", "enum": words }), "What it is; none means `award`.");
        let mut fields = fields(kind);
        fields.push(if required { word.required() } else { word });
        object(&fields)
    };
    json!({ "anyOf": [
        kind(&["award"], Kind::Award, false),
        kind(&["redeem"], Kind::Redeem, true),
        kind(&["adjust"], Kind::Adjust, true),
    ] })
}

/// How a booking names whose it is.
const NAMES: [(&str, &str); 5] = [
    ("user_id", "The customer."),
    ("customer_id", "The customer."),
    ("loyalty_card_id", "The card."),
    ("card_id", "The card."),
    ("card_number", "The card, by its number or what its QR code holds."),
];

/// The fields of a booking.
pub(super) fn booking() -> Vec<Field> {
    let kinds = words(&["purchase", "sale", "earn", "redeem", "refund", "cancellation"]);
    let order = field("order_id", reference(), "Counts once in its shop. No personal data: it stays for ever.");
    let total = field("order_total", decimal(), "What the order came to; of a refund, how much of it is refunded.");
    let points =
        field("points", any_points(), "Exactly so many instead of the formula; of a refund, those taken back.");
    let mut fields = vec![field("type", kinds, "What is booked; none means `purchase`. `sale` is a purchase.")];
    fields.extend(named());
    fields.extend(aliases(&order, &["reference"]));
    fields.extend(aliases(&total, &["amount"]));
    fields.extend(aliases(&points, &["points_earned"]));
    fields.extend([
        field("refund_id", reference(), "A refund counts once under it."),
        field("points_redeemed", any_points(), "Spent in the same purchase, before it earns."),
        field("points_discount_amount", decimal(), "What they are worth; may be 0.01 above it."),
        field("currency", typed(limits::CURRENCY_CHARS), "The partner's."),
        field("partner_card_id", id(), "The template of the card that a customer without one gets."),
    ]);
    fields.extend(places());
    fields.extend(note());
    fields
}

/// Who may be named in a booking.
pub(super) fn named() -> Vec<Field> {
    let mut fields: Vec<_> = NAMES.iter().map(|(name, about)| field(name, id(), *about)).collect();
    fields.push(field("user_email", string(), "The customer, by email."));
    fields
}

/// Where a booking takes place.
pub(super) fn places() -> Vec<Field> {
    vec![
        field("shop_id", id(), "Where it took place; part of the order's name."),
        field("order_shop_id", id(), "Where a refunded order was booked, if not at `shop_id`."),
    ]
}

/// What was typed and bought.
pub(super) fn note() -> Vec<Field> {
    let mut fields =
        aliases(&field("description", typed(limits::REASON_CHARS), "What the customer may read."), &["reason"]);
    fields.extend(aliases(&field("meta_data", metadata(), "Anything else, at most 1,024 bytes."), &["metadata"]));
    fields.push(field("cart_items", cart(), "What was bought: objects, at most 16 KiB."));
    fields.push(field("staff_member", typed(limits::STAFF_CHARS), "Who did it; erased with the customer."));
    fields
}
