//! How a query names one card: by its id, its number, its holder or their email, or by several that must agree.

use super::State;
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::ids::{self, CardRef};
use crate::http::params::Params;
use crate::queries::{CardNames, CardSheet};
use actix_web::HttpRequest;

/// The one card that a query names, in any of its ways, with the state that tells of it.
pub(super) async fn named(
    state: State,
    caller: &Caller,
    request: &HttpRequest,
    as_of: AsOf,
) -> Result<(State, CardSheet), ApiError> {
    let mut params = Params::of(request);
    let text = params.text(&["card_number", "card_id", "loyalty_card_id", "user_id"]).map(|(_, value)| value);
    if text.is_none() {
        params.problem(Problem::required("card_id"));
    }
    let names = names(&mut params);
    let names = params.finish(names)?;
    let state = told(as_of, state, caller, names.as_ref()).await?;
    let unknown = || ApiError::CardNotFound { card: text.unwrap_or_default() };
    let Some(names) = names else { return Err(unknown()) };
    let sheet = state.queries.card_sheet(caller.partner, &names).await?.ok_or_else(unknown)?;
    Ok((state, sheet))
}

/// How a card is named whose past is asked for. Whose an email was then, nothing finds.
const NAMING: &str = "card_number, card_id, user_id";

/// The state that tells of the moment asked for, of the card that is named.
pub(super) async fn told(
    as_of: AsOf,
    state: State,
    caller: &Caller,
    names: Option<&CardNames>,
) -> Result<State, ApiError> {
    match names {
        Some(names) => as_of.list(state, caller, names.subject(), NAMING).await,
        // What should be a number is none: no card ever had it.
        None => as_of.card(state, caller, "").await,
    }
}

/// How a query names a card; none where what should be a card's number is none.
pub(super) fn names(params: &mut Params) -> Option<CardNames> {
    let card = params.id(&["card_id", "loyalty_card_id"], ids::parse_card);
    let customer = params.id(&["user_id", "customer_id"], ids::parse_customer);
    let email = params.value("user_email");
    let number = match params.value("card_number").map(|text| CardRef::parse(&text)) {
        Some(Some(CardRef::Number(number))) => Some(number),
        Some(Some(CardRef::Id(_)) | None) => return None,
        None => None,
    };
    Some(CardNames { card, number, customer, email })
}
