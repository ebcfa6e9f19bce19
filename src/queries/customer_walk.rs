//! The partner's list of customers: in the order of registration at any size, and by everything else within bounds.

use super::customer_list::{SEARCH_WALK_MAX, matches_part};
use super::customer_sheets::{CustomerSheet, sheet};
use super::{Page, Queries, QueryError, Window};
use crate::domain::cards::Tier;
use crate::domain::customers::PersonRecord;
use crate::domain::{CustomerId, PartnerId, ShopId, Timestamp};
use rusqlite::{Connection, Row};

/// Which customers are listed. What is given must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerSearch {
    /// Part of the name, the email or the phone number, in any case.
    pub search: Option<String>,
    /// Of the customer's card; who has none is at the lowest.
    pub tier: Option<Tier>,
    /// Where the customer's card was issued or its points were moved.
    pub shop: Option<ShopId>,
}

/// What a list of customers is sorted by. Equals are sorted by id, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerSort {
    Registered,
    Name,
    /// By the books: what is due and not yet written off counts.
    Points,
}

/// A customer on the walk, with what the list is sorted by.
struct Walked {
    customer: CustomerId,
    name: String,
    points: i64,
}

impl Queries {
    /// A page of a partner's customers.
    ///
    /// # Errors
    /// When the projector is too far behind, the views cannot be read, or more than [`SEARCH_WALK_MAX`] customers would have to be looked at.
    pub async fn customer_sheets(
        &self,
        partner: PartnerId,
        search: CustomerSearch,
        (sort, down): (CustomerSort, bool),
        window: Window,
        now: Timestamp,
    ) -> Result<Page<CustomerSheet>, QueryError> {
        self.settled().await?;
        let queries = self.clone();
        self.aside(move |connection| {
            let page = if search == CustomerSearch::default() && sort == CustomerSort::Registered {
                queries.in_order(connection, partner, down, window)?
            } else {
                let mut found = walk(connection, partner, &search)?;
                found.sort_by_cached_key(|walked| match sort {
                    CustomerSort::Registered => (0, String::new(), walked.customer),
                    CustomerSort::Name => (0, walked.name.clone(), walked.customer),
                    CustomerSort::Points => (walked.points, String::new(), walked.customer),
                });
                if down {
                    found.reverse();
                }
                window.of(found.into_iter().map(|walked| walked.customer).collect())
            };
            let rows = page.rows.iter().map(|customer| sheet(connection, *customer, now));
            let rows = rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            Ok(Page { rows, total: page.total })
        })
        .await
    }

    // The newest first; upwards, the same pages are cut from the other end.
    fn in_order(
        &self,
        connection: &Connection,
        partner: PartnerId,
        down: bool,
        window: Window,
    ) -> Result<Page<CustomerId>, QueryError> {
        if down {
            return self.all_customers(connection, partner, window);
        }
        let none = Window { offset: 0, limit: 0 };
        let total = self.all_customers(connection, partner, none)?.total;
        let end = total.saturating_sub(window.offset).max(0);
        let start = end.saturating_sub(window.limit).max(0);
        let mut page = self.all_customers(connection, partner, Window { offset: start, limit: end - start })?;
        page.rows.reverse();
        Ok(page)
    }
}

const WALK: &str = "SELECT customers.customer, sealed.body, cards.tier, cards.balance, cards.shop, cards.card \
     FROM customers INDEXED BY customers_by_partner \
     LEFT JOIN ledger.sealed_records AS sealed ON sealed.record = customers.record \
     LEFT JOIN cards ON cards.card = (SELECT card FROM cards AS of_customer INDEXED BY cards_by_customer \
        WHERE of_customer.customer = customers.customer ORDER BY card LIMIT 1) \
     WHERE customers.partner = ?1 ORDER BY customers.customer LIMIT ?2";
const WAS_IN_SHOP: &str = "SELECT 1 FROM card_movements WHERE card = ?1 AND shop = ?2 LIMIT 1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![("customers with their cards", WALK.to_owned()), ("whether a card was in a shop", WAS_IN_SHOP.to_owned())]
}

fn walk(connection: &Connection, partner: PartnerId, search: &CustomerSearch) -> Result<Vec<Walked>, QueryError> {
    let part = search.search.as_ref().map(|part| part.to_lowercase());
    let mut statement = connection.prepare_cached(WALK)?;
    let mut rows = statement.query((partner.get(), SEARCH_WALK_MAX + 1))?;
    let (mut found, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > SEARCH_WALK_MAX {
            return Err(QueryError::TooWide { most: SEARCH_WALK_MAX });
        }
        if !(of_tier(row, search.tier)? && in_shop(connection, row, search.shop)?) {
            continue;
        }
        let body = row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        let person = body.map(serde_json::from_str::<PersonRecord>).transpose()?;
        let matches = part.as_ref().is_none_or(|part| person.as_ref().is_some_and(|person| matches_part(person, part)));
        if matches {
            let name = person.map(|person| person.display_name().to_lowercase()).unwrap_or_default();
            let points = row.get::<_, Option<i64>>(3)?.unwrap_or(0);
            found.push(Walked { customer: CustomerId::new(row.get(0)?), name, points });
        }
    }
    Ok(found)
}

fn of_tier(row: &Row<'_>, wanted: Option<Tier>) -> Result<bool, QueryError> {
    let Some(wanted) = wanted else { return Ok(true) };
    let tier = row.get_ref(2)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(tier.unwrap_or(Tier::Bronze.name()) == wanted.name())
}

fn in_shop(connection: &Connection, row: &Row<'_>, wanted: Option<ShopId>) -> Result<bool, QueryError> {
    let Some(wanted) = wanted else { return Ok(true) };
    if row.get::<_, Option<i64>>(4)? == Some(wanted.get()) {
        return Ok(true);
    }
    let Some(card) = row.get::<_, Option<i64>>(5)? else { return Ok(false) };
    let mut statement = connection.prepare_cached(WAS_IN_SHOP)?;
    Ok(statement.exists((card, wanted.get()))?)
}
