//! Continuous replication by Litestream, where its binary is at hand: on PATH, or where LITESTREAM_BIN says.

use super::program::{Service, eventually, run};
use crate::support::verify;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("LITESTREAM_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = || std::env::split_paths(&path).map(|folder| folder.join("litestream")).find(|file| file.is_file());
    named.or_else(found)
}

/// Replicating, until it is dropped.
struct Replicating(Child);

impl Drop for Replicating {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn configuration(folder: &Path, books: &Path) -> PathBuf {
    let path = folder.join("litestream.yml");
    let database = |name: &str| {
        let (file, replica) = (books.join(name), folder.join("replica").join(name));
        format!(" - path: {}\n   replica:\n     type: file\n     path: {}\n", file.display(), replica.display())
    };
    std::fs::write(&path, format!("dbs:\n{}{}", database("ledger.db"), database("ops.db"))).unwrap();
    path
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told that one did nothing")]
fn what_litestream_replicated_is_restored_and_says_that_it_was() {
    let Some(litestream) = binary() else {
        eprintln!("skipped: litestream is neither on PATH nor where LITESTREAM_BIN says");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books");
    run("init", &books).ok();
    let configuration = configuration(folder.path(), &books);
    let service = Service::start("serve --checkpoint-every 1s", &books);
    let mut command = Command::new(&litestream);
    command.arg("replicate").arg("-config").arg(&configuration).stdout(Stdio::null()).stderr(Stdio::null());
    let replicating = Replicating(command.spawn().unwrap());
    for _ in 0..20 {
        run("keys create", &books).ok();
    }
    let head = run("status --json", &books).json()["events"].as_i64().unwrap();
    let restored = |number: usize| {
        let copy = folder.path().join(format!("copy-{number}"));
        std::fs::create_dir_all(&copy).unwrap();
        let each = |name: &str| {
            let mut command = Command::new(&litestream);
            command.arg("restore").arg("-config").arg(&configuration).arg("-o").arg(copy.join(name));
            command.arg("-integrity-check").arg("full").arg(books.join(name));
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
        };
        (each("ledger.db") && each("ops.db")).then_some(copy)
    };
    let reaches_head = |copy: &PathBuf| {
        let ledger = rusqlite::Connection::open(copy.join("ledger.db")).unwrap();
        ledger.query_row("SELECT max(seq) FROM events", [], |row| row.get::<_, i64>(0)).unwrap() >= head
    };
    let attempts = std::cell::Cell::new(0);
    let try_again = || {
        attempts.set(attempts.get() + 1);
        restored(attempts.get()).filter(reaches_head)
    };
    eventually("everything is in the replica", || try_again().is_some());
    let copy = folder.path().join(format!("copy-{}", attempts.get()));
    drop(replicating);
    assert_eq!(service.terminate().0, 0);
    verify(&books);
    let fresh = folder.path().join("fresh");
    let report: Value = run(&format!("restore --json --from {}", copy.display()), &fresh).json();
    assert!(report["events"].as_i64().unwrap() >= head, "{report}");
    verify(&fresh);
    let keys = |dir: &Path| run("keys list --json", dir).json();
    assert_eq!(keys(&fresh), keys(&books));
    let service = Service::start("serve", &fresh);
    run("keys create", &fresh).ok();
    assert_eq!(service.terminate().0, 0);
}
