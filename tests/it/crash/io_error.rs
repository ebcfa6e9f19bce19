//! A disk that refuses to be written: a limit on the size of files makes every further write an I/O error, for real.

use super::process::{Process, Till, init};
use crate::support::verify;
use std::process::Command;

#[test]
fn an_io_error_refuses_awards_keeps_balances_and_passes_when_the_disk_does() {
    let files = tempfile::tempdir().unwrap();
    let data = files.path().join("books");
    let credentials = init(&data);
    let process = Process::serve(&data);
    let till = Till::new(&process, &credentials);
    let card = till.issue("ona@example.com");
    assert_eq!(till.award(&card, "before"), Some(201));

    let size = std::fs::metadata(data.join("ledger.db-wal")).unwrap().len();
    limit_files(&process, &(size + 40_000).to_string());
    let refused = (0..2_000).find(|number| match till.award(&card, &format!("order-{number}")) {
        Some(201) => false,
        Some(503) => true,
        other => panic!("{other:?}"),
    });
    let refused = refused.expect("the limit is reached");
    let sold = 1 + i64::from(refused);
    assert_eq!(till.balance(&card), 3 * sold, "reads answer what was acknowledged");
    assert_eq!(till.award(&card, &format!("order-{refused}")), Some(503), "still broken");

    limit_files(&process, "unlimited");
    let healed = (0..50).any(|_| till.award(&card, &format!("order-{refused}")) == Some(201));
    assert!(healed, "it recovers by itself");
    assert_eq!(till.balance(&card), 3 * (sold + 1));
    drop(process);
    verify(&data);
}

/// Changes the limit of a running process (util-linux, part of every Linux distribution).
fn limit_files(process: &Process, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let set = Command::new("prlimit").args(["--pid", &process.id().to_string(), &limit]).status();
    assert!(set.expect("prlimit is installed").success());
}
