//! Signature lines: an em dash, the key's name, and in base64 the key's id before the signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Why a line is no signature line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a signature line is an em dash, a space, the key's name, a space, and base64 of the key's id and the signature"
)]
pub struct LineError;

/// A signature as a note holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    pub name: String,
    pub id: [u8; 4],
    pub signature: Vec<u8>,
}

impl SignatureLine {
    /// Reads a line, with or without its newline.
    ///
    /// # Errors
    /// [`LineError`]
    pub fn parse(line: &str) -> Result<Self, LineError> {
        let rest = line.strip_suffix('\n').unwrap_or(line).strip_prefix("— ").ok_or(LineError)?;
        let (name, content) = rest.split_once(' ').ok_or(LineError)?;
        let content = STANDARD.decode(content).map_err(|_| LineError)?;
        let (id, signature) = content.split_first_chunk::<4>().ok_or(LineError)?;
        if !super::name_is_well_formed(name) || signature.is_empty() {
            return Err(LineError);
        }
        Ok(Self { name: name.to_owned(), id: *id, signature: signature.to_vec() })
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = [self.id.as_slice(), &self.signature].concat();
        writeln!(f, "— {} {}", self.name, STANDARD.encode(content))
    }
}
