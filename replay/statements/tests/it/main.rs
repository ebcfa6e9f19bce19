//! Statements read back by programs that others wrote: every cell of every form is what stands in the tables.

mod html;
mod samples;
mod xlsx;
