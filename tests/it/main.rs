//! The integration tests, as one binary. Folders are what is tested; `support` is what they share.

mod http;
mod ledger;
mod support;
