//! Operations: what is neither history nor derivable from it. For now, the hashes of the credentials' secrets.
//!
//! Owns ops.db. Which credentials exist, whose they are and what they may do stands in the log; a hash without its event
//! never authenticates, and an auditor is never given this file.

mod credential;
mod secrets;

pub use credential::{Credential, SecretText, split_bearer};
pub use secrets::{OpsError, Secrets};
