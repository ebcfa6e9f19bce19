//! Following the log for customers who were erased or of whom something was, so that what receivers answered about them goes too.

use crate::domain::{CustomerId, Seq, Stream};
use crate::event_log::{LogError, each_wanted};
use crate::ops::{Deliveries, OpsError};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

/// Why they could not be followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ErasuresError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Ops(#[from] OpsError),
}

/// How many rows of the log are looked at in one go.
const PAGE_ROWS: i64 = 2_000;

/// How far they have been followed.
#[derive(Debug)]
pub(super) struct Erasures {
    followed: Seq,
    /// What ops.db says of it; none where nothing has been kept yet that could have to go.
    noted: Option<Seq>,
    /// Those of this run, and when: what happened until then and was on its way is kept without its answer.
    erased: FxHashMap<CustomerId, Seq>,
}

impl Erasures {
    /// Goes on where it was left; where nothing has been kept yet, from `head`.
    pub(super) fn load(deliveries: &Deliveries, head: Seq) -> Result<Self, OpsError> {
        let noted = deliveries.erasures_followed()?;
        Ok(Self { followed: noted.unwrap_or(head).min(head), noted, erased: FxHashMap::default() })
    }

    /// Follows the log up to `head`, and takes away the answers about whoever was erased.
    pub(super) fn follow(&mut self, log: &Connection, deliveries: &Deliveries, head: Seq) -> Result<(), ErasuresError> {
        while self.followed < head {
            let until = head.min(Seq::new(self.followed.get() + PAGE_ROWS));
            let mut found = Vec::new();
            let erased = |_, kind: &str| matches!(kind, "customer.erased" | "records.erased");
            each_wanted(log, (self.followed, until), erased, |stored| {
                if let Stream::Customer(customer) = stored.event.stream() {
                    found.push(customer);
                    self.erased.insert(customer, stored.seq);
                }
                true
            })?;
            if !found.is_empty() {
                deliveries.forget_answers(&found)?;
            }
            self.followed = until;
        }
        // Before the first answer is kept, and then seldom: to look at a part of the log again does no harm.
        if self.noted.is_none_or(|noted| noted.get() + PAGE_ROWS <= self.followed.get()) {
            deliveries.follow_erasures(self.followed)?;
            self.noted = Some(self.followed);
        }
        Ok(())
    }

    /// Whether something that an event told of a customer may have been erased since, in this run.
    pub(super) fn include(&self, customer: CustomerId, seq: Seq) -> bool {
        self.erased.get(&customer).is_some_and(|erased| seq <= *erased)
    }
}
