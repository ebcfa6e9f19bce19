//! The auditor's tool, run on what a test has written.

use std::path::Path;

/// Runs the auditor's verification, which shares no code with the service, on a directory; panics with what it finds.
pub(crate) fn verify(data: &Path) {
    let location = counterfoil_replay::ledger::Location::of_either(data);
    let report = counterfoil_replay::verify::verify(&location, &counterfoil_replay::progress::Progress::on_stderr());
    let report = report.expect("the files can be read");
    let mut text = Vec::new();
    report.write(&mut text).expect("a report can be written");
    assert!(report.ok(), "{}", String::from_utf8_lossy(&text));
}

/// What the auditor says that a card held at a moment (a seq or a time), from the log alone; none where there was no such card.
pub(crate) fn balance_at(data: &Path, card: &str, moment: &str) -> Option<serde_json::Value> {
    use counterfoil_replay::commands::{CommandError, as_of};
    let ledger = counterfoil_replay::ledger::Location::of_data(data).ledger;
    let moment = as_of::Moment::parse(moment).expect("a moment");
    match as_of::balance(&ledger, card, moment) {
        Ok(balance) => Some(balance.to_json()),
        Err(CommandError::NoSuchCard(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What the auditor lists of a card's movements up to a moment: event, points and balance.
pub(crate) fn movements_at(data: &Path, card: &str, moment: &str) -> Vec<(i64, i64, i64)> {
    use counterfoil_replay::commands::as_of;
    let ledger = counterfoil_replay::ledger::Location::of_data(data).ledger;
    let moment = as_of::Moment::parse(moment).expect("a moment");
    let history = as_of::history(&ledger, card, moment).expect("a history").to_json();
    let events = history["events"].as_array().expect("events");
    let stated = |event: &serde_json::Value, name: &str| event[name].as_i64();
    let movement = |event| Some((stated(event, "seq")?, stated(event, "points")?, stated(event, "balance")?));
    events.iter().filter_map(movement).collect()
}
