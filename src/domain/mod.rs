//! The rules: commands, events and states of the loyalty programme, pure and without any I/O.
//!
//! Knows nobody but std, serde, decimals and chrono's types. It is never told how events are stored or requests arrive, it
//! never asks what time it is, and it draws no random numbers: all three are handed in.

mod bytes;
pub mod cards;
pub mod checkpoints;
pub mod customers;
mod event;
mod ids;
mod money;
mod movement;
pub mod orders;
pub mod points;
pub mod programme;
mod ratio;
mod rejection;
mod sealed;
pub mod seals;
mod time;
pub mod webhooks;

pub use bytes::Bytes;
pub use event::{Draft, Event, Stream, UnknownEvent};
pub use ids::{
    CardId, CheckpointKeyId, CustomerId, KeyId, LotId, PartnerId, RecordId, SealId, Seq, ShopId, TemplateId, WebhookId,
};
pub use money::{Money, minor_places};
pub use movement::{Movement, MovementType, Stated};
pub use rejection::Rejection;
pub use sealed::{Commitment, Metadata, Sealed, Secret, Subject};
pub use time::Timestamp;

#[cfg(test)]
pub(crate) mod samples;
