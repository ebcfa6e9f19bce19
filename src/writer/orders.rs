//! Finding the commands of an order: by the keys that they claimed, and by what refunds say of it.

use super::batch::BatchError;
use super::claim::{earn_key, redeem_key};
use super::memory::Memory;
use super::{Command, Request};
use crate::domain::orders::PlacedOrder;
use crate::domain::points::Order;
use crate::domain::{Event, PartnerId, Seq, ShopId};
use crate::event_log::{self, LogError, Stored, key_hash};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// The events of the command that claimed a key, whoever asks for it now; `hash` is the key's.
pub(super) fn command_with_key(
    memory: &Memory,
    ledger: &Connection,
    key: &str,
    hash: i64,
) -> Result<Option<Vec<Stored>>, BatchError> {
    let found = seq_of_key(memory, ledger, key, hash)?;
    Ok(found.map(|seq| event_log::command(ledger, seq)).transpose()?)
}

/// The command that has redeemed points for the order already, under the key that the request does not claim.
///
/// The points of an order are redeemed once: by a redemption of their own, which claims `redeem/order/…`, or by the purchase,
/// which claims `earn/order/…` alone because a command claims one key. So each of the two looks at the other's key too.
pub(super) fn redeemed_otherwise(
    memory: &Memory,
    ledger: &Connection,
    request: &Request,
) -> Result<Option<Vec<Stored>>, BatchError> {
    let (partner, shop) = (request.partner, request.command.shop());
    if let Command::Purchase { purchase, .. } = &request.command {
        if !purchase.redeem.is_positive() {
            return Ok(None);
        }
        let key = redeem_key(partner, shop, &purchase.order);
        return command_with_key(memory, ledger, &key, key_hash(&key));
    }
    let Command::Redeem(command) = &request.command else { return Ok(None) };
    let Some(Order::Id(id) | Order::Both { id, .. }) = &command.particulars.name else { return Ok(None) };
    let key = earn_key(partner, shop, id);
    let earned = command_with_key(memory, ledger, &key, key_hash(&key))?;
    let redeems = |stored: &Stored| matches!(stored.event, Event::PointsRedeemed(_));
    Ok(earned.filter(|events| events.iter().any(redeems)))
}

/// The order of which the request is the other half: what earned, where the request redeems, and the other way round.
pub(super) fn begun_otherwise(
    memory: &Memory,
    ledger: &Connection,
    request: &Request,
) -> Result<Option<PlacedOrder>, BatchError> {
    let (partner, shop) = (request.partner, request.command.shop());
    let (key, order) = if let Command::Purchase { purchase, .. } = &request.command {
        (redeem_key(partner, shop, &purchase.order), &purchase.order)
    } else if let Command::Award(command) = &request.command {
        let Some(Order::Id(id) | Order::Both { id, .. }) = &command.particulars.name else { return Ok(None) };
        (redeem_key(partner, shop, id), id)
    } else if let Command::Redeem(command) = &request.command {
        let Some(Order::Id(id) | Order::Both { id, .. }) = &command.particulars.name else { return Ok(None) };
        (earn_key(partner, shop, id), id)
    } else {
        return Ok(None);
    };
    match seq_of_key(memory, ledger, &key, key_hash(&key))? {
        Some(_) => placed(memory, ledger, partner, shop, order),
        None => Ok(None),
    }
}

/// An order as it stands: of the commands that claimed its keys, and of the refunds that name its first event.
pub(super) fn placed(
    memory: &Memory,
    ledger: &Connection,
    partner: PartnerId,
    shop: Option<ShopId>,
    order: &str,
) -> Result<Option<PlacedOrder>, BatchError> {
    let mut commands = BTreeSet::new();
    for key in [earn_key(partner, shop, order), redeem_key(partner, shop, order)] {
        commands.extend(seq_of_key(memory, ledger, &key, key_hash(&key))?);
    }
    let Some(begun) = of_events(ledger, &commands)? else { return Ok(None) };
    commands.extend(memory.refunds_of(begun.of)?);
    Ok(of_events(ledger, &commands)?)
}

fn of_events(ledger: &Connection, commands: &BTreeSet<Seq>) -> Result<Option<PlacedOrder>, LogError> {
    let mut events = Vec::new();
    for seq in commands {
        events.extend(event_log::command(ledger, *seq)?);
    }
    Ok(PlacedOrder::of(events.iter().map(|stored| (stored.seq, &stored.event))))
}

fn seq_of_key(memory: &Memory, ledger: &Connection, key: &str, hash: i64) -> rusqlite::Result<Option<Seq>> {
    for seq in memory.events_with_key(hash)? {
        if event_log::idempotency_key_at(ledger, seq)?.as_deref() == Some(key) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}
