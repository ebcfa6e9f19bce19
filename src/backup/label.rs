//! What lies beside a copy and says what it is: `backup.json`. A service does not serve a directory that holds one.

use super::{BackupError, Filled};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The name of the file.
pub const LABEL: &str = crate::storage::BACKUP_LABEL;
const FORMAT: &str = "counterfoil backup v1";

/// What a copy is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    format: String,
    /// When the copying began.
    pub made_at: String,
    /// How many events the log has.
    pub events: i64,
    /// The hash of the last event, as hex digits.
    pub head_hash: String,
    /// The hash of the first event, as hex digits: which log it is.
    pub log: String,
    /// An import had begun and not ended: the expiry job has to wait for it here, too.
    #[serde(default)]
    pub import_unfinished: bool,
}

impl Label {
    /// What a verified copy is of.
    #[must_use]
    pub fn of(filled: &Filled, made_at: Timestamp) -> Self {
        let Filled { verified, import_unfinished, .. } = filled;
        Self {
            format: FORMAT.to_owned(),
            made_at: made_at.to_seconds_text(),
            events: verified.events,
            head_hash: verified.head_hash.clone(),
            log: verified.log.clone(),
            import_unfinished: *import_unfinished,
        }
    }

    /// Writes it beside the copy, to the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), BackupError> {
        let path = dir.join(LABEL);
        let write = || {
            let mut text = serde_json::to_string_pretty(self)?;
            text.push('\n');
            let mut file = fs::File::create(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(BackupError::file(&path))
    }

    /// That of a directory; none where it holds none that can be read.
    #[must_use]
    pub fn read(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(dir.join(LABEL)).ok()?;
        serde_json::from_str(&text).ok().filter(|label: &Self| label.format == FORMAT)
    }

    /// When the copying began, to the second.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        Timestamp::parse_moment(&self.made_at)
    }
}
