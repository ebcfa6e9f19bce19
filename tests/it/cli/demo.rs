//! `counterfoil demo`

use super::program::{Service, events, run};

#[test]
fn the_demo_starts_again_with_credentials_that_work() {
    let dir = tempfile::tempdir().unwrap();
    let first = Service::start("demo", dir.path());
    let first_order = order(&first.announcement);
    assert_eq!(first.terminate().0, 0);
    let second = Service::start("demo", dir.path());
    let second_order = order(&second.announcement);
    assert_ne!(first_order, second_order, "the printed line awards points at each start");
    assert_eq!(second.terminate().0, 0);
    let kinds = events(dir.path()).into_iter().map(|(kind, _, _)| kind);
    assert_eq!(kinds.filter(|kind| kind == "partner.created").count(), 1);
}

#[test]
fn the_demo_does_not_touch_a_ledger_that_it_did_not_make() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let complaint = run("demo --listen 127.0.0.1:0", dir.path()).refused();
    assert!(complaint.contains("counterfoil serve"), "{complaint}");
    assert_eq!(events(dir.path()).len(), 4);
}

fn order(announcement: &str) -> String {
    let (_, rest) = announcement.split_once("\"order_id\":\"").expect("the line names an order");
    rest.split('"').next().unwrap().to_owned()
}
