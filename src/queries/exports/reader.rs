//! Reading exports from the files alone, beside whoever serves them.

use super::super::QueryError;
use super::{DataSet, ExportPage, ExportPosition, ExportQuestion, page, position, watermark};
use crate::domain::customers::PersonRecord;
use crate::domain::{CustomerId, PartnerId, Seq};
use crate::storage::{DataDir, open_reader};
use crate::{projections, vault};
use rusqlite::Connection;
use std::fmt;

/// A connection of its own: for the command line, which has no engine.
pub struct ExportReader(Connection);

impl fmt::Debug for ExportReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExportReader").finish_non_exhaustive()
    }
}

impl ExportReader {
    /// Opens the files of a directory that holds a ledger and its views.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn open(dir: &DataDir) -> Result<Self, QueryError> {
        Ok(Self(open_reader(dir)?))
    }

    /// The last event that views.db reflects.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn watermark(&self) -> Result<Seq, QueryError> {
        watermark(&self.0)
    }

    /// Every partner of the ledger.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn partners(&self) -> Result<Vec<PartnerId>, QueryError> {
        let mut statement = self.0.prepare_cached("SELECT partner FROM partners ORDER BY partner")?;
        let partners = statement.query_map([], |row| row.get(0).map(PartnerId::new))?;
        Ok(partners.collect::<Result<_, _>>()?)
    }

    /// The customer of a partner with that email, in any case.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn customer_by_email(&self, partner: PartnerId, email: &str) -> Result<Option<CustomerId>, QueryError> {
        let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(email));
        Ok(projections::customer_by_email(&self.0, partner, &hash)?)
    }

    /// Where an export that begins now stands.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn position(&self, partner: PartnerId, set: DataSet) -> Result<ExportPosition, QueryError> {
        let _snapshot = self.0.unchecked_transaction()?;
        position(&self.0, partner, set)
    }

    /// One moment of the files.
    pub(in crate::queries) fn snapshot<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let _snapshot = self.0.unchecked_transaction()?;
        read(&self.0)
    }

    /// The page after an id.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn page(&self, question: &ExportQuestion, after: i64) -> Result<ExportPage, QueryError> {
        let _snapshot = self.0.unchecked_transaction()?;
        page(&self.0, question, after)
    }
}
