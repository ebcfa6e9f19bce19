//! Who asks: reading the credentials of a request, in either form, and checking them.

use super::edge::RequestContext;
use super::errors::ApiError;
use super::{HttpState, addresses, as_of, ids, signature};
use crate::domain::programme::{Directory, Key, KeyForm, Scope};
use crate::domain::{KeyId, PartnerId, ShopId, Timestamp};
use crate::ops::split_bearer;
use crate::writer::Actor;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, AsHeaderName, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use std::future::{Ready, ready};
use std::sync::Arc;

const KEY_PREFIX: &str = "lty_";
// Parsed once: each request looks for all of them.
static API_KEY: HeaderName = HeaderName::from_static("x-api-key");
static API_SECRET: HeaderName = HeaderName::from_static("x-api-secret");
static SHOP_ID: HeaderName = HeaderName::from_static("shop-id");
static X_SHOP_ID: HeaderName = HeaderName::from_static("x-shop-id");

/// The authenticated caller of a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) partner: PartnerId,
    pub(crate) key: KeyId,
    /// The shop that the request or its credential names.
    pub(crate) shop: Option<ShopId>,
    bound_to: Option<ShopId>,
    scopes: Vec<Scope>,
    directory: Arc<Directory>,
}

impl Caller {
    pub(crate) fn actor(&self) -> Actor {
        Actor::Key(self.key)
    }

    /// Refuses a caller whose credential lacks the scope.
    pub(crate) fn needs(&self, scope: Scope) -> Result<(), ApiError> {
        if self.may(scope) { Ok(()) } else { Err(ApiError::MissingScope(scope)) }
    }

    /// The one shop that the credential is bound to.
    pub(crate) const fn bound_to(&self) -> Option<ShopId> {
        self.bound_to
    }

    /// Whether the credential has the scope. One without any scopes may do everything; but a key of the deployment does what it
    /// was made for, and has no programme of its own.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        (self.scopes.is_empty() && self.partner != PartnerId::DEPLOYMENT) || self.scopes.contains(&scope)
    }

    /// The caller at the shop that the request names otherwise than by `Shop-ID`.
    pub(crate) fn at_shop(mut self, named: Option<&str>) -> Result<Self, ApiError> {
        if let Some(named) = named {
            self.shop = Some(own_shop(&self.directory, self.partner, self.bound_to, named)?);
        }
        Ok(self)
    }
}

/// Credentials as a request presents them.
struct Presented<'a> {
    form: KeyForm,
    public_id: &'a str,
    secret: &'a str,
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

/// Whether a request presents any credentials at all.
pub(crate) fn presents_any(request: &HttpRequest) -> bool {
    [&API_KEY, &API_SECRET, &AUTHORIZATION].iter().any(|name| request.headers().contains_key(*name))
}

/// Checks the credentials of a request, and counts the request against the limits of their key.
pub(crate) fn authenticate(request: &HttpRequest) -> Result<Caller, ApiError> {
    let state = request.app_data::<web::Data<HttpState>>().ok_or(ApiError::Internal)?;
    let now = state.clock.now();
    let context = RequestContext::of(request);
    match check(request, state, now) {
        Ok((caller, form)) => {
            let verdict = state.rate_limits.count(request, &caller, form, now);
            if let Some(context) = context {
                context.authenticated(caller.key);
                context.stands(verdict.standing);
            }
            verdict.outcome?;
            // Where nobody will look at them, what was asked would be answered of another time.
            as_of::check(request).map(|()| caller)
        }
        Err(error) => {
            let verdict = state.rate_limits.count_failure(state.proxies.counted(request), now);
            if let Some(context) = context {
                context.stands(verdict.standing);
            }
            verdict.outcome.and(Err(error))
        }
    }
}

fn check(request: &HttpRequest, state: &HttpState, now: Timestamp) -> Result<(Caller, KeyForm), ApiError> {
    let presented = presented(request)?;
    // The secret is checked before the key is looked up, so that both take the same time whether the key exists or not.
    let genuine = state.secrets.verify(presented.public_id, presented.secret);
    let directory = state.queries.live().directory();
    let key = state.keys.find(&directory, presented.public_id).filter(|key| key.form == presented.form);
    // Whether it was the key or the secret, nobody is told: whoever tries learns nothing about which keys there are.
    let key = key.filter(|_| genuine).ok_or(ApiError::NotGenuine)?;
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|time| time <= now) {
        return Err(ApiError::CredentialsExpired);
    }
    if !key.allowed_ips.is_empty() && !addresses::allowed(&key.allowed_ips, state.proxies.address(request)) {
        return Err(ApiError::AddressNotAllowed);
    }
    // A request without a body is signed over nothing; others are checked where the body is read.
    if request.method() == Method::GET {
        signature::check(request, b"")?;
    }
    let shop = shop_of_request(request, &directory, key)?;
    let caller = Caller {
        partner: key.partner,
        key: key.id,
        shop,
        bound_to: key.shop,
        scopes: key.scopes.clone(),
        directory: directory.clone(),
    };
    Ok((caller, key.form))
}

fn presented(request: &HttpRequest) -> Result<Presented<'_>, ApiError> {
    if let Some(token) = header(request, AUTHORIZATION).and_then(bearer) {
        let (public_id, secret) = split_bearer(token).ok_or(ApiError::MalformedKey)?;
        return Ok(Presented { form: KeyForm::Bearer, public_id, secret });
    }
    let (Some(public_id), Some(secret)) = (header(request, &API_KEY), header(request, &API_SECRET)) else {
        return Err(ApiError::AuthRequired);
    };
    if !public_id.starts_with(KEY_PREFIX) {
        return Err(ApiError::MalformedKey);
    }
    Ok(Presented { form: KeyForm::Pair, public_id, secret })
}

/// The secret that a request presents: what its body is signed with.
pub(super) fn presented_secret(request: &HttpRequest) -> Option<&str> {
    presented(request).ok().map(|presented| presented.secret)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

// A bearer token is bound to its shop and comes with that shop's id; a pair may name any shop that it may act for.
fn shop_of_request(request: &HttpRequest, directory: &Directory, key: &Key) -> Result<Option<ShopId>, ApiError> {
    match (header(request, &SHOP_ID).or_else(|| header(request, &X_SHOP_ID)), key.form) {
        (Some(named), _) => own_shop(directory, key.partner, key.shop, named).map(Some),
        // A bearer of the deployment is bound to no shop.
        (None, KeyForm::Bearer) if key.shop.is_some() => Err(ApiError::AuthRequired),
        (None, KeyForm::Bearer | KeyForm::Pair) => Ok(key.shop),
    }
}

fn own_shop(
    directory: &Directory,
    partner: PartnerId,
    bound_to: Option<ShopId>,
    named: &str,
) -> Result<ShopId, ApiError> {
    let found = ids::parse_shop(named).and_then(|shop| directory.shop_of(partner, shop));
    let Some(shop) = found else { return Err(ApiError::ShopNotFound { shop: named.to_owned() }) };
    match bound_to {
        Some(bound) if bound != shop.id => Err(ApiError::ShopNotAllowed { shop: named.to_owned() }),
        Some(_) | None => Ok(shop.id),
    }
}

// A header that is not visible ASCII cannot be a credential; an empty one counts as absent.
pub(super) fn header(request: &HttpRequest, name: impl AsHeaderName) -> Option<&str> {
    let value = request.headers().get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then_some(value)
}

/// The credentials by their public id, for the programme as it was last seen.
#[derive(Debug, Default)]
pub(crate) struct KeyIndex(RwLock<Indexed>);

#[derive(Debug, Default)]
struct Indexed {
    directory: Option<Arc<Directory>>,
    by_public_id: FxHashMap<String, KeyId>,
}

impl KeyIndex {
    fn find<'a>(&self, directory: &'a Arc<Directory>, public_id: &str) -> Option<&'a Key> {
        {
            let indexed = self.0.read();
            if indexed.directory.as_ref().is_some_and(|known| Arc::ptr_eq(known, directory)) {
                return indexed.by_public_id.get(public_id).and_then(|id| directory.keys.get(id));
            }
        }
        let by_public_id: FxHashMap<String, KeyId> =
            directory.keys.values().map(|key| (key.public_id.clone(), key.id)).collect();
        let found = by_public_id.get(public_id).and_then(|id| directory.keys.get(id));
        *self.0.write() = Indexed { directory: Some(directory.clone()), by_public_id };
        found
    }
}
