//! What was booked, as its answer shows it: rendered from the recorded events, so that a repetition has the first answer again.

use super::list::currency;
use crate::domain::orders::TransactionKind;
use crate::domain::points::{Note, Points};
use crate::domain::{CardId, CustomerId, Event, Metadata, Money};
use crate::http::HttpState;
use crate::http::api::submitting::{find_card, find_customer, request, submit};
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem};
use crate::http::limits;
use crate::http::locales::{Locale, Message};
use crate::http::numbers::Number;
use crate::http::shop::facts::{main_of, metadata_with_cart};
use crate::writer::{Command, Recorded};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A booked transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookedTransaction)]
pub(crate) struct Booked {
    transaction_id: i64,
    id: i64,
    r#type: &'static str,
    status: &'static str,
    points_awarded: i64,
    points: i64,
    points_redeemed: i64,
    points_deducted: i64,
    points_returned: i64,
    points_balance: i64,
    loyalty_card_id: i64,
    card_number: String,
    user_id: i64,
    order_id: Option<String>,
    order_total: Number,
    currency: String,
    description: String,
    reference_number: Option<String>,
    reference_id: Option<String>,
    reference_type: Option<&'static str>,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    is_expired: bool,
    #[schema(value_type = Object)]
    metadata: Metadata,
    #[schema(value_type = Object)]
    meta_data: Metadata,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What the events beside the main one moved.
#[derive(Debug, Default)]
struct Beside {
    redeemed: Points,
    returned: Points,
    /// What a refund refunded of the order's total.
    refunded: Option<Money>,
    balance: Option<Points>,
}

impl Beside {
    fn of(events: &[Recorded]) -> Self {
        let mut beside = Self::default();
        for recorded in events {
            if let Event::PointsRedeemed(event) = &recorded.event {
                beside.redeemed = beside.redeemed.minus(event.points);
            } else if let Event::PointsReturned(event) = &recorded.event {
                beside.returned = beside.returned.plus(event.points);
                beside.balance = Some(event.balance);
            } else if let Event::PointsRefunded(event) = &recorded.event {
                beside.refunded = event.amount;
            }
        }
        beside
    }
}

impl Booked {
    fn of(state: &HttpState, caller: &Caller, locale: Locale, events: &[Recorded]) -> Result<Self, ApiError> {
        let facts = main_of(events).ok_or(ApiError::Internal)?;
        let beside = Beside::of(events);
        let card = state.queries.card(caller.partner, facts.card)?.ok_or(ApiError::Internal)?;
        let (reference, reference_type) = facts.named();
        let points = facts.points.get();
        let at = facts.at.to_millis_text();
        Ok(Self {
            transaction_id: facts.seq.get(),
            id: facts.seq.get(),
            r#type: facts.transaction_type(),
            status: "completed",
            points_awarded: if facts.kind == TransactionKind::Redemption { 0 } else { points },
            points,
            points_redeemed: beside.redeemed.get(),
            points_deducted: points.min(0).saturating_neg(),
            points_returned: beside.returned.get(),
            points_balance: beside.balance.unwrap_or(facts.balance).get(),
            loyalty_card_id: card.id.get(),
            card_number: card.number.to_string(),
            user_id: card.customer.get(),
            order_total: Number(beside.refunded.unwrap_or(facts.total).get()),
            currency: currency(state, caller),
            description: facts.description(locale),
            reference_number: reference.clone(),
            reference_id: reference,
            reference_type,
            // As of then: a repetition answers the same.
            is_expired: facts.is_expired(facts.at),
            expires_at: facts.expires_at.map(|time| time.to_millis_text()),
            metadata: facts.metadata.clone(),
            meta_data: facts.metadata,
            order_id: facts.order,
            created_at: at.clone(),
            updated_at: at,
        })
    }
}

/// Submits a command and renders what it recorded; says whether it had been recorded before.
pub(super) async fn book(
    state: &HttpState,
    caller: &Caller,
    locale: Locale,
    key: Option<String>,
    command: Command,
) -> Result<(Booked, bool), ApiError> {
    let recorded =
        |events: &[Recorded]| Booked::of(state, caller, locale, events).map_or(json!({}), |booked| json!(booked));
    let outcome = submit(state, request(caller, key, command), recorded).await?;
    Ok((Booked::of(state, caller, locale, &outcome.events)?, outcome.replayed))
}

/// What was typed about a transaction, and what was bought.
pub(super) fn note(fields: &mut Fields) -> Note {
    let reason = fields.either(["description", "reason"], |fields, name| fields.typed(name, limits::REASON_CHARS));
    let metadata = fields.either(["meta_data", "metadata"], Fields::metadata).unwrap_or_default();
    let cart = fields.cart("cart_items");
    let staff_member = fields.typed("staff_member", limits::STAFF_CHARS);
    Note { reason, staff_member, metadata: metadata_with_cart(metadata, cart) }
}

/// How a body names whose transaction it is.
#[derive(Debug, Default)]
pub(super) struct Named {
    customers: Vec<String>,
    email: Option<String>,
    cards: Vec<String>,
}

/// Whose transaction it is, once found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Party {
    Card(CardId),
    Customer(CustomerId),
}

const NAMES: &str = "user_id, user_email, customer_id, loyalty_card_id, card_id, card_number";

impl Named {
    pub(super) fn take(fields: &mut Fields) -> Self {
        let customers = ["user_id", "customer_id"].into_iter().filter_map(|name| fields.id(name)).collect();
        let email = fields.string("user_email").filter(|email| !email.trim().is_empty());
        let cards =
            ["loyalty_card_id", "card_id", "card_number"].into_iter().filter_map(|name| fields.id(name)).collect();
        Self { customers, email, cards }
    }

    pub(super) fn is_nobody(&self) -> bool {
        self.customers.is_empty() && self.email.is_none() && self.cards.is_empty()
    }

    /// Notes that somebody has to be named.
    pub(super) fn require(&self, fields: &mut Fields) {
        if self.is_nobody() {
            fields.problem(Problem::value("user_id", Message::OneOfRequired { fields: NAMES }));
        }
    }

    /// Who is named. Where several names are given, all must name the same.
    pub(super) async fn party(&self, state: &HttpState, caller: &Caller) -> Result<Party, ApiError> {
        let mut customer = None;
        for text in &self.customers {
            let unknown = || ApiError::CustomerNotFound { customer: text.clone(), shop: caller.shop };
            customer = Some(the_same(customer, find_customer(caller, text)?).ok_or_else(unknown)?);
        }
        if let Some(email) = &self.email {
            let unknown = || ApiError::CustomerNotFound { customer: email.clone(), shop: caller.shop };
            let found = state.queries.lookups().await?.customer_by_email(caller.partner, email)?.ok_or_else(unknown)?;
            customer = Some(the_same(customer, found).ok_or_else(unknown)?);
        }
        let mut card = None;
        for text in &self.cards {
            let unknown = || ApiError::CardNotFound { card: text.clone() };
            let id = the_same(card, find_card(state, caller, text).await?).ok_or_else(unknown)?;
            let holder = state.queries.card(caller.partner, id)?.ok_or_else(unknown)?.customer;
            customer = Some(the_same(customer, holder).ok_or_else(unknown)?);
            card = Some(id);
        }
        match (card, customer) {
            (Some(card), _) => Ok(Party::Card(card)),
            (None, Some(customer)) => Ok(Party::Customer(customer)),
            (None, None) => Err(ApiError::Internal),
        }
    }

    /// The card that is meant, which must exist already.
    pub(super) async fn card(&self, state: &HttpState, caller: &Caller) -> Result<CardId, ApiError> {
        let customer = match self.party(state, caller).await? {
            Party::Card(card) => return Ok(card),
            Party::Customer(customer) => customer,
        };
        let unknown = || ApiError::CustomerNotFound { customer: customer.to_string(), shop: caller.shop };
        let card = state.queries.lookups().await?.card_of_customer(caller.partner, customer)?.ok_or_else(unknown)?;
        card.ok_or_else(|| ApiError::CardNotFound { card: customer.to_string() })
    }
}

/// What two names name; none where they name different things.
fn the_same<T: PartialEq>(known: Option<T>, found: T) -> Option<T> {
    (known.is_none() || known.as_ref() == Some(&found)).then_some(found)
}
