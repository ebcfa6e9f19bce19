//! Leaves of sealed balances, as schema/event-log.md states them.

use crate::ledger::Hash;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256};

/// What a leaf says of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    pub card: i64,
    pub number: String,
    /// By the books.
    pub balance: i64,
    /// What was there to be spent in the last microsecond of the period.
    pub available: i64,
}

impl Closing {
    /// The hash of the card's leaf.
    #[must_use]
    pub fn leaf(&self, salt: &Hash) -> Hash {
        let mut bytes = Vec::with_capacity(96);
        bytes.push(0);
        bytes.extend_from_slice(salt);
        bytes.extend_from_slice(&self.card.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(self.number.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(self.number.as_bytes());
        bytes.extend_from_slice(&self.balance.to_be_bytes());
        bytes.extend_from_slice(&self.available.to_be_bytes());
        Sha256::digest(&bytes).into()
    }
}

/// Makes the salts of one seal from its secret.
#[expect(missing_debug_implementations, reason = "a secret is not shown")]
pub struct Salts(Hmac<Sha256>);

impl Salts {
    /// Of the seal with this secret.
    #[must_use]
    pub fn new(secret: &Hash) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// A card's salt.
    #[must_use]
    pub fn of(&self, card: i64) -> Hash {
        let mut mac = self.0.clone();
        mac.update(&card.to_be_bytes());
        mac.finalize().into_bytes().into()
    }
}
