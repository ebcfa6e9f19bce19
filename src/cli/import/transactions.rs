//! A row of the transactions' file.

use super::columns::TransactionColumn as C;
use super::fields::Fields;
use crate::control::{Act, Name, RowRefusal, TransactionRow, Who};
use crate::domain::CardId;
use crate::domain::orders::Share;
use crate::domain::points::Points;

const REASON_CHARS: usize = 500;
const STAFF_CHARS: usize = 100;

/// What a row records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Purchase,
    Award,
    Redeem,
    Adjust,
    Expire,
    Refund,
    Cancellation,
}

impl Kind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("purchase", Self::Purchase),
        ("sale", Self::Purchase),
        ("order", Self::Purchase),
        ("award", Self::Award),
        ("earn", Self::Award),
        ("earned", Self::Award),
        ("bonus", Self::Award),
        ("welcome", Self::Award),
        ("redeem", Self::Redeem),
        ("redemption", Self::Redeem),
        ("redeemed", Self::Redeem),
        ("spend", Self::Redeem),
        ("adjust", Self::Adjust),
        ("adjustment", Self::Adjust),
        ("correction", Self::Adjust),
        ("expire", Self::Expire),
        ("expired", Self::Expire),
        ("expiry", Self::Expire),
        ("expiration", Self::Expire),
        ("refund", Self::Refund),
        ("return", Self::Refund),
        ("cancellation", Self::Cancellation),
        ("cancel", Self::Cancellation),
        ("void", Self::Cancellation),
    ];

    fn of(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }
}

/// Reads a row.
pub(super) fn read(mut fields: Fields<C>) -> Result<TransactionRow, RowRefusal> {
    completed(&mut fields);
    let kind = kind(&mut fields);
    let who = who(&mut fields);
    let at = fields.time(C::HappenedAt);
    if at.is_none() {
        fields.missing(C::HappenedAt, "when it happened");
    }
    let act = kind.and_then(|kind| act(&mut fields, kind));
    let (shop, reason) = (fields.shop(C::ShopId), fields.text(C::Reason, REASON_CHARS));
    let staff_member = fields.text(C::StaffMember, STAFF_CHARS);
    let row = match (who, at, act) {
        (Some(who), Some(at), Some(act)) => Some(TransactionRow { who, shop, at, act, reason, staff_member }),
        (_, _, _) => None,
    };
    fields.finish(row)
}

/// What was not completed moved no points.
fn completed(fields: &mut Fields<C>) {
    let Some(status) = fields.raw(C::Status) else { return };
    if !["completed", "complete", "paid", "success", "succeeded", "done"].contains(&status.to_lowercase().as_str()) {
        fields.wrong("NOT_COMPLETED", C::Status, format!("{status:?}: only what was completed is taken over"));
    }
}

fn kind(fields: &mut Fields<C>) -> Option<Kind> {
    let Some(word) = fields.raw(C::Type) else {
        fields.missing(C::Type, "what happened, such as purchase or redeem");
        return None;
    };
    let kind = Kind::of(&word);
    if kind.is_none() {
        let words = "purchase, award, redeem, adjust, expire, refund, cancellation";
        fields.wrong("INVALID", C::Type, format!("{word:?} is none of {words}"));
    }
    kind
}

/// Whose card, by the narrowest name that the row has.
fn who(fields: &mut Fields<C>) -> Option<Who> {
    if fields.has(C::CardId) {
        return fields.id(C::CardId, "card_").map(|card| Who::Card(CardId::new(card)));
    }
    let named = fields
        .key(C::CardNumber)
        .map(Who::Number)
        .or_else(|| fields.key(C::CustomerId).map(Who::External))
        .or_else(|| fields.text(C::Email, 254).map(Who::Email))
        .or_else(|| fields.phone(C::Phone).map(Who::Phone));
    if named.is_none() {
        fields.missing(C::CustomerId, "whose it is: card_id, card_number, customer_id, email or phone");
    }
    named
}

fn act(fields: &mut Fields<C>, kind: Kind) -> Option<Act> {
    let (order, id) = (fields.key(C::OrderId), fields.key(C::Id));
    match kind {
        Kind::Purchase => purchase(fields, order.or(id)),
        Kind::Award => {
            let points = positive(fields, C::PointsEarned);
            let expires_at = fields.time(C::ExpiresAt);
            Some(Act::Award { name: name(fields, order, id)?, points: points?, expires_at })
        }
        Kind::Redeem => {
            let points = positive(fields, C::PointsRedeemed);
            Some(Act::Redeem { name: name(fields, order, id)?, points: points? })
        }
        Kind::Adjust => {
            let points = fields.points(C::Points);
            if points.is_none_or(Points::is_zero) {
                fields.missing(C::Points, "how many points, negative where some were taken");
            }
            Some(Act::Adjust { reference: own(fields, id.or(order))?, points: points? })
        }
        Kind::Expire => {
            let points = positive(fields, C::PointsRedeemed);
            Some(Act::Expire { reference: own(fields, id.or(order))?, points: points? })
        }
        Kind::Refund => {
            let id = own(fields, id);
            refund(fields, order, id, false)
        }
        Kind::Cancellation => refund(fields, order, id, true),
    }
}

fn purchase(fields: &mut Fields<C>, order: Option<String>) -> Option<Act> {
    let total = fields.money(C::Amount, false);
    if total.is_none() {
        fields.missing(C::Amount, "the amount of the order");
    }
    let earned = if fields.has(C::PointsEarned) { C::PointsEarned } else { C::Points };
    let earned = fields.count(earned);
    if earned.is_none() {
        fields.missing(C::PointsEarned, "what the order earned then; 0 where it was nothing");
    }
    let redeemed = fields.count(C::PointsRedeemed).unwrap_or_default();
    let discount = fields.money(C::Discount, false).filter(|discount| redeemed.is_positive() || !discount.is_zero());
    let (currency, expires_at) = (fields.text(C::Currency, 3), fields.time(C::ExpiresAt));
    if order.is_none() {
        fields.missing(C::OrderId, "the order's id, by which it counts once");
    }
    Some(Act::Purchase { order: order?, total: total?, currency, earned: earned?, redeemed, discount, expires_at })
}

/// Of which order, under which id, and how much. Points that are stated say how many were taken back; else the amount says it,
/// and what says neither refunds the whole order.
fn refund(fields: &mut Fields<C>, order: Option<String>, id: Option<String>, cancels: bool) -> Option<Act> {
    if order.is_none() {
        fields.missing(C::OrderId, "which order was refunded");
    }
    let points = match (fields.points(C::Points), fields.points(C::PointsEarned)) {
        (Some(points), _) | (None, Some(points)) => Some(points.abs()),
        (None, None) => None,
    };
    let amount = fields.money(C::Amount, true);
    let share = match (points, amount) {
        _ if cancels => Share::Rest,
        (Some(points), _) if points.is_positive() => Share::Points(points),
        (_, Some(amount)) => Share::Amount(amount),
        (Some(_) | None, None) => Share::Rest,
    };
    Some(Act::Refund { order: order?, refund: id, cancels, share })
}

/// How many points, more than zero, whatever their sign: of the column for such points where the general one is empty.
fn positive(fields: &mut Fields<C>, own: C) -> Option<Points> {
    let column = if fields.has(C::Points) { C::Points } else { own };
    let points = fields.points(column).map(Points::abs);
    if points.is_none_or(Points::is_zero) {
        fields.missing(C::Points, "how many points, more than 0");
        return None;
    }
    points
}

fn name(fields: &mut Fields<C>, order: Option<String>, id: Option<String>) -> Option<Name> {
    match (order, id) {
        (Some(order), None) => Some(Name::Order(order)),
        (None, Some(id)) => Some(Name::Reference(id)),
        (Some(order), Some(id)) => Some(Name::Both { order, reference: id }),
        (None, None) => own(fields, None).map(Name::Reference),
    }
}

/// The row's own id.
fn own(fields: &mut Fields<C>, id: Option<String>) -> Option<String> {
    if id.is_none() {
        fields.missing(C::Id, "the row's own id, by which it counts once");
    }
    id
}
