//! `balance` and `history`: one card as of any moment, from the log alone.

use super::CommandError;
use crate::findings::Findings;
use crate::fold::{Card, Cards};
use crate::instant::Instant;
use crate::ledger::{COLUMNS, Event, head, require_ledger};
use crate::payload::{About, CardNumber, Moving, Payload};
use crate::points::{CardId, Points, RecordId, ShopId};
use counterfoil_statements::plain;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;

/// A moment in the log: after an event, or at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    After(i64),
    At(Instant),
}

impl Moment {
    /// What an auditor types: a seq, a time or a date.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().map(Self::After).ok().or_else(|| Instant::parse_typed(text).map(Self::At))
    }

    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self::At(Instant::now())
    }

    /// The last seq to fold, and the time at which lots count.
    fn resolve(self, ledger: &Connection) -> Result<(i64, Instant), CommandError> {
        match self {
            Self::After(seq) => {
                let time: Option<i64> = ledger
                    .query_row("SELECT recorded_at FROM events WHERE seq = ?1", [seq], |row| row.get(0))
                    .optional()?;
                let time = time.ok_or(CommandError::BeyondHead { seq, head: head(ledger)? })?;
                Ok((seq, Instant::from_micros(time)))
            }
            // recorded_at never goes back, so a search by halves would do; but a ledger that was tampered with may hold anything.
            Self::At(time) => {
                let seq = ledger.query_row(
                    "SELECT coalesce(max(seq), 0) FROM events WHERE recorded_at <= ?1",
                    [time.micros()],
                    |row| row.get(0),
                )?;
                Ok((seq, time))
            }
        }
    }
}

/// A card at a moment.
#[derive(Debug)]
pub struct Balance {
    id: CardId,
    at: Instant,
    seq: i64,
    card: Card,
}

impl Balance {
    /// What may be spent at the moment.
    #[must_use]
    pub fn available(&self) -> Points {
        self.card.available(self.at)
    }

    /// The balance as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let lots: Vec<Value> = self
            .open_lots()
            .map(|lot| {
                json!({
                    "lot": lot.lot, "points": lot.points, "remaining": lot.remaining, "shop": lot.shop.map(ShopId::get),
                    "expires_at": lot.expires_at.map(|time| time.to_string()), "due": lot.is_due(self.at),
                })
            })
            .collect();
        json!({
            "card": self.id, "number": self.card.number.to_string(), "at": self.at.to_string(), "as_of_seq": self.seq,
            "available": self.available(), "balance": self.card.balance, "debt": self.card.debt, "lifetime": self.card.lifetime,
            "redeemed": self.card.redeemed, "expired": self.card.expired, "adjusted": self.card.adjusted, "tier": self.card.tier.name(),
            "status": self.card.status.name(), "lots": lots,
        })
    }

    /// The balance in lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let card = &self.card;
        writeln!(
            out,
            "card {} ({}), {} {}, at {} (event {})",
            self.id,
            card.number,
            card.status.name(),
            card.tier.name(),
            self.at,
            self.seq
        )?;
        writeln!(out, "available {}", self.available())?;
        writeln!(out, "balance   {} by the books, debt {}", card.balance, card.debt)?;
        writeln!(
            out,
            "lifetime  {}, redeemed {}, expired {}, adjusted {}",
            card.lifetime, card.redeemed, card.expired, card.adjusted
        )?;
        for lot in self.open_lots() {
            let expiry = match lot.expires_at {
                Some(time) if lot.is_due(self.at) => format!("expired {time}, to be written off"),
                Some(time) => format!("expires {time}"),
                None => "never expires".to_owned(),
            };
            writeln!(out, "lot {}: {} of {} points, {expiry}", lot.lot, lot.remaining, lot.points)?;
        }
        Ok(())
    }

    fn open_lots(&self) -> impl Iterator<Item = &crate::fold::Lot> {
        let mut lots: Vec<_> = self.card.lots.iter().collect();
        lots.sort_unstable_by(|one, other| one.order_of_taking(other));
        lots.into_iter()
    }
}

/// A card's events up to a moment.
#[derive(Debug)]
pub struct History {
    id: CardId,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    seq: i64,
    at: Instant,
    kind: String,
    actor: String,
    movement: Option<Movement>,
    /// What the vault holds: the record's text, `[erased]`, or nothing.
    sealed: Option<String>,
}

#[derive(Debug)]
struct Movement {
    points: i64,
    balance: i64,
    order: Option<String>,
    reference: Option<String>,
    /// What it says of its order, in words.
    about: Option<String>,
}

impl History {
    /// The history as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(Entry::to_json).collect();
        json!({"card": self.id, "events": entries})
    }

    /// The history in lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for entry in &self.entries {
            write!(out, "{} {} {}", entry.seq, entry.at, entry.kind)?;
            if let Some(movement) = &entry.movement {
                write!(out, " {:+} → {}", movement.points, movement.balance)?;
                let names = [("order", &movement.order), ("reference", &movement.reference)];
                for (what, name) in names.into_iter().filter_map(|(what, name)| Some((what, name.as_ref()?))) {
                    write!(out, ", {what} {}", plain(name))?;
                }
                if let Some(about) = &movement.about {
                    write!(out, ", {about}")?;
                }
            }
            writeln!(
                out,
                ", by {}{}",
                plain(&entry.actor),
                entry.sealed.as_ref().map(|text| format!(": {}", plain(text))).unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

impl Entry {
    fn to_json(&self) -> Value {
        let movement = self.movement.as_ref();
        // A record's text is JSON; where it is not, it is shown as it stands.
        let sealed = self.sealed.as_ref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
        json!({
            "seq": self.seq, "at": self.at.to_string(), "kind": self.kind, "actor": self.actor,
            "points": movement.map(|it| it.points), "balance": movement.map(|it| it.balance),
            "order": movement.and_then(|it| it.order.as_ref()), "reference": movement.and_then(|it| it.reference.as_ref()),
            "about": movement.and_then(|it| it.about.as_ref()), "sealed": sealed,
        })
    }
}

/// A card's balance at a moment.
///
/// # Errors
/// The ledger cannot be read, or has no such card then.
pub fn balance(ledger: &Path, card: &str, moment: Moment) -> Result<Balance, CommandError> {
    let connection = require_ledger(ledger)?;
    let id = find(&connection, card)?;
    let (last, at) = moment.resolve(&connection)?;
    let mut cards = Cards::default();
    each_event(&connection, id, last, |event, payload| {
        cards.apply(event, payload, &mut Findings::default());
        Ok(())
    })?;
    let card = cards.get(id).cloned().ok_or_else(|| CommandError::NoSuchCard(card.to_owned()))?;
    Ok(Balance { id, at, seq: last, card })
}

/// A card's events up to a moment.
///
/// # Errors
/// The ledger cannot be read, or has no such card then.
pub fn history(ledger: &Path, card: &str, moment: Moment) -> Result<History, CommandError> {
    let connection = require_ledger(ledger)?;
    let id = find(&connection, card)?;
    let (last, _) = moment.resolve(&connection)?;
    let mut entries = Vec::new();
    each_event(&connection, id, last, |event, payload| {
        let movement = if let Payload::Moved(moving) = payload {
            Some(Movement {
                points: moving.points.get(),
                balance: moving.balance.get(),
                order: moving.order.as_ref().map(|text| text.as_str().to_owned()),
                reference: moving.reference.as_ref().map(|text| text.as_str().to_owned()),
                about: about(moving),
            })
        } else {
            None
        };
        entries.push(Entry {
            seq: event.seq,
            at: Instant::from_micros(event.recorded_at),
            kind: event.kind.to_owned(),
            actor: event.actor.to_owned(),
            movement,
            sealed: payload.sealed().map(|sealed| unsealed(&connection, sealed.record)).transpose()?.flatten(),
        });
        Ok(())
    })?;
    if entries.is_empty() {
        return Err(CommandError::NoSuchCard(card.to_owned()));
    }
    Ok(History { id, entries })
}

/// What a movement says of its order, in words.
fn about(moving: &Moving<'_>) -> Option<String> {
    match &moving.about {
        About::Nothing => None,
        About::Purchase(it) => Some(format!("purchase of {} {}", it.order_total.0, it.currency.as_str())),
        About::Spending(it) => {
            it.discount.as_ref().map(|it| format!("discount of {} {}", it.amount.0, it.currency.as_str()))
        }
        About::Refund(it) => {
            let amount = it.amount.map(|amount| format!("refund of {}, ", amount.0)).unwrap_or_default();
            let rest = if it.completes { ", the rest of it" } else { "" };
            Some(format!("{amount}of event {}{rest}", it.of))
        }
        About::Return { of } => Some(format!("given back of event {of}")),
    }
}

fn each_event(
    ledger: &Connection,
    id: CardId,
    last: i64,
    mut each: impl FnMut(&Event<'_>, &Payload<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let mut statement =
        ledger.prepare(&format!("SELECT {COLUMNS} FROM events WHERE stream = ?1 AND seq <= ?2 ORDER BY seq"))?;
    let mut rows = statement.query((format!("card:{id}"), last))?;
    while let Some(row) = rows.next()? {
        let event = Event::read(row)?;
        let payload = Payload::read(event.kind, event.schema, event.payload)
            .map_err(|source| CommandError::Payload { seq: event.seq, source })?;
        each(&event, &payload)?;
    }
    Ok(())
}

/// The text of a vault record; `[erased]` where it was, nothing where the copy has no vault.
fn unsealed(ledger: &Connection, record: RecordId) -> Result<Option<String>, CommandError> {
    let Ok(mut statement) = ledger.prepare_cached("SELECT body FROM sealed_records WHERE record = ?1") else {
        return Ok(None);
    };
    let body: Option<Option<String>> = statement.query_row([record.get()], |row| row.get(0)).optional()?;
    Ok(body.map(|body| body.unwrap_or_else(|| "[erased]".to_owned())))
}

/// The card that somebody means by 17, `card_17` or its number.
fn find(ledger: &Connection, text: &str) -> Result<CardId, CommandError> {
    if let Some(number) = CardNumber::parse(text) {
        return find_number(ledger, number);
    }
    let digits = text.strip_prefix("card_").unwrap_or(text);
    digits.parse().map(CardId::new).map_err(|_| CommandError::NotACard(text.to_owned()))
}

fn find_number(ledger: &Connection, number: CardNumber) -> Result<CardId, CommandError> {
    let mut statement =
        ledger.prepare("SELECT payload FROM events WHERE kind = 'card.issued' AND instr(payload, ?1) > 0")?;
    let mut rows = statement.query([number.to_string()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let payload: String = row.get(0)?;
        match Payload::read("card.issued", 1, &payload) {
            Ok(Payload::Issued(issued)) if issued.number == number => found.push(issued.card),
            Ok(_) | Err(_) => {}
        }
    }
    match found.as_slice() {
        [] => Err(CommandError::NoSuchCard(number.to_string())),
        [card] => Ok(*card),
        several => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(CommandError::Ambiguous(number.to_string(), ids.join(", ")))
        }
    }
}
