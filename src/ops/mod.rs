//! Operations: what is neither history nor derivable from it. The hashes of the credentials' secrets, the jobs of exports,
//! and the seeds of the keys that sign checkpoints.
//!
//! Owns ops.db. Which credentials exist, whose they are and what they may do stands in the log; a hash or
//! seed without its event is of no use, and an auditor is never given this file.

mod credential;
mod exports;
mod secrets;
mod seeds;

pub use credential::{Credential, SecretText, split_bearer};
pub use exports::{EXPORT_JOBS_MAX, ExportJob, ExportJobs, Kept, NewExportJob};
pub use secrets::{OpsError, Secrets};
pub use seeds::{Seed, Signed, Signing};
