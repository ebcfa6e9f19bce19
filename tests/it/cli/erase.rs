//! `counterfoil erase`, beside a running service and without one.

use super::program::{Service, any_file_holds, events, eventually, run};
use std::path::Path;

const EMAIL: &str = "ona@example.com";

#[test]
fn erasing_through_the_service_takes_the_bytes_out_of_every_file_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start("demo", dir.path());
    assert!(any_file_holds(dir.path(), EMAIL));
    let answer = run("erase --customer cust_1", dir.path()).ok();
    assert!(answer.contains("5 records"), "one of the person, four of movements: {answer}");
    // A reader may hold the WAL for a moment; then it is emptied while the service runs.
    eventually("the bytes are gone", || !any_file_holds(dir.path(), EMAIL));
    assert_eq!(service.terminate().0, 0);
    erased_for_good(dir.path());
}

#[test]
fn erasing_without_a_service_takes_the_bytes_out_of_every_file() {
    let dir = tempfile::tempdir().unwrap();
    Service::start("demo", dir.path()).terminate();
    assert_eq!(run("erase --customer 1 --json", dir.path()).json()["records_erased"], 5);
    erased_for_good(dir.path());
}

fn erased_for_good(dir: &Path) {
    assert!(!any_file_holds(dir, EMAIL));
    let last = events(dir).pop().unwrap();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("customer.erased", "cli"));
    let count = events(dir).len();
    let again = run("erase --customer 1", dir).ok();
    assert!(again.contains("nothing was left"), "{again}");
    assert_eq!(events(dir).len(), count, "erasing again writes nothing");
    run("rebuild --check", dir).ok();
}

#[test]
fn nobody_is_erased_by_a_number_that_nobody_has() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    for wrong in ["erase --customer 8", "erase --customer card_1", "erase --customer 0"] {
        run(wrong, dir.path()).refused();
    }
    assert_eq!(events(dir.path()).len(), 4);
}
