//! What a retention rule has due: of one customer, and the customers who have anything due, walked from the oldest record on.
//! Reads views.db with the ledger attached. Tables of other files are only read; nothing here is written.

use crate::domain::cards::Card;
use crate::domain::customers::{Customer, ErasedRecord, Span};
use crate::domain::points::Points;
use crate::domain::programme::{Retention, RetentionRule};
use crate::domain::{CustomerId, PartnerId, RecordId, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::{BTreeMap, BTreeSet};

// Of one card, whose movements an index has in order; a customer has few cards.
const TEXTS_OF: &str = "SELECT movements.record, movements.seq FROM card_movements AS movements \
     CROSS JOIN ledger.sealed_records AS sealed ON sealed.record = movements.record \
     WHERE movements.card = ?1 AND movements.seq > ?2 AND movements.seq <= ?3 AND movements.at <= ?4 AND sealed.body IS NOT NULL \
     ORDER BY movements.era, movements.seq LIMIT ?5";
const REASONS_OF: &str = "SELECT named.record, named.seq FROM customer_records AS named \
     CROSS JOIN ledger.events AS events ON events.seq = named.seq \
     CROSS JOIN ledger.sealed_records AS sealed ON sealed.record = named.record \
     WHERE named.customer = ?1 AND named.record > ?2 AND named.record <= ?3 \
     AND events.kind IN ('card.blocked', 'card.unblocked') AND events.recorded_at <= ?4 \
     AND sealed.body IS NOT NULL ORDER BY named.record LIMIT ?5";
// What is known of a person stands on their stream, a card's metadata on the card's.
const CHANGES_OF: &str = "SELECT named.record, events.stream, events.recorded_at, sealed.body IS NOT NULL, \
     events.kind IN ('customer.updated', 'card.updated') \
     FROM customer_records AS named CROSS JOIN ledger.events AS events ON events.seq = named.seq \
     CROSS JOIN ledger.sealed_records AS sealed ON sealed.record = named.record \
     WHERE named.customer = ?1 AND named.record > ?2 AND named.record <= ?3 \
     AND events.kind IN ('customer.registered', 'customer.updated', 'card.issued', 'card.updated') ORDER BY named.record";
/// What was in force on a stream before a record.
const BEFORE: &str = "SELECT named.record, sealed.body IS NOT NULL \
     FROM customer_records AS named CROSS JOIN ledger.events AS events ON events.seq = named.seq \
     CROSS JOIN ledger.sealed_records AS sealed ON sealed.record = named.record \
     WHERE named.customer = ?1 AND named.record < ?2 AND events.stream = ?3 \
     AND events.kind IN ('customer.registered', 'customer.updated', 'card.issued', 'card.updated') \
     ORDER BY named.record DESC LIMIT 1";

const TEXTS: &str = "SELECT movements.seq, movements.at, cards.customer, sealed.body IS NOT NULL FROM movements \
     CROSS JOIN cards ON cards.card = movements.card \
     LEFT JOIN ledger.sealed_records AS sealed ON sealed.record = movements.record \
     WHERE movements.seq > ?1 AND movements.partner = ?2 AND movements.record IS NOT NULL ORDER BY movements.seq LIMIT ?3";
const REASONS: &str = "SELECT named.record, events.recorded_at, named.customer, sealed.body IS NOT NULL \
     FROM customer_records AS named INDEXED BY customer_records_by_record \
     CROSS JOIN ledger.events AS events ON events.seq = named.seq \
     LEFT JOIN ledger.sealed_records AS sealed ON sealed.record = named.record WHERE named.record > ?1 \
     AND events.partner_id = ?2 AND events.kind IN ('card.blocked', 'card.unblocked') ORDER BY named.record LIMIT ?3";
// What superseded something; whether that is still there, each customer's records say.
const CHANGES: &str = "SELECT named.record, events.recorded_at, named.customer, 1 \
     FROM customer_records AS named INDEXED BY customer_records_by_record \
     CROSS JOIN ledger.events AS events ON events.seq = named.seq WHERE named.record > ?1 \
     AND events.partner_id = ?2 AND events.kind IN ('customer.updated', 'card.updated') ORDER BY named.record LIMIT ?3";
// Only what nobody has changed for so long can be inactive; their cards say the rest. Those who are not come in no page.
const QUIET: &str = "SELECT customer, updated_at, customer, 1 FROM customers INDEXED BY customers_by_partner \
     WHERE customer > ?1 AND partner = ?2 AND erased_at IS NULL AND updated_at <= ?4 ORDER BY customer LIMIT ?3";

/// The records of a customer that a rule wants erased and that are still there, of a part of what it goes through: oldest first, at
/// most `most`. None by [`RetentionRule::InactiveCustomers`], which is about the person: see [`last_activity`].
///
/// # Errors
/// When a file cannot be read.
pub fn due_of(
    views: &Connection,
    customer: CustomerId,
    (rule, until): (RetentionRule, Timestamp),
    within: Span,
    most: usize,
) -> rusqlite::Result<Vec<ErasedRecord>> {
    match rule {
        RetentionRule::SupersededRecords => superseded_of(views, customer, until, within, most),
        RetentionRule::MovementTexts => {
            let mut due = Vec::new();
            for card in super::cards_of_customer(views, customer)? {
                due.extend(named(views, TEXTS_OF, (card.get(), until, within, most))?);
            }
            due.sort_unstable_by_key(|erased| erased.event);
            due.truncate(most);
            Ok(due)
        }
        RetentionRule::BlockReasons => named(views, REASONS_OF, (customer.get(), until, within, most)),
        RetentionRule::InactiveCustomers => Ok(Vec::new()),
    }
}

fn named(
    views: &Connection,
    sql: &str,
    (whose, until, within, most): (i64, Timestamp, Span, usize),
) -> rusqlite::Result<Vec<ErasedRecord>> {
    let mut statement = views.prepare_cached(sql)?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let named =
        |row: &Row<'_>| Ok(ErasedRecord { record: RecordId::new(row.get(0)?), event: Some(Seq::new(row.get(1)?)) });
    statement.query_map((whose, within.after, within.through, until.micros(), limit), named)?.collect()
}

fn superseded_of(
    views: &Connection,
    customer: CustomerId,
    until: Timestamp,
    within: Span,
    most: usize,
) -> rusqlite::Result<Vec<ErasedRecord>> {
    let mut statement = views.prepare_cached(CHANGES_OF)?;
    let mut rows = statement.query((customer.get(), within.after, within.through))?;
    // By stream: the record in force up to here, and whether it is still there.
    let mut in_force: BTreeMap<String, (RecordId, bool)> = BTreeMap::new();
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(2)? > until.micros() || due.len() >= most {
            break;
        }
        let (record, stream) = (RecordId::new(row.get(0)?), row.get::<_, String>(1)?);
        let before = match in_force.get(&stream) {
            Some(before) => Some(*before),
            None if row.get(4)? => before(views, customer, record, &stream)?,
            None => None,
        };
        in_force.insert(stream, (record, row.get(3)?));
        if let Some((record, true)) = before {
            due.push(ErasedRecord { record, event: None });
        }
    }
    Ok(due)
}

// Where the part begins behind it.
fn before(
    views: &Connection,
    customer: CustomerId,
    record: RecordId,
    stream: &str,
) -> rusqlite::Result<Option<(RecordId, bool)>> {
    views
        .prepare_cached(BEFORE)?
        .query_row((customer.get(), record.get(), stream), |row| Ok((RecordId::new(row.get(0)?), row.get(1)?)))
        .optional()
}

/// When anything of a customer moved or changed last.
#[must_use]
pub fn last_activity(customer: &Customer, cards: &[Card]) -> Timestamp {
    let of_card = |card: &Card| card.last_activity.max(card.updated_at);
    cards.iter().map(of_card).fold(customer.updated_at, Timestamp::max)
}

/// What a customer could spend on all cards together. What one card owes takes nothing from what another has.
#[must_use]
pub fn available(cards: &[Card], now: Timestamp) -> Points {
    cards.iter().map(|card| card.available(now)).filter(|points| points.is_positive()).sum()
}

/// A customer's cards as views.db has them.
///
/// # Errors
/// When the file cannot be read.
pub fn cards_held(views: &Connection, customer: CustomerId) -> rusqlite::Result<Vec<Card>> {
    let mut cards = Vec::new();
    for card in super::cards_of_customer(views, customer)? {
        cards.extend(super::load_card(views, card)?);
    }
    Ok(cards)
}

/// A step of the walk over what a rule may have due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCustomers {
    /// Who has something due.
    pub customers: BTreeSet<CustomerId>,
    /// Where the walk goes on.
    pub cursor: i64,
    /// Whether more may be due behind the cursor.
    pub more: bool,
}

/// The customers of a partner who have something due by a rule, `rows` rows of the walk from `cursor` on (0 at its beginning).
///
/// # Errors
/// When a file cannot be read.
pub fn due_customers(
    views: &Connection,
    partner: PartnerId,
    (rules, rule): (&Retention, RetentionRule),
    now: Timestamp,
    cursor: i64,
    rows: usize,
) -> rusqlite::Result<DueCustomers> {
    let mut page = DueCustomers { customers: BTreeSet::new(), cursor, more: false };
    let Some(until) = rules.due_until(rule, now) else { return Ok(page) };
    let limit = i64::try_from(rows).unwrap_or(i64::MAX);
    let mut found = BTreeSet::new();
    {
        let mut statement = views.prepare_cached(walk(rule))?;
        let mut walked = match rule {
            RetentionRule::InactiveCustomers => statement.query((cursor, partner.get(), limit, until.micros()))?,
            RetentionRule::SupersededRecords | RetentionRule::MovementTexts | RetentionRule::BlockReasons => {
                statement.query((cursor, partner.get(), limit))?
            }
        };
        let mut count = 0;
        while let Some(row) = walked.next()? {
            // Records are in the order of their time: from here on nothing is due yet.
            if row.get::<_, i64>(1)? > until.micros() {
                count = 0;
                break;
            }
            count += 1;
            page.cursor = row.get(0)?;
            if row.get(3)? {
                found.insert(CustomerId::new(row.get(2)?));
            }
        }
        page.more = count == rows;
    }
    let walked = Span { after: cursor, through: page.cursor };
    for customer in found {
        if has_due(views, customer, (rules, rule), walked, (until, now))? {
            page.customers.insert(customer);
        }
    }
    Ok(page)
}

const fn walk(rule: RetentionRule) -> &'static str {
    match rule {
        RetentionRule::SupersededRecords => CHANGES,
        RetentionRule::MovementTexts => TEXTS,
        RetentionRule::BlockReasons => REASONS,
        RetentionRule::InactiveCustomers => QUIET,
    }
}

fn has_due(
    views: &Connection,
    customer: CustomerId,
    (rules, rule): (&Retention, RetentionRule),
    walked: Span,
    (until, now): (Timestamp, Timestamp),
) -> rusqlite::Result<bool> {
    match rule {
        RetentionRule::SupersededRecords => Ok(!due_of(views, customer, (rule, until), walked, 1)?.is_empty()),
        // The walk saw the record itself.
        RetentionRule::MovementTexts | RetentionRule::BlockReasons => Ok(true),
        RetentionRule::InactiveCustomers => {
            let Some(known) = super::load_customer(views, customer)? else { return Ok(false) };
            let cards = cards_held(views, customer)?;
            let spends = available(&cards, now).is_positive() && !rules.inactive_customers_with_points;
            Ok(last_activity(&known, &cards) <= until && !spends)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{NOW, card, lot, owing};

    #[test]
    fn what_one_card_owes_takes_nothing_from_what_another_has() {
        let cards = [card(&[lot(1, 30, None)]), owing(50)];
        assert_eq!(available(&cards, NOW), Points::new(30));
    }

    #[test]
    fn everything_goes_along_an_index_that_is_sorted_already() {
        let views = Connection::open_in_memory().unwrap();
        views.execute_batch("ATTACH DATABASE ':memory:' AS ledger").unwrap();
        views.execute_batch(include_str!("../../schema/sql/views/tables.sql")).unwrap();
        views.execute_batch(include_str!("../../schema/sql/views/indexes.sql")).unwrap();
        let ledger = include_str!("../../schema/sql/ledger/0001_log_and_vault.sql");
        let tables = ledger.split("CREATE TRIGGER").next().unwrap().replace("TABLE events", "TABLE ledger.events");
        views.execute_batch(&tables).unwrap();
        let vault =
            "CREATE TABLE ledger.sealed_records (record INTEGER PRIMARY KEY, subject TEXT, salt BLOB, body TEXT)";
        views.execute_batch(vault).unwrap();
        for sql in RetentionRule::ALL.map(walk).into_iter().chain([TEXTS_OF, REASONS_OF, CHANGES_OF, BEFORE]) {
            let mut query = views.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let parameters = query.parameter_count();
            let rows = query.query_map(rusqlite::params_from_iter(vec![0; parameters]), |row| row.get::<_, String>(3));
            let plan = rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap().join("\n");
            // There is an era for each million events: walking them is how a look-up in all of them begins.
            let plan = plan.replace("SCAN eras", "eras");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{sql}: {plan}");
        }
    }
}
