//! `report`: the books of a period, from the log alone, in one pass over it.
//!
//! The fold gives the cards and their lots; beside it stand sums, which know nothing of cards: what moved, by partner, shop, template and month.
//! At the ends of the period and of each month the two are compared, and with what the events themselves state. Memory holds the cards with
//! their open lots and last stated balances, the versions of rules in force over the period, eight bytes for each order that was refunded in part, and a row for whoever acted.
//!
//! | module | owns |
//! |---|---|
//! | `pass` | reading the log: before the period, in it, no further |
//! | `trial` | trial balances |
//! | `checks` | what the cards come to, and whether the trial balances close |
//! | `liability` | what may still be spent, its price and its ageing; breakage |
//! | `versions` | settings and rules in force |
//! | `acts` | who changed, corrected, blocked and refunded |
//! | `order` | gaps |
//! | `files` | writing it down, over nothing |
//!
//! What it finds is a [`Statement`]: how it is printed is its own crate's, `counterfoil-statements`, which prints the books of the service too. That
//! crate takes what stands here in finished tables; it reads no log, folds nothing and checks nothing.

mod acts;
mod checks;
mod files;
mod liability;
mod order;
mod pass;
mod trial;
mod versions;

pub use counterfoil_statements::{Cell, Statement, Table};
pub use files::Files;
pub use pass::report;

use crate::instant::Instant;
/// From one moment on and up to another, which is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Instant,
    to: Instant,
}

impl Period {
    /// A period; none where it would not end after it began.
    #[must_use]
    pub fn new(from: Instant, to: Instant) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }
}
