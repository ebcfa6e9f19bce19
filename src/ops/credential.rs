//! Drawing credentials at random, and how their text looks. A secret is shown once and kept nowhere.

use crate::domain::programme::KeyForm;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use std::fmt;

const PAIR_PREFIX: &str = "lty_";
const PAIR_SECRET_PREFIX: &str = "lts_";
const BEARER_PREFIX: &str = "ltb_";
const PAIR_ID_CHARS: usize = 24;
const BEARER_ID_CHARS: usize = 16;
/// What a public id is made of: no letter that reads like a digit, and 32 of them, so that each takes five bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A secret in clear. Its text leaves only through [`SecretText::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The text, to be shown to its owner once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// A new credential: its public id, and the secret that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub form: KeyForm,
    pub public_id: String,
    pub secret: SecretText,
}

impl Credential {
    /// Draws a credential: 256 random bits from the system for the secret.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn draw(form: KeyForm) -> Result<Self, rand::rand_core::OsError> {
        let (prefix, chars, secret_prefix) = match form {
            KeyForm::Pair => (PAIR_PREFIX, PAIR_ID_CHARS, PAIR_SECRET_PREFIX),
            KeyForm::Bearer => (BEARER_PREFIX, BEARER_ID_CHARS, ""),
        };
        let public_id = format!("{prefix}{}", random_id(chars)?);
        let mut bits = [0; 32];
        OsRng.try_fill_bytes(&mut bits)?;
        let secret = SecretText(format!("{secret_prefix}{}", hex::encode(bits)));
        Ok(Self { form, public_id, secret })
    }

    /// What the client sends: the secret of a pair, or the whole token of a bearer.
    #[must_use]
    pub fn presented(&self) -> SecretText {
        match self.form {
            KeyForm::Pair => self.secret.clone(),
            KeyForm::Bearer => SecretText(format!("{}.{}", self.public_id, self.secret.reveal())),
        }
    }
}

/// The public id and the secret of a bearer token, or nothing where it does not have that form.
#[must_use]
pub fn split_bearer(token: &str) -> Option<(&str, &str)> {
    let (public_id, secret) = token.split_once('.')?;
    (public_id.starts_with(BEARER_PREFIX) && !secret.is_empty()).then_some((public_id, secret))
}

pub(super) fn random_id(chars: usize) -> Result<String, rand::rand_core::OsError> {
    let mut bytes = vec![0; chars];
    OsRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes.into_iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_a_public_id_and_a_secret_of_256_bits() {
        let pair = Credential::draw(KeyForm::Pair).unwrap();
        assert_eq!(pair.public_id.len(), "lty_".len() + 24);
        assert_eq!(pair.secret.reveal().len(), "lts_".len() + 64);
        assert_eq!(pair.presented(), pair.secret);
    }

    #[test]
    fn a_bearer_token_is_one_text_that_splits_into_id_and_secret() {
        let bearer = Credential::draw(KeyForm::Bearer).unwrap();
        let token = bearer.presented();
        assert_eq!(split_bearer(token.reveal()), Some((bearer.public_id.as_str(), bearer.secret.reveal())));
        assert_eq!(split_bearer("ltb_abc"), None, "the public id alone is no token");
        assert_eq!(split_bearer("ltb_abc."), None);
    }

    #[test]
    fn two_credentials_share_nothing() {
        let (one, other) = (Credential::draw(KeyForm::Pair).unwrap(), Credential::draw(KeyForm::Pair).unwrap());
        assert_ne!(one.public_id, other.public_id);
        assert_ne!(one.secret, other.secret);
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let pair = Credential::draw(KeyForm::Pair).unwrap();
        let shown = format!("{pair:?}");
        assert!(shown.contains(&pair.public_id));
        assert!(!shown.contains(pair.secret.reveal()));
    }
}
