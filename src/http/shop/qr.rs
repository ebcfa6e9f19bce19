//! `/qr`: QR codes as pictures, for anyone who has the address.

use super::State;
use crate::http::HttpState;
use crate::http::api::submitting::PathId;
use crate::http::as_of;
use crate::http::edge::RequestContext;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::ids::CardRef;
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::http::picture;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use qrcode::EcLevel;

/// Counts the request, and notes what its headers say.
fn counted(state: &HttpState, request: &HttpRequest) -> Result<(), ApiError> {
    let verdict = state.rate_limits.count_picture(state.proxies.counted(request));
    if let Some(context) = RequestContext::of(request) {
        context.stands(verdict.standing);
    }
    verdict.outcome
}

pub(crate) async fn text(state: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    counted(&state, &request)?;
    let mut params = Params::of(&request);
    let data = params.value("data");
    match &data {
        None => params.problem(Problem::required("data")),
        Some(data) if data.len() > limits::QR_BYTES => {
            params.problem(Problem::range("data", Message::TooManyBytes { most: limits::QR_BYTES }));
        }
        Some(_) => {}
    }
    let size = picture::size(&mut params, limits::QR_PIXELS);
    let (data, size) = params.finish((data, size))?;
    picture(&data.unwrap_or_default(), size)
}

pub(crate) async fn card(state: State, id: PathId, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    counted(&state, &request)?;
    as_of::check(&request)?;
    let mut params = Params::of(&request);
    let size = picture::size(&mut params, limits::QR_PIXELS);
    let size = params.finish(size)?;
    let said = said_of(&state, &id.0).await?;
    picture(&said, size)
}

/// What the code of a card says. A number says itself, whether or not a card has it: the picture tells nothing that the
/// address did not.
async fn said_of(state: &HttpState, text: &str) -> Result<String, ApiError> {
    let unknown = || ApiError::CardNotFound { card: text.to_owned() };
    let number = match CardRef::parse(text).ok_or_else(unknown)? {
        CardRef::Number(number) => number,
        CardRef::Id(card) => state.queries.card_number(card).await?.ok_or_else(unknown)?,
    };
    Ok(format!("loyalty:card:{number}"))
}

fn picture(said: &str, size: usize) -> Result<HttpResponse, ApiError> {
    let png = picture::png(said, EcLevel::M, size)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("image/png")));
    // The same address always has the same picture.
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")));
    Ok(response.body(png))
}
