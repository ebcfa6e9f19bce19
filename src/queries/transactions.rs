//! A partner's transactions: every filter, order and page, at a cost that does not grow with the list.
//!
//! The list of a partner is the log's own order: whole blocks of it are counted and skipped by `transaction_counts`, and what is
//! left is read by primary key. The list of a card is walked by its index.

use super::history::{HISTORY_WALK_MAX, seq_range};
use super::{Page, Queries, QueryError, Window, bodies};
use crate::domain::cards::{Card, CardNumber};
use crate::domain::customers::PersonRecord;
use crate::domain::orders::TransactionKind;
use crate::domain::points::{Note, Points};
use crate::domain::programme::{Directory, Localised, ShopRecord, TemplateRecord};
use crate::domain::{CardId, CustomerId, Event, Movement, PartnerId, Seq, ShopId, Timestamp};
use crate::projections::{self, TRANSACTION_BLOCK};
use rusqlite::{Connection, OptionalExtension as _, Row};

/// How many blocks of the log a list that is sorted by points or amount may have to read. A wider question is refused.
const BLOCKS_MAX: usize = 128;

/// Which transactions are listed. What is given must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// One of these; none means any.
    pub kinds: Option<Vec<TransactionKind>>,
    pub card: Option<CardId>,
    pub shop: Option<ShopId>,
    /// The order id, the refund id or the reference, exact.
    pub name: Option<String>,
    /// Recorded at this moment or later.
    pub from: Option<Timestamp>,
    /// Recorded at this moment or before.
    pub until: Option<Timestamp>,
}

/// What a list of transactions is sorted by. Equals are sorted by id, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionSort {
    Recorded,
    Points,
    Amount,
}

/// A transaction with everything that is shown of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionView {
    pub seq: Seq,
    /// When it happened. Of an import's rows that is not when they were recorded, by which lists are in order.
    pub at: Timestamp,
    pub kind: TransactionKind,
    pub event: Event,
    pub balance_after: Points,
    /// What was typed; none where nothing was, or once erased.
    pub note: Option<Note>,
    pub card: CardId,
    pub number: CardNumber,
    /// What the card's template is called.
    pub title: Localised,
    pub customer: CustomerId,
    /// None once erased.
    pub person: Option<PersonRecord>,
    pub shop: Option<(ShopId, String)>,
}

/// A page of transactions, with the sums over the whole list.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionPage {
    pub page: Page<TransactionView>,
    pub gained: Points,
    pub lost: Points,
}

/// The ids of a page, with the sums over the whole list.
#[derive(Debug, Default)]
struct Found {
    seqs: Vec<i64>,
    total: i64,
    gained: i64,
    lost: i64,
}

impl Queries {
    /// A page of a partner's transactions.
    ///
    /// # Errors
    /// When the projector is too far behind, the views cannot be read, or the question is too wide.
    pub async fn transactions(
        &self,
        partner: PartnerId,
        filter: TransactionFilter,
        (sort, down): (TransactionSort, bool),
        window: Window,
    ) -> Result<TransactionPage, QueryError> {
        self.settled().await?;
        let directory = self.live().directory();
        self.aside(move |connection| {
            let (low, high) = seq_range(connection, (filter.from, filter.until))?;
            let range =
                Range { partner: partner.get(), low, high, kinds: mask(filter.kinds.as_deref()), shop: shop(&filter) };
            let found = match (&filter.name, filter.card) {
                (Some(name), card) => range.by_name(connection, name, card)?.page(sort, down, window),
                (None, Some(card)) => range.by_card(connection, card)?.page(sort, down, window),
                (None, None) if sort == TransactionSort::Recorded => range.in_order(connection, down, window)?,
                (None, None) => range.all(connection)?.page(sort, down, window),
            };
            let views = found.seqs.iter().map(|seq| view(connection, &directory, partner, *seq));
            let rows = views.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            let page = Page { rows, total: found.total };
            Ok(TransactionPage { page, gained: Points::new(found.gained), lost: Points::new(found.lost) })
        })
        .await
    }

    /// A transaction of a partner.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn transaction(&self, partner: PartnerId, seq: Seq) -> Result<Option<TransactionView>, QueryError> {
        self.settled().await?;
        let directory = self.live().directory();
        self.here(|connection| view(connection, &directory, partner, seq.get()))
    }

    /// What a card's template is called, by language.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn card_title(&self, card: &Card) -> Result<Localised, QueryError> {
        let directory = self.live().directory();
        self.here(|connection| title(connection, &directory, card))
    }
}

const MATCHES: &str = "partner = ?1 AND seq BETWEEN ?2 AND ?3 AND (?4 >> kind) & 1 AND (?5 IS NULL OR shop = ?5)";
const BLOCKS: &str = "SELECT block, sum(transactions), sum(gained), sum(lost) FROM transaction_counts \
     WHERE partner = ?1 AND block BETWEEN ?2 AND ?3 AND (?4 >> kind) & 1 AND (?5 IS NULL OR shop = ?5) \
     GROUP BY block ORDER BY block";
const LAST: &str = "SELECT seq FROM movements ORDER BY seq DESC LIMIT 1";
const ROW: &str = "SELECT events.kind, events.schema, events.payload, movements.kind, movements.balance_after, coalesce(movements.happened_at, movements.at), \
     movements.card, sealed.body FROM movements JOIN ledger.events AS events ON events.seq = movements.seq \
     LEFT JOIN ledger.sealed_records AS sealed ON sealed.record = movements.record \
     WHERE movements.seq = ?1 AND movements.partner = ?2";

fn edge_sql() -> String {
    format!(
        "SELECT count(*), coalesce(sum(max(points, 0)), 0), coalesce(-sum(min(points, 0)), 0) FROM movements WHERE {MATCHES}"
    )
}

fn walk_sql(down: bool) -> String {
    let direction = if down { "DESC" } else { "ASC" };
    format!("SELECT seq FROM movements WHERE {MATCHES} ORDER BY seq {direction} LIMIT ?6 OFFSET ?7")
}

fn rows_sql() -> String {
    format!("SELECT seq, points, coalesce(amount, 0) FROM movements WHERE {MATCHES} ORDER BY seq")
}

fn card_sql() -> String {
    format!(
        "SELECT seq, points, coalesce(amount, 0) FROM card_movements \
         WHERE {MATCHES} AND card = ?6 ORDER BY era, seq LIMIT ?7"
    )
}

// The plus sign keeps the primary key out of it: a name is few rows, a period may be many.
fn name_sql(column: &str) -> String {
    let matches = MATCHES.replace("seq BETWEEN", "+seq BETWEEN");
    format!(
        "SELECT seq, points, coalesce(amount, 0) FROM {}_movements \
         WHERE {matches} AND {column} = ?6 AND (?7 IS NULL OR card = ?7) LIMIT ?8",
        column.trim_end_matches("_id")
    )
}

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![
        ("blocks of transactions", BLOCKS.to_owned()),
        ("a transaction", ROW.to_owned()),
        ("count of transactions", edge_sql()),
        ("transactions, newest first", walk_sql(true)),
        ("transactions, oldest first", walk_sql(false)),
        ("transactions of some blocks", rows_sql()),
        ("transactions of a card", card_sql()),
        ("transactions by order", name_sql("order_id")),
        ("transactions by reference", name_sql("reference")),
    ]
}

/// A stretch of the log, and what of it counts.
struct Range {
    partner: i64,
    low: i64,
    high: i64,
    /// One bit for each kind that counts.
    kinds: i64,
    shop: Option<i64>,
}

/// What a stretch of the log holds.
struct Part {
    low: i64,
    high: i64,
    total: i64,
    gained: i64,
    lost: i64,
}

/// Rows to be sorted: id, points, amount.
struct Rows(Vec<(i64, i64, i64)>);

impl Range {
    fn in_order(&self, connection: &Connection, down: bool, window: Window) -> Result<Found, QueryError> {
        let mut parts = self.parts(connection)?;
        let mut found = Found::default();
        for part in &parts {
            found.total += part.total;
            found.gained += part.gained;
            found.lost += part.lost;
        }
        if down {
            parts.reverse();
        }
        let (mut skip, mut left) = (window.offset, window.limit);
        let mut statement = connection.prepare_cached(&walk_sql(down))?;
        for part in &parts {
            if left == 0 {
                break;
            }
            if skip >= part.total {
                skip -= part.total;
                continue;
            }
            let parameters = (self.partner, part.low, part.high, self.kinds, self.shop, left, skip);
            for seq in statement.query_map(parameters, |row| row.get(0))? {
                found.seqs.push(seq?);
                left -= 1;
            }
            skip = 0;
        }
        Ok(found)
    }

    fn all(&self, connection: &Connection) -> Result<Rows, QueryError> {
        let parts = self.parts(connection)?;
        let held: Vec<_> = parts.iter().filter(|part| part.total > 0).collect();
        if held.len() > BLOCKS_MAX || held.iter().map(|part| part.total).sum::<i64>() > HISTORY_WALK_MAX {
            return Err(QueryError::TooWide { most: HISTORY_WALK_MAX });
        }
        let mut statement = connection.prepare_cached(&rows_sql())?;
        let mut rows = Vec::new();
        for part in held {
            let parameters = (self.partner, part.low, part.high, self.kinds, self.shop);
            rows.extend(statement.query_map(parameters, triple)?.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Rows(rows))
    }

    fn by_card(&self, connection: &Connection, card: CardId) -> Result<Rows, QueryError> {
        let mut statement = connection.prepare_cached(&card_sql())?;
        let most = HISTORY_WALK_MAX + 1;
        let parameters = (self.partner, self.low, self.high, self.kinds, self.shop, card.get(), most);
        Rows::bounded(statement.query_map(parameters, triple)?.collect::<Result<Vec<_>, _>>()?)
    }

    fn by_name(&self, connection: &Connection, name: &str, card: Option<CardId>) -> Result<Rows, QueryError> {
        let mut rows: Vec<(i64, i64, i64)> = Vec::new();
        let most = HISTORY_WALK_MAX + 1;
        for column in ["order_id", "reference"] {
            let mut statement = connection.prepare_cached(&name_sql(column))?;
            let card = card.map(CardId::get);
            let parameters = (self.partner, self.low, self.high, self.kinds, self.shop, name, card, most);
            rows.extend(statement.query_map(parameters, triple)?.collect::<Result<Vec<_>, _>>()?);
        }
        rows.sort_unstable();
        rows.dedup();
        Rows::bounded(rows)
    }

    // The range cut at the borders of blocks, in the order of the log; parts without transactions may be missing.
    fn parts(&self, connection: &Connection) -> Result<Vec<Part>, QueryError> {
        let last: i64 = connection.prepare_cached(LAST)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0);
        // No transaction stands beyond the last one, so that the last block counts as whole.
        let high = if self.high >= last { (last / TRANSACTION_BLOCK + 1) * TRANSACTION_BLOCK - 1 } else { self.high };
        if high < self.low {
            return Ok(Vec::new());
        }
        let first = self.low.div_euclid(TRANSACTION_BLOCK) + i64::from(self.low.rem_euclid(TRANSACTION_BLOCK) != 0);
        let end = (high + 1).div_euclid(TRANSACTION_BLOCK);
        if end <= first {
            return Ok(vec![self.edge(connection, self.low, high)?]);
        }
        let mut parts = Vec::new();
        if self.low < first * TRANSACTION_BLOCK {
            parts.push(self.edge(connection, self.low, first * TRANSACTION_BLOCK - 1)?);
        }
        let mut statement = connection.prepare_cached(BLOCKS)?;
        let blocks = statement.query_map((self.partner, first, end - 1, self.kinds, self.shop), |row| {
            let low = row.get::<_, i64>(0)? * TRANSACTION_BLOCK;
            let high = low + TRANSACTION_BLOCK - 1;
            Ok(Part { low, high, total: row.get(1)?, gained: row.get(2)?, lost: row.get(3)? })
        })?;
        for block in blocks {
            parts.push(block?);
        }
        if end * TRANSACTION_BLOCK <= high {
            parts.push(self.edge(connection, end * TRANSACTION_BLOCK, high)?);
        }
        Ok(parts)
    }

    fn edge(&self, connection: &Connection, low: i64, high: i64) -> Result<Part, QueryError> {
        let mut statement = connection.prepare_cached(&edge_sql())?;
        Ok(statement.query_row((self.partner, low, high, self.kinds, self.shop), |row| {
            Ok(Part { low, high, total: row.get(0)?, gained: row.get(1)?, lost: row.get(2)? })
        })?)
    }
}

impl Rows {
    fn bounded(rows: Vec<(i64, i64, i64)>) -> Result<Self, QueryError> {
        let within = i64::try_from(rows.len()).is_ok_and(|rows| rows <= HISTORY_WALK_MAX);
        if within { Ok(Self(rows)) } else { Err(QueryError::TooWide { most: HISTORY_WALK_MAX }) }
    }

    fn page(mut self, sort: TransactionSort, down: bool, window: Window) -> Found {
        self.0.sort_unstable_by_key(|&(seq, points, amount)| match sort {
            TransactionSort::Recorded => (seq, seq),
            TransactionSort::Points => (points, seq),
            TransactionSort::Amount => (amount, seq),
        });
        if down {
            self.0.reverse();
        }
        let gained = self.0.iter().map(|(_, points, _)| (*points).max(0)).sum();
        let lost = self.0.iter().map(|(_, points, _)| -(*points).min(0)).sum();
        let page = window.of(self.0.into_iter().map(|(seq, _, _)| seq).collect());
        Found { seqs: page.rows, total: page.total, gained, lost }
    }
}

fn triple(row: &Row<'_>) -> rusqlite::Result<(i64, i64, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn mask(kinds: Option<&[TransactionKind]>) -> i64 {
    let kinds = kinds.unwrap_or(&TransactionKind::ALL);
    kinds.iter().fold(0, |mask, kind| mask | 1 << kind.place())
}

fn shop(filter: &TransactionFilter) -> Option<i64> {
    filter.shop.map(ShopId::get)
}

fn view(
    connection: &Connection,
    directory: &Directory,
    partner: PartnerId,
    seq: i64,
) -> Result<Option<TransactionView>, QueryError> {
    let mut statement = connection.prepare_cached(ROW)?;
    let mut rows = statement.query((seq, partner.get()))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (kind, schema): (String, i64) = (row.get(0)?, row.get(1)?);
    let payload = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
    let event = Event::decode(&kind, schema, payload).map_err(|_| rusqlite::Error::InvalidQuery)?;
    let card = CardId::new(row.get(6)?);
    let card = projections::load_card(connection, card)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let shop = Movement::of(&event)
        .and_then(|movement| movement.stated().shop)
        .map(|shop| shop_name(connection, directory, shop))
        .transpose()?
        .flatten();
    Ok(Some(TransactionView {
        seq: Seq::new(seq),
        at: Timestamp::from_micros(row.get(5)?),
        kind: TransactionKind::at(row.get(3)?).ok_or(rusqlite::Error::InvalidQuery)?,
        event,
        balance_after: Points::new(row.get(4)?),
        note: bodies::note(row.get_ref(7)?.as_str_or_null().map_err(rusqlite::Error::from)?)?,
        card: card.id,
        number: card.number,
        title: title(connection, directory, &card)?,
        customer: card.customer,
        person: super::card_views::holder(connection, card.customer)?,
        shop,
    }))
}

fn title(connection: &Connection, directory: &Directory, card: &Card) -> Result<Localised, QueryError> {
    let template = directory.template_of(card.partner, card.template);
    let record = template.map(|template| bodies::record::<TemplateRecord>(connection, template.record)).transpose()?;
    Ok(record.flatten().unwrap_or_default().title)
}

fn shop_name(
    connection: &Connection,
    directory: &Directory,
    shop: ShopId,
) -> Result<Option<(ShopId, String)>, QueryError> {
    let Some(shop) = directory.shops.get(&shop) else { return Ok(None) };
    let record = bodies::record::<ShopRecord>(connection, shop.record)?.unwrap_or_default();
    Ok(Some((shop.id, record.name)))
}
