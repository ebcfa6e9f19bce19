//! Checkpoints: origin, size and root, a line each.

use super::{Cosignature, SignatureLine, Signer, VerifierKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The head of a tree, as a log states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    pub root: [u8; 32],
}

impl Checkpoint {
    /// Reads the three lines with which a note begins. Whose signatures follow is not looked at.
    #[must_use]
    pub fn parse(note: &str) -> Option<Self> {
        let (text, _) = note.split_once("\n\n")?;
        let mut lines = text.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let read = Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: STANDARD.decode(root).ok()?.try_into().ok()?,
        };
        // As it is written, and no other way.
        (lines.next().is_none() && read.text().trim_end() == text).then_some(read)
    }

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signature over it.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> [u8; 64] {
        signer.sign(&self.text())
    }

    /// The whole note: text, blank line, the log's signature, and those of witnesses.
    #[must_use]
    pub fn note(&self, key: &VerifierKey, signature: &[u8; 64], cosignatures: &[Cosignature]) -> String {
        let line = SignatureLine { name: key.name().to_owned(), id: key.id(), signature: signature.to_vec() };
        let mut note = format!("{}\n{line}", self.text());
        for cosignature in cosignatures {
            note.push_str(&cosignature.line().to_string());
        }
        note
    }
}
