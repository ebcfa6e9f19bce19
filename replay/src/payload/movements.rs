//! The layouts of `points.*` and `order.recorded`, and the one form in which the fold sees all of them.

use super::{Discount, Purchase, Sealed, Text, present};
use crate::decimal::Money;
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

/// What a refund is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    Refund,
    Cancellation,
}

/// Which movement, with what only that one states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovingKind {
    Award { origin: Origin, lifetime: Points },
    Redeem,
    Adjust,
    Expire { cause: Cause },
    Order,
    Refund { lifetime: Points, debt: Points },
    Return,
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
            Self::Order => "order",
            Self::Refund { .. } => "refund",
            Self::Return => "return",
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
    /// Any other name that the caller gave: of a refund, its own id.
    pub reference: Option<Text<'a>>,
    pub debt_paid: Option<Points>,
    pub lot: Option<OpenedLot>,
    pub taken: Vec<Taken>,
    pub balance_before: Points,
    pub balance: Points,
    /// When it really happened, where an import says so.
    pub happened_at: Option<Instant>,
    pub sealed: Option<Sealed>,
    pub about: About<'a>,
}

impl Moving<'_> {
    /// What the movement is to a shop, as `movements.kind` and `transaction_counts.kind` number it.
    #[must_use]
    pub const fn transaction(&self) -> i64 {
        match (self.kind, &self.about) {
            (MovingKind::Award { origin: Origin::Issue, .. }, _) => 2,
            (MovingKind::Award { .. }, _) => {
                if self.order.is_some() {
                    0
                } else {
                    1
                }
            }
            (MovingKind::Order, _) => 0,
            (MovingKind::Redeem, _) => 3,
            (MovingKind::Expire { .. }, _) => 4,
            (MovingKind::Refund { .. }, About::Refund(Refund { cause: RefundCause::Cancellation, .. })) => 6,
            (MovingKind::Refund { .. }, _) => 5,
            (MovingKind::Return, _) => 7,
            (MovingKind::Adjust, _) => {
                if self.points.get() < 0 {
                    9
                } else {
                    8
                }
            }
        }
    }

    /// The total of the order that the movement states, in ten-thousandths.
    #[must_use]
    pub fn order_total(&self) -> Option<i64> {
        match &self.about {
            About::Purchase(purchase) => Some(purchase.order_total.0.scaled(4).unwrap_or(i64::MAX)),
            About::Nothing | About::Spending(_) | About::Refund(_) | About::Return { .. } => None,
        }
    }

    /// Whether it is a fact of the past, which the rules of its recording do not refuse.
    #[must_use]
    pub const fn is_past(&self) -> bool {
        self.happened_at.is_some()
    }

    /// The moment as of which it was decided: when it happened, else when it was recorded.
    #[must_use]
    pub fn at(&self, recorded_at: i64) -> Instant {
        self.happened_at.unwrap_or(Instant::from_micros(recorded_at))
    }
}

/// What a movement says about its order.
#[derive(Debug)]
pub enum About<'a> {
    /// Nothing, or no more than the order's id.
    Nothing,
    /// The terms of a purchase and what it earned by them.
    Purchase(Box<Purchase<'a>>),
    /// What the points of a purchase bought.
    Spending(Box<Spending<'a>>),
    Refund(Refund),
    /// The seq of the order's first event, some of whose points are given back.
    Return {
        of: i64,
    },
}

/// What a redemption says beyond its slices.
#[derive(Debug)]
pub struct Spending<'a> {
    pub discount: Option<Discount<'a>>,
    /// Where the lots of the slices were opened; empty where none has a shop.
    pub lot_shops: Vec<Option<ShopId>>,
}

/// What a refund takes back, and of which order.
#[derive(Debug, Clone, Copy)]
pub struct Refund {
    pub cause: RefundCause,
    /// The seq of the order's first event.
    pub of: i64,
    pub amount: Option<Money>,
    pub completes: bool,
    pub let_go: Points,
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
            happened_at: Option<Instant>,
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
    #[serde(borrow, default, deserialize_with = "present")]
    purchase: Option<Purchase<'a>>,
});

movement!(Redeemed {
    taken: Vec<Taken>,
    #[serde(borrow, default, deserialize_with = "present")]
    discount: Option<Discount<'a>>,
    #[serde(default)]
    lot_shops: Vec<Option<ShopId>>,
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

/// `order.recorded`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderRecorded<'a> {
    card: CardId,
    #[serde(default, deserialize_with = "present")]
    shop: Option<ShopId>,
    #[serde(borrow)]
    order: Text<'a>,
    #[serde(borrow)]
    purchase: Purchase<'a>,
    balance: Points,
    #[serde(default, deserialize_with = "present")]
    happened_at: Option<Instant>,
    #[serde(default, deserialize_with = "present")]
    sealed: Option<Sealed>,
}

/// `points.refunded`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refunded<'a> {
    card: CardId,
    points: Points,
    cause: RefundCause,
    #[serde(default, deserialize_with = "present")]
    shop: Option<ShopId>,
    #[serde(borrow)]
    order: Text<'a>,
    of: i64,
    #[serde(borrow, default, deserialize_with = "present")]
    refund: Option<Text<'a>>,
    #[serde(default, deserialize_with = "present")]
    amount: Option<Money>,
    completes: bool,
    #[serde(default)]
    taken: Vec<Taken>,
    #[serde(default, deserialize_with = "present")]
    debt: Option<Points>,
    #[serde(default, deserialize_with = "present")]
    let_go: Option<Points>,
    balance_before: Points,
    balance: Points,
    lifetime: Points,
    #[serde(default, deserialize_with = "present")]
    happened_at: Option<Instant>,
    #[serde(default, deserialize_with = "present")]
    sealed: Option<Sealed>,
}

/// `points.returned`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Returned<'a> {
    card: CardId,
    points: Points,
    #[serde(default, deserialize_with = "present")]
    shop: Option<ShopId>,
    #[serde(borrow)]
    order: Text<'a>,
    of: i64,
    #[serde(borrow, default, deserialize_with = "present")]
    refund: Option<Text<'a>>,
    #[serde(default, deserialize_with = "present")]
    debt_paid: Option<Points>,
    #[serde(default, deserialize_with = "present")]
    lot: Option<OpenedLot>,
    balance_before: Points,
    balance: Points,
    #[serde(default, deserialize_with = "present")]
    happened_at: Option<Instant>,
}

macro_rules! one_form {
    ($name:ident, $it:ident, $kind:expr, $debt_paid:expr, $lot:expr, $taken:expr, $about:expr) => {
        impl<'a> From<$name<'a>> for Moving<'a> {
            fn from($it: $name<'a>) -> Self {
                Self {
                    about: $about,
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
                    happened_at: $it.happened_at,
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
    Vec::new(),
    it.purchase.map_or(About::Nothing, |purchase| About::Purchase(Box::new(purchase)))
);
one_form!(
    Redeemed,
    it,
    MovingKind::Redeem,
    None,
    None,
    it.taken,
    if it.discount.is_some() || !it.lot_shops.is_empty() {
        About::Spending(Box::new(Spending { discount: it.discount, lot_shops: it.lot_shops }))
    } else {
        About::Nothing
    }
);
one_form!(Adjusted, it, MovingKind::Adjust, it.debt_paid, it.lot, it.taken, About::Nothing);
one_form!(Expired, it, MovingKind::Expire { cause: it.cause }, None, None, it.taken, About::Nothing);

impl<'a> From<OrderRecorded<'a>> for Moving<'a> {
    fn from(it: OrderRecorded<'a>) -> Self {
        Self {
            kind: MovingKind::Order,
            card: it.card,
            points: Points::ZERO,
            shop: it.shop,
            order: Some(it.order),
            reference: None,
            debt_paid: None,
            lot: None,
            taken: Vec::new(),
            balance_before: it.balance,
            balance: it.balance,
            happened_at: it.happened_at,
            sealed: it.sealed,
            about: About::Purchase(Box::new(it.purchase)),
        }
    }
}

impl<'a> From<Refunded<'a>> for Moving<'a> {
    fn from(it: Refunded<'a>) -> Self {
        let (amount, let_go) = (it.amount, it.let_go.unwrap_or_default());
        Self {
            kind: MovingKind::Refund { lifetime: it.lifetime, debt: it.debt.unwrap_or_default() },
            card: it.card,
            points: it.points,
            shop: it.shop,
            order: Some(it.order),
            reference: it.refund,
            debt_paid: None,
            lot: None,
            taken: it.taken,
            balance_before: it.balance_before,
            balance: it.balance,
            happened_at: it.happened_at,
            sealed: it.sealed,
            about: About::Refund(Refund { cause: it.cause, of: it.of, amount, completes: it.completes, let_go }),
        }
    }
}

impl<'a> From<Returned<'a>> for Moving<'a> {
    fn from(it: Returned<'a>) -> Self {
        Self {
            kind: MovingKind::Return,
            card: it.card,
            points: it.points,
            shop: it.shop,
            order: Some(it.order),
            reference: it.refund,
            debt_paid: it.debt_paid,
            lot: it.lot,
            taken: Vec::new(),
            balance_before: it.balance_before,
            balance: it.balance,
            happened_at: it.happened_at,
            sealed: None,
            about: About::Return { of: it.of },
        }
    }
}
