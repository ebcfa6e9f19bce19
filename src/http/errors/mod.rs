//! Every way in which a request can fail, and in `form` and `rejections` the one place that gives each its status, code, number,
//! message and details.
//!
//! What a client is told stands here. What happened inside goes to the program's own log, never to a client.

mod catalogue;
mod form;
mod rejections;

pub(crate) use catalogue::{CATALOGUE, Entry};
pub(crate) use form::Form;

use super::fields::{Problem, Problems};
use super::locales::Message;
use crate::domain::programme::Scope;
use crate::domain::{CardId, Rejection, ShopId};
use crate::notary::NotaryError;
use crate::ops::OpsError;
use crate::queries::QueryError;
use crate::sealing::SealingError;
use crate::writer::Refusal;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::Value;
use std::fmt;

/// Why a request was not answered with what it asked for.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No credential was sent, or half of one.
    AuthRequired,
    /// The key does not begin with `lty_`, or the token does not look like one.
    MalformedKey,
    /// An unknown key, another's secret, a token that is not the link's: which of them, nobody is told.
    NotGenuine,
    /// The signature of the body does not fit.
    WrongSignature,
    /// Revoked, or past its time.
    CredentialsExpired,
    AddressNotAllowed,
    MissingScope(Scope),
    /// Under `/partners`: the credential lacks the scope.
    MissingPartnerScope(Scope),
    /// `X-Partner-ID` names another partner than the credential's.
    NotThePartner,
    /// The credential is bound to one shop, and what is asked concerns the whole partner.
    NeedsWholePartner {
        shop: ShopId,
    },
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
    MalformedBody(Message),
    /// The body did not arrive in time.
    BodyTooSlow,
    BodyTooLarge {
        most: usize,
    },
    BulkTooLarge {
        size: usize,
        most: usize,
    },
    CardNotFound {
        card: String,
    },
    CustomerNotFound {
        customer: String,
        shop: Option<ShopId>,
    },
    TransactionNotFound {
        transaction: String,
    },
    ExportNotFound {
        export: String,
    },
    DeliveryNotFound {
        delivery: String,
    },
    /// What is asked for was there until its time was over.
    Expired,
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
    CheckpointNotFound,
    /// The month is not sealed, or the card was issued later.
    SealNotFound {
        period: String,
    },
    /// A QR code does not hold so much.
    ReceiptTooLong {
        bytes: usize,
    },
    /// The log is not a continuation of what was signed: nothing is signed until an operator has looked.
    NothingSigned,
    UnknownPath,
    WrongMethod {
        allowed: Option<String>,
    },
    TooManyRequests {
        retry_after: i64,
    },
    /// Points moved on the card as often as they may.
    TooManyMovements {
        card: CardId,
        retry_after: i64,
    },
    /// As many downloads as there may be are under way.
    TooManyDownloads {
        retry_after: i64,
    },
    /// The partner keeps as many exports as it may.
    TooManyExports {
        retry_after: i64,
    },
    /// Nothing was done: try again.
    Unavailable(Message),
    /// A component does not work: what the health check found.
    Unhealthy {
        report: Value,
    },
    /// A defect, whose story is in the log.
    Internal,
}

impl ApiError {
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
        if let QueryError::TooWide { most } = error { Self::too_wide(field, most) } else { error.into() }
    }

    /// A refusal by the writer, except for a conflict, whose recorded events the caller renders.
    pub(crate) fn refused(refusal: Refusal, recorded: impl FnOnce(&[crate::writer::Recorded]) -> Value) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => Self::Rejected(rejection),
            Refusal::Conflict { events } => Self::AlreadyExists { recorded: recorded(&events) },
            Refusal::TooOften { card, retry_after } => Self::TooManyMovements { card, retry_after },
            Refusal::Busy => Self::Unavailable(Message::BusyNothingWritten),
            Refusal::NotWritten => Self::Unavailable(Message::LedgerNotWritten),
            Refusal::Stopping => Self::Unavailable(Message::Stopping),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Behind => Self::Unavailable(Message::ViewsCatchingUp),
            QueryError::Busy => Self::Unavailable(Message::Busy),
            QueryError::TooWide { most } | QueryError::TooLong { most } => Self::too_wide("from_date", most),
            // Whoever asks for a moment of the past says of which field: see `as_of`.
            QueryError::Beyond { head } => {
                Self::invalid(Problem::range("as_of_seq", Message::NumberBetween { least: 1, most: head.get() }))
            }
            QueryError::Past(_)
            | QueryError::Open(_)
            | QueryError::Read(_)
            | QueryError::Body(_)
            | QueryError::Tree(_)
            | QueryError::Lost => {
                tracing::error!(%error, "a read failed");
                Self::Internal
            }
        }
    }
}

impl From<OpsError> for ApiError {
    fn from(error: OpsError) -> Self {
        tracing::error!(%error, "ops.db failed");
        Self::Internal
    }
}

impl From<SealingError> for ApiError {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::Query(error) => error.into(),
            SealingError::Refused(refusal) => Self::refused(refusal, |_| Value::Null),
            SealingError::Checkpoint(error) => error.into(),
            SealingError::Randomness(_)
            | SealingError::Overtaken { .. }
            | SealingError::Empty
            | SealingError::Stopped
            | SealingError::Unwritten
            | SealingError::Contradicted => {
                tracing::error!(%error, "a balance was not proved");
                Self::Internal
            }
        }
    }
}

impl From<NotaryError> for ApiError {
    fn from(error: NotaryError) -> Self {
        match error {
            NotaryError::Refused(refusal) => Self::refused(refusal, |_| Value::Null),
            NotaryError::Query(error) => error.into(),
            NotaryError::NoSuchCheckpoint { .. } => Self::CheckpointNotFound,
            NotaryError::UnknownWitness => Self::invalid(Problem::value("signature", Message::UnknownWitness)),
            NotaryError::Line(_) => Self::invalid(Problem::format("signature", Message::MustBeSignatureLine)),
            NotaryError::Cosignature(_) => Self::invalid(Problem::value("signature", Message::SignatureDoesNotVerify)),
            NotaryError::NoSeed { .. }
            | NotaryError::Shorter { .. }
            | NotaryError::Different { .. }
            | NotaryError::NothingLost
            | NotaryError::LostOther { .. }
            | NotaryError::CopyFile { .. }
            | NotaryError::CopyForm(_)
            | NotaryError::CopyOther { .. }
            | NotaryError::CopyAhead { .. } => {
                tracing::error!(%error, "nothing is signed");
                Self::NothingSigned
            }
            NotaryError::Ops(_) | NotaryError::Key(_) | NotaryError::Randomness(_) | NotaryError::Unwritten(_) => {
                tracing::error!(%error, "a checkpoint was not made");
                Self::Internal
            }
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
    use super::form::RETRY_AFTER;
    use super::*;
    use serde_json::json;

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
        assert_eq!(form.message, Message::OurSide);
        assert!(form.details.is_empty());
    }

    #[test]
    fn a_question_that_is_too_wide_is_the_clients_to_narrow() {
        let form = ApiError::from(QueryError::TooWide { most: 7 }).form();
        assert_eq!((form.status.as_u16(), form.code), (400, "VALIDATION_ERROR"));
        assert_eq!(form.problems[0].field, "from_date");
        let form = ApiError::of_query(QueryError::TooWide { most: 7 }, "days").form();
        assert_eq!((form.code, form.problems[0].field.as_str()), ("VALIDATION_ERROR", "days"));
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
