//! `/api/loyalty-cards`: issuing, showing, listing, changing and blocking cards.

use super::ERASED;
use super::entries::{HistoryEntry, RecentEntry};
use super::points::history_query;
use super::submitting::{IdempotencyKey, PathId, find_card, request, submit};
use crate::domain::cards::{Block, BlockNote, Card, CardRecord, Issue, Status, Tier, Unblock, UpdateCard};
use crate::domain::customers::PersonRecord;
use crate::domain::programme::Scope;
use crate::domain::{CardId, Event, Metadata, Timestamp};
use crate::http::HttpState;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, NOT_NEGATIVE, Problem};
use crate::http::paging::{Pagination, Paging};
use crate::http::params::Params;
use crate::http::{ids, limits};
use crate::queries::{CardFilter, CardListItem, CardSort, CardView, SortKey};
use crate::writer::{Command, Outcome, Recorded};
use actix_web::{HttpRequest, web};
use serde::Serialize;
use serde_json::{Value, json};

type State = web::Data<HttpState>;

/// A person as a card shows its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Holder {
    customer_email: String,
    customer_name: String,
    customer_phone: Option<String>,
}

impl Holder {
    fn of(person: Option<&PersonRecord>) -> Self {
        match person {
            Some(person) => Self {
                customer_email: person.email.clone(),
                customer_name: person.display_name(),
                customer_phone: person.phone.clone(),
            },
            None => Self { customer_email: ERASED.to_owned(), customer_name: ERASED.to_owned(), customer_phone: None },
        }
    }
}

/// A card as its issue answers.
#[derive(Debug, Serialize)]
pub(crate) struct Issued {
    id: String,
    card_number: String,
    #[serde(flatten)]
    holder: Holder,
    points_balance: i64,
    status: &'static str,
    card_design: String,
    created_at: String,
    last_activity: String,
    qr_code_url: String,
    metadata: Metadata,
}

pub(crate) async fn create(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
    request_head: HttpRequest,
) -> Result<Answer<Issued>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let command = Command::Issue(issue(body.fields()?, &caller)?);
    let host = host(&state, &request_head);
    let recorded =
        |events: &[Recorded]| Issued::of(&state, events, None, &host).map_or(json!({}), |issued| json!(issued));
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await?;
    let issued = Issued::of(&state, &outcome.events, outcome.person.as_deref(), &host).ok_or(ApiError::Internal)?;
    Ok(Answer::created("Card created", issued).replayed(outcome.replayed))
}

fn issue(mut fields: Fields, caller: &Caller) -> Result<Issue, ApiError> {
    let email = fields.email("customer_email");
    let name = fields.required_text("customer_name", limits::NAME_CHARS);
    let phone = fields.phone("customer_phone");
    let initial_points = fields.points("initial_points", NOT_NEGATIVE);
    let design = fields.design("card_design").unwrap_or_else(|| "default".to_owned());
    let activate = fields.boolean("auto_activate").unwrap_or(true);
    let metadata = fields.metadata("metadata").unwrap_or_default();
    let issue = email.map(|email| Issue {
        person: PersonRecord { email, name, phone, ..PersonRecord::default() },
        initial_points,
        design,
        activate,
        metadata,
        shop: caller.shop,
    });
    fields.finish().or(issue).map_err(ApiError::Invalid)
}

impl Issued {
    /// From the events of the issue; who the customer is stands in them too, unless it was known before.
    fn of(state: &HttpState, events: &[Recorded], known: Option<&PersonRecord>, host: &str) -> Option<Self> {
        let (mut person, mut balance, mut issued) = (None, 0, None);
        for recorded in events {
            if let Event::CustomerRegistered(_) | Event::CustomerUpdated(_) = &recorded.event {
                person = recorded.body.as_deref().and_then(|body| serde_json::from_str::<PersonRecord>(body).ok());
            } else if let Event::PointsAwarded(event) = &recorded.event {
                balance = event.balance.get();
            } else if let Event::CardIssued(event) = &recorded.event {
                issued = Some((recorded, event));
            }
        }
        let (recorded, card) = issued?;
        let body = recorded.body.as_deref().and_then(|body| serde_json::from_str::<CardRecord>(body).ok());
        let person = person.or_else(|| known.cloned()).or_else(|| state.queries.person(card.customer).ok().flatten());
        let at = recorded.at.to_seconds_text();
        Some(Self {
            id: ids::card(card.card),
            card_number: card.number.to_string(),
            holder: Holder::of(person.as_ref()),
            points_balance: balance,
            status: card.status.name(),
            card_design: card.design.clone(),
            created_at: at.clone(),
            last_activity: at,
            qr_code_url: qr_url(host, card.card),
            metadata: body.unwrap_or_default().metadata,
        })
    }
}

/// A card with everything about it.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    id: String,
    card_number: String,
    #[serde(flatten)]
    holder: Holder,
    points_balance: i64,
    lifetime_points: i64,
    points_redeemed: i64,
    status: &'static str,
    card_design: String,
    tier: &'static str,
    created_at: String,
    last_activity: String,
    qr_code_url: String,
    recent_transactions: Vec<RecentEntry>,
    metadata: Metadata,
}

impl Shown {
    fn of(view: CardView, now: Timestamp, host: &str) -> Self {
        let card = view.card;
        Self {
            id: ids::card(card.id),
            card_number: card.number.to_string(),
            holder: Holder::of(view.person.as_ref()),
            points_balance: card.available(now).get(),
            lifetime_points: card.lifetime.get(),
            points_redeemed: card.redeemed.get(),
            status: card.status.name(),
            card_design: card.design.into_string(),
            tier: card.tier.name(),
            created_at: card.issued_at.to_seconds_text(),
            last_activity: card.last_activity.to_seconds_text(),
            qr_code_url: qr_url(host, card.id),
            recent_transactions: view.recent.into_iter().map(RecentEntry::from).collect(),
            metadata: view.metadata,
        }
    }
}

pub(crate) async fn get(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
) -> Result<Answer<Shown>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let view = state.queries.card_view(caller.partner, card).await?;
    let view = view.ok_or(ApiError::CardNotFound { card: id.0 })?;
    Ok(Answer::ok("Card", Shown::of(view, state.now(), &host(&state, &request))))
}

/// A page of cards.
#[derive(Debug, Serialize)]
pub(crate) struct CardList {
    cards: Vec<Listed>,
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    card_number: String,
    customer_email: String,
    customer_name: String,
    points_balance: i64,
    status: &'static str,
    created_at: String,
    last_activity: String,
}

impl From<CardListItem> for Listed {
    fn from(item: CardListItem) -> Self {
        let holder = Holder::of(item.person.as_ref());
        Self {
            id: ids::card(item.card),
            card_number: item.number,
            customer_email: holder.customer_email,
            customer_name: holder.customer_name,
            points_balance: item.balance.get(),
            status: item.status.name(),
            created_at: item.issued_at.to_seconds_text(),
            last_activity: item.last_activity.to_seconds_text(),
        }
    }
}

pub(crate) async fn list(state: State, caller: Caller, request: HttpRequest) -> Result<Answer<CardList>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let (filter, sort, paging) = list_query(&request)?;
    let page = match filter {
        Some(filter) => state.queries.cards(caller.partner, filter, sort, paging.window(), state.now()).await?,
        None => crate::queries::Page::empty(),
    };
    let cards = page.rows.into_iter().map(Listed::from).collect();
    Ok(Answer::ok("Cards", CardList { cards, pagination: paging.of(page.total) }))
}

/// The filters of a list; none where no card can match.
fn list_query(request: &HttpRequest) -> Result<(Option<CardFilter>, CardSort, Paging), ApiError> {
    let mut params = Params::of(request);
    let status = params.word("status", status_word, "active, inactive, blocked, expired");
    let filter = CardFilter {
        status: status.flatten(),
        tier: params.word("tier", Tier::from_name, "bronze, silver, gold, platinum"),
        email: params.value("customer_email"),
        issued_from: params.since(&["created_after", "date_from", "from_date", "start_date"]),
        issued_until: params.until(&["created_before", "date_to", "to_date", "end_date"]),
    };
    let sort = params.word("sort", sort_word, SORTS).unwrap_or(CardSort { key: SortKey::Issued, descending: true });
    let paging = params.paging(limits::PAGE_ROWS);
    // Cards have no end of their own so far: nothing has the status `expired`.
    let none_can_match = status == Some(None);
    params.finish(((!none_can_match).then_some(filter), sort, paging))
}

fn status_word(word: &str) -> Option<Option<Status>> {
    match word {
        "expired" => Some(None),
        "suspended" => Some(Some(Status::Blocked)),
        word => Status::from_name(word).map(Some),
    }
}

const SORTS: &str =
    "created_at:desc, created_at:asc, points_balance:desc, points_balance:asc, last_activity:desc, last_activity:asc";

// Both ways of writing a sort: `field:desc` and `-field`.
fn sort_word(word: &str) -> Option<CardSort> {
    let (field, descending) = match (word.split_once(':'), word.strip_prefix('-')) {
        (Some((field, "desc")), _) => (field, true),
        (Some((field, "asc")), _) => (field, false),
        (Some(_), _) => return None,
        (None, Some(field)) => (field, true),
        (None, None) => (word, false),
    };
    let key = match field {
        "created_at" => SortKey::Issued,
        "points_balance" => SortKey::Balance,
        "last_activity" => SortKey::Activity,
        _ => return None,
    };
    Some(CardSort { key, descending })
}

/// A card as its change answers.
#[derive(Debug, Serialize)]
pub(crate) struct Updated {
    id: String,
    card_number: String,
    #[serde(flatten)]
    holder: Holder,
    points_balance: i64,
    status: &'static str,
    card_design: String,
    updated_at: String,
    metadata: Metadata,
}

pub(crate) async fn update(state: State, caller: Caller, id: PathId, body: Body) -> Result<Answer<Updated>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let command = Command::UpdateCard(changes(body.fields()?, card)?);
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (card, changed_at) = changed(&outcome)?;
    let updated = Updated {
        id: ids::card(card.id),
        card_number: card.number.to_string(),
        holder: Holder::of(outcome.person.as_deref()),
        points_balance: card.available(state.now()).get(),
        status: card.status.name(),
        card_design: card.design.to_string(),
        updated_at: changed_at.unwrap_or(card.updated_at).to_seconds_text(),
        metadata: state.queries.metadata(card)?,
    };
    Ok(Answer::ok("Card updated", updated))
}

fn changes(mut fields: Fields, card: CardId) -> Result<UpdateCard, ApiError> {
    if fields.take("status").is_some() {
        fields.problem(Problem::value("status", "is changed by blocking and unblocking the card"));
    }
    let update = UpdateCard {
        card,
        email: fields.string("customer_email"),
        name: fields.text("customer_name", limits::NAME_CHARS),
        phone: fields.phone("customer_phone"),
        design: fields.design("card_design"),
        metadata: fields.metadata("metadata"),
    };
    fields.finish().none_or(update).map_err(ApiError::Invalid)
}

// The card as a command left it, and when it changed anything.
fn changed(outcome: &Outcome) -> Result<(&Card, Option<Timestamp>), ApiError> {
    let card = outcome.card.as_deref().ok_or(ApiError::Internal)?;
    Ok((card, outcome.events.last().map(|recorded| recorded.at)))
}

/// The answer of a block.
#[derive(Debug, Serialize)]
pub(crate) struct Blocked {
    id: String,
    status: &'static str,
    reason: String,
    blocked_at: String,
    can_earn_points: bool,
    can_redeem_points: bool,
}

pub(crate) async fn block(state: State, caller: Caller, id: PathId, body: Body) -> Result<Answer<Blocked>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let command = Command::Block(Block { card, note: block_note(body.fields()?)? });
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (card, _) = changed(&outcome)?;
    // Blocked twice, a card stays blocked for the first reason.
    let reason = state.queries.block_reason(card)?.unwrap_or_else(|| ERASED.to_owned());
    let blocked = Blocked {
        id: ids::card(card.id),
        status: card.status.name(),
        reason,
        blocked_at: card.blocked_at.unwrap_or(card.updated_at).to_seconds_text(),
        can_earn_points: false,
        can_redeem_points: false,
    };
    Ok(Answer::ok("Card blocked", blocked))
}

/// The answer of an unblock.
#[derive(Debug, Serialize)]
pub(crate) struct Unblocked {
    id: String,
    status: &'static str,
    reason: String,
    unblocked_at: String,
    blocked_at: Value,
    can_earn_points: bool,
    can_redeem_points: bool,
}

pub(crate) async fn unblock(
    state: State,
    caller: Caller,
    id: PathId,
    body: Body,
) -> Result<Answer<Unblocked>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let note = block_note(body.fields()?)?;
    let reason = note.reason.clone();
    let command = Command::Unblock(Unblock { card, note });
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (card, changed_at) = changed(&outcome)?;
    let directory = state.queries.live().directory();
    let rules = directory.templates.get(&card.template).map(|template| &template.rules);
    let unblocked = Unblocked {
        id: ids::card(card.id),
        status: card.status.name(),
        reason,
        unblocked_at: changed_at.unwrap_or(card.updated_at).to_seconds_text(),
        blocked_at: Value::Null,
        can_earn_points: rules.is_some_and(|rules| rules.points_enabled),
        can_redeem_points: rules.is_some_and(|rules| rules.points_redemption_enabled),
    };
    Ok(Answer::ok("Card unblocked", unblocked))
}

fn block_note(mut fields: Fields) -> Result<BlockNote, ApiError> {
    let reason = fields.required_text("reason", limits::REASON_CHARS);
    let note = fields.text("internal_note", limits::NOTE_CHARS);
    fields.finish().or(reason.map(|reason| BlockNote { reason, note })).map_err(ApiError::Invalid)
}

/// A page of a card's history.
#[derive(Debug, Serialize)]
pub(crate) struct History {
    transactions: Vec<HistoryEntry>,
    summary: Summary,
    pagination: Pagination,
}

/// About the whole card, whatever the filters.
#[derive(Debug, Serialize)]
struct Summary {
    total_awarded: i64,
    total_redeemed: i64,
    current_balance: i64,
    transaction_count: i64,
}

pub(crate) async fn history(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
) -> Result<Answer<History>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let (filter, paging) = history_query(&request, limits::HISTORY_ROWS)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let found = state.queries.history(caller.partner, card, filter, paging.window()).await?;
    let found = found.ok_or(ApiError::CardNotFound { card: id.0 })?;
    let history = History {
        summary: Summary {
            total_awarded: found.card.lifetime.get(),
            total_redeemed: found.card.redeemed.get(),
            current_balance: found.card.available(state.now()).get(),
            transaction_count: found.card.movements,
        },
        pagination: paging.of(found.page.total),
        transactions: found.page.rows.into_iter().map(HistoryEntry::from).collect(),
    };
    Ok(Answer::ok("Card history", history))
}

// Where the client reached this service, unless it is configured.
fn host(state: &HttpState, request: &HttpRequest) -> String {
    state.public_url.clone().unwrap_or_else(|| {
        let reached = request.connection_info();
        format!("{}://{}", reached.scheme(), reached.host())
    })
}

fn qr_url(host: &str, card: CardId) -> String {
    format!("{host}/qr/{}", ids::card(card))
}
