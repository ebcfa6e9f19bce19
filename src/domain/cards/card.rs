//! A card's state, and how events change it.

use super::{CardBlocked, CardIssued, CardNumber, CardUnblocked, CardUpdated, Tier};
use crate::domain::orders::{PointsRefunded, PointsReturned};
use crate::domain::points::{
    Lot, Lots, OpenedLot, Points, PointsAdjusted, PointsAwarded, PointsExpired, PointsRedeemed, Slice,
};
use crate::domain::{
    CardId, CustomerId, Event, Movement, MovementType, PartnerId, RecordId, Seq, ShopId, TemplateId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Whether a card may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Inactive,
    Blocked,
}

impl Status {
    /// The status's name in the log and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Blocked].into_iter().find(|status| status.name() == name)
    }
}

/// The newest row of a card's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMovement {
    pub seq: Seq,
    pub movement: MovementType,
    pub points: Points,
    pub at: Timestamp,
}

/// A card as of its last event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub id: CardId,
    pub partner: PartnerId,
    pub customer: CustomerId,
    pub template: TemplateId,
    pub number: CardNumber,
    pub status: Status,
    /// What unblocking restores; only while blocked.
    pub status_before_block: Option<Status>,
    pub design: Box<str>,
    /// The home shop: where the card was issued.
    pub shop: Option<ShopId>,
    pub tier: Tier,
    pub lots: Lots,
    /// What a refund could not take back.
    pub debt: Points,
    /// All points ever awarded, less those that refunds took back.
    pub lifetime: Points,
    /// All points ever redeemed, less those that refunds gave back; positive.
    pub redeemed: Points,
    /// All points that ever expired, positive.
    pub expired: Points,
    /// The signed sum of all corrections.
    pub adjusted: Points,
    /// How many rows its history has.
    pub movements: i64,
    pub last: Option<LastMovement>,
    pub issued_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_activity: Timestamp,
    pub blocked_at: Option<Timestamp>,
    pub block_record: Option<RecordId>,
    pub metadata_record: Option<RecordId>,
    /// The version of the card's stream.
    pub version: i64,
    /// The seq of the card's last event.
    pub as_of: Seq,
}

impl Card {
    /// The card that `card.issued` brings into being.
    #[must_use]
    pub fn issued(event: &CardIssued, partner: PartnerId, seq: Seq, at: Timestamp) -> Self {
        Self {
            id: event.card,
            partner,
            customer: event.customer,
            template: event.template,
            number: event.number,
            status: event.status,
            status_before_block: None,
            design: event.design.as_str().into(),
            shop: event.shop,
            tier: Tier::Bronze,
            lots: Lots::default(),
            debt: Points::ZERO,
            lifetime: Points::ZERO,
            redeemed: Points::ZERO,
            expired: Points::ZERO,
            adjusted: Points::ZERO,
            movements: 0,
            last: None,
            // Since when somebody has had a card elsewhere, their customer's record says. This one is new, and lists by the time
            // of issue rely on its growing with the ids.
            issued_at: at,
            updated_at: at,
            last_activity: event.happened_at.unwrap_or(at),
            blocked_at: None,
            block_record: None,
            metadata_record: event.sealed.map(|sealed| sealed.record),
            version: 1,
            as_of: seq,
        }
    }

    /// The balance by the books: the sum of all movements.
    #[must_use]
    pub fn balance(&self) -> Points {
        self.lots.total().minus(self.debt)
    }

    /// What may be spent at this moment: lots past their time no longer count, whether or not the log says so yet.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> Points {
        self.balance().minus(self.lots.due(now))
    }

    /// What spending so many points takes from which lot.
    #[must_use]
    pub fn slices(&self, points: Points, now: Timestamp) -> Vec<Slice> {
        self.lots.slices(points, |lot| lot.expires_at.is_none_or(|time| time > now))
    }

    /// Applies a later event of the card's stream. Cannot fail: the decision was taken when the event was recorded.
    ///
    /// # Panics
    /// When the event is not of a card's stream or is the card's issue: the caller mixed up streams.
    pub fn evolve(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        // A movement of the past stands at its own time; what changes the card itself, at the time of its recording.
        let at = Movement::of(event).and_then(Movement::happened_at).unwrap_or(at);
        match event {
            Event::CardUpdated(event) => self.updated(event, at),
            Event::CardActivated(_) => {
                self.status = Status::Active;
                self.updated_at = at;
            }
            Event::CardBlocked(event) => self.blocked(event, at),
            Event::CardUnblocked(event) => self.unblocked(event, at),
            Event::CardTierChanged(event) => {
                self.tier = event.to;
                self.updated_at = at;
            }
            Event::PointsAwarded(event) => self.awarded(event, seq, at),
            Event::PointsRedeemed(event) => self.redeemed(event, seq, at),
            Event::PointsAdjusted(event) => self.adjusted(event, seq, at),
            Event::PointsExpired(event) => self.expired(event, seq, at),
            Event::OrderRecorded(_) => self.moved(MovementType::Order, Points::ZERO, seq, at),
            Event::PointsRefunded(event) => self.refunded(event, seq, at),
            Event::PointsReturned(event) => self.returned(event, seq, at),
            Event::CardIssued(_)
            | Event::PartnerCreated(_)
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
            | Event::RecordsErased(_) => unreachable!("{} does not change a card", event.kind()),
        }
        self.version += 1;
        self.as_of = seq;
    }

    fn updated(&mut self, event: &CardUpdated, at: Timestamp) {
        if let Some(design) = &event.design {
            self.design = design.as_str().into();
        }
        if let Some(sealed) = event.sealed {
            self.metadata_record = Some(sealed.record);
        }
        self.updated_at = at;
    }

    fn blocked(&mut self, event: &CardBlocked, at: Timestamp) {
        self.status_before_block = Some(self.status);
        self.status = Status::Blocked;
        self.blocked_at = Some(at);
        self.block_record = event.sealed.map(|sealed| sealed.record);
        self.updated_at = at;
    }

    fn unblocked(&mut self, event: &CardUnblocked, at: Timestamp) {
        self.status_before_block = None;
        self.status = event.status;
        self.blocked_at = None;
        self.block_record = None;
        self.updated_at = at;
    }

    fn awarded(&mut self, event: &PointsAwarded, seq: Seq, at: Timestamp) {
        self.receive(event.lot, event.debt_paid, event.shop, seq);
        self.lifetime = event.lifetime;
        self.moved(MovementType::Award, event.points, seq, at);
    }

    fn redeemed(&mut self, event: &PointsRedeemed, seq: Seq, at: Timestamp) {
        self.lots.take(&event.taken);
        self.redeemed = self.redeemed.minus(event.points);
        self.moved(MovementType::Redeem, event.points, seq, at);
    }

    fn adjusted(&mut self, event: &PointsAdjusted, seq: Seq, at: Timestamp) {
        self.receive(event.lot, event.debt_paid, event.shop, seq);
        self.lots.take(&event.taken);
        self.adjusted = self.adjusted.plus(event.points);
        self.moved(MovementType::Adjust, event.points, seq, at);
    }

    fn expired(&mut self, event: &PointsExpired, seq: Seq, at: Timestamp) {
        self.lots.take(&event.taken);
        self.expired = self.expired.minus(event.points);
        self.moved(MovementType::Expire, event.points, seq, at);
    }

    // Refunded points were not earned after all: they count towards no tier.
    fn refunded(&mut self, event: &PointsRefunded, seq: Seq, at: Timestamp) {
        self.lots.take(&event.taken);
        self.debt = self.debt.plus(event.debt.unwrap_or_default());
        self.lifetime = event.lifetime;
        self.moved(MovementType::Refund, event.points, seq, at);
    }

    fn returned(&mut self, event: &PointsReturned, seq: Seq, at: Timestamp) {
        self.receive(event.lot, event.debt_paid, event.shop, seq);
        self.redeemed = self.redeemed.minus(event.points);
        self.moved(MovementType::Return, event.points, seq, at);
    }

    fn receive(&mut self, lot: Option<OpenedLot>, debt_paid: Option<Points>, shop: Option<ShopId>, seq: Seq) {
        self.debt = self.debt.minus(debt_paid.unwrap_or_default());
        if let Some(OpenedLot { points, expires_at }) = lot {
            self.lots.open(Lot { id: seq, points, remaining: points, shop, expires_at });
        }
    }

    fn moved(&mut self, movement: MovementType, points: Points, seq: Seq, at: Timestamp) {
        self.movements += 1;
        self.last = Some(LastMovement { seq, movement, points, at });
        // Expiry is something that happens to a card, not something that its holder does.
        if movement != MovementType::Expire {
            self.last_activity = self.last_activity.max(at);
        }
    }
}
