//! Idempotency keys: a name that a command claims for ever, and the fingerprint of what it asked.

/// BLAKE3 of a request's deciding fields. Never covers personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Hashes the deciding fields: each with its length, so that no two lists of fields look alike.
    #[must_use]
    pub fn of(fields: &[Option<&str>]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for field in fields {
            match field {
                Some(text) => {
                    hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                    hasher.update(text.as_bytes());
                }
                None => {
                    hasher.update(&u64::MAX.to_be_bytes());
                }
            }
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// As the log stores it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As the log stored it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// A key that a command claims, with what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub key: String,
    /// [`key_hash`] of the key.
    pub hash: i64,
    pub fingerprint: Fingerprint,
}

impl Claim {
    /// A claim of `key` by a request with this fingerprint.
    #[must_use]
    pub fn new(key: String, fingerprint: Fingerprint) -> Self {
        Self { hash: key_hash(&key), key, fingerprint }
    }
}

/// The first 8 bytes of BLAKE3(key) as a signed number: what the look-up table is sorted by.
/// Two keys may share it, so whoever finds one compares the key in the log.
#[must_use]
pub fn key_hash(key: &str) -> i64 {
    let hash = blake3::hash(key.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_letter_from_one_field_to_the_next_changes_the_fingerprint() {
        assert_ne!(Fingerprint::of(&[Some("ab"), Some("c")]), Fingerprint::of(&[Some("a"), Some("bc")]));
        assert_ne!(Fingerprint::of(&[None, Some("")]), Fingerprint::of(&[Some(""), None]));
        assert_eq!(Fingerprint::of(&[Some("ab"), None]), Fingerprint::of(&[Some("ab"), None]));
    }
}
