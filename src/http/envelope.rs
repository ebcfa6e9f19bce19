//! The bodies around every answer: success with its data, failure with its code.

use super::edge::RequestContext;
use super::errors::Form;
use super::locales::{Locale, Message};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// What the header of a repeated command says.
pub(crate) const REPLAYED: &str = "idempotent-replayed";

/// What is told of something that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Nothing {}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    status: StatusCode,
    message: Message,
    data: T,
    /// What a list says about its page, where its data is an array.
    meta: Option<Value>,
    /// The same a second time, under the name that some lists have for it.
    pagination: Option<Value>,
    replayed: bool,
}

impl<T: Serialize> Answer<T> {
    pub(crate) const fn ok(message: Message, data: T) -> Self {
        Self { status: StatusCode::OK, message, data, meta: None, pagination: None, replayed: false }
    }

    pub(crate) const fn created(message: Message, data: T) -> Self {
        Self { status: StatusCode::CREATED, message, data, meta: None, pagination: None, replayed: false }
    }

    pub(crate) fn with_meta(mut self, meta: Option<Value>) -> Self {
        self.meta = meta;
        self
    }

    pub(crate) fn with_pagination(mut self, pagination: Value) -> Self {
        self.pagination = Some(pagination);
        self
    }

    /// The same command had been done before, and this is its answer again.
    pub(crate) const fn replayed(mut self, replayed: bool) -> Self {
        self.replayed = replayed;
        self
    }
}

#[derive(Serialize)]
struct Success<'a, T> {
    success: bool,
    message: &'a str,
    code: u16,
    request_id: &'a str,
    data: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<&'a Value>,
}

impl<T: Serialize> Responder for Answer<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let request_id = RequestContext::id_of(request);
        let message = self.message.text(Locale::of(request));
        let body = Success {
            success: true,
            message: &message,
            code: self.status.as_u16(),
            request_id: &request_id,
            data: &self.data,
            meta: self.meta.as_ref(),
            pagination: self.pagination.as_ref(),
        };
        let body = serde_json::to_vec(&body).expect("answers are plain data with text keys");
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        if self.replayed {
            response.insert_header((REPLAYED, HeaderValue::from_static("true")));
        }
        response.body(body)
    }
}

/// Renders a failure: flat and nested together, because clients of both kinds exist.
pub(crate) fn failure(form: &Form, locale: Locale, request_id: &str, timestamp: &str) -> HttpResponse {
    let mut response = HttpResponse::build(form.status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    if let Some(seconds) = form.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
        response.insert_header(("x-ratelimit-retry-after", seconds));
    }
    if let Some(allowed) = form.allowed.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        response.insert_header((ALLOW, allowed));
    }
    if form.status == StatusCode::UNAUTHORIZED {
        response.insert_header(("www-authenticate", HeaderValue::from_static("Bearer")));
    }
    response.body(serde_json::to_vec(&failure_body(form, locale, request_id, timestamp)).unwrap_or_default())
}

/// The body of a failure.
pub(super) fn failure_body(form: &Form, locale: Locale, request_id: &str, timestamp: &str) -> Value {
    let mut by_field: Map<String, Value> = Map::new();
    for problem in &form.problems {
        let messages = by_field.entry(problem.field.clone()).or_insert_with(|| json!([]));
        if let Value::Array(messages) = messages {
            messages.push(json!(problem.message.text(locale)));
        }
    }
    let mut body = json!({
        "success": false,
        "message": form.message.text(locale),
        "code": form.code,
        "status": form.status.as_u16(),
        "error_code": form.code,
        "error_number": form.number,
        "request_id": request_id,
        "errors": by_field,
        "error": nested(form, locale, request_id, timestamp),
    });
    if let Some(seconds) = form.retry_after {
        body["retry_after"] = json!(seconds);
    }
    if let Some(data) = &form.data {
        body["data"] = data.clone();
    }
    body
}

fn nested(form: &Form, locale: Locale, request_id: &str, timestamp: &str) -> Value {
    let mut details = form.details.clone();
    let mut error = form.details.clone();
    if !form.problems.is_empty() {
        let list: Vec<Value> = form.problems.iter().map(|problem| problem.listed(locale)).collect();
        details.insert("errors".to_owned(), json!(list));
        error.insert("fields".to_owned(), json!(list));
    }
    error.insert("code".to_owned(), json!(form.code));
    error.insert("message".to_owned(), json!(form.message.text(locale)));
    error.insert("request_id".to_owned(), json!(request_id));
    error.insert("timestamp".to_owned(), json!(timestamp));
    error.insert("details".to_owned(), Value::Object(details));
    Value::Object(error)
}
