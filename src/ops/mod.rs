//! Operations: what is neither history nor derivable from it. The hashes of the credentials' secrets, and
//! the jobs of exports.
//!
//! Owns ops.db. Which credentials exist, whose they are and what they may do stands in the log; a hash without its event
//! never authenticates, and an auditor is never given this file.

mod credential;
mod exports;
mod secrets;

pub use credential::{Credential, SecretText, split_bearer};
pub use exports::{EXPORT_JOBS_MAX, ExportJob, ExportJobs, Kept, NewExportJob};
pub use secrets::{OpsError, Secrets};
