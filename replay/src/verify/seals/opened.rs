//! One seal against the balances of its moment.

use super::books::Books;
use super::months::Noted;
use crate::findings::{Check, Findings};
use crate::ledger::Hash;
use crate::merkle::{Growing, Tiles};
use crate::payload::Digits;
use crate::points::Points;
use crate::seal::{Closing, Salts};
use crate::verify::VerifyError;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde::Deserialize;

/// How many leaves one tile has.
const TILE: usize = 256;

/// The vault's record of a seal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    secret: Digits<32>,
    firsts: Vec<i64>,
    levels: Vec<String>,
}

/// Where the secrets are, if they are anywhere.
pub(super) struct Secrets<'c>(Option<&'c Connection>);

impl<'c> Secrets<'c> {
    pub(super) fn of(ledger: &'c Connection) -> Result<Self, VerifyError> {
        let sql = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'sealed_records'";
        let exists: bool = ledger.query_row(sql, [], |row| row.get(0))?;
        Ok(Self(exists.then_some(ledger)))
    }

    /// The bytes of a record, whatever they are; none where the copy lacks it or it was erased.
    fn body(&self, record: i64) -> Result<Option<Vec<u8>>, VerifyError> {
        let Some(ledger) = self.0 else { return Ok(None) };
        let mut statement = ledger.prepare_cached("SELECT body FROM sealed_records WHERE record = ?1")?;
        let mut rows = statement.query([record])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(match row.get_ref(0)? {
            ValueRef::Null => None,
            // SQLite keeps text that is not UTF-8 as it is: that is for the reader of the record to find.
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
            ValueRef::Integer(_) | ValueRef::Real(_) => Some(Vec::new()),
        })
    }
}

/// Compares what can be compared; answers whether the root was among it.
pub(super) fn check(
    seal: &Noted,
    books: &Books,
    secrets: &Secrets<'_>,
    findings: &mut Findings,
) -> Result<bool, VerifyError> {
    let event = &seal.event;
    // The moment of a seal is the last microsecond of its period.
    let closings = books.closings(seal.partner, event.ends_at.micros() - 1);
    let cards = i64::try_from(closings.len()).unwrap_or(i64::MAX);
    let sum = |of: fn(&Closing) -> i64| closings.iter().map(|closing| Points::new(of(closing))).sum::<Points>();
    let (points, available) = (sum(|closing| closing.balance), sum(|closing| closing.available));
    let pairs = [
        ("cards", event.cards, cards),
        ("points by the books", event.points, points.get()),
        ("points available", event.available, available.get()),
    ];
    for (what, stated, found) in pairs {
        if stated != found {
            let sentence = format!("seals {stated} {what} as of event {}, where the log gives {found}", event.as_of);
            findings.event(Check::Seals, seal.seq, sentence);
        }
    }
    let record = event.sealed.record.get();
    let Some(body) = secrets.body(record)? else { return Ok(false) };
    let Ok(opened) = serde_json::from_slice::<Record>(&body) else {
        findings.event(Check::Seals, seal.seq, format!("vault record {record} does not hold the secret of a seal"));
        return Ok(true);
    };
    let Grown { root, firsts, levels } = grow(&closings, &opened.secret.0);
    if root != event.root.0 {
        let sentence =
            format!("the root is not that of the balances as of event {}: what was sealed were others", event.as_of);
        findings.event(Check::Seals, seal.seq, sentence);
    }
    if (firsts, levels) != (opened.firsts, opened.levels) {
        let sentence = format!("vault record {record} does not hold the tiles of the tree");
        findings.event(Check::Seals, seal.seq, sentence);
    }
    Ok(true)
}

struct Grown {
    root: Hash,
    firsts: Vec<i64>,
    levels: Vec<String>,
}

fn grow(closings: &[Closing], secret: &Hash) -> Grown {
    let salts = Salts::new(secret);
    let (mut growing, mut tiles) = (Growing::default(), Tiles::default());
    for closing in closings {
        growing.push_with(closing.leaf(&salts.of(closing.card)), |root| tiles.push(root));
    }
    let mut levels: Vec<String> = Vec::new();
    for (level, _, hashes) in tiles.rows() {
        let place = usize::try_from(level - 1).unwrap_or(0);
        levels.resize(levels.len().max(place + 1), String::new());
        levels[place].push_str(&hex::encode(hashes));
    }
    let firsts = closings.iter().step_by(TILE).map(|closing| closing.card).collect();
    Grown { root: growing.root(), firsts, levels }
}
