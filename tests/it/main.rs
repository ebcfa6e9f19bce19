//! The integration tests, as one binary. Folders are what is tested; `support` is what they share.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the few events it is about")]

mod architecture;
mod cli;
mod crash;
mod http;
mod ledger;
mod openapi;
mod parsers;
mod schema;
mod support;
mod tree;
mod webhooks;
