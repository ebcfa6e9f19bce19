//! `export`: the log in forms that any language reads. Hashes and fingerprints are hex, the payload is text exactly as stored, because its bytes are hashed.

use super::CommandError;
use crate::ledger::{COLUMNS, Event, head, require_ledger};
use crate::progress::Progress;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// A row of the log; NULL is null, and in CSV an empty field, which no key or fingerprint is.
#[derive(Debug, Serialize)]
struct Exported<'a> {
    seq: i64,
    command_seq: i64,
    recorded_at: i64,
    partner_id: i64,
    stream: &'a str,
    version: i64,
    kind: &'a str,
    schema: i64,
    actor: &'a str,
    idempotency_key: Option<&'a str>,
    fingerprint: Option<String>,
    payload: &'a str,
    hash: String,
}

/// Writes one JSON object a line.
///
/// # Errors
/// A ledger that cannot be read, or the writer's error.
pub fn json_lines(ledger: &Path, mut out: impl Write, progress: &Progress) -> Result<(), CommandError> {
    each_row(ledger, progress, |row| {
        serde_json::to_writer(&mut out, row)?;
        out.write_all(b"\n")?;
        Ok(())
    })?;
    Ok(out.flush()?)
}

/// Writes CSV with a header, quoted as RFC 4180 says.
///
/// # Errors
/// A ledger that cannot be read, or the writer's error.
pub fn csv(ledger: &Path, out: impl Write, progress: &Progress) -> Result<(), CommandError> {
    let mut writer = csv::Writer::from_writer(out);
    each_row(ledger, progress, |row| Ok(writer.serialize(row)?))?;
    Ok(writer.flush()?)
}

fn each_row(
    ledger: &Path,
    progress: &Progress,
    mut write: impl FnMut(&Exported<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let connection = require_ledger(ledger)?;
    progress.begin("exporting", head(&connection)?);
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let event = Event::read(row)?;
        progress.at(event.seq);
        write(&Exported {
            seq: event.seq,
            command_seq: event.command_seq,
            recorded_at: event.recorded_at,
            partner_id: event.partner_id,
            stream: event.stream,
            version: event.version,
            kind: event.kind,
            schema: event.schema,
            actor: event.actor,
            idempotency_key: event.idempotency_key,
            fingerprint: event.fingerprint.map(hex::encode),
            payload: event.payload,
            hash: hex::encode(event.hash),
        })?;
    }
    progress.end();
    Ok(())
}
