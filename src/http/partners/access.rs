//! Who may do what under `/partners`: a credential's scopes, and for whatever changes something, one that is bound to no shop.

use crate::domain::PartnerId;
use crate::domain::programme::Scope;
use crate::http::auth::{Caller, authenticate, header};
use crate::http::errors::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// An authenticated caller, who has not said yet what it wants.
#[derive(Debug)]
pub(crate) struct Access(Caller);

impl Access {
    /// The credentials of a request.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        authenticate(request).and_then(|caller| of_partner(request, caller))
    }

    /// To see something.
    pub(crate) fn reads(self) -> Result<Caller, ApiError> {
        self.may(Scope::LoyaltyRead)
    }

    /// To change something, which takes the scope and the whole partner.
    pub(crate) fn changes(self, scope: Scope) -> Result<Caller, ApiError> {
        let caller = self.may(scope)?;
        caller.bound_to().map_or(Ok(caller), |shop| Err(ApiError::NeedsWholePartner { shop }))
    }

    fn may(self, scope: Scope) -> Result<Caller, ApiError> {
        if self.0.may(scope) { Ok(self.0) } else { Err(ApiError::MissingPartnerScope(scope)) }
    }
}

impl FromRequest for Access {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

// A client may say which partner it takes itself for; it is refused where its credential is another's.
fn of_partner(request: &HttpRequest, caller: Caller) -> Result<Access, ApiError> {
    match header(request, "x-partner-id") {
        Some(named) if named.parse().map(PartnerId::new) != Ok(caller.partner) => Err(ApiError::NotThePartner),
        Some(_) | None => Ok(Access(caller)),
    }
}
