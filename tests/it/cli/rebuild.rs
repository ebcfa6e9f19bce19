//! `counterfoil rebuild`, with and without `--check`.

use super::program::{Service, run};
use std::fs;

#[test]
fn a_rebuild_equals_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    Service::start("demo", dir.path()).terminate();
    run("rebuild --check", dir.path()).ok();
    run("rebuild", dir.path()).ok();
    run("rebuild --check", dir.path()).ok();
    let leftovers = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut leftovers: Vec<_> = leftovers.filter(|name| name.starts_with("views")).collect();
    leftovers.retain(|name| !["views.db", "views.db-wal", "views.db-shm"].contains(&name.as_str()));
    assert_eq!(leftovers, Vec::<String>::new());
}

#[test]
fn beside_a_running_service_only_the_check_works() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start("demo", dir.path());
    run("rebuild --check", dir.path()).ok();
    let complaint = run("rebuild", dir.path()).refused();
    assert!(complaint.contains("--check"), "{complaint}");
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_doctored_row_is_found_and_repaired_by_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    Service::start("demo", dir.path()).terminate();
    let views = rusqlite::Connection::open(dir.path().join("views.db")).unwrap();
    views.execute("UPDATE cards SET balance = balance + 1", []).unwrap();
    drop(views);
    let finished = run("rebuild --check", dir.path());
    assert_eq!(finished.code, 1);
    assert!(finished.stdout.contains("cards"), "{}", finished.stdout);
    run("rebuild", dir.path()).ok();
    run("rebuild --check", dir.path()).ok();
}

#[test]
fn a_missing_file_fails_the_check_and_a_rebuild_makes_it() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    fs::remove_file(dir.path().join("views.db")).unwrap();
    assert_eq!(run("rebuild --check", dir.path()).code, 1);
    run("rebuild", dir.path()).ok();
    run("rebuild --check", dir.path()).ok();
}
