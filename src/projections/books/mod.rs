//! The books: the tables `book_*`, sums by span.

mod gather;
mod takings;

pub use gather::{BookError, changes_between};
pub use takings::{Takings, Which};

use crate::books::{Changes, Stretch};
use crate::domain::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::fmt::Write as _;

/// When the latest event that views.db reflects was recorded.
pub(super) fn latest(views: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let latest: Option<i64> = views.query_row("SELECT max(last_at) FROM book_spans", [], |row| row.get(0))?;
    Ok(latest.map(Timestamp::from_micros))
}

/// Adds what events changed to what stands in the tables.
pub(super) fn write(connection: &Connection, changes: &mut Changes) -> rusqlite::Result<()> {
    let stretches =
        changes.stretches.drain().map(|((span, partner), stretch)| ([span.day, span.block, partner.get()], stretch));
    write_stretches(connection, stretches.collect())?;
    let moves = changes.moves.drain().map(|((span, partner, shop, template), sums)| {
        ([span.day, span.block, partner.get(), shop.get(), template.get()], sums.columns())
    });
    add(connection, "book_moves", &["day", "block", "partner", "shop", "template"], crate::books::Moved::NAMES, moves)?;
    let cards = changes.cards.drain().map(|((span, partner, template), sums)| {
        ([span.day, span.block, partner.get(), template.get()], sums.columns())
    });
    add(connection, "book_cards", &["day", "block", "partner", "template"], crate::books::Holders::NAMES, cards)?;
    let lots = changes.lots.drain().map(|((span, partner, template, month), sums)| {
        ([span.day, span.block, partner.get(), template.get(), month.get()], sums.columns())
    });
    add(connection, "book_lots", &["day", "block", "partner", "template", "month"], crate::books::Lots::NAMES, lots)?;
    let ends = changes.ends.drain().map(|((ending, span, partner, template), sums)| {
        ([ending.get(), span.day, span.block, partner.get(), template.get()], sums.columns())
    });
    add(connection, "book_ends", &["ending", "day", "block", "partner", "template"], crate::books::Lots::NAMES, ends)?;
    let refunds =
        changes.refunds.drain().map(|((span, partner), sums)| ([span.day, span.block, partner.get()], sums.columns()));
    add(connection, "book_refunds", &["day", "block", "partner"], crate::books::Refunds::NAMES, refunds)?;
    write_acts(connection, changes)
}

fn write_stretches(connection: &Connection, mut stretches: Vec<([i64; 3], Stretch)>) -> rusqlite::Result<()> {
    stretches.sort_unstable_by_key(|(key, _)| *key);
    let mut statement = connection.prepare_cached(
        "INSERT INTO book_spans (day, block, partner, events, late, first_seq, last_seq, last_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (day, block, partner) DO UPDATE SET \
         events = events + ?4, late = late + ?5, last_seq = ?7, last_at = ?8",
    )?;
    for ([day, block, partner], it) in stretches {
        let last_at = it.last_at.micros();
        statement.execute((day, block, partner, it.events, it.late, it.first.get(), it.last.get(), last_at))?;
    }
    Ok(())
}

fn write_acts(connection: &Connection, changes: &mut Changes) -> rusqlite::Result<()> {
    if changes.acts.is_empty() {
        return Ok(());
    }
    let mut acts: Vec<_> = changes.acts.drain().collect();
    acts.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let keys = ["day", "block", "partner", "actor", "act"];
    let mut statement = connection.prepare_cached(&upsert("book_acts", &keys, crate::books::Acts::NAMES))?;
    for ((span, partner, actor, act), sums) in acts {
        let key = [span.day.into(), span.block.into(), partner.get().into(), Value::Text(actor), act.to_owned().into()];
        statement.execute(params_from_iter(key.into_iter().chain(sums.columns().into_iter().map(kept))))?;
    }
    Ok(())
}

/// Adds sums to the rows of a table, in the order of their keys.
fn add<const K: usize>(
    connection: &Connection,
    table: &str,
    keys: &[&str; K],
    names: &[&str],
    rows: impl Iterator<Item = ([i64; K], Vec<i128>)>,
) -> rusqlite::Result<()> {
    let mut rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_unstable_by_key(|(key, _)| *key);
    let mut statement = connection.prepare_cached(&upsert(table, keys, names))?;
    for (key, sums) in rows {
        statement.execute(params_from_iter(key.into_iter().map(Value::Integer).chain(sums.into_iter().map(kept))))?;
    }
    Ok(())
}

fn upsert(table: &str, keys: &[&str], names: &[&str]) -> String {
    let mut sql = format!("INSERT INTO {table} ({}, {}) VALUES (?", keys.join(", "), names.join(", "));
    sql.push_str(&", ?".repeat(keys.len() + names.len() - 1));
    let _ = write!(sql, ") ON CONFLICT ({}) DO UPDATE SET ", keys.join(", "));
    let sums: Vec<String> = names.iter().map(|name| format!("{name} = {name} + excluded.{name}")).collect();
    sql.push_str(&sums.join(", "));
    sql
}

// A span has few enough events, and an operation few enough points, that no sum of one comes near the bound.
fn kept(sum: i128) -> Value {
    Value::Integer(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }))
}
