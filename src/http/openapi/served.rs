//! `GET /openapi.json`.

use crate::http::HttpState;
use crate::http::errors::ApiError;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

/// Bytes that do not change while the service runs, and their version.
#[derive(Debug, Clone)]
pub(crate) struct Unchanging {
    bytes: Bytes,
    tag: String,
}

impl Unchanging {
    pub(super) fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let tag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..32]);
        Self { bytes, tag }
    }

    /// The bytes, or that the client has them already. They are asked about each time: another release has others.
    pub(super) fn answer(&self, request: &HttpRequest, content_type: &str) -> HttpResponse {
        let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let is_known =
            known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == self.tag));
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((ETAG, self.tag.as_str())).insert_header((CACHE_CONTROL, "no-cache"));
        if is_known {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, content_type)).body(self.bytes.clone())
    }
}

/// `GET /openapi.json`: for anyone.
pub(crate) async fn document(state: web::Data<HttpState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let made = state.document.get_or_init(|| Unchanging::new(super::text(state.public_url.as_deref())));
    Ok(made.answer(&request, "application/json"))
}
