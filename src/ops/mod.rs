//! Operations: what is neither history nor derivable from it. The hashes of the credentials' secrets, the jobs of exports,
//! the seeds of the keys that sign checkpoints, and the secrets and deliveries of webhooks.
//!
//! Owns ops.db. Which credentials exist, whose they are and what they may do stands in the log; a hash or
//! seed without its event is of no use, and an auditor is never given this file.

mod credential;
mod deliveries;
mod delivery;
mod environment;
mod exports;
mod secrets;
mod seeds;
mod webhook_secrets;

pub use credential::{Credential, SecretText, split_bearer};
pub use deliveries::{DELIVERIES_MAX, DELIVERY_DAYS, Deliveries, TRACKS_MAX};
pub use delivery::{
    Delivery, DeliveryStatus, Kept as KeptWebhook, Place as LogPlace, Progress as WebhookProgress, Standing, Track,
    Waiting,
};
pub use environment::Environment;
pub use exports::{EXPORT_JOBS_MAX, ExportJob, ExportJobs, Kept, NewExportJob};
pub use secrets::{OpsError, Secrets};
pub use seeds::{Seed, Signed, Signing};
pub use webhook_secrets::{CHOSEN_SECRET_CHARS, WebhookSecret, may_be_chosen, standard_key};
