//! One card: what the log has made of it so far.

use crate::instant::Instant;
use crate::payload::{CardIssued, CardNumber, Status, Tier};
use crate::points::{CustomerId, LotId, PartnerId, Points, RecordId, ShopId, TemplateId};
use std::cmp::Ordering;

/// An open lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    pub lot: LotId,
    pub points: Points,
    pub remaining: Points,
    pub shop: Option<ShopId>,
    pub expires_at: Option<Instant>,
}

impl Lot {
    /// The order of taking: soonest expiry first, then the older lot; what never expires last.
    #[must_use]
    pub fn order_of_taking(&self, other: &Self) -> Ordering {
        let soonest = match (self.expires_at, other.expires_at) {
            (Some(mine), Some(theirs)) => mine.cmp(&theirs),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        soonest.then(self.lot.cmp(&other.lot))
    }

    /// Whether the lot's time has come.
    #[must_use]
    pub fn is_due(&self, at: Instant) -> bool {
        self.expires_at.is_some_and(|time| time <= at)
    }
}

/// The last movement of a card.
#[derive(Debug, Clone, Copy)]
pub struct LastMovement {
    pub seq: i64,
    pub kind: &'static str,
    pub points: Points,
    pub at: Instant,
}

/// A card.
#[derive(Debug, Clone)]
pub struct Card {
    pub partner: PartnerId,
    pub customer: CustomerId,
    pub template: TemplateId,
    pub number: CardNumber,
    pub status: Status,
    pub status_before_block: Option<Status>,
    pub design: Box<str>,
    pub shop: Option<ShopId>,
    pub tier: Tier,
    pub balance: Points,
    pub debt: Points,
    pub lifetime: Points,
    pub redeemed: Points,
    pub expired: Points,
    pub adjusted: Points,
    pub movements: i64,
    pub last: Option<LastMovement>,
    /// The seq of the card's first event.
    pub issued_seq: i64,
    pub issued_at: Instant,
    pub updated_at: Instant,
    pub last_activity: Instant,
    pub blocked_at: Option<Instant>,
    pub block_record: Option<RecordId>,
    pub metadata_record: Option<RecordId>,
    pub version: i64,
    pub as_of: i64,
    /// Open lots in the order of their ids.
    pub lots: Vec<Lot>,
}

impl Card {
    /// A card as it is issued.
    #[must_use]
    pub fn issued(event: &CardIssued<'_>, partner: PartnerId, seq: i64, at: Instant) -> Self {
        Self {
            partner,
            customer: event.customer,
            template: event.template,
            number: event.number,
            status: event.status,
            status_before_block: None,
            design: event.design.as_str().into(),
            shop: event.shop,
            tier: Tier::Bronze,
            balance: Points::ZERO,
            debt: Points::ZERO,
            lifetime: Points::ZERO,
            redeemed: Points::ZERO,
            expired: Points::ZERO,
            adjusted: Points::ZERO,
            movements: 0,
            last: None,
            issued_seq: seq,
            issued_at: at,
            updated_at: at,
            last_activity: event.happened_at.unwrap_or(at),
            blocked_at: None,
            block_record: None,
            metadata_record: event.sealed.map(|sealed| sealed.record),
            version: 0,
            as_of: 0,
            lots: Vec::new(),
        }
    }

    /// What may be spent at a moment: the balance of the books less what remains in lots whose time has come.
    #[must_use]
    pub fn available(&self, at: Instant) -> Points {
        self.balance.minus(self.lots.iter().filter(|lot| lot.is_due(at)).map(|lot| lot.remaining).sum())
    }

    /// What remains in the open lots.
    #[must_use]
    pub fn in_lots(&self) -> Points {
        self.lots.iter().map(|lot| lot.remaining).sum()
    }
}
