//! kill -9 while balances are sealed: every month is sealed exactly once, whatever was in hand.

use super::process::Process;
use crate::ledger::workshop::{DAY, Workshop, issue};
use counterfoil::clock::Clock;
use counterfoil::domain::Timestamp;
use counterfoil::domain::seals::Period;
use counterfoil::storage::open_ledger;
use rand::Rng as _;
use std::process::{Command, Stdio};
use std::time::Duration;

const ROUNDS: usize = 10;
/// More than one page of cards for each month.
const CARDS: usize = 2_400;

#[test]
fn every_month_is_sealed_exactly_once_whatever_is_killed_when() {
    // A hundred days hold the ends of three or four months, whenever this runs.
    let begun = Clock::System.now().minus_days(100);
    let mut workshop = Workshop::beginning(begun.micros());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    for group in 0..CARDS / 100 {
        let commands = (0..100).map(|card| Workshop::request(issue(&format!("c{group}-{card}@example.com"), 1)));
        let answers = runtime.block_on(workshop.engine().writer().submit_all(commands.collect())).expect("a bulk");
        assert!(answers.iter().all(Result::is_ok));
    }
    workshop.set_time(begun.micros() + 50 * DAY);
    workshop.issue("late@example.com", 5);
    workshop.stop();
    let dir = workshop.dir();
    let seal = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(["seal", "--data"]).arg(dir.path()).env("RUST_LOG", "off").stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        command
    };
    for round in 0..ROUNDS {
        let patience = Duration::from_millis(rand::rng().random_range(5..250));
        if round % 2 == 0 {
            let mut child = seal().spawn().expect("the binary starts");
            std::thread::sleep(patience);
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
        } else {
            let mut process = Process::serve(dir.path());
            std::thread::sleep(patience);
            process.kill();
        }
    }
    let finished = seal().output().expect("the binary starts");
    assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));

    let ledger = open_ledger(&dir).expect("a ledger");
    let sql = "SELECT json_extract(payload, '$.period') FROM events WHERE kind = 'balances.sealed' ORDER BY seq";
    let mut statement = ledger.prepare(sql).expect("a query");
    let sealed: Vec<String> = statement.query_map([], |row| row.get(0)).expect("rows").map(Result::unwrap).collect();
    let mut expected = vec![Period::of(begun)];
    while let Some(next) = expected.last().map(|last| last.next())
        && expected.len() < sealed.len()
    {
        expected.push(next);
    }
    assert_eq!(sealed, expected.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(sealed.len() >= 3, "{sealed:?}");
    let newest = expected.last().expect("a month").ends_at();
    assert!(newest <= Clock::System.now() && newest.plus_days(31) > Timestamp::from_micros(begun.micros() + 100 * DAY));
    let covered = "SELECT max(json_extract(payload, '$.size')) FROM events WHERE kind = 'checkpoint.made'";
    let size: i64 = ledger.query_row(covered, [], |row| row.get(0)).expect("a checkpoint");
    let last: i64 = ledger
        .query_row("SELECT max(seq) FROM events WHERE kind = 'balances.sealed'", [], |row| row.get(0))
        .expect("one");
    assert!(size >= last, "a checkpoint covers the newest seal");
    // The workshop's end has the auditor make every root anew.
}
