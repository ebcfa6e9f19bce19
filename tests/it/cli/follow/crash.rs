//! kill -9 of the follower at any moment: what is there is a beginning of the log, and the next one goes on from it.

use super::scene::{Kept, Scene};
use crate::cli::program::eventually;
use crate::support::verify;
use rand::Rng as _;
use rusqlite::OpenFlags;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ROUNDS: usize = 15;

/// Ends the till's thread, also where the test fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How far the mirror goes, as somebody beside the follower sees it.
fn head(mirror: &Path) -> i64 {
    let ledger = rusqlite::Connection::open_with_flags(mirror.join("ledger.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let count =
        |ledger: rusqlite::Connection| ledger.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0));
    // It may not be there yet, or about to be made.
    ledger.and_then(count).unwrap_or(0)
}

#[test]
fn a_follower_that_is_killed_at_any_moment_leaves_a_mirror_that_goes_on() {
    let scene = Scene::begin();
    let service = scene.serve();
    let till = scene.till(&service);
    let card = till.card("ona@example.com");
    till.award_many(&card, 500);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _end = End(&ended);
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                till.award_many(&card, 50);
                scene.checkpoint();
            }
        });
        let mut before: Option<Kept> = None;
        for round in 0..ROUNDS {
            let follower = scene.spawn(service.address(), "");
            // Every other one gets as far as to mirror something more, however long that takes here.
            if round % 2 == 0 {
                let seen = before.as_ref().map_or(0, |kept| kept.rows.last().map_or(0, |row| row.0));
                let covered = || scene.mirror().join("checkpoint.txt").exists();
                eventually("something more is mirrored", || covered() && head(&scene.mirror()) > seen);
            }
            std::thread::sleep(Duration::from_micros(rand::rng().random_range(1_000..300_000)));
            follower.kill();
            if !scene.mirror().join("checkpoint.txt").exists() {
                continue;
            }
            let kept = Kept::of(&scene.mirror());
            assert!(kept.size() <= kept.rows.len() as u64, "no checkpoint says more than there is");
            if let Some(before) = &before {
                assert_eq!(kept.rows[..before.rows.len()], before.rows, "nothing is lost or changed");
                assert!(kept.size() >= before.size());
            }
            verify(&scene.mirror());
            before = Some(kept);
        }
        assert!(before.is_some_and(|kept| kept.rows.len() > 500), "what was there before is mirrored");
    });
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 0);
    assert_eq!(Kept::of(&scene.mirror()).rows, Kept::of(&scene.data()).rows);
    assert_eq!(scene.alarms(), Vec::<serde_json::Value>::new());
}
