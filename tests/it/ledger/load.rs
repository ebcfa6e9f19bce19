//! A long run of commands through the queue from many threads.

use super::workshop::{Workshop, award, order};

#[test]
fn thousands_of_awards_from_many_threads_are_all_there_after_a_restart() {
    let mut workshop = Workshop::new();
    let cards: Vec<_> = (0..20).map(|card| workshop.issue(&format!("c{card}@example.com"), 0).0).collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (workshop, cards) = (&workshop, &cards);
            scope.spawn(move || {
                for number in 0..250 {
                    let card = cards[(thread * 7 + number) % cards.len()];
                    workshop.must(award(card, 2, None, order(&format!("{thread}-{number}"))));
                }
            });
        }
    });
    workshop.restart();
    let views = counterfoil::storage::open_reader(&workshop.dir()).unwrap();
    let total: i64 = views.query_row("SELECT sum(balance) FROM cards", [], |row| row.get(0)).unwrap();
    assert_eq!(total, 8 * 250 * 2);
    assert!(workshop.must(award(cards[0], 2, None, order("0-0"))).replayed, "exactly once across restarts");
}
