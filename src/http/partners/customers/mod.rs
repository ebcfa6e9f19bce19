//! `/partners/customers`: who they are, what they did, and changing what is known of them.

mod show;

use super::State;
use super::access::Access;
use super::transactions::{self, PartnerTransaction};
use crate::domain::cards::Tier;
use crate::domain::customers::{Register, UpdateCustomer};
use crate::domain::programme::Scope;
use crate::domain::{CustomerId, Event};
use crate::http::api::customers::person;
use crate::http::api::submitting::{IdempotencyKey, PathId, find_customer, request, submit};
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Change, Fields};
use crate::http::locales::{Locale, Message};
use crate::http::params::Params;
use crate::http::shop::cards::own_shop;
use crate::http::shop::listing::{Listing, Rows};
use crate::http::{ids, limits};
use crate::queries::{
    CustomerSearch, CustomerSheet, CustomerSort, CustomerView, TransactionFilter, TransactionSort, Window,
};
use crate::writer::{Command, Recorded};
use actix_web::HttpRequest;
use serde_json::json;
use show::{PartnerCustomer, Statistics, Tiers, WithHistory};

const SORTS: &str = "name, member_since, total_points";

pub(crate) async fn list(
    state: State,
    access: Access,
    request: HttpRequest,
) -> Result<Answer<Rows<PartnerCustomer>>, ApiError> {
    let caller = access.reads()?;
    let mut params = Params::of(&request);
    // `all` is what clients of an older form send for every shop.
    let location = params.value("store_location").filter(|shop| shop != "all");
    let shop = match location {
        Some(_) => params.id(&["store_location"], ids::parse_shop),
        None => params.id(&["shop_id"], ids::parse_shop),
    };
    let tier = params.word("tier", Tier::from_name, "bronze, silver, gold, platinum");
    let search = CustomerSearch { search: params.search(), tier, shop };
    let sort = params.sort(sort_field, SORTS).unwrap_or((CustomerSort::Registered, true));
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (search, listing) = params.finish((search, listing))?;
    own_shop(&state, &caller, search.shop)?;
    let widest = widest(&search);
    let window = listing.paging.window();
    let page = state.queries.customer_sheets(caller.partner, search, sort, window, state.now()).await;
    let page = page.map_err(|error| ApiError::of_query(error, widest))?;
    let tiers = Tiers::of(&state, &caller)?;
    let rows = page.rows.into_iter().map(|sheet| PartnerCustomer::of(sheet, &tiers)).collect();
    Ok(listing.answer(Message::Customers, rows, page.total))
}

/// Which part of a question that is too wide is to be left out.
const fn widest(search: &CustomerSearch) -> &'static str {
    if search.search.is_some() {
        "search"
    } else if search.tier.is_some() {
        "tier"
    } else if search.shop.is_some() {
        "shop_id"
    } else {
        "sort"
    }
}

fn sort_field(field: &str) -> Option<CustomerSort> {
    match field {
        "name" => Some(CustomerSort::Name),
        "member_since" | "created_at" => Some(CustomerSort::Registered),
        "total_points" => Some(CustomerSort::Points),
        _ => None,
    }
}

pub(crate) async fn create(
    state: State,
    access: Access,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<PartnerCustomer>, ApiError> {
    let caller = access.changes(Scope::LoyaltyWrite)?;
    let command = Command::Register(Register { person: person(body.fields()?)? });
    let tiers = Tiers::of(&state, &caller)?;
    let shown = |events: &[Recorded]| as_registered(events, &caller).map(|sheet| PartnerCustomer::of(sheet, &tiers));
    let recorded = |events: &[Recorded]| shown(events).map_or(json!({}), |customer| json!(customer));
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await?;
    let customer = shown(&outcome.events).ok_or(ApiError::Internal)?;
    Ok(Answer::created(Message::CustomerCreated, customer).replayed(outcome.replayed))
}

/// A customer as registered: without a card there is nothing else to tell.
fn as_registered(events: &[Recorded], caller: &Caller) -> Option<CustomerSheet> {
    let first = events.first()?;
    let Event::CustomerRegistered(event) = &first.event else { return None };
    let customer = crate::domain::customers::Customer::registered(event, caller.partner, first.seq, first.at);
    let person = first.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
    Some(CustomerSheet { view: CustomerView { customer, person, cards: Vec::new() }, purchases: 0, shops: Vec::new() })
}

pub(crate) async fn get(
    state: State,
    access: Access,
    locale: Locale,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<WithHistory>, ApiError> {
    let caller = access.reads()?;
    let state = as_of.customer(state, &caller, &id.0).await?;
    let sheet = found(&state, &caller, &id.0).await?;
    let history = match sheet.view.cards.first() {
        Some(card) => {
            let filter = TransactionFilter { card: Some(card.card), ..TransactionFilter::default() };
            let latest = Window { offset: 0, limit: limits::LATEST_TRANSACTIONS };
            let sort = (TransactionSort::Recorded, true);
            state.queries.transactions(caller.partner, filter, sort, latest).await?.page.rows
        }
        None => Vec::new(),
    };
    let history = history.into_iter().filter_map(|view| PartnerTransaction::of(view, &state, &caller, locale));
    let customer = WithHistory::of(sheet, &state, &Tiers::of(&state, &caller)?, history.collect())?;
    Ok(Answer::ok(Message::Customer, customer))
}

pub(crate) async fn update(
    state: State,
    access: Access,
    id: PathId,
    body: Body,
) -> Result<Answer<PartnerCustomer>, ApiError> {
    let caller = access.changes(Scope::LoyaltyWrite)?;
    let customer = find_customer(&caller, &id.0)?;
    let command = Command::UpdateCustomer(changes(body.fields()?, customer)?);
    submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let sheet = found(&state, &caller, &id.0).await?;
    Ok(Answer::ok(Message::CustomerUpdated, PartnerCustomer::of(sheet, &Tiers::of(&state, &caller)?)))
}

fn changes(mut fields: Fields, customer: CustomerId) -> Result<UpdateCustomer, ApiError> {
    let email = match fields.has("email") {
        true => fields.email("email"),
        false => None,
    };
    let phone: Change<String> = fields.change("phone", Fields::phone);
    let changes = UpdateCustomer {
        customer,
        email,
        name: fields.text("name", limits::NAME_CHARS),
        first_name: fields.text("first_name", limits::NAME_CHARS),
        last_name: fields.text("last_name", limits::NAME_CHARS),
        phone: phone.into_option(),
        metadata: fields.metadata("metadata"),
    };
    // Nothing here sends a message to anybody.
    fields.without_rule(&["preferences"]);
    fields.read_only(&READ_ONLY);
    fields.finish().none_or(changes).map_err(ApiError::Invalid)
}

const READ_ONLY: [&str; 9] = [
    "id",
    "member_since",
    "total_purchases",
    "total_points",
    "loyalty_level",
    "tier",
    "shops_visited",
    "cards",
    "transaction_history",
];

pub(crate) async fn loyalty_stats(
    state: State,
    access: Access,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<Statistics>, ApiError> {
    let caller = access.reads()?;
    let state = as_of.customer(state, &caller, &id.0).await?;
    let customer = found(&state, &caller, &id.0).await?.view.customer.id;
    let (now, directory) = (state.now(), state.queries.live().directory());
    let settings = &directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?.settings;
    let figures = state.queries.customer_figures(customer, settings, now).await?;
    Ok(Answer::ok(Message::CustomerStatistics, Statistics::of(customer, &figures, settings, now)))
}

pub(crate) async fn transactions(
    state: State,
    access: Access,
    locale: Locale,
    id: PathId,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Rows<PartnerTransaction>>, ApiError> {
    let caller = access.reads()?;
    let state = as_of.customer(state, &caller, &id.0).await?;
    let sheet = found(&state, &caller, &id.0).await?;
    // Who has no card has no transactions, whatever is asked.
    let card = sheet.view.cards.first().map(|card| card.card);
    transactions::page(&state, &caller, locale, &request, Some(card)).await
}

async fn found(state: &State, caller: &Caller, id: &str) -> Result<CustomerSheet, ApiError> {
    let customer = find_customer(caller, id)?;
    let sheet = state.queries.customer_sheet(caller.partner, customer, state.now()).await?;
    sheet.ok_or_else(|| ApiError::CustomerNotFound { customer: id.to_owned(), shop: caller.shop })
}
