//! The API described for machines, and an explorer of it for people.
//!
//! The document follows from the code: what an operation reads and answers is said by the types of its handler, the forms of answers
//! by the types that are rendered, failures by the catalogue of codes, bounds by the limits. What no type says, the fields of
//! bodies and the parameters of queries, stands in `surfaces`, and tests hold it against what the readers take. No handler
//! knows this module.

mod answers;
mod document;
pub(crate) mod explorer;
mod failures;
mod fields;
mod handlers;
mod headers;
mod messages;
mod operation;
mod schemas;
pub(crate) mod served;
mod statements;
mod surfaces;
mod table;
mod tags;
pub(crate) mod words;

pub(crate) use served::Unchanging;

use serde_json::Value;
use std::sync::LazyLock;

/// What a service was asked and answered, once: a test makes it anew and compares.
static EXAMPLES: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("examples.json")).expect("the examples are JSON, as a test sees")
});

/// The moment of the examples: 2026-01-31T12:00:00Z.
const EXAMPLE_TIME: i64 = 1_769_860_800_000_000;
/// The request id of the examples.
const EXAMPLE_REQUEST: &str = "0f8c4b52-7f0e-4c5a-9d8e-2b1a6f3c4d5e";

/// The document as it is served: indented, because people read it too, in an order that does not change.
fn text(public: Option<&str>) -> String {
    let document = document::document(public);
    serde_json::to_string_pretty(&document).expect("a document is plain data with text keys") + "\n"
}
