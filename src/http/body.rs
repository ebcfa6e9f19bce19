//! Reading the body of a request: bounded, whatever its content type says, and empty meaning `{}`.

use super::HttpState;
use super::errors::ApiError;
use super::fields::{Fields, Problem, digits_of, holds_fraction};
use super::locales::Message;
use super::{limits, signature};
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::{Map, Value};
use std::future::Future;
use std::pin::Pin;
use tokio::time::timeout;

/// The raw body of a request, at most `MOST` bytes of it, with a signature that fits, where it has one.
#[derive(Debug)]
pub(crate) struct Body<const MOST: usize = { limits::BODY_BYTES }>(Bytes);

/// The body of a bulk request.
pub(crate) type BulkBody = Body<{ limits::BULK_BODY_BYTES }>;

/// The body of a request of many rows.
pub(crate) type ManyBody = Body<{ limits::MANY_BODY_BYTES }>;

/// The body of a request about the programme, which may hold pictures.
pub(crate) type ProgrammeBody = Body<{ limits::PROGRAMME_BODY_BYTES }>;

impl<const MOST: usize> FromRequest for Body<MOST> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|_| ApiError::Internal)?;
            let state = request.app_data::<web::Data<HttpState>>().ok_or(ApiError::Internal)?;
            // As a whole, not each part of it: who sends a byte now and then would hold the connection for ever.
            let read = timeout(state.body_within, payload.to_bytes_limited(MOST)).await;
            let read = read.map_err(|_| ApiError::BodyTooSlow)?.map_err(|_| ApiError::BodyTooLarge { most: MOST })?;
            let body = read.map_err(|_| ApiError::MalformedBody(Message::BodyEndedEarly))?;
            signature::check(&request, &body)?;
            Ok(Self(body))
        })
    }
}

impl<const MOST: usize> Body<MOST> {
    /// The body's fields.
    pub(crate) fn fields(&self) -> Result<Fields, ApiError> {
        let object = self.object()?;
        let text = std::str::from_utf8(&self.0).ok().filter(|_| object.values().any(holds_fraction));
        Ok(Fields::new(object).with_digits(text.map(digits_of).unwrap_or_default()))
    }

    /// The rows of a bulk request, at most so many: within `field`, or as the body itself.
    pub(crate) fn rows<'a>(&self, field: &'a str, most: usize) -> Result<(&'a str, Vec<Fields>), ApiError> {
        let mut fields = match self.0.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => {
                Body::<MOST>(Bytes::from([b"{\"", field.as_bytes(), b"\":", &self.0, b"}"].concat())).fields()?
            }
            Some(_) | None => self.fields()?,
        };
        let size = fields.length(field);
        if size > most {
            return Err(ApiError::BulkTooLarge { size, most });
        }
        let rows = fields.objects(field, most);
        let rows = fields.required(field, rows).unwrap_or_default();
        if rows.is_empty() && fields.is_sound() {
            fields.problem(Problem::value(field, Message::MustNotBeEmpty));
        }
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        fields.finish().none_or((field, rows)).map_err(ApiError::Invalid)
    }

    fn object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.0.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.0) {
            Ok(Value::Object(object)) => Ok(object),
            // PHP writes an empty map as an empty list.
            Ok(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
            Ok(Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Err(ApiError::MalformedBody(Message::BodyNotAnObject))
            }
            // The parser's own words could repeat what was sent: only the place is told.
            Err(error) => {
                Err(ApiError::MalformedBody(Message::BodyNotJson { line: error.line(), column: error.column() }))
            }
        }
    }
}

/// What a body of these bytes says.
#[cfg(test)]
pub(super) fn fields_of(bytes: &[u8]) -> Result<Fields, ApiError> {
    Body::<{ limits::BODY_BYTES }>(Bytes::copy_from_slice(bytes)).fields()
}
