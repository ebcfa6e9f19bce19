//! An error as a client sees it, and what each becomes.

use super::ApiError;
use super::rejections::rejected;
use crate::domain::ShopId;
use crate::http::fields::{Problem, Problems};
use crate::http::ids;
use crate::http::locales::Message;
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

/// An error as a client sees it.
pub(crate) struct Form {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) number: Option<u16>,
    pub(crate) message: Message,
    pub(crate) details: Map<String, Value>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) data: Option<Value>,
    pub(crate) retry_after: Option<i64>,
    pub(crate) allowed: Option<String>,
}

/// Seconds after which a request that found the service busy may try again.
pub(super) const RETRY_AFTER: i64 = 1;

impl Form {
    pub(super) fn new(status: StatusCode, code: &'static str, message: Message) -> Self {
        Self {
            status,
            code,
            number: None,
            message,
            details: Map::new(),
            problems: Vec::new(),
            data: None,
            retry_after: None,
            allowed: None,
        }
    }

    pub(super) fn number(mut self, number: u16) -> Self {
        self.number = Some(number);
        self
    }

    pub(super) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// What is always true of a code.
    pub(crate) fn of_entry(entry: &super::Entry) -> Self {
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { number: entry.number, ..Self::new(status, entry.code, entry.message.clone()) }
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
            return Self::new(status, "VALIDATION_ERROR", Message::NotUnderstood).number(1100);
        }
        Self { status, ..ApiError::Internal.form() }
    }
}

impl ApiError {
    /// The one mapping.
    pub(crate) fn form(&self) -> Form {
        use StatusCode as S;
        match self {
            Self::AuthRequired => Form::new(S::UNAUTHORIZED, "AUTH_REQUIRED", Message::SendCredentials).number(1010),
            Self::MalformedKey => Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", Message::MalformedKey).number(1011),
            Self::NotGenuine => {
                Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", Message::CredentialsNotValid).number(1012)
            }
            Self::WrongSignature => Form::new(S::UNAUTHORIZED, "INVALID_CREDENTIALS", Message::SignatureDoesNotFit),
            Self::CredentialsExpired => {
                Form::new(S::UNAUTHORIZED, "CREDENTIALS_EXPIRED", Message::CredentialsExpired).number(1014)
            }
            Self::AddressNotAllowed => Form::new(S::FORBIDDEN, "IP_NOT_WHITELISTED", Message::AddressNotAllowed),
            Self::MissingScope(scope) => Form::new(S::FORBIDDEN, "INSUFFICIENT_PERMISSIONS", Message::NotPermitted)
                .number(1005)
                .detail("required_permissions", json!([scope.name()])),
            Self::MissingPartnerScope(scope) => {
                not_the_partner(Message::NotPermitted).detail("required_permissions", json!([scope.name()]))
            }
            Self::NotThePartner => not_the_partner(Message::NotThePartner),
            Self::NeedsWholePartner { shop } => {
                not_the_partner(Message::NeedsWholePartner).detail("shop_id", shop.get())
            }
            Self::ShopNotAllowed { shop } => {
                Form::new(S::FORBIDDEN, "STORE_ACCESS_DENIED", Message::CredentialsOfAnotherShop)
                    .detail("shop_id", shop.as_str())
            }
            Self::ShopNotFound { shop } => {
                Form::new(S::NOT_FOUND, "SHOP_NOT_FOUND", Message::NoSuchShop).detail("shop_id", shop.as_str())
            }
            Self::Invalid(problems) => invalid(problems),
            Self::MalformedBody(why) => Form::new(S::BAD_REQUEST, "VALIDATION_ERROR", why.clone()).number(1100),
            Self::BodyTooSlow => Form::new(S::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", Message::BodyTooSlow),
            Self::BodyTooLarge { most } => Form::new(S::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", Message::BodyTooLarge)
                .detail("maximum_bytes", *most),
            Self::BulkTooLarge { size, most } => {
                Form::new(S::UNPROCESSABLE_ENTITY, "BULK_OPERATION_TOO_LARGE", Message::TooManyItems)
                    .detail("provided_size", *size)
                    .detail("maximum_size", *most)
            }
            Self::CardNotFound { card } => Form::new(S::NOT_FOUND, "CARD_NOT_FOUND", Message::NoSuchCard)
                .number(1200)
                .detail("card_id", card.as_str()),
            Self::CustomerNotFound { customer, shop } => {
                Form::new(S::NOT_FOUND, "CUSTOMER_NOT_FOUND", Message::NoSuchCustomer)
                    .detail("customer_id", customer.as_str())
                    .detail("shop_id", shop.map(ShopId::get))
            }
            Self::TransactionNotFound { transaction } => {
                Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchTransaction)
                    .detail("transaction_id", transaction.as_str())
            }
            Self::ExportNotFound { export } => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchExport)
                .detail("export_id", export.as_str()),
            Self::DeliveryNotFound { delivery } => {
                Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchDelivery)
                    .detail("delivery_id", delivery.as_str())
            }
            Self::Expired => Form::new(S::GONE, "RESOURCE_EXPIRED", Message::Expired),
            Self::CardBlocked { card, reason } => Form::new(S::FORBIDDEN, "CARD_BLOCKED", Message::CardIsBlocked)
                .detail("card_id", card.as_str())
                .detail("blocked_reason", reason.clone()),
            Self::Rejected(rejection) => rejected(rejection),
            Self::AlreadyExists { recorded } => Form {
                data: Some(recorded.clone()),
                ..Form::new(S::CONFLICT, "RESOURCE_ALREADY_EXISTS", Message::RecordedDifferently)
            },
            Self::CheckpointNotFound => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchCheckpoint),
            Self::SealNotFound { period } => {
                Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NoSuchSeal).detail("period", period.as_str())
            }
            Self::ReceiptTooLong { bytes } => {
                Form::new(S::UNPROCESSABLE_ENTITY, "OPERATION_NOT_ALLOWED", Message::ReceiptTooLong)
                    .detail("bytes", *bytes)
                    .detail("maximum_bytes", crate::http::limits::QR_RECEIPT_BYTES)
            }
            Self::NothingSigned => {
                Form::new(S::UNPROCESSABLE_ENTITY, "OPERATION_NOT_ALLOWED", Message::CheckpointNotSigned)
            }
            Self::UnknownPath => Form::new(S::NOT_FOUND, "RESOURCE_NOT_FOUND", Message::NothingUnderPath),
            Self::WrongMethod { allowed } => Form {
                allowed: allowed.clone(),
                ..Form::new(S::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", Message::MethodNotAllowed)
            },
            Self::TooManyRequests { retry_after } => Form {
                retry_after: Some(*retry_after),
                ..Form::new(S::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", Message::TooManyRequests)
                    .number(1003)
                    .detail("retry_after", *retry_after)
            },
            Self::TooManyMovements { card, retry_after } => Form {
                retry_after: Some(*retry_after),
                ..Form::new(S::TOO_MANY_REQUESTS, "TRANSACTION_LIMIT_EXCEEDED", Message::TooManyMovements)
                    .detail("card_id", ids::card(*card))
                    .detail("retry_after", *retry_after)
            },
            Self::TooManyDownloads { retry_after } => Form {
                retry_after: Some(*retry_after),
                ..Form::new(S::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", Message::TooManyDownloads)
                    .number(1003)
                    .detail("retry_after", *retry_after)
            },
            Self::TooManyExports { retry_after } => Form {
                retry_after: Some(*retry_after),
                ..Form::new(S::TOO_MANY_REQUESTS, "QUOTA_EXCEEDED", Message::TooManyExports)
                    .detail("maximum", crate::ops::EXPORT_JOBS_MAX)
                    .detail("retry_after", *retry_after)
            },
            Self::Unavailable(why) => Form {
                retry_after: Some(RETRY_AFTER),
                ..Form::new(S::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", why.clone())
                    .detail("retry_after", RETRY_AFTER)
            },
            Self::Unhealthy { report } => Form {
                data: Some(report.clone()),
                ..Form::new(S::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", Message::ComponentDoesNotWork)
            },
            Self::Internal => Form::new(S::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", Message::OurSide),
        }
    }
}

fn not_the_partner(message: Message) -> Form {
    Form::new(StatusCode::FORBIDDEN, "INSUFFICIENT_PARTNER_PERMISSIONS", message)
}

// Of several problems the one with a code of its own names the answer.
fn invalid(problems: &Problems) -> Form {
    let named = problems.iter().find_map(|problem| Some((problem, problem.code?)));
    let mut form = match named {
        Some((problem, code)) => {
            Form::new(StatusCode::BAD_REQUEST, code, problem.message.clone()).detail("field", problem.field.as_str())
        }
        None => Form::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", Message::SomeFieldsNotValid).number(1100),
    };
    if let Some((problem, _)) = named {
        form.details.extend(problem.meta.clone());
    }
    form.problems = problems.iter().cloned().collect();
    form
}
