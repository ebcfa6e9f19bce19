//! kill -9 at any instant: what was acknowledged is there, exactly once, whatever became of the projections.

use super::process::{Process, Till, files_of, init};
use crate::support::verify;
use rand::Rng as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const TILLS: usize = 8;

/// Files by name, with their content.
type OldCopy = Vec<(PathBuf, Vec<u8>)>;

/// How many times the service is killed. `COUNTERFOIL_CRASH_ROUNDS` asks for more.
fn rounds() -> usize {
    std::env::var("COUNTERFOIL_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(12)
}

#[test]
fn no_acknowledged_award_is_lost_or_doubled_by_kill_9() {
    let files = tempfile::tempdir().unwrap();
    let data = files.path().join("books");
    let credentials = init(&data);
    let cards: Vec<String> = {
        let process = Process::serve(&data);
        let till = Till::new(&process, &credentials);
        (0..20).map(|card| till.issue(&format!("c{card}@example.com"))).collect()
    };
    let acknowledged = Mutex::new(Vec::new());
    let orders = AtomicU64::new(0);
    let mut old_views = None;
    for round in 0..rounds() {
        let mut process = Process::serve(&data);
        std::thread::scope(|scope| {
            for _ in 0..TILLS {
                let till = Till::new(&process, &credentials);
                let (acknowledged, orders, cards) = (&acknowledged, &orders, &cards);
                scope.spawn(move || sell(&till, cards, orders, acknowledged));
            }
            std::thread::sleep(Duration::from_micros(rand::rng().random_range(1_000..400_000)));
            process.kill();
        });
        verify(&data);
        damage(&data, round, &mut old_views);
    }
    assert!(acknowledged.lock().unwrap().len() > TILLS, "the tills sold something");
    check(&data, &acknowledged.into_inner().unwrap());
    // Once more from whatever the last round left, and every order again: all of them are known.
    let process = Process::serve(&data);
    let till = Till::new(&process, &credentials);
    let before: i64 = cards.iter().map(|card| till.balance(card)).sum();
    for number in 0..orders.load(Ordering::Relaxed) {
        let status = till.award(&cards[card_of(number, cards.len())], &format!("order-{number}"));
        assert_eq!(status, Some(201));
    }
    let after: i64 = cards.iter().map(|card| till.balance(card)).sum();
    assert!(before <= after && after == 3 * i64::try_from(orders.load(Ordering::Relaxed)).unwrap());
    drop(process);
    verify(&data);
}

fn card_of(order: u64, cards: usize) -> usize {
    usize::try_from(order * 7).unwrap() % cards
}

/// Awards until the connection breaks. Every order is sent twice, as an impatient till does.
fn sell(till: &Till, cards: &[String], orders: &AtomicU64, acknowledged: &Mutex<Vec<u64>>) {
    loop {
        let number = orders.fetch_add(1, Ordering::Relaxed);
        for _ in 0..2 {
            match till.award(&cards[card_of(number, cards.len())], &format!("order-{number}")) {
                Some(201) => acknowledged.lock().unwrap().push(number),
                Some(status) => panic!("an award was answered with {status}"),
                None => return,
            }
        }
    }
}

/// What may happen to a directory while nobody serves it: views.db left, deleted, emptied, or replaced by an older copy.
fn damage(data: &Path, round: usize, old: &mut Option<OldCopy>) {
    let views = data.join("views.db");
    match round % 4 {
        1 => files_of(&views).iter().for_each(|file| drop(std::fs::remove_file(file))),
        2 => std::fs::write(&views, b"").unwrap(),
        3 => {
            if let Some(copy) = old {
                files_of(&views).iter().for_each(|file| drop(std::fs::remove_file(file)));
                copy.iter().for_each(|(file, bytes)| std::fs::write(file, bytes).unwrap());
            }
        }
        _ => {
            // With its WAL: without it, a file that was killed in a checkpoint is half old and half new.
            let files = files_of(&views).into_iter().filter(|file| !file.ends_with("views.db-shm"));
            *old = Some(files.filter_map(|file| Some((file.clone(), std::fs::read(file).ok()?))).collect());
        }
    }
}

fn check(data: &Path, acknowledged: &[u64]) {
    let ledger = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    let mut recorded: BTreeMap<String, i64> = BTreeMap::new();
    let mut statement =
        ledger.prepare("SELECT json_extract(payload, '$.order') FROM events WHERE kind = 'points.awarded'").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        *recorded.entry(row.get(0).unwrap()).or_default() += 1;
    }
    for number in acknowledged {
        assert_eq!(recorded.get(&format!("order-{number}")), Some(&1), "order-{number} was acknowledged");
    }
    assert!(recorded.values().all(|times| *times == 1), "no order stands in the log twice");
}
