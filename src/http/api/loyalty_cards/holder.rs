//! What every form of a card has in common: who holds it, and where its QR code is.

use crate::domain::CardId;
use crate::domain::customers::PersonRecord;
use crate::http::api::ERASED;
use crate::http::{HttpState, ids};
use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// A person as a card shows its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CardHolder)]
pub(super) struct Holder {
    pub(super) customer_email: String,
    pub(super) customer_name: String,
    customer_phone: Option<String>,
}

impl Holder {
    pub(super) fn of(person: Option<&PersonRecord>) -> Self {
        match person {
            Some(person) => Self {
                customer_email: person.email.clone(),
                customer_name: person.display_name(),
                customer_phone: person.phone.clone(),
            },
            None => Self { customer_email: ERASED.to_owned(), customer_name: ERASED.to_owned(), customer_phone: None },
        }
    }
}

/// Where the client reached this service, unless it is configured.
pub(crate) fn host(state: &HttpState, request: &HttpRequest) -> String {
    state.public_url.clone().unwrap_or_else(|| state.proxies.base_url(request))
}

/// Where the QR code of a card is to be found.
pub(crate) fn qr_url(host: &str, card: CardId) -> String {
    format!("{host}/qr/{}", ids::card(card))
}
