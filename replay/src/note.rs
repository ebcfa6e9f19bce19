//! Signed notes, checkpoints and cosignatures (C2SP `signed-note`, `tlog-checkpoint`, `tlog-cosignature`), for checking only.

use crate::ledger::Hash;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// The type bytes of keys.
const LOG: u8 = 1;
const WITNESS: u8 = 4;
/// Signature lines of a note: more are refused.
const LINES: usize = 100;

/// What a checkpoint states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("the key is not of the form <name>+<8 hex digits>+<base64>, or its id is not that of its content")]
    Key,
    #[error("this is not a signed note: {0}")]
    Form(&'static str),
    #[error("the note is not signed with this key")]
    Unsigned,
    #[error("the signature does not fit the note")]
    Wrong,
    #[error("the note is not a checkpoint: {0}")]
    NoCheckpoint(&'static str),
    #[error("the checkpoint is of the log {found}, the key of {expected}")]
    OtherLog { found: String, expected: String },
}

/// A log's key as auditors are given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl LogKey {
    /// Reads `<name>+<id>+<base64 of 1 and the public key>`.
    ///
    /// # Errors
    /// [`Distrust::Key`]
    pub fn parse(text: &str) -> Result<Self, Distrust> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(digits), Some(content)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Distrust::Key);
        };
        let content = STANDARD.decode(content).map_err(|_| Distrust::Key)?;
        let [LOG, public @ ..] = content.as_slice() else { return Err(Distrust::Key) };
        let public: [u8; 32] = public.try_into().map_err(|_| Distrust::Key)?;
        let id = key_id(name, LOG, &public);
        if !well_named(name) || hex::encode(id) != digits {
            return Err(Distrust::Key);
        }
        let key = point(&public).ok_or(Distrust::Key)?;
        Ok(Self { name: name.to_owned(), id, key })
    }

    /// The log's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of it.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The key as text, as [`LogKey::parse`] reads it.
    #[must_use]
    pub fn text(&self) -> String {
        log_key_text(&self.name, self.key.as_bytes())
    }

    /// Reads a note that this key must have signed, as a checkpoint of this log.
    ///
    /// # Errors
    /// Whatever keeps it from being believed.
    pub fn open(&self, note: &str) -> Result<Checkpoint, Distrust> {
        if note.chars().any(|letter| letter < ' ' && letter != '\n') {
            return Err(Distrust::Form("it holds control characters"));
        }
        let end = note.rfind("\n\n").ok_or(Distrust::Form("no blank line before signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        if !lines.ends_with('\n') || lines.lines().count() > LINES {
            return Err(Distrust::Form("its signatures are cut off or too many"));
        }
        let mut signed = false;
        for line in lines.lines() {
            let (name, id, signature) = signature_line(line).ok_or(Distrust::Form("a line is no signature"))?;
            if name == self.name && id == self.id {
                let signature: [u8; 64] = signature.try_into().map_err(|_| Distrust::Wrong)?;
                if !fits(&self.key, text.as_bytes(), &signature) {
                    return Err(Distrust::Wrong);
                }
                signed = true;
            }
        }
        if !signed {
            return Err(Distrust::Unsigned);
        }
        let checkpoint = Checkpoint::read(text)?;
        if checkpoint.origin != self.name {
            return Err(Distrust::OtherLog { found: checkpoint.origin, expected: self.name.clone() });
        }
        Ok(checkpoint)
    }
}

impl Checkpoint {
    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        [self.origin.as_str(), &self.size.to_string(), &STANDARD.encode(self.root), ""].join("\n")
    }

    fn read(text: &str) -> Result<Self, Distrust> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Distrust::NoCheckpoint("it has fewer than three lines"));
        };
        let plain = size == "0" || (!size.starts_with('0') && size.bytes().all(|byte| byte.is_ascii_digit()));
        let size = size.parse().ok().filter(|_| plain).ok_or(Distrust::NoCheckpoint("the size is no number"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(Distrust::NoCheckpoint("the root is not 32 bytes"))?;
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(Distrust::NoCheckpoint("it has empty lines"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Whether the log's signature, without its line, fits.
    #[must_use]
    pub fn signed_by(&self, public_key: &[u8; 32], signature: &[u8; 64]) -> bool {
        point(public_key).is_some_and(|key| fits(&key, self.text().as_bytes(), signature))
    }

    /// Whether a witness's signature of that time fits.
    #[must_use]
    pub fn cosigned_by(&self, public_key: &[u8; 32], timestamp: u64, signature: &[u8; 64]) -> bool {
        let message = format!("cosignature/v1\ntime {timestamp}\n{}", self.text());
        point(public_key).is_some_and(|key| fits(&key, message.as_bytes(), signature))
    }
}

/// That a new key takes an old one's place in a log, after a history.
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'a> {
    /// The log's name, which is the name of both keys.
    pub origin: &'a str,
    pub old: &'a [u8; 32],
    pub new: &'a [u8; 32],
    /// How many events there were.
    pub size: u64,
    pub root: &'a [u8; 32],
}

impl Rotation<'_> {
    /// What the old key signs. No checkpoint begins so: a name holds no space.
    #[must_use]
    pub fn text(&self) -> String {
        let (old, new) = (log_key_text(self.origin, self.old), log_key_text(self.origin, self.new));
        let (size, root) = (self.size.to_string(), STANDARD.encode(self.root));
        ["counterfoil key rotation v1", self.origin, &old, &new, &size, &root, ""].join("\n")
    }

    /// Whether the old key's signature fits.
    #[must_use]
    pub fn signed_by_the_old(&self, signature: &[u8; 64]) -> bool {
        point(self.old).is_some_and(|key| fits(&key, self.text().as_bytes(), signature))
    }

    /// The whole as a signed note, which other tools can verify with the old key.
    #[must_use]
    pub fn note(&self, signature: &[u8; 64]) -> String {
        let mut content = key_id(self.origin, LOG, self.old).to_vec();
        content.extend_from_slice(signature);
        format!("{}\n\u{2014} {} {}\n", self.text(), self.origin, STANDARD.encode(content))
    }
}

/// Whether a text may be the name of a key.
#[must_use]
pub fn well_named(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| !letter.is_whitespace() && !letter.is_control() && letter != '+')
}

/// A key of a log as text, for those that a log states.
#[must_use]
pub fn log_key_text(name: &str, public_key: &[u8; 32]) -> String {
    key_text(name, LOG, public_key)
}

/// A key of a witness as text.
#[must_use]
pub fn witness_key_text(name: &str, public_key: &[u8; 32]) -> String {
    key_text(name, WITNESS, public_key)
}

fn key_text(name: &str, kind: u8, public_key: &[u8; 32]) -> String {
    let mut content = vec![kind];
    content.extend_from_slice(public_key);
    format!("{name}+{}+{}", hex::encode(key_id(name, kind, public_key)), STANDARD.encode(content))
}

fn key_id(name: &str, kind: u8, public_key: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update([b'\n', kind]);
    hasher.update(public_key);
    let hash: [u8; 32] = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

fn signature_line(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, content) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let content = STANDARD.decode(content).ok()?;
    let (id, signature) = content.split_at_checked(4)?;
    (well_named(name) && !signature.is_empty()).then_some((name, id.try_into().ok()?, signature.to_vec()))
}

/// A key whose every signature means something.
fn point(public_key: &[u8; 32]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(public_key).ok().filter(|key| !key.is_weak())
}

fn fits(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the note of Go's `golang.org/x/mod/sumdb/note` (`note_test.go`).
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn gos_note_is_signed_with_gos_key_and_is_no_checkpoint() {
        let key = LogKey::parse(KEY).unwrap();
        assert_eq!(key.open(NOTE), Err(Distrust::NoCheckpoint("it has fewer than three lines")), "after its signature");
        assert_eq!(key.open(&NOTE.replace("answer", "question")), Err(Distrust::Wrong));
        assert_eq!(key.open(&NOTE.replace("x08g", "x08h")), Err(Distrust::Unsigned), "another key's id");
        assert!(matches!(key.open(NOTE.trim_end()), Err(Distrust::Form(_))));
        assert_eq!(LogKey::parse(&KEY.replace("c74f", "c74e")), Err(Distrust::Key));
    }

    #[test]
    fn the_specifications_example_is_read_and_not_believed() {
        // C2SP tlog-checkpoint gives no public key for it.
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::read(text).unwrap();
        assert_eq!((checkpoint.size, checkpoint.text().as_str()), (20_852_163, text));
        for wrong in [
            "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n1\nAAAA\n",
            "a\n1\n",
            "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        ] {
            assert!(Checkpoint::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
