//! The printer of the books: what a statement of a period looks like, and no more.
//!
//! The service states its books over HTTP, from its projections; the auditor's tool states them from the log alone. Two computations, which
//! share nothing, so that one can be held against the other; and this crate, which prints what either of them found, so that equal books are equal
//! bytes. It takes finished tables. It reads no log, folds no event, fills in no cell, checks nothing and knows no file, clock or network: what it is
//! given decides every byte. All that it reckons is how long the bars of a chart are. A mistake here misprints a number, in both alike and for all to see; it cannot make wrong books agree, for whether they
//! agree is found before anything comes here.
//!
//! | module | owns |
//! |---|---|
//! | `cell`, `table` | what stands in a statement |
//! | `columns`, [`forms`] | each column's name, unit and meaning; each table's name, title and columns |
//! | `statement` | the summary of a period and its tables, in order |
//! | `text` | lines for people |
//! | `charts` | which figures of the tables are drawn beside each other |
//! | `html` | a page to print, with charts |
//! | `xlsx` | an Excel workbook, with charts |
//! | `plain` | what a terminal is shown of a text |
//! | `number` | numbers as people read them |

mod cell;
mod charts;
mod columns;
pub mod forms;
mod html;
mod number;
mod plain;
mod statement;
mod table;
mod text;
mod xlsx;

pub use cell::Cell;
pub use columns::{Column, Unit};
pub use forms::Form;
pub use plain::{Plain, plain};
pub use rust_xlsxwriter::XlsxError;
pub use statement::{Statement, Summary};
pub use table::Table;
