//! What the parts of the API are for.

use serde_json::{Value, json};

const TAGS: [(&str, &str); 16] = [
    (
        "Points",
        "Awards, redemptions, corrections and expiry of points, one at a time or in bulk: exactly once by order id, reference or key.",
    ),
    ("Cards", "Loyalty cards: issued, changed, blocked, their history."),
    ("Customers", "The people who hold cards: found, read, erased."),
    (
        "Shop: transactions",
        "Purchases that redeem and earn, refunds and cancellations, as a shop's till or web shop sends them.",
    ),
    ("Shop: points", "Points of a card as a shop sees them, and what moves them."),
    ("Shop: cards", "Cards as a shop issues and finds them."),
    (
        "Shop: places and checks",
        "The partner's shops and templates, health, credentials, codes of failures and QR codes.",
    ),
    ("Partner: programme", "A partner's settings, shops and card templates."),
    ("Partner: customers", "All customers of a partner, and everything that is held about one."),
    ("Partner: transactions", "All transactions of a partner, and up to 10,000 rows in one request."),
    ("Partner: exports", "Customers, cards and transactions as files, streamed or made in the background."),
    ("Partner: webhooks", "Who is told of what happens, and what became of it."),
    (
        "Audit: log and checkpoints",
        "The hash-chained log as it is, and signed statements of its tree. With the scope `audit`.",
    ),
    (
        "Audit: proofs",
        "That an event stands in the log, that a log continues another, and receipts of both. With the scope `audit`.",
    ),
    (
        "Audit: balances and books",
        "Sealed balances, statements that prove one of them alone, and the books of a period. With the scope `audit`.",
    ),
    ("Service", "Whether the service works, pictures, and this document. For anybody."),
];

/// A part with its description.
pub(super) fn described(name: &str) -> Value {
    let about = TAGS.iter().find(|(known, _)| *known == name).map(|(_, about)| *about);
    json!({ "name": name, "description": about.expect("every part of the API is described") })
}
