//! `/partners/transactions`: what was booked, over all shops.

mod calculation;
mod show;

pub(crate) use show::PartnerTransaction;

use super::State;
use super::access::Access;
use crate::domain::orders::TransactionKind;
use crate::domain::{CardId, Timestamp};
use crate::http::api::submitting::PathId;
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::locales::{Locale, Message};
use crate::http::params::Params;
use crate::http::shop::listing::{Listing, Rows};
use crate::http::shop::transactions::{Whose, found, nothing};
use crate::http::{ids, limits};
use crate::queries::{TransactionFilter, TransactionSort};
use actix_web::HttpRequest;
use show::Detail;

pub(crate) async fn list(
    state: State,
    access: Access,
    locale: Locale,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Rows<PartnerTransaction>>, ApiError> {
    let caller = access.reads()?;
    // What is wrong with the names is told with all that is wrong with the query.
    let whose = Whose::of(&mut Params::of(&request));
    let state = as_of.list(state, &caller, whose.subject(), Whose::NAMING).await?;
    page(&state, &caller, locale, &request, None).await
}

pub(crate) async fn get(
    state: State,
    access: Access,
    locale: Locale,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<Detail>, ApiError> {
    let caller = access.reads()?;
    let state = as_of.transaction(state, &caller, &id.0).await?;
    let view = found(&state, &caller, id).await?;
    let detail = Detail::of(view, &state, &caller, locale).await?;
    Ok(Answer::ok(Message::Transaction, detail))
}

/// A page of the transactions that a query asks for: of everybody, or of the one card of a customer, who may have none.
pub(super) async fn page(
    state: &State,
    caller: &Caller,
    locale: Locale,
    request: &HttpRequest,
    of: Option<Option<CardId>>,
) -> Result<Answer<Rows<PartnerTransaction>>, ApiError> {
    let mut params = Params::of(request);
    let kinds = params.word("type", kinds_of, TYPES).flatten();
    let (from, until) = period(&mut params, state.now());
    let filter = TransactionFilter {
        kinds,
        card: None,
        shop: params.id(&["shop_id"], ids::parse_shop),
        name: params.text(&["search", "order_id", "reference"]).map(|(_, name)| name),
        from,
        until,
    };
    let nobody = nothing_has_it(&mut params);
    let sort = params.sort(sort_field, "date, amount").unwrap_or((TransactionSort::Recorded, true));
    if params.value("group_by").is_some() {
        params.problem(Problem::value("group_by", Message::NotAField));
    }
    let whose = if of.is_some() { Whose::default() } else { Whose::of(&mut params) };
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (whose, listing) = params.finish((whose, listing))?;
    let filter = whose.applied(state, caller, filter).await?.filter(|_| !nobody);
    let filter = match of {
        Some(card) => filter.zip(card).map(|(filter, card)| TransactionFilter { card: Some(card), ..filter }),
        None => filter,
    };
    let page = match filter {
        Some(filter) => state.queries.transactions(caller.partner, filter, sort, listing.paging.window()).await?,
        None => nothing(),
    };
    let rows = page.page.rows.into_iter().filter_map(|view| PartnerTransaction::of(view, state, caller, locale));
    Ok(listing.answer(Message::Transactions, rows.collect(), page.page.total))
}

/// `date_range`, or the two ends under any of their names.
fn period(params: &mut Params, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    const BEGIN: [&str; 3] = ["start_date", "date_from", "from_date"];
    const END: [&str; 3] = ["end_date", "date_to", "to_date"];
    const RANGES: &str = "today, last_7_days, last_30_days, last_90_days, this_month, last_month, this_year";
    let beside = params.text(&BEGIN).or_else(|| params.text(&END)).is_some();
    let range = params.word("date_range", |word| range(word, now), RANGES);
    if beside && params.value("date_range").is_some() {
        params.problem(Problem::value("date_range", Message::NotBeside { field: "start_date" }));
    }
    range.map_or_else(|| (params.since(&BEGIN), params.until(&END)), |(from, until)| (Some(from), until))
}

/// The days of a range, in UTC; the last of them is today where there is no end.
fn range(word: &str, now: Timestamp) -> Option<(Timestamp, Option<Timestamp>)> {
    let before = |moment: Timestamp| Timestamp::from_micros(moment.micros() - 1);
    Some(match word {
        "today" => (now.day_start(), None),
        "last_7_days" => (now.minus_days(7), None),
        "last_30_days" => (now.minus_days(30), None),
        "last_90_days" => (now.minus_days(90), None),
        "this_month" => (now.month_start(0), None),
        "last_month" => (now.month_start(1), Some(before(now.month_start(0)))),
        "this_year" => (now.year_start(), None),
        _ => return None,
    })
}

const TYPES: &str = "all, sale, refund, bonus, redemption, adjustment, expiry";

/// The kinds that a word means; all of them by none.
fn kinds_of(word: &str) -> Option<Option<Vec<TransactionKind>>> {
    use TransactionKind as Kind;
    Some(Some(match word {
        "all" => return Some(None),
        "sale" | "purchase" => vec![Kind::Purchase],
        "refund" => vec![Kind::Refund, Kind::Cancellation, Kind::Return],
        "bonus" => vec![Kind::Award, Kind::Welcome],
        "redemption" => vec![Kind::Redemption],
        "adjustment" => vec![Kind::Raise, Kind::Cut],
        "expiry" => vec![Kind::Expiry],
        _ => return None,
    }))
}

/// What a transaction is called.
const fn type_of(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Purchase => "sale",
        TransactionKind::Award | TransactionKind::Welcome => "bonus",
        TransactionKind::Redemption => "redemption",
        TransactionKind::Expiry => "expiry",
        TransactionKind::Refund | TransactionKind::Cancellation | TransactionKind::Return => "refund",
        TransactionKind::Raise | TransactionKind::Cut => "adjustment",
    }
}

// Every movement is complete once it is recorded, and knows no number of a member of the staff.
fn nothing_has_it(params: &mut Params) -> bool {
    let status = |word: &str| match word {
        "completed" => Some(true),
        "pending" | "cancelled" => Some(false),
        _ => None,
    };
    let completed = params.word("status", status, "completed, pending, cancelled").unwrap_or(true);
    !completed || params.value("staff_id").is_some()
}

fn sort_field(field: &str) -> Option<TransactionSort> {
    match field {
        "date" | "created_at" => Some(TransactionSort::Recorded),
        "amount" => Some(TransactionSort::Amount),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_days() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-03-31T10:00:00Z");
        assert_eq!(range("today", now), Some((at("2026-03-31"), None)));
        assert_eq!(range("this_month", now), Some((at("2026-03-01"), None)));
        let end = Timestamp::from_micros(at("2026-03-01").micros() - 1);
        assert_eq!(range("last_month", now), Some((at("2026-02-01"), Some(end))));
        assert_eq!(range("this_year", now), Some((at("2026-01-01"), None)));
        assert_eq!(range("last_7_days", now), Some((at("2026-03-24T10:00:00Z"), None)));
        assert_eq!(range("ever", now), None);
    }
}
