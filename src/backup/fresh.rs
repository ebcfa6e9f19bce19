//! A new ledger with the programme of another one: partners, shops, templates, keys and webhooks as they are, and nobody's cards.

use super::BackupError;
use crate::domain::RecordId;
use crate::event_log::{CarryError, carry_over};
use crate::storage::{DataDir, open_ledger, open_ops};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;

/// What belongs to the programme. Whoever acts in these events is a key, or the command line.
const PROGRAMME: [&str; 5] = ["partner", "shop", "template", "key", "webhook"];
/// What ops.db knows of the log that is left behind.
const LEFT_BEHIND: &str = "DELETE FROM export_jobs; DELETE FROM checkpoint_seeds; DELETE FROM webhook_standing; \
     DELETE FROM webhook_tracks; DELETE FROM webhook_waiting; DELETE FROM webhook_deliveries; DELETE FROM webhook_history";

/// Makes ledger.db and ops.db of `to`: the programme of `from`, chained anew, with the hashes of its keys' secrets. Nothing signs for
/// it yet.
///
/// # Errors
/// When a file cannot be read or written.
pub fn programme_alone(from: &DataDir, to: &DataDir) -> Result<(), BackupError> {
    super::copy_database(&from.ops(), &to.ops(), &super::to_the_end())?;
    let forget = || -> rusqlite::Result<()> {
        let ops = Connection::open(to.ops())?;
        ops.pragma_update(None, "secure_delete", true)?;
        ops.execute_batch(LEFT_BEHIND)
    };
    // Of an older version, the file may lack a table: it is brought up to date first.
    drop(open_ops(to).map_err(BackupError::Storage)?);
    forget().map_err(|source| BackupError::Database { path: to.ops(), source })?;
    let mut target = open_ledger(to).map_err(BackupError::Storage)?;
    let mut carry = || -> Result<(), CarryError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(from.ledger(), flags)?;
        let transaction = target.transaction()?;
        let of_programme = |stream: &str| stream.split_once(':').is_some_and(|(thing, _)| PROGRAMME.contains(&thing));
        let records = carry_over(&source, &transaction, of_programme)?;
        carry_records(&source, &transaction, &records)?;
        Ok(transaction.commit()?)
    };
    carry().map_err(|error| match error {
        CarryError::Storage(source) => BackupError::Database { path: to.ledger(), source },
        CarryError::Payload { .. } => BackupError::Finding(error.to_string()),
    })
}

fn carry_records(from: &Connection, to: &Connection, records: &BTreeMap<RecordId, RecordId>) -> rusqlite::Result<()> {
    let mut read = from.prepare("SELECT subject, salt, body FROM sealed_records WHERE record = ?1")?;
    let mut write = to.prepare("INSERT INTO sealed_records (record, subject, salt, body) VALUES (?1, ?2, ?3, ?4)")?;
    // In the order of the new numbers, which is that of the old ones.
    for (old, new) in records {
        let (subject, salt, body): (String, Option<Vec<u8>>, Option<String>) =
            read.query_row([old.get()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        write.execute((new.get(), subject, salt, body))?;
    }
    Ok(())
}
