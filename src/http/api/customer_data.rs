//! All that is held about one person, under both surfaces: a document, sent as it is read.

use super::submitting::{PathId, find_customer};
use crate::domain::Seq;
use crate::domain::programme::Scope;
use crate::exports::PersonDocument;
use crate::http::HttpState;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::ids;
use crate::http::partners::Access;
use crate::queries::{CustomerData, Queries, QueryError};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{self, Bytes};
use futures_util::stream::{Stream, try_unfold};

type State = web::Data<HttpState>;

pub(crate) async fn export(state: State, caller: Caller, id: PathId) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    document(&state, &caller, &id.0).await
}

pub(crate) async fn export_of_partner(state: State, access: Access, id: PathId) -> Result<HttpResponse, ApiError> {
    document(&state, &access.reads()?, &id.0).await
}

async fn document(state: &State, caller: &Caller, id: &str) -> Result<HttpResponse, ApiError> {
    let customer = find_customer(caller, id)?;
    let data = state.queries.customer_data(caller.partner, customer, state.now()).await?;
    let data = data.ok_or_else(|| ApiError::CustomerNotFound { customer: id.to_owned(), shop: caller.shop })?;
    let name = format!("attachment; filename=\"{}-data.json\"", ids::customer(customer));
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Export-As-Of", data.as_of.to_string()))
        .streaming(pages(state.queries.clone(), data)))
}

enum Stage {
    Begin,
    After(Seq),
    End,
    Done,
}

/// The document, a page of events at a time: the next one is read when the one before has been taken.
fn pages(queries: Queries, data: CustomerData) -> impl Stream<Item = Result<Bytes, QueryError>> {
    let begun = (queries, data, PersonDocument::default(), Stage::Begin);
    try_unfold(begun, |(queries, data, mut document, stage)| async move {
        let (text, next) = match stage {
            Stage::Begin => (PersonDocument::begin(&data), Stage::After(Seq::ZERO)),
            Stage::After(seq) => {
                let (events, next) = queries.customer_events(data.clone(), seq).await.inspect_err(|error| {
                    tracing::warn!(%error, "the data of a customer broke off");
                })?;
                let text: String = events.iter().map(|event| document.event(event)).collect();
                (text, next.map_or(Stage::End, Stage::After))
            }
            Stage::End => (PersonDocument::end().to_owned(), Stage::Done),
            Stage::Done => return Ok(None),
        };
        Ok(Some((Bytes::from(text), (queries, data, document, next))))
    })
}
