//! The projections' file: its watermark, and its movements in the order of the log.

use super::{VerifyError, tables};
use crate::findings::{Check, Findings};
use crate::fold::MovementRow;
use crate::ledger::{OpenError, hash_at, open_snapshot};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Rows, Statement};
use std::path::Path;

/// The layout of views.db that this tool knows.
pub(crate) const LAYOUT: &str = "11";

/// `views.db`, at one moment.
#[derive(Debug)]
pub(super) struct Views {
    pub(super) connection: Connection,
    /// The last event that the projections reflect.
    pub(super) watermark: i64,
    watermark_hash: Option<String>,
}

impl Views {
    /// Opens the projections. A file without a watermark is a finding: it holds nothing that could be compared.
    pub(super) fn open(path: &Path, findings: &mut Findings) -> Result<Option<Self>, OpenError> {
        let connection = match open_snapshot(path) {
            Ok(connection) => connection,
            Err(OpenError::Unreadable { source, .. }) if is_damaged(&source) => {
                unreadable("sqlite_schema", &source, findings);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let meta = |name: &str| -> rusqlite::Result<Option<String>> {
            connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
        };
        let (watermark, watermark_hash) = match (meta("watermark"), meta("watermark_hash")) {
            (Ok(watermark), Ok(hash)) => (watermark.and_then(|text| text.parse().ok()), hash),
            (Err(source), _) | (_, Err(source)) => {
                findings.row(
                    Check::Projections,
                    "meta",
                    "watermark",
                    None,
                    format!("views.db has no readable table meta ({source})"),
                );
                return Ok(None);
            }
        };
        let layout = meta("layout").ok().flatten();
        if layout.as_deref() != Some(LAYOUT) {
            let layout = layout.as_deref().unwrap_or("(none)");
            let sentence =
                format!("views.db has the layout {layout}, this tool compares {LAYOUT}: nothing was compared");
            findings.row(Check::Projections, "meta", "layout", None, sentence);
            return Ok(None);
        }
        match tables::check_shapes(&connection, findings) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(source) => {
                unreadable("sqlite_schema", &source, findings);
                return Ok(None);
            }
        }
        let Some(watermark) = watermark else {
            findings.row(
                Check::Projections,
                "meta",
                "watermark",
                None,
                "views.db does not say up to which event it is current",
            );
            return Ok(None);
        };
        Ok(Some(Self { connection, watermark, watermark_hash }))
    }

    /// Checks that the watermark is an event of this log, with this hash.
    pub(super) fn check_watermark(
        &self,
        ledger: &Connection,
        head: i64,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        if self.watermark > head {
            let sentence = format!(
                "the projections reflect event {}, but the log ends at {head}: its tail is missing",
                self.watermark
            );
            findings.row(Check::Projections, "meta", "watermark", None, sentence);
            return Ok(());
        }
        if self.watermark == 0 {
            return Ok(());
        }
        let stored = hash_at(ledger, self.watermark)?.map(hex::encode);
        if stored.as_deref() != self.watermark_hash.as_deref() {
            let sentence = format!(
                "the projections were made from a log whose event {} has the hash {}, here it is {}",
                self.watermark,
                self.watermark_hash.as_deref().unwrap_or("(none)"),
                stored.as_deref().unwrap_or("(none)")
            );
            findings.row(Check::Projections, "meta", "watermark_hash", None, sentence);
        }
        Ok(())
    }

    /// All movements, in the order of the log.
    pub(super) fn statement(&self) -> rusqlite::Result<Statement<'_>> {
        let columns = MovementRow::NAMES.join(", ");
        self.connection.prepare(&format!("SELECT {columns} FROM movements ORDER BY seq"))
    }
}

/// A damaged file is not what the log gives, and no reason to check nothing else.
pub(super) fn unreadable(table: &'static str, error: &rusqlite::Error, findings: &mut Findings) {
    let sentence =
        format!("views.db cannot be read any further here, nothing more of the table was compared ({error})");
    findings.row(Check::Projections, table, "(unreadable)", None, sentence);
}

/// Whether it is the file's content that is wrong, and not whether it may be read.
fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Walks `movements` beside the log.
pub(super) struct Movements<'a> {
    rows: Rows<'a>,
    watermark: i64,
    /// The seq of the row under the cursor; none before the first and after the last row.
    current: Option<i64>,
    /// The file cannot be read any further.
    broken: bool,
}

impl<'a> Movements<'a> {
    pub(super) fn new(
        statement: &'a mut Statement<'_>,
        watermark: i64,
        findings: &mut Findings,
    ) -> rusqlite::Result<Self> {
        let mut movements = Self { rows: statement.query([])?, watermark, current: None, broken: false };
        movements.step(findings);
        Ok(movements)
    }

    /// The row of a movement of the log, and complaints about rows that come before it without one.
    pub(super) fn at(&mut self, seq: i64, findings: &mut Findings) -> Option<MovementRow<'_>> {
        if seq > self.watermark {
            return None;
        }
        while self.current.is_some_and(|current| current < seq) {
            self.surplus(findings);
        }
        if self.broken {
            return None;
        }
        if self.current != Some(seq) {
            findings.row(
                Check::Projections,
                "movements",
                seq,
                None,
                format!("event {seq} moved points, but the table has no row for it"),
            );
            return None;
        }
        // The row under the cursor is read before the cursor moves on, at the next call.
        self.current = Some(i64::MIN);
        match read(self.rows.get()?) {
            Ok(row) => Some(row),
            Err(error) => {
                findings.row(Check::Projections, "movements", seq, None, format!("the row cannot be read ({error})"));
                None
            }
        }
    }

    /// Complains about rows after the last movement of the log.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        while self.current.is_some() {
            self.surplus(findings);
        }
    }

    fn surplus(&mut self, findings: &mut Findings) {
        if let Some(seq) = self.current.filter(|seq| *seq != i64::MIN) {
            findings.row(
                Check::Projections,
                "movements",
                seq,
                None,
                "the table has this row, but no such event moved points",
            );
        }
        self.step(findings);
    }

    fn step(&mut self, findings: &mut Findings) {
        let next = self.rows.next().and_then(|row| row.map(|row| row.get(0)).transpose());
        self.current = next.unwrap_or_else(|error| {
            unreadable("movements", &error, findings);
            self.broken = true;
            None
        });
    }
}

fn read<'a>(row: &'a Row<'_>) -> Result<MovementRow<'a>, Box<dyn std::error::Error>> {
    Ok(MovementRow {
        seq: row.get(0)?,
        card: row.get(1)?,
        kind: row.get_ref(2)?.as_str()?,
        points: row.get(3)?,
        balance_before: row.get(4)?,
        balance_after: row.get(5)?,
        shop: row.get(6)?,
        order_id: row.get_ref(7)?.as_str_or_null()?,
        reference: row.get_ref(8)?.as_str_or_null()?,
        expires_at: row.get(9)?,
        actor: row.get_ref(10)?.as_str()?,
        record: row.get(11)?,
        at: row.get(12)?,
        partner: row.get(13)?,
        transaction: row.get(14)?,
        amount: row.get(15)?,
        happened_at: row.get(16)?,
    })
}
