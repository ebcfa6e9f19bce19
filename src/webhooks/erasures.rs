//! Following the log for customers who were erased, so that what receivers answered about them goes too.

use crate::domain::{CustomerId, Event, Seq};
use crate::event_log::{LogError, each_wanted};
use crate::ops::{Deliveries, OpsError};
use rusqlite::Connection;
use std::collections::HashSet;

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
    /// Those of this run: what was on its way then is kept without its answer.
    erased: HashSet<CustomerId>,
}

impl Erasures {
    /// Goes on where it was left; where nothing has been kept yet, from `head`.
    pub(super) fn load(deliveries: &Deliveries, head: Seq) -> Result<Self, OpsError> {
        let noted = deliveries.erasures_followed()?;
        Ok(Self { followed: noted.unwrap_or(head).min(head), noted, erased: HashSet::new() })
    }

    /// Follows the log up to `head`, and takes away the answers about whoever was erased.
    pub(super) fn follow(&mut self, log: &Connection, deliveries: &Deliveries, head: Seq) -> Result<(), ErasuresError> {
        while self.followed < head {
            let until = head.min(Seq::new(self.followed.get() + PAGE_ROWS));
            let mut found = Vec::new();
            let erased = |_, kind: &str| kind == "customer.erased";
            each_wanted(log, (self.followed, until), erased, |stored| {
                if let Event::CustomerErased(event) = &stored.event {
                    found.push(event.customer);
                }
                true
            })?;
            if !found.is_empty() {
                deliveries.forget_answers(&found)?;
                self.erased.extend(found);
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

    /// Whether the customer was erased in this run.
    pub(super) fn includes(&self, customer: CustomerId) -> bool {
        self.erased.contains(&customer)
    }
}
