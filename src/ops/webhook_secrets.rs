//! The secrets that sign what webhooks send. Unlike a credential's they are kept in clear, because a signature needs them.

use super::credential::random_id;
use super::{OpsError, SecretText, Secrets};
use crate::domain::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use rusqlite::{OptionalExtension as _, params};
use std::collections::BTreeSet;

const PREFIX: &str = "whsec_";
const ID_CHARS: usize = 16;
/// How long a secret is that somebody chose, in characters: least, so that it is not guessed, and most.
pub const CHOSEN_SECRET_CHARS: (usize, usize) = (16, 128);

/// Whether somebody may choose this as a secret: as long as that, of visible ASCII characters and spaces.
#[must_use]
pub fn may_be_chosen(text: &str) -> bool {
    let (least, most) = CHOSEN_SECRET_CHARS;
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    visible && (least..=most).contains(&text.len())
}

/// A new secret, with the id under which the log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSecret {
    pub id: String,
    pub secret: SecretText,
}

impl WebhookSecret {
    /// A secret that somebody chose, or one of 256 random bits in the form of Standard Webhooks.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn draw(chosen: Option<String>) -> Result<Self, rand::rand_core::OsError> {
        let id = random_id(ID_CHARS)?;
        let text = match chosen {
            Some(text) => text,
            None => {
                let mut bits = [0; 32];
                OsRng.try_fill_bytes(&mut bits)?;
                format!("{PREFIX}{}", STANDARD.encode(bits))
            }
        };
        Ok(Self { id, secret: SecretText::from(text) })
    }
}

/// What Standard Webhooks signs with: the bits that a generated secret spells, or the bytes of any other text.
#[must_use]
pub fn standard_key(secret: &SecretText) -> Vec<u8> {
    let text = secret.reveal();
    let spelt = text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
    spelt.unwrap_or_else(|| text.as_bytes().to_vec())
}

impl Secrets {
    /// Keeps a new secret. Its event comes after this, or never.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_webhook_secret(&self, secret: &WebhookSecret, now: Timestamp) -> Result<(), OpsError> {
        let insert = "INSERT INTO webhook_secrets (secret_id, secret, created_at) VALUES (?1, ?2, ?3)";
        self.file.lock().execute(insert, params![secret.id, secret.secret.reveal(), now.micros()])?;
        Ok(())
    }

    /// The secret of that id; none where the file does not hold it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn webhook_secret(&self, id: &str) -> Result<Option<SecretText>, OpsError> {
        let file = self.file.lock();
        let mut statement = file.prepare_cached("SELECT secret FROM webhook_secrets WHERE secret_id = ?1")?;
        Ok(statement.query_row([id], |row| row.get::<_, String>(0)).optional()?.map(SecretText::from))
    }

    /// Forgets the secrets that were made before `before` and are not `named`.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn keep_webhook_secrets(&self, named: &BTreeSet<&str>, before: Timestamp) -> Result<(), OpsError> {
        let known: Vec<String> = {
            let file = self.file.lock();
            let mut statement = file.prepare_cached("SELECT secret_id FROM webhook_secrets WHERE created_at < ?1")?;
            let rows = statement.query_map([before.micros()], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let unnamed = known.iter().filter(|id| !named.contains(id.as_str()));
        unnamed.into_iter().try_for_each(|id| self.forget_webhook_secret(id))
    }

    /// Forgets a secret that signs nothing any more, or never did.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_webhook_secret(&self, id: &str) -> Result<(), OpsError> {
        self.file.lock().execute("DELETE FROM webhook_secrets WHERE secret_id = ?1", [id])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::DataDir;

    #[test]
    fn a_secret_is_known_again_after_a_restart_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Secrets::open(&DataDir::new(dir.path())).unwrap();
        let drawn = WebhookSecret::draw(None).unwrap();
        open().add_webhook_secret(&drawn, Timestamp::from_micros(1)).unwrap();
        let secrets = open();
        assert_eq!(secrets.webhook_secret(&drawn.id).unwrap(), Some(drawn.secret.clone()));
        assert!(!format!("{drawn:?}").contains(drawn.secret.reveal()));
        let at = Timestamp::from_micros;
        secrets.keep_webhook_secrets(&BTreeSet::new(), at(1)).unwrap();
        secrets.keep_webhook_secrets(&BTreeSet::from([drawn.id.as_str()]), at(9)).unwrap();
        assert!(secrets.webhook_secret(&drawn.id).unwrap().is_some(), "it is new, or it is named");
        secrets.keep_webhook_secrets(&BTreeSet::new(), at(2)).unwrap();
        assert_eq!(secrets.webhook_secret(&drawn.id).unwrap(), None);
        secrets.add_webhook_secret(&drawn, at(1)).unwrap();
        secrets.forget_webhook_secret(&drawn.id).unwrap();
        assert_eq!(secrets.webhook_secret(&drawn.id).unwrap(), None);
    }

    #[test]
    fn a_generated_secret_spells_256_bits_and_a_chosen_one_is_taken_as_it_is() {
        let drawn = WebhookSecret::draw(None).unwrap();
        assert!(drawn.secret.reveal().starts_with("whsec_"));
        assert_eq!(standard_key(&drawn.secret).len(), 32);
        let chosen = WebhookSecret::draw(Some("a secret of my own".to_owned())).unwrap();
        assert_eq!(standard_key(&chosen.secret), b"a secret of my own");
        assert_ne!(drawn.id, chosen.id);
    }
}
