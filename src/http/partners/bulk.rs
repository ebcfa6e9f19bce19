//! Thousands of movements in one request: each row decided by itself, in the order of the rows, and each of them exactly once.
//!
//! Every row has a name: an order id or a reference of its own, or its place under the request's `Idempotency-Key`. So a request
//! that was cut off, or answered by 503 between two of its commits, is sent again as it is, and nothing counts twice.

use super::State;
use super::access::Access;
use crate::domain::programme::Scope;
use crate::http::api::bulk::{named_by_place, said, submit_all};
use crate::http::api::entries::recorded;
use crate::http::api::points::{Kind, Movement};
use crate::http::api::submitting::{Finder, IdempotencyKey, explained, request};
use crate::http::auth::Caller;
use crate::http::body::ManyBody;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem, Problems};
use crate::http::limits;
use crate::http::locales::{Locale, Message};
use crate::http::shop::facts::{Facts, main_of};
use crate::http::shop::transactions::Booking;
use crate::writer::{Outcome, Refusal, Request};
use serde::Serialize;
use std::time::Instant;
use utoipa::ToSchema;

/// How many rows are looked up and committed at once. Between two of these, tills have their turn.
const CHUNK: usize = crate::writer::BULK_MAX;
/// How many rows without a name are listed, before the request is refused for all of them.
const PROBLEMS_MAX: usize = 100;

/// What became of a request of many rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerBulkResult)]
pub(crate) struct BulkResult {
    processed: usize,
    successful: usize,
    failed: usize,
    results: Vec<RowResult>,
    processing_time: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerBulkRow)]
struct RowResult {
    index: usize,
    /// The customer, card or order, as the row names it.
    id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transaction_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    new_balance: Option<i64>,
    /// Whether an earlier request had recorded it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<RowError>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerBulkRowError)]
struct RowError {
    code: &'static str,
    message: String,
}

/// What the rows of a request ask for.
#[derive(Debug, Clone, Copy)]
enum Rows {
    Movements(Kind),
    Bookings,
}

impl Rows {
    /// Which fields name a row, so that it counts once.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Movements(_) => &["order_id", "reference"],
            // A purchase has an order id or is none.
            Self::Bookings => &[],
        }
    }

    /// Which fields say whose a row is.
    const fn whose(self) -> &'static [&'static str] {
        match self {
            Self::Movements(_) => &["customer_id", "card_id"],
            Self::Bookings => &["order_id", "reference"],
        }
    }
}

pub(crate) async fn award(
    state: State,
    access: Access,
    locale: Locale,
    key: IdempotencyKey,
    body: ManyBody,
) -> Result<Answer<BulkResult>, ApiError> {
    let caller = access.changes(Scope::PointsManage)?;
    process(&state, &caller, locale, key, body.rows("awards", limits::MANY_ROWS)?, Rows::Movements(Kind::Award)).await
}

pub(crate) async fn adjust(
    state: State,
    access: Access,
    locale: Locale,
    key: IdempotencyKey,
    body: ManyBody,
) -> Result<Answer<BulkResult>, ApiError> {
    let caller = access.changes(Scope::PointsManage)?;
    let rows = body.rows("adjustments", limits::MANY_ROWS)?;
    process(&state, &caller, locale, key, rows, Rows::Movements(Kind::Adjust)).await
}

/// `POST /partners/transactions/bulk-process`: purchases, and whatever else a single booking may be.
pub(crate) async fn book(
    state: State,
    access: Access,
    locale: Locale,
    key: IdempotencyKey,
    body: ManyBody,
) -> Result<Answer<BulkResult>, ApiError> {
    let caller = access.changes(Scope::PointsManage)?;
    process(&state, &caller, locale, key, body.rows("transactions", limits::MANY_ROWS)?, Rows::Bookings).await
}

async fn process(
    state: &State,
    caller: &Caller,
    locale: Locale,
    key: IdempotencyKey,
    (field, rows): (&str, Vec<Fields>),
    kind: Rows,
) -> Result<Answer<BulkResult>, ApiError> {
    let started = Instant::now();
    if key.0.is_none() {
        every_row_has_a_name(field, &rows, kind)?;
    }
    let mut results = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<Fields> = rows.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        process_chunk(state, caller, locale, (&key, kind), chunk, &mut results).await?;
    }
    let (processed, failed) = (results.len(), results.iter().filter(|row| row.error.is_some()).count());
    let millis = started.elapsed().as_millis();
    let processing_time = format!("{}.{:03}s", millis / 1_000, millis % 1_000);
    let result = BulkResult { processed, successful: processed - failed, failed, results, processing_time };
    Ok(Answer::ok(Message::BulkProcessed, result))
}

async fn process_chunk(
    state: &State,
    caller: &Caller,
    locale: Locale,
    (key, kind): (&IdempotencyKey, Rows),
    rows: Vec<Fields>,
    results: &mut Vec<RowResult>,
) -> Result<(), ApiError> {
    let mut finder = Finder::new(state);
    let mut prepared = Vec::with_capacity(rows.len());
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        let index = results.len() + prepared.len();
        let id = kind.whose().iter().find_map(|name| row.peek_text(name));
        let made = match kind {
            Rows::Movements(kind) => movement(&mut finder, caller, key, (index, kind), row).await,
            Rows::Bookings => booking(state, caller, key, index, row).await,
        };
        // What cannot be looked up now is not answered for good: the request is to be sent again.
        if let Err(error @ ApiError::Unavailable(_)) = made {
            return Err(error);
        }
        prepared.push((id, made.map(|made| requests.push(made))));
    }
    let mut answers = submit_all(state, requests).await?.into_iter();
    for (id, made) in prepared {
        let answer = made.and_then(|()| answers.next().ok_or(ApiError::Internal));
        results.push(RowResult::of(state, caller, locale, (results.len(), id), answer));
    }
    Ok(())
}

async fn movement(
    finder: &mut Finder<'_>,
    caller: &Caller,
    key: &IdempotencyKey,
    (index, kind): (usize, Kind),
    row: Fields,
) -> Result<Request, ApiError> {
    let movement = Movement::read(row, kind)?;
    let caller = caller.clone().at_shop(movement.shop.as_deref())?;
    let card = finder.target(&caller, &movement.target).await?;
    Ok(request(&caller, named_by_place(key, index), movement.command(kind, card, &caller)))
}

async fn booking(
    state: &State,
    caller: &Caller,
    key: &IdempotencyKey,
    index: usize,
    row: Fields,
) -> Result<Request, ApiError> {
    let booking = Booking::read_named(row)?;
    let (caller, command) = booking.placed(state, caller).await?;
    Ok(request(&caller, named_by_place(key, index), command))
}

/// Refuses rows that could not be told from a second sending of themselves.
fn every_row_has_a_name(field: &str, rows: &[Fields], kind: Rows) -> Result<(), ApiError> {
    let names = kind.names();
    if names.is_empty() {
        return Ok(());
    }
    let mut problems = Problems::default();
    let is_named =
        |row: &Fields| names.iter().any(|name| row.peek_text(name).is_some_and(|text| !text.trim().is_empty()));
    for (place, _) in rows.iter().enumerate().filter(|(_, row)| !is_named(row)).take(PROBLEMS_MAX) {
        let fields = "order_id, reference, Idempotency-Key";
        problems.push(Problem::value(&format!("{field}.{place}.order_id"), Message::OneOfRequired { fields }));
    }
    problems.none_or(()).map_err(ApiError::Invalid)
}

impl RowResult {
    fn of(
        state: &State,
        caller: &Caller,
        locale: Locale,
        (index, id): (usize, Option<String>),
        answer: Result<Result<Outcome, Refusal>, ApiError>,
    ) -> Self {
        let answer = answer.and_then(|answer| {
            let outcome = answer.map_err(|refusal| explained(state, caller.partner, refusal, recorded))?;
            let seq = main_of(&outcome.events).ok_or(ApiError::Internal)?.seq;
            // What the command left on the card stands in the last of its movements.
            let last = outcome.events.iter().rev().find_map(Facts::of_recorded).ok_or(ApiError::Internal)?;
            Ok(((seq, last.balance), outcome.replayed))
        });
        match answer {
            Ok(((seq, balance), replayed)) => Self {
                index,
                id,
                status: "success",
                transaction_id: Some(seq.get()),
                new_balance: Some(balance.get()),
                replayed,
                error: None,
            },
            Err(error) => {
                let form = error.form();
                let error = Some(RowError { code: form.code, message: said(&form, locale) });
                Self { index, id, status: "failed", transaction_id: None, new_balance: None, replayed: false, error }
            }
        }
    }
}
