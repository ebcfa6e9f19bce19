//! The expiry job, on an engine with a manual clock.

use super::workshop::{DAY, START, Workshop, award, block};
use counterfoil::domain::CustomerId;
use counterfoil::domain::programme::{ChangeSettings, Retention, Settings, SettingsRecord};
use counterfoil::jobs::{Job, start_expiry, start_retention};
use counterfoil::writer::Command;
use std::time::{Duration, Instant};

const OFTEN: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(60);

fn job(workshop: &Workshop) -> Job {
    let writer = workshop.engine().writer().clone();
    start_expiry(&workshop.dir(), writer, workshop.clock.clone(), OFTEN).expect("the job starts")
}

/// How many events the job has recorded.
fn written_off(workshop: &Workshop) -> i64 {
    let ledger = rusqlite::Connection::open(workshop.dir().ledger()).expect("there is a ledger");
    let sql = "SELECT count(*) FROM events WHERE kind = 'points.expired' AND actor = 'job:expiry'";
    ledger.query_row(sql, [], |row| row.get(0)).expect("a count")
}

fn is_erased(workshop: &Workshop, customer: CustomerId) -> bool {
    let ledger = rusqlite::Connection::open(workshop.dir().ledger()).expect("there is a ledger");
    let sql = "SELECT count(*) FROM events WHERE kind = 'customer.erased' AND payload ->> 'customer' = ?1";
    ledger.query_row(sql, [customer.get()], |row| row.get::<_, i64>(0)).expect("a count") > 0
}

#[track_caller]
fn eventually_written_off(workshop: &Workshop, expected: i64) {
    let start = Instant::now();
    loop {
        match written_off(workshop) {
            found if found == expected => return,
            found => assert!(start.elapsed() < PATIENCE && found < expected, "{found} instead of {expected}"),
        }
        std::thread::sleep(OFTEN);
    }
}

#[test]
fn the_job_writes_off_every_card_whose_time_has_come_and_no_other() {
    const DUE: i64 = 600;
    let workshop = Workshop::new();
    for number in 0..DUE {
        let (card, _) = workshop.issue(&format!("due{number}@example.com"), 0);
        workshop.must(award(card, 5, Some(START + DAY), None));
    }
    let (blocked, _) = workshop.issue("blocked@example.com", 0);
    workshop.must(award(blocked, 7, Some(START + DAY), None));
    workshop.must(award(blocked, 8, Some(START + DAY), None));
    workshop.must(block(blocked));
    let (later, _) = workshop.issue("later@example.com", 3);
    workshop.must(award(later, 9, Some(START + 2 * DAY), None));

    let job = job(&workshop);
    workshop.set_time(START + DAY - 1);
    assert_eq!(written_off(&workshop), 0, "not a microsecond early");
    workshop.set_time(START + DAY);
    eventually_written_off(&workshop, DUE + 1);
    assert_eq!(workshop.available(later), 12);
    workshop.set_time(START + 3 * DAY);
    eventually_written_off(&workshop, DUE + 2);
    assert_eq!(workshop.available(later), 3);
    job.stop();
}

#[test]
fn a_job_whose_turn_another_has_waits_for_it_and_loses_no_pass() {
    const ONE_PASS: Duration = Duration::from_secs(3_600);
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue("ona@example.com", 0);
    workshop.must(award(card, 5, Some(START + DAY), None));
    let retention = Retention { inactive_customers_after_months: Some(1), ..Retention::default() };
    let (settings, record) = (Settings { retention, ..Settings::default() }, SettingsRecord::default());
    workshop.must(Command::ChangeSettings(ChangeSettings { based_on: None, settings, record }));
    workshop.set_time(START + 62 * DAY);
    let writer = workshop.engine().writer();
    // No import: the directory says of none.
    let elsewhere = writer.rest_expiry();
    let (dir, clock) = (workshop.dir(), || workshop.clock.clone());
    let expiry = start_expiry(&dir, writer.clone(), clock(), ONE_PASS).expect("the job starts");
    let retention = start_retention(&dir, writer.clone(), clock(), ONE_PASS).expect("the job starts");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((written_off(&workshop), is_erased(&workshop, customer)), (0, false));
    drop(elsewhere);
    eventually_written_off(&workshop, 1);
    let start = Instant::now();
    while !is_erased(&workshop, customer) {
        assert!(start.elapsed() < PATIENCE, "the retention job has its turn, too");
        std::thread::sleep(OFTEN);
    }
    expiry.stop();
    retention.stop();
}

#[test]
fn the_job_waits_for_a_full_disk_to_have_room_again() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(award(card, 5, Some(START + DAY), None));
    workshop.limit_pages(1);
    workshop.restart();
    let full = (0..10_000).any(|_| workshop.run(award(card, 1, None, None)).is_err());
    assert!(full, "the limit is reached");
    workshop.set_time(START + DAY);
    let job = job(&workshop);
    let start = Instant::now();
    while workshop.engine().writer().failing() && start.elapsed() < OFTEN * 10 {
        std::thread::yield_now();
    }
    assert_eq!(written_off(&workshop), 0);
    workshop.limit_pages(0);
    eventually_written_off(&workshop, 1);
    assert!(!workshop.engine().writer().failing());
    job.stop();
}

#[test]
fn a_job_stops_at_once_and_leaves_the_rest_to_the_next_start() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(award(card, 5, Some(START + DAY), None));
    let writer = workshop.engine().writer().clone();
    let rarely = Duration::from_secs(3_600);
    let idle = start_expiry(&workshop.dir(), writer, workshop.clock.clone(), rarely).expect("the job starts");
    let start = Instant::now();
    idle.stop();
    assert!(start.elapsed() < PATIENCE, "it does not sleep its period out");
    workshop.set_time(START + DAY);
    let job = job(&workshop);
    eventually_written_off(&workshop, 1);
    job.stop();
}
