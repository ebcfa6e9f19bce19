//! Listing transactions, and showing one.

use crate::domain::programme::Scope;
use crate::domain::{CardId, CustomerId, Metadata};
use crate::http::api::submitting::PathId;
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::locales::{Locale, Message};
use crate::http::numbers::Number;
use crate::http::params::Params;
use crate::http::shop::State;
use crate::http::shop::cards::{User, own_shop};
use crate::http::shop::facts::Facts;
use crate::http::shop::listing::{Listing, Rows};
use crate::http::{HttpState, ids, limits};
use crate::queries::{
    Page, Subject, TRANSACTION_WORDS, TransactionFilter, TransactionPage, TransactionSort, TransactionView, kinds_of,
};
use actix_web::HttpRequest;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShopTransaction)]
pub(crate) struct Item {
    id: i64,
    r#type: &'static str,
    points: i64,
    amount: Number,
    currency: String,
    description: String,
    reference_number: Option<String>,
    reference_id: Option<String>,
    reference_type: Option<&'static str>,
    status: &'static str,
    loyalty_card_id: i64,
    loyalty_card: OnCard,
    user: User,
    shop: Option<AtShop>,
    balance_after: i64,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    is_expired: bool,
    #[schema(value_type = Object)]
    metadata: Metadata,
    #[schema(value_type = Object)]
    meta_data: Metadata,
    #[schema(value_type = Vec<Object>)]
    cart_items: Vec<Value>,
    #[schema(format = DateTime)]
    transaction_date: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShopTransactionCard)]
struct OnCard {
    id: i64,
    name: Option<String>,
    number: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShopTransactionShop)]
struct AtShop {
    id: i64,
    name: String,
}

impl Item {
    fn of(view: TransactionView, state: &HttpState, caller: &Caller, locale: Locale) -> Option<Self> {
        let facts = Facts::of_view(&view)?;
        let (reference, reference_type) = facts.named();
        let at = facts.at.to_millis_text();
        Some(Self {
            id: facts.seq.get(),
            r#type: facts.transaction_type(),
            points: facts.points.get(),
            amount: Number(facts.total.get()),
            currency: currency(state, caller),
            description: facts.description(locale),
            reference_number: reference.clone(),
            reference_id: reference,
            reference_type,
            status: "completed",
            loyalty_card_id: view.card.get(),
            loyalty_card: OnCard {
                id: view.card.get(),
                name: locale.of_texts(&view.title),
                number: view.number.to_string(),
            },
            user: User::of(view.customer, view.person),
            shop: view.shop.map(|(id, name)| AtShop { id: id.get(), name }),
            balance_after: view.balance_after.get(),
            is_expired: facts.is_expired(state.now()),
            expires_at: facts.expires_at.map(|time| time.to_millis_text()),
            metadata: facts.metadata.clone(),
            meta_data: facts.metadata,
            cart_items: facts.cart,
            transaction_date: at.clone(),
            created_at: at.clone(),
            updated_at: at,
        })
    }
}

/// The currency of the caller's partner.
pub(in crate::http) fn currency(state: &HttpState, caller: &Caller) -> String {
    let directory = state.queries.live().directory();
    directory.partners.get(&caller.partner).map(|partner| partner.currency.clone()).unwrap_or_default()
}

pub(crate) async fn list(
    state: State,
    caller: Caller,
    locale: Locale,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Rows<Item>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    let kinds = params.word("type", kinds_of, TRANSACTION_WORDS).flatten();
    let (whose, filter) = (Whose::of(&mut params), period(&mut params));
    let none_can_match = nothing_has_it(&mut params) || kinds.as_ref().is_some_and(Vec::is_empty);
    let sort = params.sort(sort_field, "created_at, transaction_date, points, amount");
    let listing = Listing::of(&mut params, limits::PAGE_ROWS_MAX);
    let whose = params.finish(whose)?;
    let state = as_of.list(state, &caller, whose.subject(), Whose::NAMING).await?;
    let filter = whose.applied(&state, &caller, TransactionFilter { kinds, ..filter }).await?;
    let sort = sort.unwrap_or((TransactionSort::Recorded, true));
    let page = match filter {
        Some(filter) if !none_can_match => {
            state.queries.transactions(caller.partner, filter, sort, listing.paging.window()).await?
        }
        Some(_) | None => nothing(),
    };
    let rows = page.page.rows.into_iter().filter_map(|view| Item::of(view, &state, &caller, locale));
    Ok(listing.answer(Message::Transactions, rows.collect(), page.page.total))
}

pub(crate) async fn get(
    state: State,
    caller: Caller,
    locale: Locale,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<Item>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.transaction(state, &caller, &id.0).await?;
    let view = found(&state, &caller, id).await?;
    let item = Item::of(view, &state, &caller, locale).ok_or(ApiError::Internal)?;
    Ok(Answer::ok(Message::Transaction, item))
}

/// The transaction that a path names.
pub(in crate::http) async fn found(
    state: &HttpState,
    caller: &Caller,
    id: PathId,
) -> Result<TransactionView, ApiError> {
    let unknown = || ApiError::TransactionNotFound { transaction: id.0.clone() };
    let seq = ids::parse_transaction(&id.0).ok_or_else(unknown)?;
    state.queries.transaction(caller.partner, seq).await?.ok_or_else(unknown)
}

/// A page on which nothing can be.
pub(in crate::http) fn nothing() -> TransactionPage {
    TransactionPage { page: Page::empty(), gained: Default::default(), lost: Default::default() }
}

/// Whose transactions a query asks for.
#[derive(Debug, Default)]
pub(in crate::http) struct Whose {
    card: Option<CardId>,
    customer: Option<CustomerId>,
    email: Option<String>,
}

impl Whose {
    /// How the one is named whose past is asked for.
    pub(in crate::http) const NAMING: &str = "card_id, user_id";

    /// Whose past tells of them; nobody's where an email alone names them, which may have been another's then.
    pub(in crate::http) fn subject(&self) -> Option<Subject> {
        self.card.map(Subject::Card).or(self.customer.map(Subject::Customer))
    }

    pub(in crate::http) fn of(params: &mut Params) -> Self {
        Self {
            card: params.id(&["loyalty_card_id", "card_id"], ids::parse_card),
            customer: params.id(&["user_id", "customer_id"], ids::parse_customer),
            email: params.value("user_email"),
        }
    }

    /// The filter with the card that is meant; none where nobody can match.
    pub(in crate::http) async fn applied(
        self,
        state: &HttpState,
        caller: &Caller,
        mut filter: TransactionFilter,
    ) -> Result<Option<TransactionFilter>, ApiError> {
        own_shop(state, caller, filter.shop)?;
        filter.card = self.card;
        if self.customer.is_none() && self.email.is_none() {
            return Ok(Some(filter));
        }
        let lookups = state.queries.lookups().await?;
        let mut customers = Vec::from_iter(self.customer);
        if let Some(email) = &self.email {
            let Some(customer) = lookups.customer_by_email(caller.partner, email)? else { return Ok(None) };
            customers.push(customer);
        }
        for customer in customers {
            let card = lookups.card_of_customer(caller.partner, customer)?.flatten();
            if card.is_none() || filter.card.is_some_and(|known| Some(known) != card) {
                return Ok(None);
            }
            filter.card = card;
        }
        Ok(Some(filter))
    }
}

/// The filters that every list of movements has.
pub(in crate::http) fn period(params: &mut Params) -> TransactionFilter {
    TransactionFilter {
        kinds: None,
        card: None,
        shop: params.id(&["shop_id"], ids::parse_shop),
        name: params.text(&["reference_number", "reference_id", "order_id"]).map(|(_, name)| name),
        from: params.since(&["date_from", "from_date", "start_date"]),
        until: params.until(&["date_to", "to_date", "end_date"]),
    }
}

// Every movement is complete once it is recorded, and knows neither a category nor a number of a member of the staff.
fn nothing_has_it(params: &mut Params) -> bool {
    let status = |word: &str| match word {
        "completed" => Some(true),
        "pending" | "cancelled" => Some(false),
        _ => None,
    };
    let completed = params.word("status", status, "completed, pending, cancelled").unwrap_or(true);
    !completed || params.value("staff_id").is_some() || params.value("category_id").is_some()
}

fn sort_field(field: &str) -> Option<TransactionSort> {
    match field {
        "created_at" | "transaction_date" => Some(TransactionSort::Recorded),
        "points" => Some(TransactionSort::Points),
        "amount" => Some(TransactionSort::Amount),
        _ => None,
    }
}
