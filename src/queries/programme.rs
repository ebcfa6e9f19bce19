//! Names of the programme's own things.

use super::{Queries, QueryError, bodies};
use crate::domain::RecordId;

impl Queries {
    /// The name under which a partner, a shop or a key was set up.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn name(&self, record: RecordId) -> Result<Option<String>, QueryError> {
        self.here(|connection| bodies::name(connection, record))
    }
}
