//! `/api/customers`: people, their cards and points, and erasing them.

use super::ERASED;
use super::submitting::{IdempotencyKey, PathId, find_customer, request, submit};
use crate::domain::customers::{Erase, PersonRecord, Register};
use crate::domain::programme::Scope;
use crate::domain::{CustomerId, Event, Metadata, Timestamp};
use crate::http::HttpState;
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::Fields;
use crate::http::locales::Message;
use crate::http::openapi::words;
use crate::http::paging::Pagination;
use crate::http::params::Params;
use crate::http::{ids, limits};
use crate::queries::{CustomerCard, CustomerFilter, CustomerView};
use crate::writer::{Command, Recorded};
use actix_web::{HttpRequest, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

type State = web::Data<HttpState>;

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    id: String,
    email: String,
    name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    points: i64,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

/// A customer with their cards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerWithCards {
    #[serde(flatten)]
    customer: Customer,
    cards: Vec<OnCard>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerCard)]
struct OnCard {
    id: String,
    card_number: String,
    points_balance: i64,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
}

impl Customer {
    fn new(id: CustomerId, person: Option<&PersonRecord>, registered_at: Timestamp) -> Self {
        let known = person.cloned().unwrap_or_default();
        Self {
            id: ids::customer(id),
            email: person.map_or(ERASED.to_owned(), |person| person.email.clone()),
            name: person.map_or(ERASED.to_owned(), PersonRecord::display_name),
            first_name: known.first_name,
            last_name: known.last_name,
            phone: known.phone,
            points: 0,
            tier: crate::domain::cards::Tier::Bronze.name(),
            created_at: registered_at.to_seconds_text(),
            metadata: known.metadata,
        }
    }

    /// As just registered: without a card there are no points.
    fn registered(events: &[Recorded]) -> Option<Self> {
        events.iter().find_map(|recorded| {
            let Event::CustomerRegistered(event) = &recorded.event else { return None };
            let person = recorded.body.as_deref().and_then(|body| serde_json::from_str::<PersonRecord>(body).ok());
            Some(Self::new(event.customer, person.as_ref(), recorded.at))
        })
    }
}

impl From<&CustomerView> for Customer {
    fn from(view: &CustomerView) -> Self {
        Self {
            points: view.points().get(),
            tier: view.tier().name(),
            ..Self::new(view.customer.id, view.person.as_ref(), view.customer.registered_at)
        }
    }
}

impl From<&CustomerCard> for OnCard {
    fn from(card: &CustomerCard) -> Self {
        Self {
            id: ids::card(card.card),
            card_number: card.number.clone(),
            points_balance: card.balance.get(),
            status: card.status.name(),
        }
    }
}

pub(crate) async fn create(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Customer>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let command = Command::Register(Register { person: person(body.fields()?)? });
    let recorded = |events: &[Recorded]| Customer::registered(events).map_or(json!({}), |customer| json!(customer));
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await?;
    let customer = Customer::registered(&outcome.events).ok_or(ApiError::Internal)?;
    Ok(Answer::created(Message::CustomerCreated, customer).replayed(outcome.replayed))
}

/// Who is to be registered.
pub(crate) fn person(mut fields: Fields) -> Result<PersonRecord, ApiError> {
    let email = fields.email("email");
    let person = PersonRecord {
        email: email.clone().unwrap_or_default(),
        name: fields.text("name", limits::NAME_CHARS),
        first_name: fields.text("first_name", limits::NAME_CHARS),
        last_name: fields.text("last_name", limits::NAME_CHARS),
        phone: fields.phone("phone"),
        metadata: fields.metadata("metadata").unwrap_or_default(),
    };
    fields.finish().or(email.map(|_| person)).map_err(ApiError::Invalid)
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerList {
    customers: Vec<Customer>,
    /// False where the newest customers alone were searched: older ones may match as well.
    complete: bool,
    pagination: Pagination,
}

pub(crate) async fn list(state: State, caller: Caller, request: HttpRequest) -> Result<Answer<CustomerList>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    let filter = CustomerFilter {
        email: params.value("email"),
        phone: params.value("phone"),
        card_number: params.value("card_number"),
        search: params.search(),
    };
    let paging = params.paging(limits::PAGE_ROWS);
    let (filter, paging) = params.finish((filter, paging))?;
    let found = state.queries.customers(caller.partner, filter, paging.window(), state.now()).await?;
    let customers = found.page.rows.iter().map(Customer::from).collect();
    let list = CustomerList { customers, complete: found.complete, pagination: paging.of(found.page.total) };
    Ok(Answer::ok(Message::Customers, list))
}

pub(crate) async fn get(
    state: State,
    caller: Caller,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<CustomerWithCards>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.customer(state, &caller, &id.0).await?;
    let view = find(&state, &caller, &id).await?;
    let cards = view.cards.iter().map(OnCard::from).collect();
    Ok(Answer::ok(Message::Customer, CustomerWithCards { customer: Customer::from(&view), cards }))
}

/// What a customer has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerBalance {
    customer_id: String,
    points: i64,
    current_points: i64,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
}

pub(crate) async fn balance(
    state: State,
    caller: Caller,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<CustomerBalance>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.customer(state, &caller, &id.0).await?;
    let view = find(&state, &caller, &id).await?;
    let points = view.points().get();
    let customer_id = ids::customer(view.customer.id);
    let balance = CustomerBalance { customer_id, points, current_points: points, tier: view.tier().name() };
    Ok(Answer::ok(Message::CustomerBalance, balance))
}

/// The answer of an erasure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErasedCustomer)]
pub(crate) struct Erased {
    customer_id: String,
    erased_records: i64,
    #[schema(format = DateTime)]
    erased_at: String,
}

pub(crate) async fn erase(state: State, caller: Caller, id: PathId, _body: Body) -> Result<Answer<Erased>, ApiError> {
    caller.needs(Scope::CustomersErase)?;
    let customer = find_customer(&caller, &id.0)?;
    let command = Command::Erase(Erase { customer });
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (records, at) = match outcome.events.iter().find_map(erasure) {
        Some(erasure) => erasure,
        // It had happened before: there was nothing left to erase.
        None => (0, find(&state, &caller, &id).await?.customer.erased_at.unwrap_or(outcome.at)),
    };
    let erased =
        Erased { customer_id: ids::customer(customer), erased_records: records, erased_at: at.to_seconds_text() };
    Ok(Answer::ok(Message::CustomerErased, erased))
}

fn erasure(recorded: &Recorded) -> Option<(i64, Timestamp)> {
    let Event::CustomerErased(event) = &recorded.event else { return None };
    Some((event.records, recorded.at))
}

async fn find(state: &HttpState, caller: &Caller, id: &PathId) -> Result<CustomerView, ApiError> {
    let customer = find_customer(caller, &id.0)?;
    let view = state.queries.customer(caller.partner, customer, state.now()).await?;
    view.ok_or_else(|| ApiError::CustomerNotFound { customer: id.0.clone(), shop: caller.shop })
}
