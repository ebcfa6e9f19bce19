//! Listing cards.

use super::State;
use super::holder::Holder;
use crate::domain::cards::{Status, Tier};
use crate::domain::programme::Scope;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::http::openapi::words;
use crate::http::paging::{Pagination, Paging};
use crate::http::params::Params;
use crate::http::{ids, limits};
use crate::queries::{CardFilter, CardListItem, CardSort, SortKey};
use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of cards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CardList {
    cards: Vec<Listed>,
    pagination: Pagination,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedCard)]
struct Listed {
    id: String,
    card_number: String,
    customer_email: String,
    customer_name: String,
    points_balance: i64,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
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
    Ok(Answer::ok(Message::Cards, CardList { cards, pagination: paging.of(page.total) }))
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

fn sort_word(word: &str) -> Option<CardSort> {
    let (field, descending) = crate::http::params::sort_word(word)?;
    let key = match field {
        "created_at" => SortKey::Issued,
        "points_balance" => SortKey::Balance,
        "last_activity" => SortKey::Activity,
        _ => return None,
    };
    Some(CardSort { key, descending })
}
