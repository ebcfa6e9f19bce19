//! The books: what the log comes to, in sums by span, and the report of a period that is made of them.
//!
//! Pure: events go in, sums come out. [`Changes`] is the one place that says what an event adds to which sum. The projector keeps
//! the sums with it, and a question that ends within a span adds the rest of the way with the same.

mod changes;
mod span;
mod sums;

pub use changes::{CardKey, Changes, EndKey, LotKey, MoveKey, closing};
pub use span::{Ending, Month, SPAN_SEQS, Span};
pub use sums::{Acts, Holders, Lots, Moved, Refunds, Stretch};
