//! Health, the codes of failures, QR codes, and this document.

use crate::http::openapi::fields::*;
use crate::http::openapi::table::Table;
use crate::http::openapi::{explorer, served};
use crate::http::shop::{catalogue, qr};
use crate::http::{health, limits, operations};
use serde_json::{Value, json};

/// Bytes that are no text.
pub(super) fn bytes() -> Value {
    json!({})
}

fn size(usual: i64) -> Field {
    let about = format!("The width in pixels; {usual} where none is sent.");
    field("size", whole(1, limits::QR_PIXELS_MAX), about)
}

pub(super) fn size_of_receipt() -> Field {
    size(limits::QR_PIXELS_MAX)
}

pub(super) fn describe(table: &mut Table) {
    let mut api = table.section(&[""], "Service");
    for path in ["/health", "/api/health", "/{locale}/health"] {
        api.get(path, health::health, "Whether the service works");
    }
    api.get(
        "/shop/health",
        health::health_with_credentials,
        "Whether the service works, and the credentials that are sent",
    )
    .fails(&[400, 401, 403, 404, 429]);
    api.get("/ready", operations::ready, "Whether commands are taken").fails(&[503]);
    api.get("/{locale}/error-codes", catalogue::error_codes, "Every code that a failure may have");
    api.get("/qr", qr::text, "A text as a QR code")
        .query([
            field("data", json!({ "type": "string", "minLength": 1 }), "The text, at most 500 bytes.").required(),
            size(limits::QR_PIXELS),
        ])
        .answers("image/png", bytes())
        .fails(&[429]);
    api.get("/qr/{id}", qr::card, "A card as a QR code")
        .id("The card: `card_17`, `17`, or its number.")
        .query([size(limits::QR_PIXELS)])
        .answers("image/png", bytes())
        .fails(&[429, 503]);
    api.get("/openapi.json", served::document, "This document")
        .answers("application/json", json!({ "type": "object" }))
        .headers(&["ETag"])
        .not_modified();
    api.get("/docs", explorer::entrance, "To the explorer of this API").redirects();
    api.get("/docs/{id}", explorer::file, "The explorer of this API, and its files")
        .id("A file; the page itself where there is none.")
        .answers("text/html; charset=utf-8", json!({ "type": "string" }))
        .answers("text/css; charset=utf-8", json!({ "type": "string" }))
        .answers("text/javascript; charset=utf-8", json!({ "type": "string" }))
        .answers("image/png", bytes())
        .headers(&["ETag"])
        .not_modified()
        .fails(&[404]);
}
