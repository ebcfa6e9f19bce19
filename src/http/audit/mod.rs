//! The auditor's surface, `/audit/*`: checkpoints, proofs, tiles, events, receipts and books. Answers are what other tools read (notes,
//! tiles, plain JSON), without the envelope of the other surfaces; refusals have the same form as everywhere.

pub(crate) mod balances;
pub(crate) mod books;
pub(crate) mod checkpoints;
pub(crate) mod events;
mod feed;
pub(crate) mod proofs;
pub(crate) mod receipts;

pub(super) use feed::Feeds;

use crate::domain::{PartnerId, Seq};
use crate::http::HttpState;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::queries::Sight;
use actix_web::web;

type State = web::Data<HttpState>;

/// What the caller may see of the log: a partner's key its partner's rows, a key of the deployment all of them.
fn sight(caller: &Caller) -> Sight {
    if caller.partner == PartnerId::DEPLOYMENT { Sight::Everything } else { Sight::Partner(caller.partner) }
}

/// Does what blocks on a thread that may.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, crate::notary::NotaryError> + Send + 'static,
) -> Result<T, ApiError> {
    Ok(web::block(work).await.map_err(|_| ApiError::Internal)??)
}

/// A whole number that must be given, within bounds.
fn required(params: &mut Params, name: &'static str, bounds: std::ops::RangeInclusive<i64>) -> Option<Seq> {
    if params.value(name).is_none() {
        params.problem(Problem::required(name));
        return None;
    }
    params.number(&[name], bounds).map(Seq::new)
}

/// A part of the path that is a size.
fn size_of(text: &str) -> Result<Seq, ApiError> {
    let size = text.parse::<i64>().ok().filter(|size| *size > 0).map(Seq::new);
    let bounds = Message::NumberBetween { least: 1, most: i64::MAX };
    size.ok_or_else(|| ApiError::invalid(Problem::range("size", bounds)))
}
