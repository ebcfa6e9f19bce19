//! Rotations: an old key's statement that a new one takes its place.

use super::{Signer, VerifierKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first line, which no checkpoint has: the name of a log holds no space.
const PURPOSE: &str = "counterfoil key rotation v1";

/// What an old key signs: which log, which keys, and after which history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation<'a> {
    pub old: &'a VerifierKey,
    pub new: &'a VerifierKey,
    /// The number of leaves of the tree when it was signed.
    pub size: u64,
    pub root: [u8; 32],
}

impl Rotation<'_> {
    /// What is signed: six lines.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { old, new, size, root } = self;
        format!("{PURPOSE}\n{}\n{old}\n{new}\n{size}\n{}\n", old.name(), STANDARD.encode(root))
    }

    /// The old key's signature over it.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> [u8; 64] {
        signer.sign(&self.text())
    }
}
