//! Operations: what is neither history nor derivable from it. The hashes of the credentials' secrets, and the seeds of
//! the keys that sign checkpoints.
//!
//! Owns ops.db. Which credentials exist, whose they are and what they may do stands in the log; a hash or
//! seed without its event is of no use, and an auditor is never given this file.

mod credential;
mod secrets;
mod seeds;

pub use credential::{Credential, SecretText, split_bearer};
pub use secrets::{OpsError, Secrets};
pub use seeds::{Seed, Signed, Signing};
