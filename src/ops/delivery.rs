//! What is kept of webhooks: how far they have come, what waits, and what came of each attempt.

use crate::domain::{CustomerId, PartnerId, Seq, Timestamp, WebhookId};

/// A way through the log: all of it, or a part that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    pub id: i64,
    /// Everything up to it is settled, or waits.
    pub cursor: Seq,
    /// None for the one that follows the log.
    pub until: Option<Seq>,
}

/// A place in the log, and the hash of its chain there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub seq: Seq,
    pub hash: [u8; 32],
}

/// How a webhook fares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The version of the webhook's stream for which attempts are counted.
    pub version: i64,
    /// Failed attempts since the last that succeeded.
    pub failures: i64,
    /// Events given up since the last that was delivered.
    pub abandoned: i64,
    pub last_delivery_at: Option<Timestamp>,
    /// Until when its receiver wants to be left alone.
    pub quiet_until: Option<Timestamp>,
}

/// An event that waits for an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub track: i64,
    pub seq: Seq,
    /// Of the event, in the log's chain.
    pub event_hash: [u8; 32],
    pub customer: CustomerId,
    /// How many there were.
    pub attempts: u32,
    pub due_at: Timestamp,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    Delivered,
    /// It is tried again.
    Failed,
    /// It was the last.
    Abandoned,
}

impl DeliveryStatus {
    /// Its name in ops.db and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Delivered, Self::Failed, Self::Abandoned].into_iter().find(|status| status.name() == name)
    }
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// 0 until it is kept.
    pub id: i64,
    pub webhook: WebhookId,
    pub partner: PartnerId,
    /// The event; 0 for a test.
    pub seq: Seq,
    /// Its hash in the log's chain; zeros for a test.
    pub event_hash: [u8; 32],
    /// Under the name by which the receiver asked for it.
    pub event: String,
    /// Whom it is about; 0 for a test.
    pub customer: CustomerId,
    pub attempt: u32,
    pub status: DeliveryStatus,
    pub status_code: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// SHA-256 of what was sent; none once something of the customer is erased.
    pub body_hash: Option<[u8; 32]>,
    /// The beginning of the answer; none without a hash of what was sent.
    pub answer: Option<String>,
    pub sent_at: Timestamp,
    pub duration_ms: i64,
    pub next_at: Option<Timestamp>,
}

/// What a while of sending changes, of one webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    pub standing: Standing,
    pub tracks: Vec<Track>,
    /// Tracks that have come to their end.
    pub ended: Vec<i64>,
    pub waiting: Vec<Waiting>,
    /// What waited and is settled: track and event.
    pub settled: Vec<(i64, Seq)>,
    pub deliveries: Vec<Delivery>,
}

/// Everything that is kept of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    pub standing: Standing,
    pub tracks: Vec<Track>,
    /// In the order of the log.
    pub waiting: Vec<Waiting>,
}
