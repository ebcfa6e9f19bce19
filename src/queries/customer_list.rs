//! The list of a partner's customers, and finding one by email, phone, card number or part of a name.

use super::card_views::holder;
use super::customer_views::{CustomerView, view};
use super::{Page, Queries, QueryError, Window};
use crate::domain::cards::CardNumber;
use crate::domain::customers::PersonRecord;
use crate::domain::{CustomerId, PartnerId, Timestamp};
use crate::{projections, vault};
use rusqlite::Connection;

/// How many customers a search for a part of a name or email looks at, the newest first. The answer says whether those were all.
///
/// Names stand in the vault alone, where no index may hold them; whoever knows the email, the phone or the card number asks by
/// that, which is exact and fast at any size.
pub const SEARCH_WALK_MAX: i64 = 50_000;
/// How many customers one phone number finds, the newest first. The answer says whether those were all.
pub const PHONE_MAX: i64 = 1_000;

/// Which customers are listed. What is given must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub card_number: Option<String>,
    /// Part of the name, the email or the phone number, in any case.
    pub search: Option<String>,
}

/// A page of customers.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerPage {
    pub page: Page<CustomerView>,
    /// Whether everybody was looked at: otherwise older customers may match as well.
    pub complete: bool,
}

/// Who matches, newest first, and whether everybody was looked at.
struct Found {
    customers: Vec<CustomerId>,
    complete: bool,
}

impl CustomerFilter {
    fn is_exact(&self) -> bool {
        self.email.is_some() || self.phone.is_some() || self.card_number.is_some()
    }
}

impl Queries {
    /// A page of a partner's customers, newest first.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn customers(
        &self,
        partner: PartnerId,
        filter: CustomerFilter,
        window: Window,
        now: Timestamp,
    ) -> Result<CustomerPage, QueryError> {
        self.settled().await?;
        let queries = self.clone();
        self.aside(move |connection| {
            let (ids, complete) = if filter.is_exact() {
                let found = exact(connection, partner, &filter)?;
                (page_of(&found.customers, window), found.complete)
            } else if let Some(search) = &filter.search {
                let found = search_walk(connection, partner, search)?;
                (page_of(&found.customers, window), found.complete)
            } else {
                (queries.all_customers(connection, partner, window)?, true)
            };
            let views = ids.rows.iter().map(|id| view(connection, *id, now)).collect::<Result<Vec<_>, _>>()?;
            let page = Page { rows: views.into_iter().flatten().collect(), total: ids.total };
            Ok(CustomerPage { page, complete })
        })
        .await
    }

    pub(super) fn all_customers(
        &self,
        connection: &Connection,
        partner: PartnerId,
        window: Window,
    ) -> Result<Page<CustomerId>, QueryError> {
        let (counted_to, counted) = self.customers_counted(partner);
        let mut statement = connection.prepare_cached(COUNT)?;
        let (more, last): (i64, Option<i64>) =
            statement.query_row((partner.get(), counted_to.get()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let total = counted + more;
        if let Some(last) = last {
            self.remember_customers(partner, CustomerId::new(last), total);
        }
        if window.offset >= total {
            return Ok(Page { rows: Vec::new(), total });
        }
        let limit = window.limit.min(total - window.offset);
        let backwards = window.offset > total / 2;
        let skip = if backwards { total - window.offset - limit } else { window.offset };
        let mut statement = connection.prepare_cached(if backwards { IDS_UP } else { IDS_DOWN })?;
        let ids = statement.query_map((partner.get(), limit, skip), |row| row.get(0).map(CustomerId::new))?;
        let mut rows = ids.collect::<Result<Vec<_>, _>>()?;
        if backwards {
            rows.reverse();
        }
        Ok(Page { rows, total })
    }
}

const COUNT: &str = "SELECT count(*), max(customer) FROM customers INDEXED BY customers_by_partner \
     WHERE partner = ?1 AND customer > ?2";
const IDS_DOWN: &str = "SELECT customer FROM customers INDEXED BY customers_by_partner \
     WHERE partner = ?1 ORDER BY customer DESC LIMIT ?2 OFFSET ?3";
const IDS_UP: &str = "SELECT customer FROM customers INDEXED BY customers_by_partner \
     WHERE partner = ?1 ORDER BY customer LIMIT ?2 OFFSET ?3";
const BY_PHONE: &str = "SELECT customer FROM customers INDEXED BY customers_by_phone \
     WHERE partner = ?1 AND phone_hash = ?2 ORDER BY customer DESC LIMIT ?3";
const NEWEST_SEALED: &str = "SELECT customers.customer, sealed.body FROM customers INDEXED BY customers_by_partner \
     JOIN ledger.sealed_records AS sealed ON sealed.record = customers.record \
     WHERE customers.partner = ?1 ORDER BY customers.customer DESC LIMIT ?2";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    [
        ("count of customers", COUNT),
        ("customers, newest first", IDS_DOWN),
        ("customers, oldest first", IDS_UP),
        ("customers by phone", BY_PHONE),
        ("customers with their records", NEWEST_SEALED),
    ]
    .map(|(name, sql)| (name, sql.to_owned()))
    .into()
}

// By whatever exact key is given first; the other conditions are checked on what it finds.
fn exact(connection: &Connection, partner: PartnerId, filter: &CustomerFilter) -> Result<Found, QueryError> {
    let mut sets: Vec<Vec<CustomerId>> = Vec::new();
    let mut complete = true;
    if let Some(email) = &filter.email {
        let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(email));
        sets.push(projections::customer_by_email(connection, partner, &hash)?.into_iter().collect());
    }
    if let Some(phone) = &filter.phone {
        let found = by_phone(connection, partner, phone)?;
        complete = found.complete;
        sets.push(found.customers);
    }
    if let Some(number) = &filter.card_number {
        sets.push(by_card_number(connection, partner, number)?.into_iter().collect());
    }
    let part = filter.search.as_ref().map(|part| part.to_lowercase());
    let (first, others) = sets.split_first().map_or((&[][..], &[][..]), |(first, others)| (first, others));
    let mut customers = Vec::new();
    for id in first.iter().copied().filter(|id| others.iter().all(|other| other.contains(id))) {
        let matching = match &part {
            None => true,
            Some(part) => holder(connection, id)?.is_some_and(|person| matches_part(&person, part)),
        };
        customers.extend(matching.then_some(id));
    }
    Ok(Found { customers, complete })
}

fn by_phone(connection: &Connection, partner: PartnerId, phone: &str) -> Result<Found, QueryError> {
    let hash = vault::lookup_hash(partner, "phone", &PersonRecord::phone_key(phone));
    let mut statement = connection.prepare_cached(BY_PHONE)?;
    let parameters = (partner.get(), hash.as_slice(), PHONE_MAX + 1);
    let mut rows = statement.query(parameters)?;
    let (mut customers, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > PHONE_MAX {
            return Ok(Found { customers, complete: false });
        }
        customers.push(CustomerId::new(row.get(0)?));
    }
    Ok(Found { customers, complete: true })
}

fn by_card_number(connection: &Connection, partner: PartnerId, number: &str) -> Result<Option<CustomerId>, QueryError> {
    let Some(number) = CardNumber::parse(number) else { return Ok(None) };
    let Some(card) = projections::card_by_number(connection, partner, &number)? else { return Ok(None) };
    Ok(projections::load_card(connection, card)?.map(|card| card.customer))
}

fn search_walk(connection: &Connection, partner: PartnerId, part: &str) -> Result<Found, QueryError> {
    let part = part.to_lowercase();
    let mut statement = connection.prepare_cached(NEWEST_SEALED)?;
    let mut rows = statement.query((partner.get(), SEARCH_WALK_MAX + 1))?;
    let (mut customers, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > SEARCH_WALK_MAX {
            return Ok(Found { customers, complete: false });
        }
        let body = row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        let Some(body) = body else { continue };
        let person: PersonRecord = serde_json::from_str(body)?;
        if matches_part(&person, &part) {
            customers.push(CustomerId::new(row.get(0)?));
        }
    }
    Ok(Found { customers, complete: true })
}

pub(super) fn matches_part(person: &PersonRecord, part: &str) -> bool {
    person.email.to_lowercase().contains(part)
        || person.display_name().to_lowercase().contains(part)
        || person.phone.as_ref().is_some_and(|phone| phone.contains(part))
}

fn page_of(all: &[CustomerId], window: Window) -> Page<CustomerId> {
    let place = |number: i64| usize::try_from(number).unwrap_or_default().min(all.len());
    let rows = all[place(window.offset)..place(window.offset.saturating_add(window.limit))].to_vec();
    Page { rows, total: i64::try_from(all.len()).unwrap_or(i64::MAX) }
}
