//! `counterfoil customer-data` and `counterfoil retention`, beside a running service and without one.

use super::program::{Service, run};
use serde_json::{Value, json};

#[test]
fn a_persons_data_is_written_whether_a_service_runs_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start("demo", dir.path());
    let beside: Value = serde_json::from_str(&run("customer-data --customer cust_1", dir.path()).ok()).unwrap();
    assert_eq!(service.terminate().0, 0);
    assert_eq!(beside["format"], json!("counterfoil customer data v1"));
    assert_eq!(beside["customer"]["person"]["email"], json!("ona@example.com"));
    let file = dir.path().join("ona.json");
    let said = run(&format!("customer-data --email ONA@example.com --output {}", file.display()), dir.path()).ok();
    assert!(said.starts_with("Customer 1: "), "{said}");
    let alone: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(alone["events"], beside["events"]);
    for wrong in ["customer-data", "customer-data --customer 99", "customer-data --email nobody@example.com"] {
        run(wrong, dir.path()).refused();
    }
}

#[test]
fn a_dry_run_says_what_the_rules_have_due_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let due = run("retention --dry-run --json", dir.path()).json();
    let expected = json!({
        "partner_id": 1, "rule": "superseded_records_after_days", "value": 0, "customers": 0, "records": 0,
    });
    assert_eq!(due, json!({ "due": [expected] }));
    run("retention", dir.path()).refused();
}
