//! The auditor's own fold: cards, lots and movements from the events of cards, and every rule that the events have to obey.
//!
//! After a broken rule the fold goes on with what the event states, so that one wrong event is told once.

mod book;
mod books;
mod card;
mod checkpoints;
mod claims;
mod movement;
mod past;
mod place;
mod programme;
mod purchase;
mod refund;
mod rows;
mod rules;
mod seals;
mod shapes;
mod shelves;
mod standings;
mod tables;
mod totals;
mod webhooks;

pub use book::Cards;
pub use books::Books;
pub use card::{Card, Lot};
pub use checkpoints::CheckpointRows;
pub use claims::{check_key, names_a_movement};
pub use past::check_happened;
pub use programme::Programme;
pub use purchase::worth;
pub use refund::RefundNote;
pub use rows::{CardRow, LotRow, MovementRow, Value, differences};
pub use seals::SealRows;
pub use shapes::{Cell, SHAPES, Shape, VIEWS_INDEXES, VIEWS_TABLES, is_json};
pub use shelves::{CardCounts, Contacts, ERA_BITS, Shelf, plain, shelves};
pub use standings::{Note, Standings};
pub use tables::{Course, CustomerRow, KeyRow, PartnerRow, Sums, Tables, ThingRow};
pub use totals::Totals;
