//! The auditor's tool on real files: honest ones, doctored ones, and the worked examples of `schema/vectors`.

mod books;
mod checkpoints;
mod orders;
mod questions;
mod tampering;
mod vectors;
