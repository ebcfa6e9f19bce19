//! The table `seals`.

use super::shapes::{Cell, SEALS};
use super::shelves::Shelf;
use crate::ledger::Event;
use crate::payload::BalancesSealed;

/// All seals, in the order of the log.
#[derive(Debug, Default)]
pub struct SealRows(Vec<(i64, Vec<Cell>)>);

impl SealRows {
    pub(super) fn add(&mut self, event: &Event<'_>, it: &BalancesSealed) {
        let (seal, record) = (it.seal, it.sealed.record.get());
        let row = vec![
            seal.into(),
            event.seq.into(),
            event.recorded_at.into(),
            event.partner_id.into(),
            Cell::Text(it.period.to_string()),
            it.ends_at.micros().into(),
            it.as_of.into(),
            it.cards.into(),
            it.points.into(),
            it.available.into(),
            Cell::Bytes(it.root.0.to_vec()),
            record.into(),
        ];
        self.0.push((seal, row));
    }

    /// Takes over what another fold noted.
    pub(super) fn absorb(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The table with its rows.
    pub(super) fn into_shelf<'a>(mut self) -> Shelf<'a> {
        self.0.sort_by_key(|(seal, _)| *seal);
        Shelf { shape: SEALS, rows: Box::new(self.0.into_iter().map(|(_, row)| row)) }
    }
}
