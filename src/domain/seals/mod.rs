//! Seals: at the end of each month a partner's balances are committed to, so that the balance of one card can be proved later
//! without showing any other. How a leaf is hashed is not known here; months and their order are.

mod commands;
mod events;
mod period;
mod state;

pub use commands::{LastOfPeriod, RecordSeal, SealRecord};
pub use events::BalancesSealed;
pub use period::Period;
pub use state::Seals;
