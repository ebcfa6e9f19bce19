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

/// How far they have been followed.
#[derive(Debug)]
pub(super) struct Erasures {
    followed: Seq,
    /// Those of this run: what was on its way then is kept without its answer.
    erased: HashSet<CustomerId>,
}

impl Erasures {
    pub(super) fn load(deliveries: &Deliveries) -> Result<Self, OpsError> {
        Ok(Self { followed: deliveries.erasures_followed()?, erased: HashSet::new() })
    }

    /// Follows the log up to `head`, and takes away the answers about whoever was erased.
    pub(super) fn follow(&mut self, log: &Connection, deliveries: &Deliveries, head: Seq) -> Result<(), ErasuresError> {
        if head <= self.followed {
            return Ok(());
        }
        let mut found = Vec::new();
        each_wanted(
            log,
            (self.followed, head),
            |_, kind| kind == "customer.erased",
            |stored| {
                if let Event::CustomerErased(event) = &stored.event {
                    found.push(event.customer);
                }
                true
            },
        )?;
        if !found.is_empty() {
            deliveries.forget_answers(&found)?;
            self.erased.extend(found);
        }
        deliveries.follow_erasures(head)?;
        self.followed = head;
        Ok(())
    }

    /// Whether the customer was erased in this run.
    pub(super) fn includes(&self, customer: CustomerId) -> bool {
        self.erased.contains(&customer)
    }
}
