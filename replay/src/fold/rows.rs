//! Rows of the projections as the fold wants them, comparable column by column.

use super::card::{Card, Lot};
use super::shelves::ERA_BITS;
use crate::points::CardId;
use std::fmt;

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Number(i64),
    Text(&'a str),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

/// The columns in which two rows differ: name, what the table holds, what the log says.
pub fn differences<'a, const N: usize>(
    names: &'static [&'static str; N],
    held: [Value<'a>; N],
    wanted: [Value<'a>; N],
) -> impl Iterator<Item = (&'static str, Value<'a>, Value<'a>)> {
    names
        .iter()
        .zip(held.into_iter().zip(wanted))
        .filter(|(_, (held, wanted))| held != wanted)
        .map(|(name, (held, wanted))| (*name, held, wanted))
}

/// A row of `movements`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovementRow<'a> {
    pub seq: i64,
    pub card: i64,
    pub kind: &'a str,
    pub points: i64,
    pub balance_before: i64,
    pub balance_after: i64,
    pub shop: Option<i64>,
    pub order_id: Option<&'a str>,
    pub reference: Option<&'a str>,
    pub expires_at: Option<i64>,
    pub actor: &'a str,
    pub record: Option<i64>,
    pub at: i64,
    pub partner: i64,
    /// What it is to a shop, as `kind` numbers it.
    pub transaction: i64,
    /// The order's total in ten-thousandths, where the row states one.
    pub amount: Option<i64>,
    pub happened_at: Option<i64>,
}

impl<'a> MovementRow<'a> {
    /// The columns, in the order of [`MovementRow::values`].
    pub const NAMES: [&'static str; 17] = [
        "seq",
        "card",
        "type",
        "points",
        "balance_before",
        "balance_after",
        "shop",
        "order_id",
        "reference",
        "expires_at",
        "actor",
        "record",
        "at",
        "partner",
        "kind",
        "amount",
        "happened_at",
    ];

    /// The values.
    #[must_use]
    pub fn values(&self) -> [Value<'a>; 17] {
        [
            self.seq.into(),
            self.card.into(),
            self.kind.into(),
            self.points.into(),
            self.balance_before.into(),
            self.balance_after.into(),
            self.shop.into(),
            self.order_id.into(),
            self.reference.into(),
            self.expires_at.into(),
            self.actor.into(),
            self.record.into(),
            self.at.into(),
            self.partner.into(),
            self.transaction.into(),
            self.amount.into(),
            self.happened_at.into(),
        ]
    }
}

/// A row of `lots`.
#[derive(Debug, Clone, Copy)]
pub struct LotRow;

impl LotRow {
    /// The columns, in the order of [`LotRow::values`].
    pub const NAMES: [&'static str; 7] = ["era", "card", "lot", "points", "remaining", "shop", "expires_at"];

    /// The values of an open lot.
    #[must_use]
    pub fn values(card: CardId, lot: &Lot) -> [Value<'static>; 7] {
        [
            (lot.lot.get() >> ERA_BITS).into(),
            card.get().into(),
            lot.lot.get().into(),
            lot.points.get().into(),
            lot.remaining.get().into(),
            lot.shop.map(crate::points::ShopId::get).into(),
            lot.expires_at.map(crate::instant::Instant::micros).into(),
        ]
    }
}

/// A row of `cards`.
#[derive(Debug, Clone, Copy)]
pub struct CardRow;

impl CardRow {
    /// The columns, in the order of [`CardRow::values`].
    pub const NAMES: [&'static str; 29] = [
        "card",
        "partner",
        "customer",
        "template",
        "number",
        "status",
        "status_before_block",
        "design",
        "shop",
        "tier",
        "balance",
        "debt",
        "lifetime",
        "redeemed",
        "expired",
        "adjusted",
        "movements",
        "last_seq",
        "last_type",
        "last_points",
        "last_at",
        "issued_at",
        "updated_at",
        "last_activity",
        "blocked_at",
        "block_record",
        "metadata_record",
        "version",
        "as_of",
    ];

    /// The values of a card. `number` is the card's number as text.
    #[must_use]
    pub fn values<'a>(id: CardId, card: &'a Card, number: &'a str) -> [Value<'a>; 29] {
        [
            id.get().into(),
            card.partner.get().into(),
            card.customer.get().into(),
            card.template.get().into(),
            number.into(),
            card.status.name().into(),
            card.status_before_block.map(crate::payload::Status::name).into(),
            (&*card.design).into(),
            card.shop.map(crate::points::ShopId::get).into(),
            card.tier.name().into(),
            card.balance.get().into(),
            card.debt.get().into(),
            card.lifetime.get().into(),
            card.redeemed.get().into(),
            card.expired.get().into(),
            card.adjusted.get().into(),
            card.movements.into(),
            card.last.map(|last| last.seq).into(),
            card.last.map(|last| last.kind).into(),
            card.last.map(|last| last.points.get()).into(),
            card.last.map(|last| last.at.micros()).into(),
            card.issued_at.micros().into(),
            card.updated_at.micros().into(),
            card.last_activity.micros().into(),
            card.blocked_at.map(crate::instant::Instant::micros).into(),
            card.block_record.map(crate::points::RecordId::get).into(),
            card.metadata_record.map(crate::points::RecordId::get).into(),
            card.version.into(),
            card.as_of.into(),
        ]
    }
}
