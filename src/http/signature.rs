//! The optional signature of a request: `X-API-Signature: sha256=<hex HMAC-SHA256 of the raw body with the secret>`.

use super::auth::{header, presented_secret};
use super::errors::ApiError;
use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

static SIGNATURE: HeaderName = HeaderName::from_static("x-api-signature");

/// Refuses a signature that does not fit; a request without one passes.
pub(crate) fn check(request: &HttpRequest, body: &[u8]) -> Result<(), ApiError> {
    if !request.headers().contains_key(&SIGNATURE) {
        return Ok(());
    }
    let sent = header(request, &SIGNATURE).and_then(|value| value.strip_prefix("sha256="));
    let sent = sent.and_then(|text| hex::decode(text).ok()).ok_or(ApiError::WrongSignature)?;
    let secret = presented_secret(request).ok_or(ApiError::AuthRequired)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| ApiError::WrongSignature)?;
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(&sent).map_err(|_| ApiError::WrongSignature)
}
