//! `/{locale}/shop/points`: single entries of a card's account, and what it holds.

use super::State;
use super::facts::{Facts, main_of};
use super::listing::{Listing, Rows};
use super::transactions::{Whose, found, nothing, period};
use crate::domain::orders::TransactionKind;
use crate::domain::points::{Adjust, Award, Expire, Note, Order, Particulars, Points, Redeem};
use crate::domain::programme::{Localised, Scope};
use crate::domain::{CardId, Metadata, Timestamp};
use crate::http::HttpState;
use crate::http::api::submitting::{IdempotencyKey, PathId, find_card, request, submit};
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, POSITIVE, Problem};
use crate::http::limits;
use crate::http::locales::{Locale, Message};
use crate::http::params::Params;
use crate::queries::{TransactionFilter, TransactionSort};
use crate::writer::{Command, Recorded};
use actix_web::HttpRequest;
use serde::Serialize;
use serde_json::{Map, json};
use utoipa::ToSchema;

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsEntry)]
pub(crate) struct Entry {
    id: i64,
    loyalty_card_id: i64,
    points: i64,
    r#type: &'static str,
    description: String,
    reference_id: Option<String>,
    reference_type: Option<&'static str>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    #[schema(value_type = Object)]
    meta_data: Metadata,
    card: OnCard,
    balance_after: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    new_balance: Option<i64>,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    #[schema(format = DateTime)]
    expired_at: Option<String>,
    is_expired: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsEntryCard)]
struct OnCard {
    id: i64,
    card_name: Option<String>,
    card_number: String,
}

impl Entry {
    fn of(facts: Facts, card: OnCard, locale: Locale, now: Timestamp) -> Self {
        let (reference_id, reference_type) = facts.named();
        let at = facts.at.to_millis_text();
        let expired = facts.kind == TransactionKind::Expiry;
        Self {
            id: facts.seq.get(),
            loyalty_card_id: facts.card.get(),
            points: facts.points.get(),
            r#type: facts.entry_type(),
            description: facts.description(locale),
            reference_id,
            reference_type,
            card,
            balance_after: facts.balance.get(),
            new_balance: None,
            is_expired: expired || facts.is_expired(now),
            expires_at: facts.expires_at.map(|time| time.to_millis_text()),
            expired_at: expired.then(|| at.clone()),
            metadata: facts.metadata.clone(),
            meta_data: facts.metadata,
            created_at: at.clone(),
            updated_at: at,
        }
    }

    /// What a command recorded.
    fn recorded(state: &HttpState, caller: &Caller, locale: Locale, events: &[Recorded]) -> Result<Self, ApiError> {
        let facts = main_of(events).ok_or(ApiError::Internal)?;
        let card = state.queries.card(caller.partner, facts.card)?.ok_or(ApiError::Internal)?;
        let title = state.queries.card_title(&card)?;
        let new_balance = Some(facts.balance.get());
        let card = OnCard::of(card.id, &title, card.number.to_string(), locale);
        // As of then: a repetition answers the same.
        let at = facts.at;
        Ok(Self { new_balance, ..Self::of(facts, card, locale, at) })
    }
}

impl OnCard {
    fn of(card: CardId, title: &Localised, card_number: String, locale: Locale) -> Self {
        Self { id: card.get(), card_name: locale.of_texts(title), card_number }
    }
}

pub(crate) async fn list(
    state: State,
    caller: Caller,
    locale: Locale,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Rows<Entry>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    let kinds = params.word("type", kinds_of, TYPES).flatten();
    let (whose, filter) = (Whose::of(&mut params), period(&mut params));
    let sort = params.sort(sort_field, "created_at, points").unwrap_or((TransactionSort::Recorded, true));
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let whose = params.finish(whose)?;
    let state = as_of.list(state, &caller, whose.subject(), Whose::NAMING).await?;
    let filter = whose.applied(&state, &caller, TransactionFilter { kinds, ..filter }).await?;
    let page = match filter {
        Some(filter) => state.queries.transactions(caller.partner, filter, sort, listing.paging.window()).await?,
        None => nothing(),
    };
    let sums = [("total_points_earned", page.gained), ("total_points_spent", page.lost)];
    let sums: Map<_, _> = sums.into_iter().map(|(name, points)| (name.to_owned(), json!(points.get()))).collect();
    let rows = page.page.rows.into_iter().filter_map(|view| {
        let card = OnCard::of(view.card, &view.title, view.number.to_string(), locale);
        Some(Entry::of(Facts::of_view(&view)?, card, locale, state.now()))
    });
    Ok(listing.answer_with(Message::PointEntries, rows.collect(), page.page.total, sums))
}

pub(crate) async fn get(
    state: State,
    caller: Caller,
    locale: Locale,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<Entry>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.transaction(state, &caller, &id.0).await?;
    let view = found(&state, &caller, id).await?;
    let card = OnCard::of(view.card, &view.title, view.number.to_string(), locale);
    let facts = Facts::of_view(&view).ok_or(ApiError::Internal)?;
    Ok(Answer::ok(Message::PointEntry, Entry::of(facts, card, locale, state.now())))
}

/// What a card holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsBalance)]
pub(crate) struct Balance {
    card_id: i64,
    card_name: Option<String>,
    card_number: String,
    points_balance: i64,
    total_earned: i64,
    total_spent: i64,
    #[schema(format = DateTime)]
    last_transaction_at: Option<String>,
}

pub(crate) async fn balance(
    state: State,
    caller: Caller,
    locale: Locale,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<Balance>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.card(state, &caller, &id.0).await?;
    let card = find_card(&state, &caller, &id.0).await?;
    let card = state.queries.card(caller.partner, card)?.ok_or(ApiError::CardNotFound { card: id.0 })?;
    let balance = Balance {
        card_id: card.id.get(),
        card_name: locale.of_texts(&state.queries.card_title(&card)?),
        card_number: card.number.to_string(),
        points_balance: card.available(state.now()).get(),
        total_earned: card.lifetime.get(),
        total_spent: card.redeemed.get(),
        last_transaction_at: card.last.map(|last| last.at.to_millis_text()),
    };
    Ok(Answer::ok(Message::Balance, balance))
}

/// A request for a single entry.
#[derive(Debug)]
struct NewEntry {
    card: String,
    points: Points,
    kind: Kind,
    reference: Option<String>,
    shop: Option<String>,
    note: Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Award,
    Redeem,
    Expire,
    /// Taken back without naming an order: a correction.
    TakeBack,
}

pub(crate) async fn create(
    state: State,
    caller: Caller,
    locale: Locale,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Entry>, ApiError> {
    caller.needs(Scope::PointsManage)?;
    let entry = NewEntry::read(body.fields()?)?;
    let caller = caller.at_shop(entry.shop.as_deref())?;
    let card = find_card(&state, &caller, &entry.card).await?;
    let recorded =
        |events: &[Recorded]| Entry::recorded(&state, &caller, locale, events).map_or(json!({}), |entry| json!(entry));
    let outcome = submit(&state, request(&caller, key.0, entry.command(card, &caller)), recorded).await?;
    let entry = Entry::recorded(&state, &caller, locale, &outcome.events)?;
    Ok(Answer::created(Message::PointEntry, entry).replayed(outcome.replayed))
}

impl NewEntry {
    fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let card = fields.either(["loyalty_card_id", "card_id"], Fields::id);
        let card = fields.required("loyalty_card_id", card);
        let points = fields.points("points", POSITIVE);
        let points = fields.required("points", points);
        let kind = kind(&mut fields);
        let description = fields.required_text("description", limits::REASON_CHARS);
        let entry = Self {
            card: card.unwrap_or_default(),
            points: points.unwrap_or_default(),
            kind: kind.unwrap_or(Kind::Award),
            reference: fields.reference("reference_id"),
            shop: fields.id("shop_id"),
            note: Note {
                reason: description,
                staff_member: fields.typed("staff_member", limits::STAFF_CHARS),
                metadata: fields.metadata("metadata").unwrap_or_default(),
            },
        };
        fields.finish().none_or(entry).map_err(ApiError::Invalid)
    }

    fn command(self, card: CardId, caller: &Caller) -> Command {
        let points = self.points;
        let name = self.reference.map(Order::Reference);
        let particulars = Particulars { shop: caller.shop, name, note: self.note, past: None };
        match self.kind {
            Kind::Award => Command::Award(Award { card, points, expires_at: None, particulars }),
            Kind::Redeem => Command::Redeem(Redeem { card, points, particulars }),
            Kind::Expire => Command::Expire(Expire { card, points: Some(points), expires_before: None, particulars }),
            Kind::TakeBack => Command::Adjust(Adjust { card, points: points.negated(), particulars }),
        }
    }
}

fn kind(fields: &mut Fields) -> Option<Kind> {
    let word = fields.string("type");
    let kind = match fields.required("type", word)?.as_str() {
        "earned" | "bonus" => Kind::Award,
        "spent" => Kind::Redeem,
        "expired" => Kind::Expire,
        "refund" => Kind::TakeBack,
        _ => {
            fields.problem(Problem::value("type", Message::MustBeOneOf { words: TYPES }));
            return None;
        }
    };
    Some(kind)
}

const TYPES: &str = "earned, spent, bonus, expired, refund";

fn kinds_of(word: &str) -> Option<Option<Vec<TransactionKind>>> {
    use TransactionKind as Kind;
    Some(Some(match word {
        "all" => return Some(None),
        "earned" => vec![Kind::Purchase, Kind::Award, Kind::Raise],
        "bonus" => vec![Kind::Welcome],
        "spent" => vec![Kind::Redemption],
        "expired" => vec![Kind::Expiry],
        "refund" => vec![Kind::Refund, Kind::Cancellation, Kind::Return, Kind::Cut],
        _ => return None,
    }))
}

fn sort_field(field: &str) -> Option<TransactionSort> {
    match field {
        "created_at" => Some(TransactionSort::Recorded),
        "points" => Some(TransactionSort::Points),
        _ => None,
    }
}
