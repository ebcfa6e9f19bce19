//! What a directory is for: decided once, when it is made.

use super::{OpsError, Secrets};
use crate::storage::DataDir;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a ledger stands in a shop's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// For trying things: `counterfoil reset` empties it.
    Staging,
    #[default]
    Production,
}

impl Environment {
    /// As clients and operators are told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Environment {
    /// What a directory is for, by its ops.db, which is only read; production where nothing else was ever said.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(dir: &DataDir) -> Result<Self, OpsError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags(dir.ops(), flags)?;
        // A file of an earlier version has no such table.
        let said = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'environment')";
        if file.query_row(said, [], |row| row.get(0))? { Ok(read(&file)?) } else { Ok(Self::Production) }
    }
}

impl Secrets {
    /// What the directory is for; production where nothing else was ever said.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// Decides what a new directory is for.
    ///
    /// # Errors
    /// When it cannot be written, or was decided before.
    pub fn decide_environment(&self, environment: Environment) -> Result<(), OpsError> {
        let insert = "INSERT INTO environment (only, name) VALUES (1, ?1)";
        self.file.lock().execute(insert, [environment.name()])?;
        Ok(())
    }
}

pub(super) fn read(file: &Connection) -> rusqlite::Result<Environment> {
    let name = file.query_row("SELECT name FROM environment", [], |row| row.get::<_, String>(0)).optional()?;
    Ok(if name.as_deref() == Some(Environment::Staging.name()) {
        Environment::Staging
    } else {
        Environment::Production
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_directory_is_for_is_decided_once_and_is_production_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Secrets::open(&DataDir::new(dir.path())).unwrap();
        assert_eq!(open().environment(), Environment::Production);
        open().decide_environment(Environment::Staging).unwrap();
        assert_eq!(open().environment(), Environment::Staging);
        assert!(open().decide_environment(Environment::Production).is_err());
        assert_eq!(open().environment(), Environment::Staging);
    }
}
