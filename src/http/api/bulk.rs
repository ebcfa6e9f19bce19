//! `POST /api/points/bulk`: up to a thousand movements, decided in order and independently, recorded in one commit.

use super::entries::{Moved, recorded};
use super::points::{Kind, Movement};
use super::submitting::{Finder, IdempotencyKey, Target, explained, request};
use crate::domain::Seq;
use crate::domain::programme::Scope;
use crate::http::auth::Caller;
use crate::http::body::BulkBody;
use crate::http::envelope::Answer;
use crate::http::errors::{ApiError, Form};
use crate::http::fields::{Fields, Problem};
use crate::http::locales::{Locale, Message};
use crate::http::{HttpState, ids, limits};
use crate::writer::{Outcome, Refusal, Request};
use actix_web::web;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Instant;
use utoipa::ToSchema;

/// What became of a bulk request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    processed: usize,
    successful: usize,
    failed: usize,
    results: Vec<ItemResult>,
    processing_time: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkItemResult)]
struct ItemResult {
    card_id: Value,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transaction_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    new_balance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<ItemError>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkItemError)]
struct ItemError {
    code: &'static str,
    message: String,
}

/// How the ids of an answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdForm {
    /// `card_17`, `txn_204`
    Prefixed,
    Number,
}

impl IdForm {
    fn card(self, text: &str) -> Value {
        match ids::parse_card(text) {
            Some(card) if self == Self::Number => json!(card.get()),
            Some(_) | None => json!(text),
        }
    }

    fn transaction(self, seq: Seq) -> Value {
        match self {
            Self::Prefixed => json!(ids::transaction(seq)),
            Self::Number => json!(seq.get()),
        }
    }
}

pub(crate) async fn bulk(
    state: web::Data<HttpState>,
    caller: Caller,
    locale: Locale,
    key: IdempotencyKey,
    body: BulkBody,
) -> Result<Answer<BulkResult>, ApiError> {
    process(&state, &caller, (locale, IdForm::Prefixed), key, body).await
}

/// `POST /{locale}/shop/points/bulk`: the same, with whole numbers as ids.
pub(crate) async fn bulk_with_numbers(
    state: web::Data<HttpState>,
    caller: Caller,
    locale: Locale,
    key: IdempotencyKey,
    body: BulkBody,
) -> Result<Answer<BulkResult>, ApiError> {
    process(&state, &caller, (locale, IdForm::Number), key, body).await
}

async fn process(
    state: &HttpState,
    caller: &Caller,
    form: (Locale, IdForm),
    key: IdempotencyKey,
    body: BulkBody,
) -> Result<Answer<BulkResult>, ApiError> {
    caller.needs(Scope::PointsManage)?;
    let started = Instant::now();
    let items = items(body.fields()?)?;
    let mut named = Vec::with_capacity(items.len());
    let mut requests = Vec::new();
    let mut finder = Finder::new(state);
    for (place, item) in items.into_iter().enumerate() {
        let (card, prepared) = prepare(&mut finder, caller, &key, place, item).await;
        // Nothing has been written yet: what cannot be looked up now is not left out of the batch.
        if let Err(error @ ApiError::Unavailable(_)) = prepared {
            return Err(error);
        }
        named.push((card, prepared.map(|prepared| requests.push(prepared))));
    }
    let mut answers = submit_all(state, requests).await?.into_iter();
    let mut results = Vec::with_capacity(named.len());
    for (card, prepared) in named {
        let answer = prepared.and_then(|()| answers.next().ok_or(ApiError::Internal));
        results.push(ItemResult::of(state, caller, form, &card, answer));
    }
    let (processed, failed) = (results.len(), results.iter().filter(|result| result.error.is_some()).count());
    let millis = started.elapsed().as_millis();
    let processing_time = format!("{}.{:03}s", millis / 1_000, millis % 1_000);
    let successful = processed - failed;
    Ok(Answer::ok(Message::BulkProcessed, BulkResult { processed, successful, failed, results, processing_time }))
}

/// The name of an item without one of its own. A blank cannot stand in a key that a client sends, so no client's key is mistaken
/// for an item's.
pub(crate) fn named_by_place(key: &IdempotencyKey, place: usize) -> Option<String> {
    key.0.as_ref().map(|key| format!("{key} {place}"))
}

/// Submits up to [`crate::writer::BULK_MAX`] requests, of which all are committed or none.
pub(crate) async fn submit_all(
    state: &HttpState,
    requests: Vec<Request>,
) -> Result<Vec<Result<Outcome, Refusal>>, ApiError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let answers = state.writer.submit_all(requests).await.map_err(|refusal| ApiError::refused(refusal, recorded))?;
    // The items are committed together: where one was not written, none was, and the whole request is to be sent again.
    let not_written =
        answers.iter().filter_map(|answer| answer.as_ref().err()).find(|refusal| is_of_the_batch(refusal));
    match not_written {
        Some(refusal) => Err(ApiError::refused(refusal.clone(), recorded)),
        None => Ok(answers),
    }
}

// Whether a refusal is about the whole batch, not about what one item asked for.
const fn is_of_the_batch(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Busy | Refusal::NotWritten | Refusal::Stopping => true,
        Refusal::Rejected(_) | Refusal::Conflict { .. } | Refusal::TooOften { .. } => false,
    }
}

fn items(mut fields: Fields) -> Result<Vec<Fields>, ApiError> {
    let mut items = Vec::new();
    match fields.take("transactions") {
        None => fields.problem(Problem::required("transactions")),
        Some(Value::Array(list)) if list.is_empty() => {
            fields.problem(Problem::value("transactions", Message::MustNotBeEmpty));
        }
        Some(Value::Array(list)) if list.len() > limits::BULK_ITEMS => {
            return Err(ApiError::BulkTooLarge { size: list.len(), most: limits::BULK_ITEMS });
        }
        Some(Value::Array(list)) => {
            for (place, item) in list.into_iter().enumerate() {
                match item {
                    Value::Object(item) => items.push(Fields::new(item)),
                    Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                        fields.problem(Problem::format(&format!("transactions.{place}"), Message::MustBeObject));
                    }
                }
            }
        }
        Some(Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            fields.problem(Problem::format("transactions", Message::MustBeList));
        }
    }
    fields.finish().none_or(items).map_err(ApiError::Invalid)
}

/// How an item names its card, and the request that it asks for, or why it cannot be one.
async fn prepare(
    finder: &mut Finder<'_>,
    caller: &Caller,
    key: &IdempotencyKey,
    place: usize,
    mut item: Fields,
) -> (String, Result<Request, ApiError>) {
    let card = item.peek_text("card_id").or_else(|| item.peek_text("customer_id")).unwrap_or_default();
    let kind = kind(&mut item);
    let (movement, rest) = Movement::take(item, kind.unwrap_or(Kind::Award));
    let movement = match rest.finish().or(movement) {
        Ok(movement) => movement,
        Err(problems) => return (card, Err(ApiError::Invalid(problems))),
    };
    let prepared = async {
        let caller = caller.clone().at_shop(movement.shop.as_deref())?;
        let found = finder.target(&caller, &movement.target).await?;
        let key = named_by_place(key, place);
        let kind = kind.unwrap_or(Kind::Award);
        Ok((ids::card(found), request(&caller, key, movement.clone().command(kind, found, &caller))))
    };
    match prepared.await {
        Ok((found, request)) => (found, Ok(request)),
        Err(error) => (named(&movement.target, card), Err(error)),
    }
}

fn named(target: &Target, card: String) -> String {
    match target {
        Target::Card(text) | Target::Customer(text) if card.is_empty() => text.clone(),
        Target::Card(_) | Target::Customer(_) => card,
    }
}

// A missing type means an award.
fn kind(item: &mut Fields) -> Option<Kind> {
    let kind = match item.string("type")?.as_str() {
        "award" => Kind::Award,
        "redeem" => Kind::Redeem,
        "adjust" => Kind::Adjust,
        _ => {
            item.problem(Problem::value("type", Message::MustBeOneOf { words: "award, redeem, adjust" }));
            return None;
        }
    };
    Some(kind)
}

impl ItemResult {
    fn of(
        state: &HttpState,
        caller: &Caller,
        (locale, ids): (Locale, IdForm),
        card: &str,
        answer: Result<Result<Outcome, Refusal>, ApiError>,
    ) -> Self {
        let answer = answer.and_then(|answer| {
            let outcome = answer.map_err(|refusal| explained(state, caller.partner, refusal, recorded))?;
            Moved::of(&outcome.events).ok_or(ApiError::Internal)
        });
        let card_id = ids.card(card);
        match answer {
            Ok(moved) => Self {
                card_id,
                status: "success",
                transaction_id: Some(ids.transaction(moved.seq)),
                new_balance: Some(moved.after.get()),
                error: None,
            },
            Err(error) => {
                let form = error.form();
                let error = Some(ItemError { code: form.code, message: said(&form, locale) });
                Self { card_id, status: "failed", transaction_id: None, new_balance: None, error }
            }
        }
    }
}

/// What went wrong with an item. It has no map of fields beside its message: the message names them.
pub(crate) fn said(form: &Form, locale: Locale) -> String {
    let fields = form.problems.iter().map(|problem| format!("{} {}", problem.field, problem.message.text(locale)));
    let fields: Vec<_> = fields.collect();
    if fields.is_empty() { form.message.text(locale).into_owned() } else { fields.join("; ") }
}
