//! Whether the service takes commands, and if not, why.

use crate::http::HttpState;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::writer::Writer;
use actix_web::web;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use utoipa::ToSchema;

/// How long after a commit that failed the service is not ready. Then it lets requests try again: nothing else would show that
/// there is room on the disk.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Whether commands are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// The files are being opened and checked.
    Starting,
    /// views.db is being made anew.
    Rebuilding {
        percent: i64,
    },
    /// Told to stop: what was taken is being answered.
    Draining,
    /// The writer has ended; only a restart mends that.
    Stopped,
    /// The log could not be written a moment ago.
    Refusing,
}

impl Readiness {
    /// That of a running service.
    pub(super) fn of(writer: &Writer) -> Self {
        if writer.stopped() {
            Self::Stopped
        } else if writer.failed_ago().is_some_and(|ago| ago < AFTER_FAILURE) {
            Self::Refusing
        } else {
            Self::Ready
        }
    }

    /// Whether commands are taken.
    #[must_use]
    pub fn is_ready(self) -> bool {
        self == Self::Ready
    }

    pub(super) fn told(self) -> Value {
        match self {
            Self::Ready => json!({"ready": true}),
            Self::Starting => json!({"ready": false, "reason": "starting"}),
            Self::Rebuilding { percent } => json!({"ready": false, "reason": "rebuilding", "percent": percent}),
            Self::Draining => json!({"ready": false, "reason": "draining"}),
            Self::Stopped => json!({"ready": false, "reason": "stopped"}),
            Self::Refusing => json!({"ready": false, "reason": "not_writable"}),
        }
    }
}

/// Commands are taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    ready: bool,
}

/// `GET /ready`
pub(in crate::http) async fn ready(state: web::Data<HttpState>) -> Result<Answer<Ready>, ApiError> {
    match Readiness::of(&state.writer) {
        Readiness::Ready => Ok(Answer::ok(Message::ServiceStatus, Ready { ready: true })),
        Readiness::Stopped | Readiness::Draining => Err(ApiError::Unavailable(Message::Stopping)),
        Readiness::Refusing => Err(ApiError::Unavailable(Message::LedgerNotWritten)),
        // Requests are taken only once everything is there.
        Readiness::Starting | Readiness::Rebuilding { .. } => Err(ApiError::Unavailable(Message::Busy)),
    }
}
