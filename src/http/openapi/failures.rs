//! Failures: their form, and one response for each status with an example of every code that it may have.

use super::schemas::Schemas;
use crate::domain::Timestamp;
use crate::http::envelope;
use crate::http::errors::{ApiError, CATALOGUE, Entry, Form};
use crate::http::fields::Problem;
use crate::http::locales::{Locale, Message};
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Why a request failed. The same stands flat and nested, because clients of both kinds exist.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used: what is rendered holds details of any name")]
struct Failure {
    success: bool,
    /// In the language that the path names; may be reworded.
    message: String,
    code: String,
    /// The HTTP status.
    status: u16,
    /// What to go by.
    error_code: String,
    /// The vendor's number of the error, where it has one.
    error_number: Option<u16>,
    /// Name it when you report a problem; also the header `X-Request-Id`.
    request_id: String,
    /// The messages about each field; empty where no field is at fault.
    errors: HashMap<String, Vec<String>>,
    error: FailureDetail,
    /// Seconds after which another attempt may succeed.
    #[schema(nullable = false)]
    retry_after: Option<i64>,
    /// What was recorded under the same name, or the report of a health check that failed.
    #[schema(nullable = false, value_type = Option<Object>)]
    data: Option<Value>,
}

/// The same nested, with everything that `details` holds beside it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct FailureDetail {
    code: String,
    message: String,
    request_id: String,
    #[schema(format = DateTime)]
    timestamp: String,
    #[schema(nullable = false)]
    fields: Option<Vec<FieldProblem>>,
    #[schema(value_type = Object)]
    details: Value,
}

/// What is wrong with one field.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct FieldProblem {
    /// The way to the field, such as `title.lt` or `tiers.1.multiplier`.
    field: String,
    message: String,
    code: ProblemCode,
    #[schema(value_type = Object)]
    meta: Value,
}

/// The kind of a problem with a field.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "only its schema is used")]
enum ProblemCode {
    RequiredField,
    InvalidValue,
    InvalidFormat,
    OutOfRange,
}

/// The name of the response that all failures of a status have.
pub(super) fn name(status: u16) -> String {
    format!("Failure{status}")
}

/// The responses of all statuses that a failure may have, by name.
pub(super) fn responses(schemas: &mut Schemas) -> Map<String, Value> {
    let failure = schemas.of::<Failure>();
    let mut statuses: Vec<u16> = CATALOGUE.iter().map(|entry| entry.status).collect();
    statuses.dedup();
    statuses.into_iter().map(|status| (name(status), response(status, &failure))).collect()
}

fn response(status: u16, failure: &Value) -> Value {
    let entries: Vec<&Entry> = CATALOGUE.iter().filter(|entry| entry.status == status).collect();
    let codes: Vec<_> = entries.iter().map(|entry| entry.code).collect();
    let examples: Map<_, _> =
        entries.iter().map(|entry| (entry.code.to_owned(), json!({ "value": example(entry) }))).collect();
    let narrowed = json!({ "properties": { "status": { "const": status }, "code": { "enum": codes } } });
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    // Strangers, too, are told what is left to them.
    let mut names = vec!["X-Request-Id", "traceresponse"];
    names.extend(super::headers::OF_CALLERS);
    match status {
        401 => names.push("WWW-Authenticate"),
        405 => names.push("Allow"),
        429 | 503 => names.extend(["Retry-After", "X-RateLimit-Retry-After"]),
        _ => {}
    }
    let headers = super::headers::of(&names);
    json!({
        "description": format!("{reason}: {}.", codes.join(", ")),
        "headers": headers,
        "content": {
            "application/json": { "schema": { "allOf": [failure, narrowed] }, "examples": examples },
        },
    })
}

/// The failure as it is rendered, with what is always true of its code.
fn example(entry: &Entry) -> Value {
    let form = match entry.code {
        "VALIDATION_ERROR" => ApiError::invalid(Problem::required("reason")).form(),
        "RATE_LIMIT_EXCEEDED" => ApiError::TooManyRequests { retry_after: 17 }.form(),
        "SERVICE_UNAVAILABLE" => ApiError::Unavailable(Message::Busy).form(),
        _ => Form::of_entry(entry),
    };
    let at = Timestamp::from_micros(super::EXAMPLE_TIME).to_seconds_text();
    envelope::failure_body(&form, Locale::ENGLISH, super::EXAMPLE_REQUEST, &at)
}
