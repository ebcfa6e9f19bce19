//! The list of a partner's cards: every filter and order, at a cost that does not grow with the list.

use super::counts::Span;
use super::{Page, Queries, QueryError, Window};
use crate::domain::cards::{Status, Tier};
use crate::domain::customers::PersonRecord;
use crate::domain::points::Points;
use crate::domain::{CardId, PartnerId, Timestamp};
use crate::{projections, vault};
use rusqlite::{Connection, Row};

/// Which cards are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardFilter {
    pub status: Option<Status>,
    pub tier: Option<Tier>,
    /// Exact, but for case.
    pub email: Option<String>,
    /// Issued at this moment or later.
    pub issued_from: Option<Timestamp>,
    /// Issued at this moment or before.
    pub issued_until: Option<Timestamp>,
}

/// What a list of cards is sorted by. Equals are sorted by id, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Issued,
    /// By the books: a lot past its time counts until it has been written off.
    Balance,
    Activity,
}

/// The order of a list of cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardSort {
    pub key: SortKey,
    pub descending: bool,
}

/// A card as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct CardListItem {
    pub card: CardId,
    pub number: String,
    /// None once erased.
    pub person: Option<PersonRecord>,
    /// Available at the moment of the question.
    pub balance: Points,
    pub status: Status,
    pub tier: Tier,
    pub issued_at: Timestamp,
    pub last_activity: Timestamp,
}

/// Up to so many matches are sorted in memory; beyond, an index in the order of the list is walked.
const SORTED_IN_MEMORY: i64 = 4_000;

impl Queries {
    /// A page of a partner's cards.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn cards(
        &self,
        partner: PartnerId,
        filter: CardFilter,
        sort: CardSort,
        window: Window,
        now: Timestamp,
    ) -> Result<Page<CardListItem>, QueryError> {
        self.settled().await?;
        self.aside(move |connection| {
            let ids = match &filter.email {
                Some(email) => by_email(connection, partner, email, &filter, window)?,
                None => page_of_ids(connection, partner, &filter, sort, window)?,
            };
            let items = ids.rows.iter().map(|card| item(connection, *card, now));
            Ok(Page { rows: items.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(), total: ids.total })
        })
        .await
    }
}

const ITEM: &str = "SELECT cards.number, cards.status, cards.tier, cards.issued_at, cards.last_activity, \
     cards.balance - (SELECT coalesce(sum(remaining), 0) FROM card_lots WHERE card = ?1 AND expires_at <= ?2), sealed.body \
     FROM cards JOIN customers ON customers.customer = cards.customer \
     LEFT JOIN ledger.sealed_records AS sealed ON sealed.record = customers.record WHERE cards.card = ?1";
const IDS_DOWN: &str = "SELECT card FROM cards INDEXED BY cards_by_partner \
     WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 ORDER BY card DESC LIMIT ?4 OFFSET ?5";
const IDS_UP: &str = "SELECT card FROM cards INDEXED BY cards_by_partner \
     WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 ORDER BY card LIMIT ?4 OFFSET ?5";
const STANDING_DOWN: &str = "SELECT card FROM cards INDEXED BY cards_by_status \
     WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 AND status = ?4 AND tier = ?5 ORDER BY card DESC LIMIT ?6";
const STANDING_UP: &str = "SELECT card FROM cards INDEXED BY cards_by_status \
     WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 AND status = ?4 AND tier = ?5 ORDER BY card LIMIT ?6";
const KEYS: &str = "SELECT balance, last_activity FROM cards WHERE card = ?1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    let fixed = [
        ("a card of a list", ITEM),
        ("cards, newest first", IDS_DOWN),
        ("cards, oldest first", IDS_UP),
        ("cards by status, newest first", STANDING_DOWN),
        ("cards by status, oldest first", STANDING_UP),
        ("a card's sort keys", KEYS),
    ];
    let mut all = fixed.map(|(name, sql)| (name, sql.to_owned())).to_vec();
    for key in [SortKey::Balance, SortKey::Activity] {
        for down in [true, false] {
            all.push(("cards in the order of an index", walk_sql(key, down, true)));
            all.push(("cards in the order of an index, by status", walk_sql(key, down, false)));
        }
    }
    all
}

fn item(connection: &Connection, card: CardId, now: Timestamp) -> Result<Option<CardListItem>, QueryError> {
    let mut statement = connection.prepare_cached(ITEM)?;
    let mut rows = statement.query((card.get(), now.micros()))?;
    rows.next()?.map(|row| listed(row, card)).transpose()
}

fn listed(row: &Row<'_>, card: CardId) -> Result<CardListItem, QueryError> {
    let (status, tier): (String, String) = (row.get(1)?, row.get(2)?);
    let body = row.get_ref(6)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(CardListItem {
        card,
        number: row.get(0)?,
        person: body.map(serde_json::from_str).transpose()?,
        balance: Points::new(row.get(5)?),
        status: Status::from_name(&status).ok_or(rusqlite::Error::InvalidQuery)?,
        tier: Tier::from_name(&tier).ok_or(rusqlite::Error::InvalidQuery)?,
        issued_at: Timestamp::from_micros(row.get(3)?),
        last_activity: Timestamp::from_micros(row.get(4)?),
    })
}

// An email is one customer's, and a customer has few cards.
fn by_email(
    connection: &Connection,
    partner: PartnerId,
    email: &str,
    filter: &CardFilter,
    window: Window,
) -> Result<Page<CardId>, QueryError> {
    let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(email));
    let Some(customer) = projections::customer_by_email(connection, partner, &hash)? else { return Ok(Page::empty()) };
    let Some(card) = projections::card_of_customer(connection, customer)? else { return Ok(Page::empty()) };
    let matching = projections::load_card(connection, card)?.filter(|card| {
        filter.status.is_none_or(|status| status == card.status)
            && filter.tier.is_none_or(|tier| tier == card.tier)
            && filter.issued_from.is_none_or(|from| from <= card.issued_at)
            && filter.issued_until.is_none_or(|until| card.issued_at <= until)
    });
    let total = i64::from(matching.is_some());
    Ok(Page { rows: matching.map(|card| card.id).filter(|_| window.offset == 0).into_iter().collect(), total })
}

fn page_of_ids(
    connection: &Connection,
    partner: PartnerId,
    filter: &CardFilter,
    sort: CardSort,
    window: Window,
) -> Result<Page<CardId>, QueryError> {
    let issued = Span::issued(connection, partner, (filter.issued_from, filter.issued_until))?;
    let span = Span { status: filter.status, tier: filter.tier, ..issued };
    let total = span.count(connection)?;
    if window.offset >= total {
        return Ok(Page { rows: Vec::new(), total });
    }
    let rows = match sort.key {
        SortKey::Issued => by_issue(connection, &span, sort.descending, window)?,
        SortKey::Balance | SortKey::Activity if total <= SORTED_IN_MEMORY => {
            let all = by_issue(connection, &span, sort.descending, Window { offset: 0, limit: total })?;
            sorted(connection, all, sort, window)?
        }
        SortKey::Balance | SortKey::Activity => walk(connection, &span, sort, window, total)?,
    };
    Ok(Page { rows: rows.into_iter().map(CardId::new).collect(), total })
}

fn by_issue(connection: &Connection, span: &Span, down: bool, window: Window) -> Result<Vec<i64>, QueryError> {
    let (from, skip) = span.seek(connection, window.offset, down)?;
    let (low, high) = if down { (span.low, from) } else { (from, span.high) };
    let partner = span.partner.get();
    if span.is_plain() {
        let mut statement = connection.prepare_cached(if down { IDS_DOWN } else { IDS_UP })?;
        let rows = statement.query_map((partner, low, high, window.limit, skip), |row| row.get(0))?;
        return Ok(rows.collect::<Result<_, _>>()?);
    }
    // Each status and tier has its own range of the index: the pages of each are merged.
    let mut statement = connection.prepare_cached(if down { STANDING_DOWN } else { STANDING_UP })?;
    let mut merged: Vec<i64> = Vec::new();
    for (status, tier) in span.standings() {
        let parameters = (partner, low, high, status.name(), tier.name(), skip + window.limit);
        for card in statement.query_map(parameters, |row| row.get(0))? {
            merged.push(card?);
        }
    }
    merged.sort_unstable();
    if down {
        merged.reverse();
    }
    Ok(cut(&merged, Window { offset: skip, limit: window.limit }))
}

fn sorted(connection: &Connection, cards: Vec<i64>, sort: CardSort, window: Window) -> Result<Vec<i64>, QueryError> {
    let mut statement = connection.prepare_cached(KEYS)?;
    let mut keyed = Vec::with_capacity(cards.len());
    for card in cards {
        let (balance, activity): (i64, i64) = statement.query_row([card], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let key = match sort.key {
            SortKey::Issued => card,
            SortKey::Balance => balance,
            SortKey::Activity => activity,
        };
        keyed.push((key, card));
    }
    keyed.sort_unstable();
    if sort.descending {
        keyed.reverse();
    }
    let cards: Vec<i64> = keyed.into_iter().map(|(_, card)| card).collect();
    Ok(cut(&cards, window))
}

// Past the middle of the list, the nearer way is from its other end.
fn walk(
    connection: &Connection,
    span: &Span,
    sort: CardSort,
    window: Window,
    total: i64,
) -> Result<Vec<i64>, QueryError> {
    let limit = window.limit.min(total - window.offset);
    let backwards = window.offset > total / 2;
    let skip = if backwards { total - window.offset - limit } else { window.offset };
    let sql = walk_sql(sort.key, sort.descending != backwards, span.is_plain());
    let mut statement = connection.prepare_cached(&sql)?;
    let (partner, status, tier) = (span.partner.get(), span.status.map(Status::name), span.tier.map(Tier::name));
    let read = |row: &Row<'_>| row.get(0);
    let mut rows: Vec<i64> = if span.is_plain() {
        statement.query_map((partner, span.low, span.high, limit, skip), read)?.collect::<Result<_, _>>()?
    } else {
        let parameters = (partner, span.low, span.high, limit, skip, status, tier);
        statement.query_map(parameters, read)?.collect::<Result<_, _>>()?
    };
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

fn walk_sql(key: SortKey, down: bool, plain: bool) -> String {
    let (index, column) = match key {
        SortKey::Issued => ("cards_by_partner", "card"),
        SortKey::Balance => ("cards_by_balance", "balance"),
        SortKey::Activity => ("cards_by_activity", "last_activity"),
    };
    let direction = if down { "DESC" } else { "ASC" };
    let standing = if plain { "" } else { "AND (?6 IS NULL OR status = ?6) AND (?7 IS NULL OR tier = ?7) " };
    format!(
        "SELECT card FROM cards INDEXED BY {index} WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 {standing}\
         ORDER BY {column} {direction}, card {direction} LIMIT ?4 OFFSET ?5"
    )
}

fn cut(cards: &[i64], window: Window) -> Vec<i64> {
    let place = |number: i64| usize::try_from(number).unwrap_or_default().min(cards.len());
    cards[place(window.offset)..place(window.offset.saturating_add(window.limit))].to_vec()
}
