//! Whole data sets, in the order of their ids, a bounded page at a time.
//!
//! An export stands at a position of the log: which rows it has, and every balance in it, are as of that position, whenever its
//! pages are read. Each page is a short snapshot of its own, so that no reader, however slow, keeps a WAL from being folded.

mod cards;
mod customers;
mod names;
mod reader;
mod transactions;

pub use cards::CardRow;
pub use customers::{CustomerRow, CustomersCard};
pub use reader::ExportReader;
pub use transactions::TransactionRow;

use super::{Queries, QueryError};
use crate::domain::cards::{Status, Tier};
use crate::domain::orders::TransactionKind;
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, PartnerId, Seq, ShopId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

/// How many rows a page looks at, and so has at most.
pub const EXPORT_PAGE: i64 = 1_000;

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSet {
    Customers,
    Cards,
    Transactions,
}

impl DataSet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Customers, Self::Cards, Self::Transactions];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Cards => "cards",
            Self::Transactions => "transactions",
        }
    }

    /// The data set of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportPosition {
    /// The last event of the log that it reflects.
    pub as_of: Seq,
    /// The id of the partner's last row at that position; 0 where it had none.
    pub last: i64,
}

/// Which rows are exported. What is given must all match; a data set goes by the conditions that its list has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Recorded, issued or registered at this moment or later.
    pub from: Option<Timestamp>,
    /// Recorded, issued or registered at this moment or before.
    pub until: Option<Timestamp>,
    pub customer: Option<CustomerId>,
    pub card: Option<CardId>,
    /// Of cards, and of customers by their card.
    pub status: Option<Status>,
    /// Of cards, and of customers by their card.
    pub tier: Option<Tier>,
    /// Of transactions; none means any.
    pub kinds: Option<Vec<TransactionKind>>,
    /// Of transactions: where they took place. Of cards: where they were issued.
    pub shop: Option<ShopId>,
    /// Of transactions: the order id, the refund id or the reference, exact.
    pub name: Option<String>,
}

/// What has to be looked up for the columns that are wanted: the rest costs nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who the customer is.
    pub person: bool,
    /// What was typed about a transaction.
    pub note: bool,
    /// What the shop is called.
    pub shop: bool,
}

/// What is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportQuestion {
    pub partner: PartnerId,
    pub set: DataSet,
    pub filter: ExportFilter,
    pub wanted: Wanted,
    pub position: ExportPosition,
}

/// The rows of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum ExportRows {
    Customers(Vec<CustomerRow>),
    Cards(Vec<CardRow>),
    Transactions(Vec<TransactionRow>),
}

impl ExportRows {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Customers(rows) => rows.len(),
            Self::Cards(rows) => rows.len(),
            Self::Transactions(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A page, which may be empty in the middle of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportPage {
    pub rows: ExportRows,
    /// After which id the next page begins; none after the last page.
    pub next: Option<i64>,
}

impl Queries {
    /// Where an export that begins now stands: after everything that was acknowledged.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn export_position(&self, partner: PartnerId, set: DataSet) -> Result<ExportPosition, QueryError> {
        self.settled().await?;
        self.here(|connection| position(connection, partner, set))
    }

    /// Reads the page after an id, and makes of it what is wanted, both on a thread that may block.
    ///
    /// # Errors
    /// When too many reads are waiting or the views cannot be read.
    pub async fn export_page<T: Send + 'static>(
        &self,
        question: ExportQuestion,
        after: i64,
        make: impl FnOnce(ExportPage) -> T + Send + 'static,
    ) -> Result<T, QueryError> {
        self.aside(move |connection| Ok(make(page(connection, &question, after)?))).await
    }
}

const WATERMARK: &str = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'watermark'";
const LAST_CUSTOMER: &str =
    "SELECT customer FROM customers INDEXED BY customers_by_partner WHERE partner = ?1 ORDER BY customer DESC LIMIT 1";
const LAST_CARD: &str =
    "SELECT card FROM cards INDEXED BY cards_by_partner WHERE partner = ?1 ORDER BY card DESC LIMIT 1";
const BALANCE_AT: &str = "SELECT balance_after FROM card_movements \
     WHERE card = ?1 AND seq <= ?2 ORDER BY era DESC, seq DESC LIMIT 1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("the last customer", LAST_CUSTOMER.to_owned()),
        ("the last card of an export", LAST_CARD.to_owned()),
        ("a balance at a position", BALANCE_AT.to_owned()),
    ];
    all.extend(cards::statements());
    all.extend(customers::statements());
    all.extend(transactions::statements());
    all
}

fn watermark(connection: &Connection) -> Result<Seq, QueryError> {
    Ok(connection.prepare_cached(WATERMARK)?.query_row([], |row| row.get(0).map(Seq::new))?)
}

fn position(connection: &Connection, partner: PartnerId, set: DataSet) -> Result<ExportPosition, QueryError> {
    let as_of = watermark(connection)?;
    let last = |sql| connection.prepare_cached(sql)?.query_row([partner.get()], |row| row.get(0)).optional();
    let last = match set {
        DataSet::Customers => last(LAST_CUSTOMER)?.unwrap_or(0),
        DataSet::Cards => last(LAST_CARD)?.unwrap_or(0),
        // A transaction's id is its place in the log.
        DataSet::Transactions => as_of.get(),
    };
    Ok(ExportPosition { as_of, last })
}

fn page(connection: &Connection, question: &ExportQuestion, after: i64) -> Result<ExportPage, QueryError> {
    Ok(match question.set {
        DataSet::Customers => {
            let (rows, next) = customers::page(connection, question, after)?;
            ExportPage { rows: ExportRows::Customers(rows), next }
        }
        DataSet::Cards => {
            let (rows, next) = cards::page(connection, question, after)?;
            ExportPage { rows: ExportRows::Cards(rows), next }
        }
        DataSet::Transactions => {
            let (rows, next) = transactions::page(connection, question, after)?;
            ExportPage { rows: ExportRows::Transactions(rows), next }
        }
    })
}

/// The ids of a page of candidates, and after which id the next page begins.
type Ids = (Vec<i64>, Option<i64>);

/// The candidates after an id, up to the last one of the position, by `sql`.
fn candidates(
    connection: &Connection,
    sql: &str,
    question: &ExportQuestion,
    (low, high): (i64, i64),
) -> Result<Ids, QueryError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((question.partner.get(), low, high, EXPORT_PAGE), |row| row.get(0))?;
    let ids = rows.collect::<Result<Vec<i64>, _>>()?;
    let next = more(&ids);
    Ok((ids, next))
}

/// A page that is not full is the last.
fn more(ids: &[i64]) -> Option<i64> {
    let full = i64::try_from(ids.len()).is_ok_and(|length| length >= EXPORT_PAGE);
    ids.last().copied().filter(|_| full)
}

/// What a card's books said at the position: what it says now, unless it moved since.
fn balance_at(
    connection: &Connection,
    question: &ExportQuestion,
    card: CardId,
    (last_seq, balance): (Option<i64>, i64),
) -> Result<Points, QueryError> {
    let as_of = question.position.as_of.get();
    if last_seq.is_none_or(|last| last <= as_of) {
        return Ok(Points::new(balance));
    }
    let mut statement = connection.prepare_cached(BALANCE_AT)?;
    let then = statement.query_row((card.get(), as_of), |row| row.get(0)).optional()?;
    Ok(Points::new(then.unwrap_or(0)))
}
