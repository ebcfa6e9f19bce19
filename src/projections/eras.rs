//! Eras: stretches of the log of about a million events each, and the table `eras` of those that it has reached.
//!
//! What has to be found by a card or by a name, and is added in the order of the log, is indexed era by era. What a batch adds goes
//! all over its own era and nowhere else: with one tree for all time, each new row would change a page of its own once the log has some
//! millions of events, and following it would cost the more the longer it is. In return, whoever looks something up looks into each
//! era: a microsecond or two for every million events. The SQL views of `schema/sql/views/indexes.sql` do that.

use crate::domain::Seq;
use rusqlite::Connection;

/// How many events share an era, as a power of two. `schema/sql/views` has it too.
const ERA_BITS: u32 = 20;

/// The era of an event.
pub(super) const fn era(seq: Seq) -> i64 {
    seq.get() >> ERA_BITS
}

/// Notes the eras of the events after `from` and up to `until`.
pub(super) fn note(views: &Connection, from: Seq, until: Seq) -> rusqlite::Result<()> {
    let mut statement = views.prepare_cached("INSERT OR IGNORE INTO eras (era) VALUES (?1)")?;
    (era(from)..=era(until)).try_for_each(|era| statement.execute([era]).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projections::layout::{create_indexes, create_tables};

    #[test]
    fn a_row_of_any_era_is_found_by_its_card_and_in_the_order_of_the_log() {
        let views = Connection::open_in_memory().unwrap();
        create_tables(&views).unwrap();
        create_indexes(&views).unwrap();
        let seqs = [1, (1 << ERA_BITS) - 1, 1 << ERA_BITS, (3 << ERA_BITS) + 7];
        note(&views, Seq::ZERO, Seq::new(seqs[1])).unwrap();
        assert_eq!(views.query_row("SELECT max(era) FROM eras", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        note(&views, Seq::new(seqs[1]), Seq::new(seqs[3])).unwrap();
        for seq in seqs {
            let row = "INSERT INTO movements (seq, card, type, points, balance_before, balance_after, order_id, reference, actor, \
                       at, partner, kind) VALUES (?1, ?1 & 1, 'award', 1, 0, 1, 'o', 'r', 'a', 1, 1, 0)";
            views.execute(row, [seq]).unwrap();
            let row = "INSERT INTO lots (era, card, lot, points, remaining) VALUES (?1 >> 20, ?1 & 1, ?1, 1, 1)";
            views.execute(row, [seq]).unwrap();
        }
        let found = |sql: &str| {
            let mut statement = views.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
            rows.collect::<rusqlite::Result<Vec<_>>>().unwrap()
        };
        assert_eq!(found("SELECT seq FROM card_movements WHERE card = 0 ORDER BY era, seq"), [seqs[2]]);
        let newest = "SELECT seq FROM card_movements WHERE card = 1 ORDER BY era DESC, seq DESC";
        assert_eq!(found(newest), [seqs[3], seqs[1], seqs[0]]);
        assert_eq!(found("SELECT seq FROM order_movements WHERE order_id = 'o' ORDER BY era, seq"), seqs);
        assert_eq!(found("SELECT seq FROM reference_movements WHERE reference = 'r' ORDER BY era, seq"), seqs);
        assert_eq!(found("SELECT lot FROM card_lots WHERE card = 1 ORDER BY era, lot"), [seqs[0], seqs[1], seqs[3]]);
    }
}
