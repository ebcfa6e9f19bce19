//! The events of orders, read again from the log.

use crate::decimal::Money;
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{About, MovingKind, OpenedLot, Payload, Refund, Text};
use crate::points::{CardId, LotId, Points, ShopId};
use rusqlite::{Connection, params};

/// An event that names an order.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) seq: i64,
    pub(super) at: Instant,
    pub(super) partner: i64,
    pub(super) card: CardId,
    pub(super) shop: Option<ShopId>,
    pub(super) order: String,
    /// The key that its command claimed.
    pub(super) key: Option<String>,
    pub(super) points: Points,
    pub(super) balance_before: Points,
    pub(super) act: Act,
}

/// What an event does to its order.
#[derive(Debug)]
pub(super) enum Act {
    Earn { lot: Option<OpenedLot>, total: Option<Money> },
    Spend(Vec<Slice>),
    Refund { refund: Refund, id: Option<String>, debt: Points, first: Option<LotId> },
    Return { of: i64, lot: Option<OpenedLot> },
}

/// Points of one lot that an order spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) points: Points,
    pub(super) expires_at: Option<Instant>,
    pub(super) shop: Option<ShopId>,
}

/// The events of the commands that these events belong to, as far as they name an order.
pub(super) fn commands(ledger: &Connection, seqs: &[i64]) -> rusqlite::Result<Vec<Step>> {
    let mut steps = Vec::new();
    for seq in seqs {
        // A command stands together: its rows follow the first until another begins.
        let mut statement = ledger.prepare_cached(&format!(
            "SELECT {} FROM events WHERE seq >= (SELECT command_seq FROM events WHERE seq = ?1) ORDER BY seq",
            crate::ledger::COLUMNS
        ))?;
        let mut rows = statement.query(params![seq])?;
        let mut command: Option<(i64, Option<String>)> = None;
        while let Some(row) = rows.next()? {
            let Ok(event) = Event::read(row) else { continue };
            let key = || event.idempotency_key.map(str::to_owned);
            let (command_seq, key) = command.get_or_insert_with(|| (event.command_seq, key()));
            if event.command_seq != *command_seq {
                break;
            }
            steps.extend(Step::read(&event, key.as_deref()));
        }
    }
    Ok(steps)
}

impl Step {
    /// An event that names an order; what cannot be read was told before.
    fn read(event: &Event<'_>, key: Option<&str>) -> Option<Self> {
        let Ok(Payload::Moved(moving)) = Payload::read(event.kind, event.schema, event.payload) else { return None };
        let at = moving.at(event.recorded_at);
        let id = moving.reference.as_ref().map(|text| text.as_str().to_owned());
        let act = match (moving.kind, moving.about) {
            (MovingKind::Award { .. } | MovingKind::Order, About::Purchase(purchase)) => {
                Act::Earn { lot: moving.lot, total: Some(purchase.order_total) }
            }
            (MovingKind::Award { .. }, _) => Act::Earn { lot: moving.lot, total: None },
            (MovingKind::Redeem, about) => {
                let (shops, bought) = match about {
                    About::Spending(spending) => (spending.lot_shops, spending.discount.is_some()),
                    About::Nothing | About::Purchase(_) | About::Refund(_) | About::Return { .. } => {
                        (Vec::new(), false)
                    }
                };
                // A redemption by itself does not say where its lots were opened: its own shop stands for them.
                let unstated = moving.shop.filter(|_| !bought);
                let slice = |(place, it): (usize, &crate::payload::Taken)| {
                    let shop = shops.get(place).copied().unwrap_or(unstated);
                    Slice { points: it.points, expires_at: it.expires_at, shop }
                };
                Act::Spend(moving.taken.iter().enumerate().map(slice).collect())
            }
            (MovingKind::Refund { debt, .. }, About::Refund(refund)) => {
                Act::Refund { refund, id, debt, first: moving.taken.first().map(|slice| slice.lot) }
            }
            (MovingKind::Return, About::Return { of }) => Act::Return { of, lot: moving.lot },
            (_, _) => return None,
        };
        Some(Self {
            seq: event.seq,
            at,
            partner: event.partner_id,
            card: moving.card,
            shop: moving.shop,
            order: moving.order.as_ref().map(Text::as_str)?.to_owned(),
            key: key.map(str::to_owned),
            points: moving.points,
            balance_before: moving.balance_before,
            act,
        })
    }

    pub(super) const fn is_refund(&self) -> bool {
        matches!(self.act, Act::Refund { .. } | Act::Return { .. })
    }
}
