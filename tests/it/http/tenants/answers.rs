//! What must be true of an answer to somebody who has no right to another.

use super::routes::Row;
use super::scene::{MARK, Names};
use crate::support::Reply;
use serde_json::{Value, json};

/// Checks that an answer is this refusal, in the form of all refusals.
#[track_caller]
pub(super) fn refused_as(reply: &Reply, status: u16, code: &str, number: Option<u16>, what: &str) -> Value {
    assert_eq!(reply.status, status, "{what}: {}", String::from_utf8_lossy(&reply.raw));
    let error = reply.error(status, code);
    if number.is_some() {
        assert_eq!(reply.json()["error_number"], json!(number), "{what}");
    }
    error
}

/// The owner's secrets that stand in an answer, but for names that the request itself says. What it must not be told is marked
/// otherwise than any name that is asked with.
#[track_caller]
pub(super) fn leaks<'a>(secrets: &'a [String], names: &Names, row: &Row, path: &str, reply: &Reply) -> Vec<&'a str> {
    let asked = (names.fill(path) + &names.fill(row.body)).to_lowercase();
    assert!(!asked.contains(MARK), "{asked}: a request that says the mark would hide what it finds");
    let headers: String = reply.headers.values().filter_map(|value| value.to_str().ok()).collect();
    let told = (String::from_utf8_lossy(&reply.raw) + headers.as_str()).to_lowercase();
    let leaked = |secret: &&String| told.contains(&secret.to_lowercase()) && !asked.contains(&secret.to_lowercase());
    secrets.iter().filter(leaked).map(String::as_str).collect()
}

/// Whether a request names a thing that must exist for it, so that two names of nothing must be answered alike.
pub(super) fn names_something(row: &Row) -> bool {
    let kinds = [
        "<card>",
        "<blocked>",
        "<number>",
        "<customer>",
        "<txn>",
        "<order>",
        "<order2>",
        "<shop>",
        "<template>",
        "<hook>",
        "<delivery>",
        "<export>",
        "<partner>",
        "<email>",
        "<phone>",
    ];
    // A number in a QR code says itself: the picture differs with it, and tells nothing else.
    row.path != "/qr/<number>" && kinds.iter().any(|kind| row.path.contains(kind) || row.body.contains(kind))
}

/// An answer to the byte, but for what differs in every answer and for the names that were asked for.
pub(super) fn masked(reply: &Reply, names: &[&str]) -> String {
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "traceresponse", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default()))
        .collect();
    headers.sort();
    let mut body = String::from_utf8_lossy(&reply.raw).into_owned();
    if let Some(id) = reply.header("x-request-id") {
        body = body.replace(id, "ID");
    }
    if let Some((before, after)) = body.split_once("\"processing_time\":") {
        let rest =
            after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '"' || c == 's' || c == 'm');
        body = format!("{before}\"processing_time\":{rest}");
    }
    for name in names {
        body = without(&body, &name.replace("%2B", "+"));
    }
    format!("{}\n{}\n\n{body}", reply.status, headers.join("\n"))
}

/// A text with each whole word that is the name replaced: `17` in `card_17`, not in `1713`.
fn without(text: &str, name: &str) -> String {
    let (mut found, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(name) {
        let (before, after) = (&rest[..place], &rest[place + name.len()..]);
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let whole = edge(before.chars().next_back().or(found.chars().next_back())) && edge(after.chars().next());
        found.push_str(before);
        found.push_str(if whole { "NAME" } else { name });
        rest = after;
    }
    found + rest
}
