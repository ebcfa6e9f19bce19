//! The headers of answers.

use serde_json::{Map, Value, json};

const ALL: &[(&str, &str, &str)] = &[
    ("X-Request-Id", "string", "The id of the request, the same as `request_id` in the body."),
    ("traceresponse", "string", "This service's part of the trace (W3C), where the request had a sound `traceparent`."),
    ("RateLimit-Policy", "string", "The limits in force, such as `\"hour\";q=2000;w=3600, \"minute\";q=100;w=60`."),
    ("RateLimit", "string", "What is left of them and for how many seconds, such as `\"hour\";r=1999;t=3510`."),
    ("X-RateLimit-Limit", "integer", "The limit of the hour, or of the minute where the hour has none."),
    ("X-RateLimit-Remaining", "integer", "What is left of it."),
    ("X-RateLimit-Reset", "integer", "When it begins anew, in seconds since 1970."),
    ("Retry-After", "integer", "Seconds after which another attempt may succeed."),
    ("X-RateLimit-Retry-After", "integer", "The same as `Retry-After`."),
    ("Idempotent-Replayed", "string", "`true` where the same had been done before, and this is its answer again."),
    ("X-As-Of-Seq", "integer", "Of which event of the log the answer tells, where it tells of the past."),
    ("X-As-Of", "string", "Of which time it tells then."),
    ("X-Export-As-Of", "integer", "The last event of the log that the file reflects."),
    ("Content-Disposition", "string", "The name of the file."),
    ("WWW-Authenticate", "string", "`Bearer`"),
    ("Allow", "string", "The methods that the path has."),
    ("ETag", "string", "The version of the document."),
];

/// What every answer to somebody with credentials may have, and every failure.
pub(super) const OF_CALLERS: [&str; 5] =
    ["RateLimit-Policy", "RateLimit", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

/// All headers by their names.
pub(super) fn components() -> Map<String, Value> {
    let header = |(name, kind, about): &(&str, &str, &str)| {
        ((*name).to_owned(), json!({ "description": about, "schema": { "type": kind } }))
    };
    ALL.iter().map(header).collect()
}

/// References to headers.
pub(super) fn of(names: &[&str]) -> Map<String, Value> {
    let known = |name: &&&str| ALL.iter().any(|(known, ..)| known == *name);
    assert!(names.iter().all(|name| known(&name)), "every header of {names:?} is described");
    let header = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    names.iter().map(header).collect()
}
