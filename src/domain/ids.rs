//! Identifiers as types of their own, so that a card's id cannot be passed where a customer's is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number read from the log, a projection or a request.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The bare number, for storage and rendering.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The identifier after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

identifiers! {
    /// A tenant: the business that runs a loyalty programme.
    PartnerId,
    /// A place (or web shop) where points are earned and spent.
    ShopId,
    /// A card template. Templates and cards share one sequence, so that an id names one thing.
    TemplateId,
    /// A customer's card.
    CardId,
    /// A person.
    CustomerId,
    /// An API credential.
    KeyId,
    /// A key that signs checkpoints.
    CheckpointKeyId,
    /// A partner's wish to be told of events.
    WebhookId,
    /// A seal of a partner's balances.
    SealId,
    /// A record of the vault.
    RecordId,
    /// A position in the log. The id of a transaction is the seq of its event.
    Seq,
}

impl PartnerId {
    /// Who is named where something concerns the whole deployment.
    pub const DEPLOYMENT: Self = Self::new(0);
}

impl Seq {
    /// The position before the first event.
    pub const ZERO: Self = Self::new(0);
}

/// A lot is known by the event that opened it.
pub type LotId = Seq;
