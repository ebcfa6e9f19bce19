//! The layouts of `points.*`, and the one form in which the fold sees all four of them.

use super::{Sealed, Text, present};
use crate::instant::Instant;
use crate::points::{CardId, LotId, Points, ShopId};
use serde::Deserialize;

/// What gave rise to an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Award,
    Issue,
}

/// Why points expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Due,
    Requested,
}

/// The lot that an event opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedLot {
    pub points: Points,
    #[serde(default, deserialize_with = "present")]
    pub expires_at: Option<Instant>,
}

/// What a movement took from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    pub lot: LotId,
    pub points: Points,
    #[serde(default, deserialize_with = "present")]
    pub expires_at: Option<Instant>,
}

/// Which of the four movements, with what only that one states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovingKind {
    Award { origin: Origin, lifetime: Points },
    Redeem,
    Adjust,
    Expire { cause: Cause },
}

impl MovingKind {
    /// The word in `movements.type` and in idempotency keys by reference.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Award { .. } => "award",
            Self::Redeem => "redeem",
            Self::Adjust => "adjust",
            Self::Expire { .. } => "expire",
        }
    }
}

/// A movement of points.
#[derive(Debug)]
pub struct Moving<'a> {
    pub kind: MovingKind,
    pub card: CardId,
    pub points: Points,
    pub shop: Option<ShopId>,
    pub order: Option<Text<'a>>,
    pub reference: Option<Text<'a>>,
    pub debt_paid: Option<Points>,
    pub lot: Option<OpenedLot>,
    pub taken: Vec<Taken>,
    pub balance_before: Points,
    pub balance: Points,
    pub sealed: Option<Sealed>,
}

macro_rules! movement {
    ($name:ident { $($own:tt)* }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name<'a> {
            card: CardId,
            points: Points,
            #[serde(default, deserialize_with = "present")]
            shop: Option<ShopId>,
            #[serde(borrow, default, deserialize_with = "present")]
            order: Option<Text<'a>>,
            #[serde(borrow, default, deserialize_with = "present")]
            reference: Option<Text<'a>>,
            balance_before: Points,
            balance: Points,
            #[serde(default, deserialize_with = "present")]
            sealed: Option<Sealed>,
            $($own)*
        }
    };
}

movement!(Awarded {
    origin: Origin,
    lifetime: Points,
    #[serde(default, deserialize_with = "present")]
    debt_paid: Option<Points>,
    #[serde(default, deserialize_with = "present")]
    lot: Option<OpenedLot>,
});

movement!(Redeemed {
    taken: Vec<Taken>,
});

movement!(Adjusted {
    #[serde(default, deserialize_with = "present")]
    debt_paid: Option<Points>,
    #[serde(default, deserialize_with = "present")]
    lot: Option<OpenedLot>,
    #[serde(default)]
    taken: Vec<Taken>,
});

movement!(Expired {
    taken: Vec<Taken>,
    cause: Cause,
});

macro_rules! one_form {
    ($name:ident, $it:ident, $kind:expr, $debt_paid:expr, $lot:expr, $taken:expr) => {
        impl<'a> From<$name<'a>> for Moving<'a> {
            fn from($it: $name<'a>) -> Self {
                Self {
                    kind: $kind,
                    debt_paid: $debt_paid,
                    lot: $lot,
                    taken: $taken,
                    card: $it.card,
                    points: $it.points,
                    shop: $it.shop,
                    order: $it.order,
                    reference: $it.reference,
                    balance_before: $it.balance_before,
                    balance: $it.balance,
                    sealed: $it.sealed,
                }
            }
        }
    };
}

one_form!(
    Awarded,
    it,
    MovingKind::Award { origin: it.origin, lifetime: it.lifetime },
    it.debt_paid,
    it.lot,
    Vec::new()
);
one_form!(Redeemed, it, MovingKind::Redeem, None, None, it.taken);
one_form!(Adjusted, it, MovingKind::Adjust, it.debt_paid, it.lot, it.taken);
one_form!(Expired, it, MovingKind::Expire { cause: it.cause }, None, None, it.taken);
