//! What the cards hold at a place of the log: open lots, less what is owed.

use super::kept::{Between, CardsOf, Kept, LotsOf};
use crate::books::{Holders, Lots};
use crate::domain::{PartnerId, TemplateId};
use crate::queries::QueryError;
use std::collections::BTreeMap;

/// What the cards hold at one place of the log. Months in which no open lot ends are left out.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) cards: BTreeMap<CardsOf, Holders>,
    pub(super) lots: BTreeMap<LotsOf, Lots>,
}

impl Held {
    /// Goes on from one place to another.
    pub(super) fn go_on(&mut self, kept: &Kept<'_>, between: Between<'_>) -> Result<(), QueryError> {
        kept.cards(between, |of, more| {
            kept.room.at(&mut self.cards, of)?.add(more);
            Ok(())
        })?;
        kept.lots(between, |of, more| kept.room.change(&mut self.lots, of, |lots| lots.add(more)))
    }

    /// What remains in open lots, less what is owed, by template.
    pub(super) fn by_template(&self) -> BTreeMap<(PartnerId, TemplateId), i128> {
        let mut sums = BTreeMap::new();
        for ((partner, template, _), Lots { points, .. }) in &self.lots {
            *sums.entry((*partner, *template)).or_default() += points;
        }
        for (of, holders) in &self.cards {
            *sums.entry(*of).or_default() -= holders.debt;
        }
        sums
    }

    /// The same by partner.
    pub(super) fn by_partner(&self) -> BTreeMap<PartnerId, i128> {
        by_partner(&self.by_template())
    }
}

/// Sums by template, added up by partner.
pub(super) fn by_partner(templates: &BTreeMap<(PartnerId, TemplateId), i128>) -> BTreeMap<PartnerId, i128> {
    let mut sums = BTreeMap::new();
    for ((partner, _), points) in templates {
        *sums.entry(*partner).or_default() += points;
    }
    sums
}
