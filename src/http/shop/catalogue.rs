//! What a shop synchronises. This service keeps no offers, products or categories: it says so by empty lists and zeros.

use crate::domain::programme::Scope;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::{ApiError, CATALOGUE};
use crate::http::locales::{Locale, Message};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) async fn categories(caller: Caller) -> Result<Answer<Vec<Value>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    Ok(Answer::ok(Message::Categories, Vec::new()))
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct ProductCategories {
    categories: Vec<Value>,
    flat_list: Vec<Value>,
    total: i64,
}

pub(crate) async fn product_categories(caller: Caller) -> Result<Answer<ProductCategories>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    Ok(Answer::ok(Message::Categories, ProductCategories::default()))
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct OffersStatus {
    total_offers: i64,
    active_offers: i64,
    expired_offers: i64,
    last_sync: Option<String>,
}

pub(crate) async fn sync_status(caller: Caller) -> Result<Answer<OffersStatus>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    Ok(Answer::ok(Message::OffersStatus, OffersStatus::default()))
}

/// `GET /{locale}/error-codes`: every code that an answer may have.
pub(crate) async fn error_codes(locale: Locale) -> Result<Answer<Map<String, Value>>, ApiError> {
    let described = CATALOGUE.iter().map(|entry| {
        let said = json!({
            "http": entry.status,
            "number": entry.number,
            "description": entry.message.text(locale),
            "aliases": entry.aliases,
        });
        (entry.code.to_owned(), said)
    });
    Ok(Answer::ok(Message::ErrorCodes, described.collect()))
}
