//! Where a message comes from: the log, the vault as it is now, and whose card a card is.

use crate::domain::customers::PersonRecord;
use crate::domain::programme::Directory;
use crate::domain::{CardId, CustomerId, PartnerId, RecordId, Seq, ShopId};
use crate::event_log::{LogError, Stored, each_wanted, event_at, head};
use crate::live::Live;
use crate::projections::{load_customer, owner_of_card};
use crate::storage::{DataDir, StorageError, open_reader};
use crate::vault;
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// A way to read all of them.
pub struct Sources {
    reader: Connection,
    live: Arc<Live>,
    /// Of cards that were looked up before.
    owners: RefCell<FxHashMap<CardId, Owner>>,
}

/// How many of them are remembered.
const OWNERS_MAX: usize = 65_536;

/// Whose card it is, and where it was issued.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) customer: CustomerId,
    pub(super) shop: Option<ShopId>,
}

impl Sources {
    /// Opens the files read-only.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub fn open(dir: &DataDir, live: Arc<Live>) -> Result<Self, StorageError> {
        Ok(Self { reader: open_reader(dir)?, live, owners: RefCell::default() })
    }

    pub(super) const fn log(&self) -> &Connection {
        &self.reader
    }

    pub(super) fn live(&self) -> &Live {
        &self.live
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        self.live.directory()
    }

    /// The last event that anybody may have been told of.
    pub(super) fn head(&self) -> Seq {
        self.live.progress().head()
    }

    /// The events after `after` that may matter to a partner, at most `limit` of them; and up to where that is all.
    pub(super) fn page(
        &self,
        partner: PartnerId,
        kinds: fn(&str) -> bool,
        (after, until): (Seq, Seq),
        limit: usize,
    ) -> Result<(Vec<Stored>, Seq), LogError> {
        let mut page = Vec::new();
        let reached = each_wanted(
            &self.reader,
            (after, until),
            |owner, kind| owner == partner && kinds(kind),
            |stored| {
                page.push(stored);
                page.len() < limit
            },
        )?;
        Ok((page, reached))
    }

    /// The event at a place in the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn event(&self, seq: Seq) -> Result<Option<Stored>, LogError> {
        event_at(&self.reader, seq)
    }

    /// Whose a card is, which never changes. Memory is asked last, because a card comes from there with all of its lots.
    pub(super) fn owner(&self, card: CardId) -> rusqlite::Result<Option<Owner>> {
        if let Some(known) = self.owners.borrow().get(&card) {
            return Ok(Some(*known));
        }
        let in_views = || owner_of_card(&self.reader, card);
        let found = match in_views()? {
            Some(found) => Some(found),
            // A card that views.db does not have yet is in memory until it does.
            None => match self.live.card(card) {
                Some(card) => Some((card.customer, card.shop)),
                None => in_views()?,
            },
        };
        let Some((customer, shop)) = found else { return Ok(None) };
        let mut owners = self.owners.borrow_mut();
        if owners.len() >= OWNERS_MAX {
            owners.clear();
        }
        let owner = Owner { customer, shop };
        owners.insert(card, owner);
        Ok(Some(owner))
    }

    /// What the vault holds of a record; nothing once it is erased.
    pub(super) fn sealed<T: DeserializeOwned>(&self, record: RecordId) -> rusqlite::Result<Option<T>> {
        let body = vault::body(&self.reader, record)?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// Whether the vault holds a record, which may be erased.
    pub(super) fn has(&self, record: RecordId) -> rusqlite::Result<bool> {
        vault::is_there(&self.reader, record)
    }

    /// Whether views.db reflects everything that the log holds at this moment.
    pub(super) fn views_are_level(&self) -> Result<bool, LogError> {
        // By the file: what is committed there is known to others a moment later.
        let head = head(&self.reader)?.seq;
        Ok(self.live.progress().watermark() >= head)
    }

    /// Up to where views.db reflects the log.
    pub(super) fn watermark(&self) -> Seq {
        self.live.progress().watermark()
    }

    /// Whether a customer is erased, as far as views.db reflects the log.
    pub(super) fn is_erased(&self, customer: CustomerId) -> rusqlite::Result<bool> {
        Ok(load_customer(&self.reader, customer)?.is_some_and(|known| known.erased_at.is_some()))
    }

    /// What is known of a person now; nothing once they are erased.
    pub(super) fn person_now(&self, customer: CustomerId) -> rusqlite::Result<Option<PersonRecord>> {
        let known = load_customer(&self.reader, customer)?;
        Ok(known.map(|known| self.sealed(known.record)).transpose()?.flatten())
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}
