//! What a shop synchronises. This service keeps no offers, products or categories: it says so by empty lists and zeros.

use crate::domain::programme::Scope;
use crate::http::auth::Caller;
use crate::http::envelope::{Answer, Nothing};
use crate::http::errors::{ApiError, CATALOGUE};
use crate::http::locales::{Locale, Message};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub(crate) async fn categories(caller: Caller) -> Result<Answer<Vec<Nothing>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    Ok(Answer::ok(Message::Categories, Vec::new()))
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ProductCategories {
    #[schema(value_type = Vec<Object>)]
    categories: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    flat_list: Vec<Value>,
    total: i64,
}

pub(crate) async fn product_categories(caller: Caller) -> Result<Answer<ProductCategories>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    Ok(Answer::ok(Message::Categories, ProductCategories::default()))
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct OffersStatus {
    total_offers: i64,
    active_offers: i64,
    expired_offers: i64,
    #[schema(format = DateTime)]
    last_sync: Option<String>,
}

pub(crate) async fn sync_status(caller: Caller) -> Result<Answer<OffersStatus>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    Ok(Answer::ok(Message::OffersStatus, OffersStatus::default()))
}

/// A code that an answer may have.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorCode {
    /// The HTTP status.
    http: u16,
    /// The vendor's number.
    number: Option<u16>,
    description: String,
    /// What other services of this kind call it.
    #[schema(value_type = Vec<String>)]
    aliases: &'static [&'static str],
}

/// `GET /{locale}/error-codes`: every code that an answer may have.
pub(crate) async fn error_codes(locale: Locale) -> Result<Answer<BTreeMap<&'static str, ErrorCode>>, ApiError> {
    let described = CATALOGUE.iter().map(|entry| {
        let description = entry.message.text(locale).into_owned();
        let said = ErrorCode { http: entry.status, number: entry.number, description, aliases: entry.aliases };
        (entry.code, said)
    });
    Ok(Answer::ok(Message::ErrorCodes, described.collect()))
}
