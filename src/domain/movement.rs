//! Movements of points: the events that make a card's history, and what all of them state. Whoever lists, counts or shows
//! movements reads them through this, so that a new kind of event is sorted here, once.

use super::orders::{Breakdown, OrderRecorded, PointsRefunded, PointsReturned, RefundCause, TransactionKind};
use super::points::{OpenedLot, Origin, Points, PointsAdjusted, PointsAwarded, PointsExpired, PointsRedeemed, Slice};
use super::{CardId, Event, Money, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// What kind of movement a row of the history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MovementType {
    Award,
    Redeem,
    Adjust,
    Expire,
    /// A purchase that earned nothing.
    Order,
    /// What a refund took back.
    Refund,
    /// What a refund gave back.
    Return,
}

impl MovementType {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Award, Self::Redeem, Self::Adjust, Self::Expire, Self::Order, Self::Refund, Self::Return];

    /// The type's name in the history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Award => "award",
            Self::Redeem => "redeem",
            Self::Adjust => "adjust",
            Self::Expire => "expire",
            Self::Order => "order",
            Self::Refund => "refund",
            Self::Return => "return",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|movement| movement.name() == name)
    }
}

/// An event that is a row of a card's history.
#[derive(Debug, Clone, Copy)]
pub enum Movement<'e> {
    Awarded(&'e PointsAwarded),
    Redeemed(&'e PointsRedeemed),
    Adjusted(&'e PointsAdjusted),
    Expired(&'e PointsExpired),
    /// A purchase that earned nothing.
    Recorded(&'e OrderRecorded),
    Refunded(&'e PointsRefunded),
    Returned(&'e PointsReturned),
}

/// What every movement states.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'e> {
    pub movement: MovementType,
    pub kind: TransactionKind,
    pub card: CardId,
    /// Signed; zero where an order earned nothing.
    pub points: Points,
    pub before: Points,
    pub after: Points,
    /// Where it took place; for what a refund gave back, where the points had been earned.
    pub shop: Option<ShopId>,
    pub order: Option<&'e str>,
    /// The refund's own id.
    pub refund: Option<&'e str>,
    pub reference: Option<&'e str>,
    /// The lot that it opened.
    pub lot: Option<OpenedLot>,
    /// What it took from lots.
    pub taken: &'e [Slice],
    /// When it really happened, where that is not when it was recorded.
    pub happened_at: Option<Timestamp>,
    /// The terms of the order that it states.
    pub purchase: Option<&'e Breakdown>,
}

impl Stated<'_> {
    /// The total of the order that it states; nothing where it states none.
    #[must_use]
    pub fn order_total(&self) -> Money {
        self.purchase.map_or(Money::ZERO, |purchase| purchase.order_total)
    }
}

impl<'e> Movement<'e> {
    /// The event as a movement; none where it is something else.
    #[must_use]
    pub const fn of(event: &'e Event) -> Option<Self> {
        Some(match event {
            Event::PointsAwarded(event) => Self::Awarded(event),
            Event::PointsRedeemed(event) => Self::Redeemed(event),
            Event::PointsAdjusted(event) => Self::Adjusted(event),
            Event::PointsExpired(event) => Self::Expired(event),
            Event::OrderRecorded(event) => Self::Recorded(event),
            Event::PointsRefunded(event) => Self::Refunded(event),
            Event::PointsReturned(event) => Self::Returned(event),
            Event::PartnerCreated(_)
            | Event::PartnerSettingsChanged(_)
            | Event::ShopOpened(_)
            | Event::ShopUpdated(_)
            | Event::ShopRetired(_)
            | Event::TemplateCreated(_)
            | Event::TemplateUpdated(_)
            | Event::TemplateRetired(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::CheckpointKeyCreated(_)
            | Event::CheckpointKeyRetired(_)
            | Event::CheckpointMade(_)
            | Event::CheckpointCosigned(_)
            | Event::WebhookCreated(_)
            | Event::WebhookUpdated(_)
            | Event::WebhookRotated(_)
            | Event::WebhookDisabled(_)
            | Event::WebhookSkipped(_)
            | Event::WebhookRemoved(_)
            | Event::BalancesSealed(_)
            | Event::CustomerRegistered(_)
            | Event::CustomerUpdated(_)
            | Event::CustomerErased(_)
            | Event::RecordsErased(_)
            | Event::CardIssued(_)
            | Event::CardUpdated(_)
            | Event::CardActivated(_)
            | Event::CardBlocked(_)
            | Event::CardUnblocked(_)
            | Event::CardTierChanged(_) => return None,
        })
    }

    /// What it states.
    #[must_use]
    pub fn stated(self) -> Stated<'e> {
        let (movement, kind) = self.kinds();
        let stated = match self {
            Self::Awarded(event) => Stated {
                shop: event.shop,
                order: event.order.as_deref(),
                reference: event.reference.as_deref(),
                lot: event.lot,
                purchase: event.purchase.as_deref(),
                ..moved(movement, kind, event.card, [event.points, event.balance_before, event.balance])
            },
            Self::Redeemed(event) => Stated {
                shop: event.shop,
                order: event.order.as_deref(),
                reference: event.reference.as_deref(),
                taken: &event.taken,
                ..moved(movement, kind, event.card, [event.points, event.balance_before, event.balance])
            },
            Self::Adjusted(event) => Stated {
                shop: event.shop,
                reference: event.reference.as_deref(),
                lot: event.lot,
                taken: &event.taken,
                ..moved(movement, kind, event.card, [event.points, event.balance_before, event.balance])
            },
            Self::Expired(event) => Stated {
                shop: event.shop,
                reference: event.reference.as_deref(),
                taken: &event.taken,
                ..moved(movement, kind, event.card, [event.points, event.balance_before, event.balance])
            },
            Self::Recorded(event) => Stated {
                shop: event.shop,
                order: Some(&event.order),
                purchase: Some(&event.purchase),
                ..moved(movement, kind, event.card, [Points::ZERO, event.balance, event.balance])
            },
            Self::Refunded(event) => Stated {
                shop: event.shop,
                order: Some(&event.order),
                refund: event.refund.as_deref(),
                taken: &event.taken,
                ..moved(movement, kind, event.card, [event.points, event.balance_before, event.balance])
            },
            Self::Returned(event) => Stated {
                shop: event.shop,
                order: Some(&event.order),
                refund: event.refund.as_deref(),
                lot: event.lot,
                ..moved(movement, kind, event.card, [event.points, event.balance_before, event.balance])
            },
        };
        Stated { happened_at: self.happened_at(), ..stated }
    }

    /// When it really happened, where an import says so.
    #[must_use]
    pub const fn happened_at(self) -> Option<Timestamp> {
        match self {
            Self::Awarded(event) => event.happened_at,
            Self::Redeemed(event) => event.happened_at,
            Self::Adjusted(event) => event.happened_at,
            Self::Expired(event) => event.happened_at,
            Self::Recorded(event) => event.happened_at,
            Self::Refunded(event) => event.happened_at,
            Self::Returned(event) => event.happened_at,
        }
    }

    fn kinds(self) -> (MovementType, TransactionKind) {
        match self {
            Self::Awarded(event) => {
                let kind = match (event.origin, &event.order) {
                    (Origin::Issue, _) => TransactionKind::Welcome,
                    (Origin::Award, Some(_)) => TransactionKind::Purchase,
                    (Origin::Award, None) => TransactionKind::Award,
                };
                (MovementType::Award, kind)
            }
            Self::Redeemed(_) => (MovementType::Redeem, TransactionKind::Redemption),
            Self::Adjusted(event) if event.points < Points::ZERO => (MovementType::Adjust, TransactionKind::Cut),
            Self::Adjusted(_) => (MovementType::Adjust, TransactionKind::Raise),
            Self::Expired(_) => (MovementType::Expire, TransactionKind::Expiry),
            Self::Recorded(_) => (MovementType::Order, TransactionKind::Purchase),
            Self::Refunded(event) => match event.cause {
                RefundCause::Refund => (MovementType::Refund, TransactionKind::Refund),
                RefundCause::Cancellation => (MovementType::Refund, TransactionKind::Cancellation),
            },
            Self::Returned(_) => (MovementType::Return, TransactionKind::Return),
        }
    }
}

fn moved<'e>(
    movement: MovementType,
    kind: TransactionKind,
    card: CardId,
    [points, before, after]: [Points; 3],
) -> Stated<'e> {
    Stated {
        movement,
        kind,
        card,
        points,
        before,
        after,
        shop: None,
        order: None,
        refund: None,
        reference: None,
        lot: None,
        taken: &[],
        happened_at: None,
        purchase: None,
    }
}
