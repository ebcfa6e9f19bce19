//! Points and the ids of the books: whole numbers that cannot be mixed up. Nothing here knows an event.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// A signed number of points, within what every JSON reader holds exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Points(i64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);
    /// The largest number that a payload may state.
    pub const MAX: Self = Self(9_000_000_000_000_000);

    /// Wraps a number.
    #[must_use]
    pub const fn new(points: i64) -> Self {
        Self(points)
    }

    /// The bare number, for storage.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum. It stops at the ends of an `i64`: payloads are bounded far below, so a sum that gets there never equals a stated one.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, bounded like [`Points::plus`].
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The same number with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::ZERO, Self::plus)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let points = i64::deserialize(deserializer)?;
        if points.unsigned_abs() > Self::MAX.0.unsigned_abs() {
            return Err(de::Error::custom("more points than an event may state"));
        }
        Ok(Self(points))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number.
            #[must_use]
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The bare number, for storage.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A loyalty card.
    CardId,
    /// A person in the vault.
    CustomerId,
    /// A tenant.
    PartnerId,
    /// A shop of a partner.
    ShopId,
    /// A template of cards.
    TemplateId,
    /// A credential.
    KeyId,
    /// A key that signs checkpoints.
    CheckpointKeyId,
    /// Who wants to be told of events.
    WebhookId,
    /// A lot of points: the seq of the event that opened it.
    LotId,
    /// A row of the vault.
    RecordId,
}
