//! What is signed, and what never is: a log that was put back, or rewritten, after it had been signed.

use super::workshop::{Workshop, award};
use counterfoil::domain::{CardId, Event, Seq};
use counterfoil::notary::{Notary, NotaryError};
use counterfoil::projections::{compare, rebuild};
use counterfoil::storage::open_ledger;
use counterfoil::writer::Actor;
use rusqlite::Connection;
use std::fs;

fn signed(workshop: &Workshop) -> i64 {
    workshop.notary().checkpoint(Actor::CommandLine).expect("a checkpoint").size.get()
}

fn pay(workshop: &Workshop, card: CardId, times: i64) {
    (1..=times).for_each(|points| drop(workshop.must(award(card, points, None, None))));
}

/// The log alone is put back to what it was; what the key has signed is remembered elsewhere.
fn put_back(workshop: &mut Workshop, older: &[u8]) {
    workshop.stop();
    let dir = workshop.dir();
    for gone in ["ledger.db-wal", "ledger.db-shm", "views.db", "views.db-wal", "views.db-shm"] {
        drop(fs::remove_file(dir.path().join(gone)));
    }
    fs::write(dir.ledger(), older).expect("the older copy");
    workshop.restart();
}

fn copy(workshop: &mut Workshop) -> Vec<u8> {
    workshop.stop();
    let ledger = Connection::open(workshop.dir().ledger()).expect("a ledger");
    ledger.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("one file");
    drop(ledger);
    let bytes = fs::read(workshop.dir().ledger()).expect("a ledger");
    workshop.restart();
    bytes
}

#[test]
fn a_log_that_was_put_back_is_not_signed_until_an_operator_begins_anew() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    signed(&workshop);
    let older = copy(&mut workshop);
    pay(&workshop, card, 10);
    let farthest = signed(&workshop);

    put_back(&mut workshop, &older);
    pay(&workshop, card, 1);
    let refused =
        workshop.notary().checkpoint(Actor::CommandLine).expect_err("the log is shorter than what was signed");
    assert!(matches!(&refused, NotaryError::Shorter { signed, .. } if signed.get() == farthest), "{refused}");
    pay(&workshop, card, 20);
    let refused = workshop.notary().checkpoint(Actor::CommandLine).expect_err("the log is another");
    assert!(matches!(&refused, NotaryError::Different { signed, .. } if signed.get() == farthest), "{refused}");

    for refused in
        [Notary::rotate_key, Notary::replace_lost_key].map(|rotate| rotate(&workshop.notary(), Actor::CommandLine))
    {
        let refused = refused.expect_err("nobody has said that it is meant");
        assert!(matches!(&refused, NotaryError::Different { .. }), "{refused}");
    }
    let admit = |lost| workshop.notary().admit_loss(Seq::new(lost), None, Actor::CommandLine);
    assert!(matches!(admit(farthest - 1), Err(NotaryError::LostOther { signed }) if signed.get() == farthest));
    admit(farthest).expect("a new key");
    assert!(signed(&workshop) > farthest);
    let keys = workshop.notary().keys().expect("keys");
    assert_eq!(keys.iter().map(|(key, _)| key.retired_at.is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(keys[0].1.name(), keys[1].1.name(), "the log keeps its name");
}

#[test]
fn a_directory_that_was_put_back_whole_goes_on_from_its_own_newest_checkpoint() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let first = signed(&workshop);
    workshop.restart();
    pay(&workshop, card, 3);
    let second = signed(&workshop);
    assert!(second > first);
    assert_eq!(signed(&workshop), second, "nothing has happened since");
}

#[test]
fn a_log_whose_seed_was_lost_says_so_and_goes_on_with_a_new_key() {
    let mut workshop = Workshop::new();
    signed(&workshop);
    workshop.issue("ona@example.com", 0);
    workshop.stop();
    for gone in ["ops.db", "ops.db-wal", "ops.db-shm"] {
        drop(fs::remove_file(workshop.dir().path().join(gone)));
    }
    workshop.restart();
    let refused = workshop.notary().checkpoint(Actor::CommandLine).expect_err("there is nothing to sign with");
    assert!(matches!(refused, NotaryError::NoSeed { .. }), "{refused}");
    let refused = workshop.notary().rotate_key(Actor::CommandLine).expect_err("nor to hand over with");
    assert!(matches!(&refused, NotaryError::NoSeed { .. }) && refused.to_string().contains("--key-lost"), "{refused}");
    workshop.notary().replace_lost_key(Actor::CommandLine).expect("a new key");
    signed(&workshop);
}

#[test]
fn the_tree_of_a_service_that_ran_is_the_one_that_a_rebuild_makes() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    for times in [3, 250, 7, 300] {
        pay(&workshop, card, times);
        signed(&workshop);
        workshop.restart();
    }
    workshop.stop();
    let (dir, files) = (workshop.dir(), tempfile::tempdir().expect("a directory"));
    let made = files.path().join("views.db");
    rebuild(&open_ledger(&dir).expect("a ledger"), &made, None).expect("a rebuild");
    let views = Connection::open(dir.views()).expect("views");
    assert_eq!(compare(&views, &made).expect("both are read"), []);
    let tiles: i64 =
        views.query_row("SELECT sum(length(hashes)) / 32 FROM tiles", [], |row| row.get(0)).expect("tiles");
    assert_eq!(tiles, 2, "of 500 events and more there is one partial tile of level 1");
    // One hash changed is found.
    let other = Connection::open(&made).expect("the rebuild");
    other.execute_batch("UPDATE tiles SET hashes = zeroblob(length(hashes))").expect("tampering");
    let found = compare(&views, &made).expect("both are read");
    assert_eq!(found.iter().map(|difference| difference.table).collect::<Vec<_>>(), ["tiles"]);
}

#[test]
fn checkpoints_are_recorded_for_the_deployment_by_whoever_asked() {
    let workshop = Workshop::new();
    workshop.notary().checkpoint(Actor::CheckpointJob).expect("a checkpoint");
    let ledger = open_ledger(&workshop.dir()).expect("a ledger");
    let mut found = Vec::new();
    let until = workshop.engine().live().progress().head();
    counterfoil::event_log::events_after(&ledger, counterfoil::domain::Seq::ZERO, until, |stored| {
        if matches!(stored.event, Event::CheckpointMade(_) | Event::CheckpointKeyCreated(_)) {
            found.push((stored.event.kind(), stored.partner.get(), stored.actor.clone()));
        }
        Ok::<_, counterfoil::event_log::LogError>(())
    })
    .expect("the log is read");
    let job = || "job:checkpoint".to_owned();
    assert_eq!(found, [("checkpoint_key.created", 0, job()), ("checkpoint.made", 0, job())]);
}
