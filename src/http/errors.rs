//! Every way in which a request can fail, and the one place that gives each its status, code, number, message and details.
//!
//! What a client is told stands here. What happened inside goes to the program's own log, never to a client.

use super::fields::{Problem, Problems};
use super::ids;
use crate::domain::points::Points;
use crate::domain::programme::Scope;
use crate::domain::{Rejection, ShopId};
use crate::queries::QueryError;
use crate::writer::Refusal;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};
use std::fmt;

/// Why a request was not answered with what it asked for.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No credential was sent, or half of one.
    AuthRequired,
    /// The key does not begin with `lty_`, or the token does not look like one.
    MalformedKey,
    UnknownKey,
    WrongSecret,
    /// The signature of the body does not fit.
    WrongSignature,
    /// Revoked, or past its time.
    CredentialsExpired,
    AddressNotAllowed,
    MissingScope(Scope),
    /// The shop is the partner's, but not the credential's.
    ShopNotAllowed {
        shop: String,
    },
    ShopNotFound {
        shop: String,
    },
    /// Fields or parameters that cannot be accepted.
    Invalid(Problems),
    /// The body is no JSON object.
    MalformedBody(String),
    BodyTooLarge {
        most: usize,
    },
    BulkTooLarge {
        size: usize,
    },
    CardNotFound {
        card: String,
    },
    CustomerNotFound {
        customer: String,
        shop: Option<ShopId>,
    },
    CardBlocked {
        card: String,
        reason: Option<String>,
    },
    /// A rule of the programme, with nothing to add.
    Rejected(Rejection),
    /// The key was claimed by other content: what was recorded under it.
    AlreadyExists {
        recorded: Value,
    },
    UnknownPath,
    WrongMethod {
        allowed: Option<String>,
    },
    TooManyRequests {
        retry_after: i64,
    },
    /// Nothing was done: try again.
    Unavailable(&'static str),
    /// A component does not work: what the health check found.
    Unhealthy {
        report: Value,
    },
    /// A defect, whose story is in the log.
    Internal,
}

/// An error as a client sees it.
pub(crate) struct Form {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) number: Option<u16>,
    pub(crate) message: String,
    pub(crate) details: Map<String, Value>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) data: Option<Value>,
    pub(crate) retry_after: Option<i64>,
    pub(crate) allowed: Option<String>,
}

/// Seconds after which a request that found the service busy may try again.
const RETRY_AFTER: i64 = 1;

impl Form {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            number: None,
            message: message.into(),
            details: Map::new(),
            problems: Vec::new(),
            data: None,
            retry_after: None,
            allowed: None,
        }
    }

    fn number(mut self, number: u16) -> Self {
        self.number = Some(number);
        self
    }

    fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The form of an answer that did not come from here: the framework's own refusals.
    pub(crate) fn of_status(status: StatusCode, allowed: Option<String>) -> Self {
        if status == StatusCode::METHOD_NOT_ALLOWED {
            return ApiError::WrongMethod { allowed }.form();
        }
        if status == StatusCode::NOT_FOUND {
            return ApiError::UnknownPath.form();
        }
        if status.is_client_error() {
            return Self::new(status, "VALIDATION_ERROR", "The request could not be understood").number(1100);
        }
        Self { status, ..ApiError::Internal.form() }
    }
}

impl ApiError {
    /// The one mapping.
    pub(crate) fn form(&self) -> Form {
        use StatusCode as S;
        match self {
            Self::AuthRequired => Form::new(
                S::UNAUTHORIZED,
                "AUTH_REQUIRED",
                "Send X-API-Key and X-API-Secret, or a bearer token with Shop-ID",
            )
            .number(1010),
            Self::MalformedKey => {
                Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", "The API key does not have the form of one")
                    .number(1011)
            }
            Self::UnknownKey => {
                Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", "The credentials are not valid").number(1012)
            }
            Self::WrongSecret => {
                Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", "The credentials are not valid").number(1013)
            }
            Self::WrongSignature => {
                Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", "X-API-Signature does not fit the body")
            }
            Self::CredentialsExpired => {
                Form::new(S::UNAUTHORIZED, "CREDENTIALS_EXPIRED", "The credentials were revoked or are out of date")
                    .number(1014)
            }
            Self::AddressNotAllowed => {
                Form::new(S::FORBIDDEN, "IP_NOT_WHITELISTED", "The credentials may not be used from this address")
            }
            Self::MissingScope(scope) => {
                Form::new(S::FORBIDDEN, "INSUFFICIENT_PERMISSIONS", "The credentials may not do this")
                    .number(1005)
                    .detail("required_permissions", json!([scope.name()]))
            }
            Self::ShopNotAllowed { shop } => {
                Form::new(S::FORBIDDEN, "STORE_ACCESS_DENIED", "The credentials belong to another shop")
                    .detail("shop_id", shop.as_str())
            }
            Self::ShopNotFound { shop } => {
                Form::new(S::NOT_FOUND, "SHOP_NOT_FOUND", "There is no such shop").detail("shop_id", shop.as_str())
            }
            Self::Invalid(problems) => invalid(problems),
            Self::MalformedBody(why) => Form::new(S::BAD_REQUEST, "VALIDATION_ERROR", why.as_str()).number(1100),
            Self::BodyTooLarge { most } => {
                Form::new(S::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "The body is too large")
                    .detail("maximum_bytes", *most)
            }
            Self::BulkTooLarge { size } => {
                Form::new(S::UNPROCESSABLE_ENTITY, "BULK_OPERATION_TOO_LARGE", "Too many items in one request")
                    .detail("provided_size", *size)
                    .detail("maximum_size", super::limits::BULK_ITEMS)
            }
            Self::CardNotFound { card } => Form::new(S::NOT_FOUND, "CARD_NOT_FOUND", "There is no such card")
                .number(1200)
                .detail("card_id", card.as_str()),
            Self::CustomerNotFound { customer, shop } => {
                Form::new(S::NOT_FOUND, "CUSTOMER_NOT_FOUND", "There is no such customer")
                    .detail("customer_id", customer.as_str())
                    .detail("shop_id", shop.map(ShopId::get))
            }
            Self::CardBlocked { card, reason } => Form::new(S::FORBIDDEN, "CARD_BLOCKED", "The card is blocked")
                .detail("card_id", card.as_str())
                .detail("blocked_reason", reason.clone()),
            Self::Rejected(rejection) => rejected(rejection),
            Self::AlreadyExists { recorded } => Form {
                data: Some(recorded.clone()),
                ..Form::new(
                    S::CONFLICT,
                    "RESOURCE_ALREADY_EXISTS",
                    "Something else was recorded under this order id, reference or idempotency key",
                )
            },
            Self::UnknownPath => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", "There is nothing under this path"),
            Self::WrongMethod { allowed } => Form {
                allowed: allowed.clone(),
                ..Form::new(S::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "The path does not have this method")
            },
            Self::TooManyRequests { retry_after } => Form {
                retry_after: Some(*retry_after),
                ..Form::new(S::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", "Too many requests: try again later")
                    .number(1003)
                    .detail("retry_after", *retry_after)
            },
            Self::Unavailable(why) => Form {
                retry_after: Some(RETRY_AFTER),
                ..Form::new(S::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", *why).detail("retry_after", RETRY_AFTER)
            },
            Self::Unhealthy { report } => Form {
                data: Some(report.clone()),
                ..Form::new(S::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "A component does not work")
            },
            Self::Internal => Form::new(S::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong on our side"),
        }
    }

    /// One field that cannot be accepted.
    pub(crate) fn invalid(problem: Problem) -> Self {
        Self::Invalid(Problems::from(problem))
    }

    /// A question that would have to read too many rows: the client can narrow it by `field`.
    fn too_wide(field: &str, most: i64) -> Self {
        Self::invalid(Problem::too_wide(field, most))
    }

    /// A question that was not answered, where `field` and not `from_date` is what narrows it.
    pub(crate) fn of_query(error: QueryError, field: &str) -> Self {
        match error {
            QueryError::TooWide { most } => Self::too_wide(field, most),
            other => other.into(),
        }
    }
}

// Of several problems the one with a code of its own names the answer.
fn invalid(problems: &Problems) -> Form {
    let named = problems.iter().find_map(|problem| Some((problem, problem.code?)));
    let mut form = match named {
        Some((problem, code)) => {
            Form::new(StatusCode::BAD_REQUEST, code, problem.message.as_str()).detail("field", problem.field.as_str())
        }
        None => Form::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", "Some fields are not valid").number(1100),
    };
    if let Some((problem, _)) = named {
        form.details.extend(problem.meta.clone());
    }
    form.problems = problems.iter().cloned().collect();
    form
}

fn rejected(rejection: &Rejection) -> Form {
    use StatusCode as S;
    let not_allowed = |message: &str| Form::new(S::UNPROCESSABLE_ENTITY, "OPERATION_NOT_ALLOWED", message);
    let out_of_range = |message: &str| Form::new(S::UNPROCESSABLE_ENTITY, "POINTS_OUT_OF_RANGE", message);
    match rejection {
        Rejection::CardNotFound { card } => ApiError::CardNotFound { card: ids::card(*card) }.form(),
        Rejection::CustomerNotFound { customer } => {
            ApiError::CustomerNotFound { customer: ids::customer(*customer), shop: None }.form()
        }
        Rejection::TemplateNotFound { template } => {
            Form::new(S::NOT_FOUND, "CARD_NOT_FOUND", "There is no such template")
                .number(1200)
                .detail("template_id", template.get())
        }
        Rejection::NoTemplateToAssign => not_allowed("No card template is assigned automatically"),
        Rejection::ShopNotFound { shop } => ApiError::ShopNotFound { shop: shop.to_string() }.form(),
        Rejection::KeyNotFound { .. } => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", "There is no such credential"),
        Rejection::CustomerExists { customer } => {
            Form::new(S::CONFLICT, "DUPLICATE_CUSTOMER", "A customer with this email exists already")
                .detail("field", "email")
                .detail("existing_customer_id", ids::customer(*customer))
        }
        Rejection::CustomerHasCard { card } => {
            Form::new(S::CONFLICT, "DUPLICATE_CUSTOMER", "The customer with this email has a card already")
                .detail("field", "customer_email")
                .detail("existing_card_id", ids::card(*card))
        }
        Rejection::EmailIsFinal => {
            ApiError::invalid(Problem::value("customer_email", "cannot be changed once set")).form()
        }
        Rejection::CustomerErased { customer } => {
            not_allowed("The customer was erased").detail("customer_id", ids::customer(*customer))
        }
        Rejection::CardBlocked { card } => ApiError::CardBlocked { card: ids::card(*card), reason: None }.form(),
        Rejection::CardInactive { card } => Form {
            message: "The card is not active yet".to_owned(),
            ..ApiError::CardBlocked { card: ids::card(*card), reason: None }.form()
        },
        Rejection::EarningDisabled => not_allowed("Cards of this kind do not earn points"),
        Rejection::RedemptionDisabled => not_allowed("Points of these cards cannot be redeemed"),
        Rejection::TooManyPoints { points } => out_of_range("One operation cannot move so many points")
            .detail("requested_points", points.get())
            .detail("maximum_points", Points::MAX_MOVED.get()),
        Rejection::ExpiryNotInFuture => ApiError::invalid(Problem::value("expires_at", "must be in the future")).form(),
        Rejection::BelowRedemptionMinimum { points, minimum } => {
            not_allowed("Fewer points than one redemption must have")
                .detail("requested_points", points.get())
                .detail("minimum_points", minimum.get())
        }
        Rejection::AboveRedemptionMaximum { points, maximum } => {
            not_allowed("More points than one redemption may have")
                .detail("requested_points", points.get())
                .detail("maximum_points", maximum.get())
        }
        Rejection::BalanceOutOfRange { balance, points } => out_of_range("The balance would leave its bounds")
            .detail("requested_points", points.get())
            .detail("current_balance", balance.get()),
        Rejection::InsufficientPoints { needed, available } => {
            Form::new(S::UNPROCESSABLE_ENTITY, "INSUFFICIENT_POINTS", "The card does not have enough points")
                .detail("required_points", needed.get())
                .detail("available_points", available.get())
                .detail("shortfall", needed.minus(*available).get())
                .detail("requested_points", needed.get())
                .detail("current_balance", available.get())
        }
        Rejection::NothingToExpire { card } => {
            not_allowed("No points match what is asked to expire").detail("card_id", ids::card(*card))
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Behind => Self::Unavailable("The views are catching up: try again"),
            QueryError::Busy => Self::Unavailable("The service is busy: try again"),
            QueryError::TooWide { most } => Self::too_wide("from_date", most),
            QueryError::Open(_) | QueryError::Read(_) | QueryError::Body(_) | QueryError::Lost => {
                tracing::error!(%error, "a read failed");
                Self::Internal
            }
        }
    }
}

impl ApiError {
    /// A refusal by the writer, except for a conflict, whose recorded events the caller renders.
    pub(crate) fn refused(refusal: Refusal, recorded: impl FnOnce(&[crate::writer::Recorded]) -> Value) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => Self::Rejected(rejection),
            Refusal::Conflict { events } => Self::AlreadyExists { recorded: recorded(&events) },
            Refusal::Busy => Self::Unavailable("The service is busy: nothing was written, try again"),
            Refusal::NotWritten => Self::Unavailable("The ledger could not be written: nothing was written, try again"),
            Refusal::Stopping => Self::Unavailable("The service is stopping: nothing was written, try again"),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form().code)
    }
}

// The body is written where the request's id is known: see `edge`.
impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.form().status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(error: &ApiError) -> (u16, &'static str, Option<i64>) {
        let form = error.form();
        (form.status.as_u16(), form.code, form.retry_after)
    }

    #[test]
    fn nothing_written_means_try_again() {
        for refusal in [Refusal::Busy, Refusal::NotWritten, Refusal::Stopping] {
            let error = ApiError::refused(refusal, |_| Value::Null);
            assert_eq!(answer(&error), (503, "SERVICE_UNAVAILABLE", Some(RETRY_AFTER)));
        }
        for error in [QueryError::Behind, QueryError::Busy] {
            assert_eq!(answer(&error.into()), (503, "SERVICE_UNAVAILABLE", Some(RETRY_AFTER)));
        }
    }

    #[test]
    fn what_happened_inside_stays_inside() {
        let inside = rusqlite::Error::InvalidParameterName("secret-table".to_owned());
        let form = ApiError::from(QueryError::from(inside)).form();
        assert_eq!((form.status.as_u16(), form.code), (500, "INTERNAL_ERROR"));
        assert!(!form.message.contains("secret-table") && form.details.is_empty());
    }

    #[test]
    fn a_question_that_is_too_wide_is_the_clients_to_narrow() {
        let form = ApiError::from(QueryError::TooWide { most: 7 }).form();
        assert_eq!((form.status.as_u16(), form.code), (400, "VALIDATION_ERROR"));
        assert_eq!(form.problems[0].field, "from_date");
    }

    #[test]
    fn of_several_problems_the_one_with_a_code_of_its_own_names_the_answer() {
        let mut fields = super::super::fields::Fields::new(serde_json::from_str(r#"{"points": -1}"#).unwrap());
        fields.required_text("reason", 10);
        fields.points("points", super::super::fields::POSITIVE);
        let form = ApiError::Invalid(fields.finish()).form();
        assert_eq!(form.code, "INVALID_POINTS");
        assert_eq!(form.details["provided_value"], json!(-1));
        assert_eq!(form.problems.len(), 2);
    }
}
