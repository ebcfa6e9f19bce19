//! Every other table of the projections, row by row: the programme, customers, refunds, counts, checkpoints and the tree's tiles.

use super::VerifyError;
use crate::findings::{Check, Findings};
use crate::fold::{
    CardRow, Cell, LotRow, MovementRow, SHAPES, Shape, Shelf, VIEWS_INDEXES, VIEWS_TABLES, is_json, plain,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What `customers.email_hash` and `phone_hash` are derived in.
const LOOKUP: &str = "counterfoil lookup v1";

/// How many bytes a hash has.
const HASH: usize = 32;

/// How many bytes are shown whole: a signature.
const SHOWN: usize = 64;

/// The tables that are compared elsewhere, with their columns.
const OTHERS: [(&str, &[&str]); 5] = [
    ("meta", &["name", "value"]),
    ("cards", &CardRow::NAMES),
    ("lots", &LotRow::NAMES),
    ("movements", &MovementRow::NAMES),
    ("idempotency", &["era", "hash", "seq"]),
];

/// Checks that the file has the tables and columns that this tool compares, and no others.
pub(super) fn check_shapes(views: &Connection, findings: &mut Findings) -> rusqlite::Result<bool> {
    let known = SHAPES.iter().map(|shape| (shape.name, shape.columns)).chain(OTHERS);
    let mut tables: BTreeSet<String> = views
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut complete = true;
    for (name, columns) in known {
        let held: BTreeSet<String> = views
            .prepare("SELECT name FROM pragma_table_info(?1)")?
            .query_map([name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        tables.remove(name);
        for column in columns.iter().filter(|column| !held.contains(**column)) {
            findings.row(Check::Projections, "sqlite_schema", name, None, format!("views.db has no {name}.{column}"));
            complete = false;
        }
        for column in held.iter().filter(|column| !columns.contains(&column.as_str())) {
            let sentence = format!("views.db has a column {name}.{column}, which this tool does not know");
            findings.row(Check::Projections, "sqlite_schema", name, None, sentence);
        }
    }
    for name in tables {
        let sentence = format!("views.db has a table {name}, which this tool does not know");
        findings.row(Check::Projections, "sqlite_schema", name, None, sentence);
    }
    check_ways(views, findings)?;
    Ok(complete)
}

/// Checks that rows are found in the ways that the service made: through an index or a view of another text a row may be in its table
/// and in no list. A trigger has no business here.
fn check_ways(views: &Connection, findings: &mut Findings) -> rusqlite::Result<()> {
    let made = Connection::open_in_memory()?;
    made.execute_batch(VIEWS_TABLES)?;
    made.execute_batch(VIEWS_INDEXES)?;
    let mut known = ways(&made)?;
    for (name, text) in ways(views)? {
        let sentence = match known.remove(&name) {
            Some(made) if made == text => continue,
            Some(_) => format!(
                "{name} of views.db is not as the service makes it: what is read through it may differ from the tables"
            ),
            None => format!(
                "views.db has {name}, which this tool does not know: what is read or written through it may differ"
            ),
        };
        findings.row(Check::Projections, "sqlite_schema", name, None, sentence);
    }
    for (name, _) in known {
        let sentence = format!("views.db has no {name}: what is read through it cannot be found");
        findings.row(Check::Projections, "sqlite_schema", name, None, sentence);
    }
    Ok(())
}

/// Indexes, views and triggers, with their texts.
fn ways(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let sql = "SELECT name, type || ' ' || sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL";
    connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Compares a table with the rows that the log gives.
pub(super) fn compare(views: &Connection, shelf: Shelf<'_>, findings: &mut Findings) -> Result<(), VerifyError> {
    let Shelf { shape, rows: mut wanted } = shelf;
    let key = shape.columns[..shape.key].join(", ");
    let mut statement =
        views.prepare(&format!("SELECT {} FROM {} ORDER BY {key}", shape.columns.join(", "), shape.name))?;
    let mut rows = statement.query([])?;
    let mut held = rows.next()?.map(|row| read(row, shape)).transpose()?;
    let mut next = wanted.next();
    loop {
        let order = match (&held, &next) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(held), Some(wanted)) => by_key(&held[..shape.key], &wanted[..shape.key]),
        };
        if let Some(row) = held.as_ref().filter(|_| order.is_lt()) {
            let sentence = "the table has this row, but by the log there is no such thing";
            findings.row(Check::Projections, shape.name, spell(&row[..shape.key]), None, sentence);
        }
        if let Some(row) = next.as_ref().filter(|_| order.is_gt()) {
            let sentence = "by the log there is such a thing, but the table has no row for it";
            findings.row(Check::Projections, shape.name, spell(&row[..shape.key]), None, sentence);
        }
        if let (Some(held), Some(wanted), true) = (&held, &next, order.is_eq()) {
            differences(shape, held, wanted, findings);
        }
        if order.is_le() {
            held = rows.next()?.map(|row| read(row, shape)).transpose()?;
        }
        if order.is_ge() {
            next = wanted.next();
        }
    }
}

fn differences(shape: Shape, held: &[Cell], wanted: &[Cell], findings: &mut Findings) {
    for (column, (one, other)) in shape.columns.iter().zip(held.iter().zip(wanted)) {
        if one != other && *other != Cell::Unknown {
            let sentence = if let (Cell::Bytes(one), Cell::Bytes(other)) = (one, other) {
                first_difference(one, other)
            } else {
                format!("the table says {one}, the log says {other}")
            };
            findings.row(Check::Projections, shape.name, spell(&held[..shape.key]), Some(column), sentence);
        }
    }
}

/// What is said of bytes that differ: of many, as a tile's hashes are, the first 32 that do.
fn first_difference(held: &[u8], wanted: &[u8]) -> String {
    let digits = |bytes: Option<&[u8]>| bytes.map_or_else(|| "none".to_owned(), |it| format!("x'{}'", hex::encode(it)));
    if held.len().max(wanted.len()) <= SHOWN {
        return format!("the table says {}, the log says {}", digits(Some(held)), digits(Some(wanted)));
    }
    let place = held.iter().zip(wanted).take_while(|(one, other)| one == other).count() / HASH;
    let [one, other] = [held, wanted].map(|bytes| digits(bytes.chunks(HASH).nth(place)));
    let (all, due) = (held.len().div_ceil(HASH), wanted.len().div_ceil(HASH));
    format!("hash {} of the table's {all} is {one}, of the log's {due} it is {other}", place + 1)
}

fn read(row: &Row<'_>, shape: Shape) -> Result<Vec<Cell>, VerifyError> {
    let cell = |(at, column): (usize, &&'static str)| {
        Ok(match row.get_ref(at)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Number(number),
            ValueRef::Text(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let json = is_json(shape.name, column).then(|| serde_json::from_str(&text).ok()).flatten();
                json.map_or_else(|| Cell::Text(text.into_owned()), |json| Cell::Json(plain(json)))
            }
            ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
            ValueRef::Real(number) => Cell::Text(number.to_string()),
        })
    };
    shape.columns.iter().enumerate().map(cell).collect()
}

/// The order of SQLite for the numbers and texts that keys are made of.
fn by_key(one: &[Cell], other: &[Cell]) -> Ordering {
    let pairs = one.iter().zip(other);
    let orders = pairs.map(|(one, other)| match (one, other) {
        (Cell::Number(one), Cell::Number(other)) => one.cmp(other),
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        // No table of STRICT columns holds anything else in a key.
        (_, _) => Ordering::Less,
    });
    orders.fold(Ordering::Equal, Ordering::then)
}

fn spell(key: &[Cell]) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Null | Cell::Number(_) | Cell::Bytes(_) | Cell::Json(_) | Cell::Unknown => cell.to_string(),
        })
        .collect();
    parts.join("/")
}

/// What the look-up columns of customers hold, from the vault. Unknown where its record is not there or was erased since.
#[derive(Debug)]
pub(crate) struct Lookups<'a> {
    ledger: &'a Connection,
    hasher: blake3::Hasher,
}

impl<'a> Lookups<'a> {
    pub(crate) fn new(ledger: &'a Connection) -> Self {
        Self { ledger, hasher: blake3::Hasher::new_derive_key(LOOKUP) }
    }

    /// Of a customer of the partner, whose person is in the record.
    pub(crate) fn of(&mut self, partner: i64, record: i64) -> [Cell; 2] {
        #[derive(serde::Deserialize)]
        struct Person<'p> {
            #[serde(borrow)]
            email: std::borrow::Cow<'p, str>,
            #[serde(borrow, default)]
            phone: Option<std::borrow::Cow<'p, str>>,
        }
        let Ok(mut statement) = self.ledger.prepare_cached("SELECT body FROM sealed_records WHERE record = ?1") else {
            return [Cell::Unknown, Cell::Unknown];
        };
        let body: Option<String> = statement.query_row([record], |row| row.get(0)).optional().ok().flatten();
        let Some(body) = body else { return [Cell::Unknown, Cell::Unknown] };
        let Ok(person) = serde_json::from_str::<Person<'_>>(&body) else { return [Cell::Null, Cell::Null] };
        let phone: Option<String> = person.phone.map(|phone| phone.chars().filter(char::is_ascii_digit).collect());
        let email = self.hash(partner, "email", &person.email.trim().to_lowercase());
        let phone = phone.filter(|phone| !phone.is_empty()).map(|phone| self.hash(partner, "phone", &phone));
        [email, phone.unwrap_or(Cell::Null)]
    }

    fn hash(&mut self, partner: i64, field: &str, key: &str) -> Cell {
        self.hasher.reset();
        self.hasher.update(format!("{partner}\n{field}\n{key}").as_bytes());
        Cell::Bytes(self.hasher.finalize().as_bytes()[..16].to_vec())
    }
}
