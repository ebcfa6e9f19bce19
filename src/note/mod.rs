//! Signed notes (C2SP `signed-note`), the checkpoints that are such notes (`tlog-checkpoint`), and the cosignatures of witnesses
//! (`tlog-cosignature`), all with Ed25519. Pure: text and keys in, text out.

mod checkpoint;
mod cosignature;
mod key;
mod line;
mod rotation;

pub use checkpoint::Checkpoint;
pub use cosignature::{Cosignature, CosignatureError};
pub use key::{Algorithm, KeyError, Signer, VerifierKey, name_is_well_formed};
pub use line::{LineError, SignatureLine};
pub use rotation::Rotation;

#[cfg(test)]
mod tests;
