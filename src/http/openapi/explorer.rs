//! `GET /docs/`: an explorer of this API. Everything that it loads is in the binary, and it talks to nobody but this service.

use super::served::Unchanging;
use crate::http::api::submitting::PathId;
use crate::http::errors::ApiError;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const PAGE: &str = include_str!("explorer/index.html");
const SCRIPT: &str = include_str!("explorer/explorer.js");

/// Nothing from elsewhere, nothing in line but styles, which the explorer sets while it draws.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TEXT_HTML: &str = "text/html; charset=utf-8";
const TEXT_CSS: &str = "text/css; charset=utf-8";
const TEXT_JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What the explorer is made of, as its makers have it.
const FILES: [(&str, &str); 3] =
    [("swagger-ui.css", TEXT_CSS), ("swagger-ui-bundle.js", TEXT_JAVASCRIPT), ("favicon-32x32.png", "image/png")];

static EXPLORER: LazyLock<BTreeMap<&'static str, (&'static str, Unchanging)>> = LazyLock::new(|| {
    let config = Arc::new(utoipa_swagger_ui::Config::from("../openapi.json"));
    let vendored = FILES.into_iter().map(|(name, kind)| {
        let file = utoipa_swagger_ui::serve(name, Arc::clone(&config)).ok().flatten();
        let bytes = file.map(|file| file.bytes.into_owned()).unwrap_or_default();
        (name, (kind, Unchanging::new(bytes)))
    });
    let own = [("", (TEXT_HTML, Unchanging::new(PAGE))), ("explorer.js", (TEXT_JAVASCRIPT, Unchanging::new(SCRIPT)))];
    own.into_iter().chain(vendored).collect()
});

/// `GET /docs`: the files stand beside the page, below it.
pub(crate) async fn entrance() -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish())
}

/// `GET /docs/` and the files of the page.
pub(crate) async fn file(request: HttpRequest, name: PathId) -> Result<HttpResponse, ApiError> {
    let (kind, file) = EXPLORER.get(name.0.as_str()).ok_or(ApiError::UnknownPath)?;
    let mut response = file.answer(&request, kind);
    for (header, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
    ] {
        response.headers_mut().insert(header, HeaderValue::from_static(value));
    }
    Ok(response)
}
