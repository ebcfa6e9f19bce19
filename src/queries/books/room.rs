//! How much an answer may gather: it is made in memory, so that reading stops with the row for which there is no room.

use crate::queries::QueryError;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Rows that one answer may gather, in all its tables together.
#[derive(Debug)]
pub(super) struct Room {
    most: i64,
    left: Cell<i64>,
}

impl Room {
    /// For so many rows.
    pub(super) const fn of(most: i64) -> Self {
        Self { most, left: Cell::new(most) }
    }

    /// Takes the room of a row.
    pub(super) fn take(&self) -> Result<(), QueryError> {
        let left = self.left.get() - 1;
        if left < 0 {
            return Err(QueryError::TooLong { most: self.most });
        }
        self.left.set(left);
        Ok(())
    }

    /// A row is not needed any more.
    pub(super) fn give_back(&self) {
        self.left.set(self.left.get() + 1);
    }

    /// The sums under a key, which takes room where it is new.
    pub(super) fn at<'s, K: Ord, S: Default>(
        &self,
        sums: &'s mut BTreeMap<K, S>,
        key: K,
    ) -> Result<&'s mut S, QueryError> {
        match sums.entry(key) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                self.take()?;
                Ok(new.insert(S::default()))
            }
        }
    }

    /// Changes the sums under a key, which gives its room back where they come to nothing.
    pub(super) fn change<K: Ord + Copy, S: Default + PartialEq>(
        &self,
        sums: &mut BTreeMap<K, S>,
        key: K,
        change: impl FnOnce(&mut S),
    ) -> Result<(), QueryError> {
        let changed = self.at(sums, key)?;
        change(changed);
        if *changed == S::default() {
            sums.remove(&key);
            self.give_back();
        }
        Ok(())
    }
}
