//! Leaves: what is hashed of a card, under a salt that only the holder of the period's secret can make. The bytes stand in
//! schema/event-log.md.

use crate::domain::CardId;
use crate::queries::Closing;
use crate::tree::NodeHash;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What one card's leaf is salted with. Shown with the card's balance, it says nothing of any other's.
pub(super) type Salt = [u8; 32];

/// A secret for one seal.
pub(super) fn draw_secret() -> Result<[u8; 32], rand::rand_core::OsError> {
    let mut secret = [0; 32];
    OsRng.try_fill_bytes(&mut secret)?;
    Ok(secret)
}

/// Makes the salts of one seal.
pub(super) struct Salts(Hmac<Sha256>);

impl Salts {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    pub(super) fn of(&self, card: CardId) -> Salt {
        let mut mac = self.0.clone();
        mac.update(&card.get().to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(super) fn leaf(&self, closing: &Closing) -> NodeHash {
        leaf(&self.of(closing.card), closing)
    }
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salts").finish_non_exhaustive()
    }
}

/// The hash of a leaf.
pub(super) fn leaf(salt: &Salt, closing: &Closing) -> NodeHash {
    let number = closing.number.as_str().as_bytes();
    let length = u32::try_from(number.len()).expect("a card's number has fourteen characters");
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(salt);
    hasher.update(closing.card.get().to_be_bytes());
    hasher.update(length.to_be_bytes());
    hasher.update(number);
    hasher.update(closing.balance.get().to_be_bytes());
    hasher.update(closing.available.get().to_be_bytes());
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cards::CardNumber;
    use crate::domain::points::Points;
    use serde_json::Value;

    #[test]
    fn the_worked_leaves_come_out() {
        let vector: Value = serde_json::from_str(include_str!("../../schema/vectors/seals.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let secret = hex::decode(text(&vector["secret"])).unwrap().try_into().unwrap();
        let salts = Salts::new(&secret);
        for row in vector["cards"].as_array().unwrap() {
            let closing = Closing {
                card: CardId::new(row["card"].as_i64().unwrap()),
                number: CardNumber::parse(&text(&row["number"])).unwrap(),
                balance: Points::new(row["balance"].as_i64().unwrap()),
                available: Points::new(row["available"].as_i64().unwrap()),
            };
            assert_eq!(hex::encode(salts.of(closing.card)), text(&row["salt"]));
            assert_eq!(hex::encode(salts.leaf(&closing)), text(&row["leaf_hash"]));
        }
    }
}
