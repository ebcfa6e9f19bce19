//! Whether the service works, and whether a credential does.

use super::HttpState;
use super::auth::{Caller, authenticate, presents_any};
use super::envelope::Answer;
use super::errors::ApiError;
use super::locales::{Locale, Message};
use crate::domain::programme::Scope;
use actix_web::{HttpRequest, web};
use serde::Serialize;
use serde_json::json;
use std::borrow::Cow;
use std::time::Instant;
use utoipa::ToSchema;

/// How many events the projector may be behind before the service calls itself degraded.
const LAG_MAX: i64 = crate::writer::LAG_MAX / 4 * 3;
/// How many requests may wait for the writer before the service calls itself degraded.
const WAITING_MAX: usize = crate::writer::WAITING_MAX / 2;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
    #[schema(format = DateTime)]
    timestamp: String,
    version: &'static str,
    environment: String,
    /// Whether the service was started to send nothing by itself and to run no job, as one that tries a copy is.
    dormant: bool,
    components: Components,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthComponents)]
struct Components {
    api: Component,
    database: Component,
    cache: Component,
    jwt: Component,
    memory: Component,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthComponent)]
struct Component {
    status: Condition,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    message: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    latency: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
enum Condition {
    Ok,
    Degraded,
    Down,
}

/// `GET /health`: every part that a request needs, really asked.
pub(crate) async fn health(state: web::Data<HttpState>, locale: Locale) -> Result<Answer<Health>, ApiError> {
    let health = examine(&state, locale);
    // A load balancer reads the status, not the body: a part that is down must not look well.
    if health.components.worst() == Condition::Down {
        return Err(ApiError::Unhealthy { report: json!(health) });
    }
    Ok(Answer::ok(Message::ServiceStatus, health))
}

/// `GET /shop/health`: the same, and a test of credentials where some are sent.
pub(crate) async fn health_with_credentials(
    state: web::Data<HttpState>,
    locale: Locale,
    request: HttpRequest,
) -> Result<Answer<Health>, ApiError> {
    if presents_any(&request) {
        authenticate(&request)?;
    }
    health(state, locale).await
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidCredentials {
    valid: bool,
    partner: PartnerView,
    partner_name: String,
    environment: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ValidPartner)]
struct PartnerView {
    id: i64,
    name: String,
    status: &'static str,
}

/// `POST /{locale}/shop/validate-credentials`
pub(crate) async fn validate_credentials(
    state: web::Data<HttpState>,
    caller: Caller,
    _body: super::body::Body,
) -> Result<Answer<ValidCredentials>, ApiError> {
    let directory = state.queries.live().directory();
    // A credential of the deployment belongs to no partner, and opens nothing but the audit.
    let partner = directory.partners.get(&caller.partner).ok_or(ApiError::MissingScope(Scope::LoyaltyRead))?;
    let name = state.queries.name(partner.record)?.unwrap_or_default();
    let valid = ValidCredentials {
        valid: true,
        partner: PartnerView { id: partner.id.get(), name: name.clone(), status: "active" },
        partner_name: name,
        environment: state.environment.clone(),
    };
    Ok(Answer::ok(Message::CredentialsAreValid, valid))
}

fn examine(state: &HttpState, locale: Locale) -> Health {
    let components = Components {
        api: Component::well(),
        database: database(state, locale),
        cache: cache(state, locale),
        jwt: Component { message: Some(Message::SessionsNotServed.text(locale)), ..Component::well() },
        memory: memory(locale),
    };
    let status = if components.worst() == Condition::Ok { "ok" } else { "degraded" };
    Health {
        status,
        timestamp: state.clock.now().to_seconds_text(),
        version: env!("CARGO_PKG_VERSION"),
        environment: state.environment.clone(),
        dormant: state.dormant,
        components,
    }
}

impl Components {
    fn worst(&self) -> Condition {
        let parts = [&self.api, &self.database, &self.cache, &self.jwt, &self.memory];
        parts.into_iter().map(|part| part.status).max().unwrap_or(Condition::Ok)
    }
}

impl Component {
    const fn well() -> Self {
        Self { status: Condition::Ok, message: None, latency: None }
    }
}

// The books: both files answer a read, and the writer takes requests. A writer whose last commit failed tries anew with each
// request: an instance that looked down for it would be sent none, and could never show that there is room again.
fn database(state: &HttpState, locale: Locale) -> Component {
    let start = Instant::now();
    let read = state.queries.check();
    let micros = start.elapsed().as_micros();
    let latency = Some(format!("{}.{:03}ms", micros / 1_000, micros % 1_000));
    let writer = &state.writer;
    let (status, message) = match read {
        Err(error) => {
            tracing::error!(%error, "the health check could not read");
            (Condition::Down, Some(Message::CannotBeRead))
        }
        Ok(()) if writer.stopped() => (Condition::Down, Some(Message::WrittenNoMore)),
        Ok(()) if writer.failing() => (Condition::Degraded, Some(Message::LastWriteFailed)),
        Ok(()) if writer.waiting() > WAITING_MAX => {
            (Condition::Degraded, Some(Message::RequestsWait { waiting: writer.waiting() }))
        }
        Ok(()) => (Condition::Ok, None),
    };
    Component { status, message: message.map(|message| message.text(locale)), latency }
}

// The views follow the log; how far behind they are is what a reader may have to wait for.
fn cache(state: &HttpState, locale: Locale) -> Component {
    let lag = state.queries.live().progress().lag();
    Component { status: condition_at(lag), message: Some(Message::EventsBehind { lag }.text(locale)), latency: None }
}

const fn condition_at(lag: i64) -> Condition {
    if lag > LAG_MAX { Condition::Degraded } else { Condition::Ok }
}

fn memory(locale: Locale) -> Component {
    // The second number is the resident set, in pages of 4 KiB.
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    Component {
        message: pages.map(|pages| Message::MegabytesResident { megabytes: pages / 256 }.text(locale)),
        ..Component::well()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer;

    #[test]
    fn a_lag_is_told_before_the_writer_waits_for_it_and_not_while_it_only_slows() {
        assert!(matches!(condition_at(writer::LAG_FELT), Condition::Ok));
        assert!(matches!(condition_at(LAG_MAX), Condition::Ok));
        assert!(matches!(condition_at(LAG_MAX + 1), Condition::Degraded));
        assert!(matches!(condition_at(writer::LAG_MAX), Condition::Degraded), "it comes no farther");
    }
}
