//! The auditor's tool on real files: honest ones, doctored ones, and the worked examples of `schema/vectors`.

mod books;
mod checkpoints;
mod every_kind;
mod forgetting;
mod orders;
mod projections;
mod questions;
mod report;
mod rules;
mod seals;
mod tampering;
mod terminal;
mod vectors;
mod webhooks;
