//! The projections: views.db, a pure function of log and vault. One file per read model says its table, how it is read back as
//! state, and how it is written; `fold` says how events change them, and is the same for the projector that follows the log and for
//! a rebuild.

mod books;
mod cards;
mod checkpoints;
mod compare;
mod customers;
mod eras;
mod fold;
mod idempotency;
mod layout;
mod movements;
mod past;
mod programme;
mod projector;
mod rebuild;
mod refunds;
mod retention;
mod seals;
mod stream_events;
mod tiles;
mod transaction_counts;
mod webhooks;

pub use books::{BookError, Takings, Which as WhichTakings, changes_between};
pub use cards::{card_by_number, card_of_customer, cards_of_customer, each_card, load_card, owner_of_card};
pub use compare::{Difference, compare};
pub use customers::{customer_by_email, customer_records, customers_by_phone, load_customer};
pub use idempotency::{each_key_hash, events_with_key_hash};
pub use layout::{LAYOUT, ViewsState, state, watermark};
pub use movements::earned_since;
pub use past::{PAST_EVENTS_MAX, PastError, fold_past, past_statements};
pub use programme::load_directory;
pub use projector::{Projector, ProjectorError};
pub use rebuild::{RebuildError, rebuild, replace};
pub use refunds::refunds_of;
pub use retention::{DueCustomers, available, cards_held, due_customers, due_of, last_activity};
pub use tiles::StoredTiles;
pub use transaction_counts::TRANSACTION_BLOCK;
