//! Requests and answers of the control socket: one line of JSON each way. Both ends are the same program, so the layout
//! may change with any release.

use super::import::ImportOptions;
use super::webhooks::{WebhookAnswer, WebhookRequest};
use crate::domain::programme::{Key, KeyForm, Scope};
use crate::domain::seals::Period;
use crate::domain::{CheckpointKeyId, CustomerId, KeyId, PartnerId, Seq, ShopId, Timestamp};
use crate::ops::{Environment, SecretText};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// What an operator asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum AdminRequest {
    CreateKey(NewKey),
    ListKeys,
    /// `key` is a number, `key_5`, or a public id.
    RevokeKey {
        key: String,
    },
    Erase {
        customer: CustomerId,
    },
    Status,
    /// Waits until views.db reflects everything that was committed, then answers as [`AdminRequest::Status`].
    CatchUp,
    /// What follows on the stream are frames of rows.
    Import(ImportOptions),
    /// A checkpoint of everything that is recorded.
    Checkpoint,
    ListCheckpointKeys,
    /// Ends the key that signs checkpoints, and makes another.
    RotateCheckpointKey {
        why: RotationCause,
    },
    Webhooks(WebhookRequest),
    /// Seals the oldest month that is over and not sealed, of one partner.
    Seal,
}

/// Why the key that signs checkpoints is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotationCause {
    /// It is time: the old key signs that the new one takes its place.
    Planned,
    /// The old key's secret is gone, or others have it.
    KeyLost,
    /// The log was put back to an older copy. `signed` is how large the tree was that is known to have been signed; `copy`, a file
    /// with a checkpoint.
    LogRestored { signed: Seq, copy: Option<PathBuf> },
}

/// A credential to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    /// None where there is only one; 0 is the deployment.
    pub partner: Option<PartnerId>,
    pub name: String,
    pub form: KeyForm,
    pub shop: Option<ShopId>,
    pub scopes: Vec<Scope>,
    pub allowed_ips: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum AdminAnswer {
    /// The only time that the secret is shown: a pair's secret, or a bearer's whole token.
    KeyCreated {
        key: KeyView,
        #[serde(with = "in_clear")]
        secret: SecretText,
    },
    Keys {
        keys: Vec<KeyView>,
    },
    /// `already` when it had been revoked before.
    KeyRevoked {
        key: KeyView,
        already: bool,
    },
    /// How many records are gone; 0 when they had been erased before.
    Erased {
        customer: CustomerId,
        records: i64,
    },
    Status {
        head: Seq,
        watermark: Seq,
        cards_held: usize,
        failing: bool,
        environment: Environment,
        /// None where none are to be made.
        backups: Option<BackupStanding>,
        /// Whether the service sends nothing and runs no job.
        dormant: bool,
    },
    /// Rows may be sent.
    ImportBegun,
    /// `fresh` unless nothing had happened since the newest one, which this is then.
    Checkpoint {
        size: Seq,
        note: String,
        fresh: bool,
    },
    CheckpointKeys {
        keys: Vec<CheckpointKeyView>,
    },
    Webhooks(WebhookAnswer),
    Sealed {
        partner: PartnerId,
        period: Period,
        cards: i64,
    },
    NothingToSeal,
    Refused(Refused),
}

/// How the backups of a running service fare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupStanding {
    /// When the newest good one was begun, and how many events it holds.
    pub newest: Option<(Timestamp, Seq)>,
    /// Whether the last attempt failed.
    pub failing: bool,
}

/// A key that signs checkpoints, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointKeyView {
    pub key: CheckpointKeyId,
    pub origin: String,
    /// As verifiers are given it.
    pub verifier_key: String,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    pub message: String,
}

/// A credential as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    pub key_id: KeyId,
    pub public_id: String,
    pub form: KeyForm,
    pub partner_id: PartnerId,
    pub shop_id: Option<ShopId>,
    pub scopes: Vec<Scope>,
    pub allowed_ips: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl From<&Key> for KeyView {
    fn from(key: &Key) -> Self {
        Self {
            key_id: key.id,
            public_id: key.public_id.clone(),
            form: key.form,
            partner_id: key.partner,
            shop_id: key.shop,
            scopes: key.scopes.clone(),
            allowed_ips: key.allowed_ips.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}

// The socket carries a new secret to the one who asked for it, and nobody else can read the socket.
mod in_clear {
    use super::{Deserialize, Deserializer, SecretText, Serializer};

    pub(super) fn serialize<S: Serializer>(secret: &SecretText, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.reveal())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
        String::deserialize(deserializer).map(SecretText::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::WebhookChanges;
    use crate::domain::WebhookId;
    use crate::domain::webhooks::EventName;

    #[test]
    fn every_request_survives_its_line() {
        let new_key = NewKey {
            partner: None,
            name: "till".to_owned(),
            form: KeyForm::Bearer,
            shop: Some(ShopId::new(1)),
            scopes: vec![Scope::PointsManage],
            allowed_ips: vec!["10.0.0.0/8".to_owned()],
            expires_at: Timestamp::parse("2030-01-01"),
        };
        for request in [
            AdminRequest::CreateKey(new_key),
            AdminRequest::ListKeys,
            AdminRequest::RevokeKey { key: "key_5".to_owned() },
            AdminRequest::Erase { customer: CustomerId::new(9) },
            AdminRequest::Status,
            AdminRequest::CatchUp,
            AdminRequest::Import(ImportOptions { shop: Some(ShopId::new(1)), ..ImportOptions::default() }),
            AdminRequest::Checkpoint,
            AdminRequest::ListCheckpointKeys,
            AdminRequest::RotateCheckpointKey { why: RotationCause::KeyLost },
            AdminRequest::RotateCheckpointKey {
                why: RotationCause::LogRestored { signed: Seq::new(9), copy: Some("/outside/checkpoint".into()) },
            },
            AdminRequest::Webhooks(WebhookRequest::Remove { webhook: WebhookId::new(1) }),
            AdminRequest::Webhooks(WebhookRequest::Update {
                webhook: WebhookId::new(1),
                changes: WebhookChanges {
                    events: EventName::from_text("*").map(|all| vec![all]),
                    ..WebhookChanges::default()
                },
            }),
            AdminRequest::Seal,
        ] {
            let line = serde_json::to_string(&request).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<AdminRequest>(&line).unwrap(), request);
        }
    }
}
