//! What has been sealed so far.

use super::{BalancesSealed, Period};
use crate::domain::programme::Partner;
use crate::domain::{PartnerId, SealId};
use std::collections::BTreeMap;

/// The newest seal of each partner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seals {
    /// The number of the newest seal, whoever's.
    pub last: Option<SealId>,
    pub newest: BTreeMap<PartnerId, Period>,
}

impl Seals {
    /// The next seal's number.
    #[must_use]
    pub fn next_seal(&self) -> SealId {
        self.last.unwrap_or(SealId::new(0)).next()
    }

    /// The only period that may be sealed next: the month in which the partner was founded, then one after the other.
    #[must_use]
    pub fn next_period(&self, partner: &Partner) -> Period {
        self.newest.get(&partner.id).map_or_else(|| Period::of(partner.created_at), |newest| newest.next())
    }

    /// Applies a seal.
    pub(in crate::domain) fn sealed(&mut self, event: &BalancesSealed, partner: PartnerId) {
        self.last = Some(event.seal);
        self.newest.insert(partner, event.period);
    }
}
