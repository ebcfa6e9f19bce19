//! The printer of the books: what a statement of a period looks like, and no more.
//!
//! The service states its books over HTTP, from its projections; the auditor's tool states them from the log alone. Two computations, which
//! share nothing, so that one can be held against the other; and this crate, which prints what either of them found, so that equal books are equal
//! bytes. It takes finished tables. It reads no log, folds no event, adds no column up, checks nothing and knows no file, clock or network: what it is
//! given decides every byte. A mistake here misprints a number, in both alike and for all to see; it cannot make wrong books agree, for whether they
//! agree is found before anything comes here.
//!
//! | module | owns |
//! |---|---|
//! | `cell`, `table` | what stands in a statement |
//! | [`forms`] | each table's name, title and columns |
//! | `statement` | the summary of a period and its tables, in order |
//! | `text` | lines for people |

mod cell;
pub mod forms;
mod statement;
mod table;
mod text;

pub use cell::Cell;
pub use forms::Form;
pub use statement::{Statement, Summary};
pub use table::Table;
