//! Changing a part of something that events state as a whole: what stays is filled in from what is there, and where somebody
//! else was faster, from what is there then.

use super::State;
use crate::domain::Rejection;
use crate::http::api::submitting::{request, submit};
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::writer::{Command, Outcome};
use serde_json::json;

/// How often a change is made anew after another one came before it.
const ATTEMPTS: usize = 8;

/// Submits what `make` makes of the present, as often as the present changes under it.
pub(super) async fn change(
    state: &State,
    caller: &Caller,
    make: impl Fn() -> Result<Command, ApiError>,
) -> Result<Outcome, ApiError> {
    for _ in 0..ATTEMPTS {
        match submit(state, request(caller, None, make()?), |_| json!({})).await {
            Err(ApiError::Rejected(Rejection::ChangedMeanwhile { .. })) => {}
            done => return done,
        }
    }
    Err(ApiError::Unavailable(Message::ChangedMeanwhile))
}

/// Puts a value that was sent in the place of the one that is there.
pub(super) fn set<T>(place: &mut T, sent: Option<T>) {
    if let Some(sent) = sent {
        *place = sent;
    }
}
