//! The command that a row asks for.

use super::rows::{Act, CustomerRow, ImportOptions, Name, Opening, TransactionRow};
use crate::domain::cards::Issue;
use crate::domain::customers::PersonRecord;
use crate::domain::orders::{Purchase, Refund, RefundCause};
use crate::domain::points::{Adjust, Award, Expire, Note, Order, Particulars, Past, Points, Redeem};
use crate::domain::{CardId, Metadata, Timestamp};
use crate::writer::{BuyerId, Command};
use serde_json::Value;

/// The name under which an opening balance is given, once to each card.
const OPENING: &str = "import:opening";

/// A card for a person. It begins without the template's bonus: what it holds, its history says.
pub(super) fn issue(row: &CustomerRow, options: &ImportOptions) -> Command {
    let one = |name: &str, value: &Option<String>| {
        value.iter().map(|value| (name.to_owned(), Value::String(value.clone()))).collect::<Metadata>()
    };
    Command::Issue(Issue {
        person: PersonRecord {
            email: row.email.clone(),
            name: row.name.clone(),
            first_name: row.first_name.clone(),
            last_name: row.last_name.clone(),
            phone: row.phone.clone(),
            metadata: one("external_id", &row.external_id),
        },
        initial_points: Some(Points::ZERO),
        design: "default".to_owned(),
        activate: !row.inactive,
        metadata: one("previous_number", &row.number),
        shop: row.shop.or(options.shop),
        happened_at: row.registered_at,
    })
}

/// A balance without its history, given once. It is of no shop, whatever the rows say: the same file with another shop gives
/// nothing twice.
pub(super) fn opening(card: CardId, opening: Opening, options: &ImportOptions, now: Timestamp) -> Command {
    let past = Past { at: opening.at.unwrap_or(now), endless: options.endless };
    let name = Some(Order::Reference(OPENING.to_owned()));
    let particulars = Particulars { name, past: Some(past), ..Particulars::default() };
    Command::Award(Award { card, points: opening.points, expires_at: opening.expires_at, particulars })
}

/// What happened, on this card.
pub(super) fn movement(row: &TransactionRow, card: CardId, options: &ImportOptions) -> Command {
    let shop = row.shop.or(options.shop);
    let past = Some(Past { at: row.at, endless: options.endless });
    let note = Note { reason: row.reason.clone(), staff_member: row.staff_member.clone(), metadata: Metadata::new() };
    let particulars = |name: Order| Particulars { shop, name: Some(name), note: note.clone(), past };
    match &row.act {
        Act::Purchase { order, total, currency, earned, redeemed, discount, expires_at } => Command::Purchase {
            buyer: BuyerId::Card(card),
            purchase: Purchase {
                shop,
                order: order.clone(),
                total: *total,
                currency: currency.clone(),
                points: Some(*earned),
                redeem: *redeemed,
                discount: *discount,
                expires_at: *expires_at,
                note,
                past,
            },
        },
        Act::Award { name, points, expires_at } => {
            let particulars = particulars(named(name));
            Command::Award(Award { card, points: *points, expires_at: *expires_at, particulars })
        }
        Act::Redeem { name, points } => {
            Command::Redeem(Redeem { card, points: *points, particulars: particulars(named(name)) })
        }
        Act::Adjust { reference, points } => {
            let particulars = particulars(Order::Reference(reference.clone()));
            Command::Adjust(Adjust { card, points: *points, particulars })
        }
        Act::Expire { reference, points } => {
            let particulars = particulars(Order::Reference(reference.clone()));
            Command::Expire(Expire { card, points: Some(*points), expires_before: None, particulars })
        }
        Act::Refund { order, refund, cancels, share } => {
            let cause = if *cancels { RefundCause::Cancellation } else { RefundCause::Refund };
            let (order, refund, share) = (order.clone(), refund.clone(), *share);
            Command::Refund { order_shop: shop, refund: Refund { shop, order, refund, cause, share, note, past } }
        }
    }
}

fn named(name: &Name) -> Order {
    match name.clone() {
        Name::Order(id) => Order::Id(id),
        Name::Reference(reference) => Order::Reference(reference),
        Name::Both { order, reference } => Order::Both { id: order, reference },
    }
}
