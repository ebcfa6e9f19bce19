//! Each row counts once, whatever interrupts an import and however often it is run.

use super::{Books, counts, exists, report};
use crate::cli::program::{events, run};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn the_same_files_again_write_nothing() {
    let books = Books::new();
    let words = books.with_files();
    let first = report(&books.run(&words));
    assert_eq!((counts(&first, "customers"), counts(&first, "transactions")), ((2, 0, 0), (11, 0, 0)));
    let before = books.events();
    let again = report(&books.run(&words));
    assert_eq!((counts(&again, "customers"), counts(&again, "transactions")), ((0, 2, 0), (0, 11, 0)));
    assert_eq!(books.events(), before);
}

#[test]
fn a_dry_run_says_what_would_be_written_and_writes_nothing() {
    let books = Books::new();
    let before = books.events();
    let words = books.with_files();
    let dry = report(&books.run(&format!("{words} --dry-run")));
    assert_eq!((counts(&dry, "transactions"), &dry["dry_run"]), ((11, 0, 0), &true.into()));
    assert_eq!(books.events(), before);
    assert!(!exists(&books.data(), ".dry-run") && !exists(&books.data(), "import.unfinished"));
    books.run(&words).ok();
    for (kind, number) in dry["events"].as_object().unwrap() {
        let written = books.events()[before.len()..].iter().filter(|(written, ..)| written == kind).count();
        assert_eq!(Some(written as u64), number.as_u64(), "{kind}");
    }
    let dry = report(&books.run(&format!("{words} --dry-run")));
    assert_eq!((counts(&dry, "transactions"), dry["events"].as_object().unwrap().len()), ((0, 11, 0), 0));
}

#[test]
fn opening_balances_are_given_once_and_only_where_they_are_asked_for() {
    let books = Books::new();
    let file = books.file("customers.csv", "email,total_points,points_expire_at\nona@example.com,150,2999-01-01\n");
    books.run(&format!("import --customers {file}")).ok();
    let kinds = |books: &Books| books.events()[4..].iter().map(|(kind, ..)| kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&books), ["customer.registered", "card.issued"]);
    for shop in ["", "--shop 1"] {
        books.run(&format!("import --customers {file} --opening-balances {shop}")).ok();
        assert_eq!(kinds(&books), ["customer.registered", "card.issued", "points.awarded"]);
    }
    let other = books.file("other.csv", "email,total_points\nona@example.com,151\n");
    let words = format!("import --json --customers {other} --opening-balances");
    assert_eq!(report(&books.run(&words))["rejected"][0]["code"], "RESOURCE_ALREADY_EXISTS");
    let awarded = &books.events()[6].2;
    assert_eq!((&awarded["points"], &awarded["reference"]), (&150.into(), &"import:opening".into()));
    books.is_sound();
}

/// Customers and a history of so many rows that an import takes its time.
fn long_history(books: &Books) -> String {
    const CARDS: usize = 200;
    let mut customers = "customer_id,email\n".to_owned();
    (0..CARDS).for_each(|card| writeln!(customers, "{card},c{card}@example.com").unwrap());
    let mut history = "id,type,happened_at,customer_id,amount,points_earned,points,expires_at\n".to_owned();
    for row in 0..20_000 {
        let (card, day) = (row % CARDS, 1 + row / 800);
        let written = if row / CARDS % 3 == 2 {
            writeln!(history, "{row},redeem,2024-01-{day:02},{card},,,9,")
        } else {
            writeln!(history, "{row},sale,2024-01-{day:02},{card},1.00,10,,2024-02-{day:02}")
        };
        written.unwrap();
    }
    let (customers, history) = (books.file("customers.csv", customers), books.file("history.csv", history));
    format!("import --customers {customers} --transactions {history}")
}

fn count(data: &Path) -> i64 {
    let ledger = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    ledger.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
}

#[test]
fn an_import_that_is_killed_and_run_again_leaves_what_one_run_leaves() {
    let whole = Books::new();
    whole.run(&long_history(&whole)).ok();
    let killed = Books::new();
    let words = long_history(&killed);
    let mut interrupted = 0;
    for wanted in [300, 4_000, 12_000] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(words.split(' ')).arg("--data").arg(killed.data()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut import = command.spawn().unwrap();
        let start = Instant::now();
        while count(&killed.data()) < wanted && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        import.kill().unwrap();
        import.wait().unwrap();
        interrupted += usize::from(exists(&killed.data(), "import.unfinished"));
    }
    assert!(interrupted > 0, "no import was interrupted");
    run(&words, &killed.data()).ok();
    assert!(!exists(&killed.data(), "import.unfinished"));
    assert!(events(&whole.data()) == events(&killed.data()), "the logs differ");
    killed.is_sound();
}
