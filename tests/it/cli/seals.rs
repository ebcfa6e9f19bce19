//! `counterfoil seal`, and the job of `serve`.

use super::program::{Service, eventually, run};
use crate::ledger::workshop::{DAY, Workshop};
use crate::support::verify;
use counterfoil::clock::Clock;
use counterfoil::storage::open_ledger;
use std::path::Path;

/// A ledger that was begun a hundred days ago and then left alone.
fn left_alone() -> Workshop {
    let begun = Clock::System.now().micros() - 100 * DAY;
    let mut workshop = Workshop::beginning(begun);
    workshop.issue("ona@example.com", 10);
    workshop.stop();
    workshop
}

fn sealed(workshop: &Workshop) -> i64 {
    let ledger = open_ledger(&workshop.dir()).unwrap();
    ledger.query_row("SELECT count(*) FROM events WHERE kind = 'balances.sealed'", [], |row| row.get(0)).unwrap()
}

#[test]
fn months_that_ended_are_sealed_on_demand_and_never_twice() {
    let workshop = left_alone();
    let dir = workshop.dir();
    let told = run("seal", dir.path()).ok();
    let lines: Vec<&str> = told.lines().collect();
    assert!((3..=4).contains(&lines.len()), "{told}");
    assert!(lines.iter().all(|line| line.starts_with("sealed ") && line.ends_with(" of partner 1: 1 cards")), "{told}");
    assert_eq!(run("seal", dir.path()).ok(), "every month that is over is sealed\n");
    let service = Service::start("serve --seal-balances off", dir.path());
    assert_eq!(run("seal", dir.path()).ok(), "every month that is over is sealed\n", "beside a service");
    assert_eq!(service.terminate().0, 0);
    assert_eq!(sealed(&workshop), i64::try_from(lines.len()).unwrap());
}

#[test]
fn a_service_seals_by_itself_what_ended_while_it_was_away() {
    let workshop = left_alone();
    let dir = workshop.dir();
    let service = Service::start("serve --seal-balances off", dir.path());
    assert_eq!(service.terminate().0, 0);
    assert_eq!(sealed(&workshop), 0);
    let service = Service::start("serve", dir.path());
    eventually("the months are sealed", || sealed(&workshop) >= 3);
    assert_eq!(service.terminate().0, 0);
    all_is_well(dir.path());
}

#[test]
fn a_service_rests_while_an_import_has_begun_and_not_ended() {
    let workshop = left_alone();
    let dir = workshop.dir();
    dir.mark_import().unwrap();
    let service = Service::start("serve", dir.path());
    // It has looked by the time that it serves a command.
    run("status", dir.path()).ok();
    assert_eq!(service.terminate().0, 0);
    assert_eq!(sealed(&workshop), 0);
    dir.unmark_import().unwrap();
    let service = Service::start("serve", dir.path());
    eventually("the months are sealed", || sealed(&workshop) >= 3);
    assert_eq!(service.terminate().0, 0);
}

fn all_is_well(dir: &Path) {
    verify(dir);
    assert!(run("rebuild --check", dir).ok().contains("no row differs"));
}
