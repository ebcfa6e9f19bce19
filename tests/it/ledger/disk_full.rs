//! A disk that fills up: nothing acknowledged is lost, nothing unacknowledged is kept, and service resumes by itself.

use super::workshop::{Workshop, award, order};
use counterfoil::domain::Seq;
use counterfoil::event_log;
use counterfoil::storage::open_ledger;
use counterfoil::writer::Refusal;

#[test]
fn a_full_disk_refuses_writes_keeps_reads_and_heals_when_there_is_room() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(award(card, 1, None, order("before")));
    workshop.limit_pages(pages(&workshop) + 4);
    workshop.restart();
    let mut acknowledged = 1;
    let refused = (0..10_000).find(|number| match workshop.run(award(card, 1, None, order(&number.to_string()))) {
        Ok(outcome) => {
            acknowledged += i64::from(!outcome.replayed);
            false
        }
        Err(Refusal::NotWritten) => true,
        Err(other) => panic!("{other:?}"),
    });
    let refused = refused.expect("the limit is reached").to_string();
    assert!(workshop.engine().writer().failing());
    assert_eq!(workshop.available(card), acknowledged, "reads answer what was acknowledged");
    assert!(workshop.run(award(card, 1, None, order(&refused))).is_err(), "still full");

    workshop.limit_pages(0);
    let heals = (0..10).any(|_| workshop.run(award(card, 1, None, order("probe"))).is_ok());
    assert!(heals, "room again: no restart needed");
    assert!(!workshop.must(award(card, 1, None, order(&refused))).replayed, "a refused award claimed no key");
    assert!(!workshop.engine().writer().failing());
    assert_eq!(workshop.available(card), acknowledged + 2);

    workshop.stop();
    let ledger = open_ledger(&workshop.dir()).unwrap();
    let head = event_log::head(&ledger).unwrap();
    event_log::check_chain(&ledger, Seq::ZERO, head.seq).unwrap();
}

fn pages(workshop: &Workshop) -> u32 {
    let ledger = open_ledger(&workshop.dir()).unwrap();
    ledger.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap()
}
