//! Forgetting: what was corrected goes with the correction, what came to its time goes by the partner's rules, and the books and
//! their auditor stay content. (Every workshop is verified when it ends.)

use super::erasure::files_holding;
use super::workshop::{DAY, PARTNER, START, Workshop, award, block, erase, order, unblock};
use counterfoil::domain::cards::{Block, BlockNote, UpdateCard};
use counterfoil::domain::customers::{Forget, Span, UpdateCustomer};
use counterfoil::domain::points::{Award, Note, Particulars, Points};
use counterfoil::domain::programme::{ChangeSettings, Retention, RetentionRule, Settings, SettingsRecord};
use counterfoil::domain::{CardId, CustomerId, Event, Metadata, Timestamp};
use counterfoil::jobs::start_retention;
use counterfoil::projections;
use counterfoil::storage::open_ledger;
use counterfoil::vault::last_record;
use counterfoil::writer::{Command, Outcome};
use std::process::Command as Program;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const EMAIL: &str = "rasa.unmistakable@example.com";

fn change(customer: CustomerId) -> UpdateCustomer {
    let (email, name, first_name, last_name, phone, metadata) = (None, None, None, None, None, None);
    UpdateCustomer { customer, email, name, first_name, last_name, phone, metadata }
}

fn keep(workshop: &Workshop, retention: Retention) {
    let settings = Settings { retention, ..Settings::default() };
    workshop.must(Command::ChangeSettings(ChangeSettings {
        based_on: None,
        settings,
        record: SettingsRecord::default(),
    }));
}

fn annotated(workshop: &Workshop, card: CardId, word: &str) -> Outcome {
    let metadata = Some(Metadata::from_iter([("note".to_owned(), word.into())]));
    let (email, name, phone, design) = (None, None, None, None);
    workshop.must(Command::UpdateCard(UpdateCard { card, email, name, phone, design, metadata }))
}

fn award_saying(card: CardId, id: &str, reason: &str) -> Command {
    let note = Note { reason: Some(reason.to_owned()), ..Note::default() };
    let particulars = Particulars { shop: None, name: order(id), note, past: None };
    Command::Award(Award { card, points: Points::new(1), expires_at: None, particulars })
}

/// The records that events of this command erased, with the name of the rule.
fn erased(outcome: &Outcome) -> Vec<(&'static str, usize)> {
    let of = |event: &Event| match event {
        Event::RecordsErased(event) => Some((event.rule.name(), event.records.len())),
        _ => None,
    };
    outcome.events.iter().filter_map(|recorded| of(&recorded.event)).collect()
}

fn months(count: i64) -> i64 {
    START + 31 * count * DAY
}

/// Runs the job until it has nothing to do.
fn run_job(workshop: &Workshop) {
    let head = || workshop.engine().live().progress().head();
    let writer = workshop.engine().writer().clone();
    let often = Duration::from_millis(5);
    let job = start_retention(&workshop.dir(), writer, workshop.clock.clone(), often).expect("the job starts");
    let (start, mut seen, mut quiet) = (Instant::now(), head(), Instant::now());
    while quiet.elapsed() < Duration::from_millis(300) {
        assert!(start.elapsed() < PATIENCE, "the job comes to an end");
        if head() != seen {
            (seen, quiet) = (head(), Instant::now());
        }
        std::thread::sleep(often);
    }
    job.stop();
}

fn kinds(workshop: &Workshop) -> Vec<(String, String, String)> {
    let ledger = open_ledger(&workshop.dir()).unwrap();
    let sql =
        "SELECT kind, actor, payload FROM events WHERE kind IN ('records.erased', 'customer.erased') ORDER BY seq";
    let mut statement = ledger.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

/// A reader that holds the WAL at that moment keeps it for a moment longer.
#[track_caller]
fn nowhere(workshop: &Workshop, words: &[&str]) {
    let start = Instant::now();
    for word in words {
        while !files_holding(workshop.files.path(), word).is_empty() {
            assert!(start.elapsed() < PATIENCE, "{word} is in {:?}", files_holding(workshop.files.path(), word));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn rebuilds_to_the_same(workshop: &Workshop) {
    assert!(workshop.engine().live().progress().caught_up_blocking(PATIENCE));
    let (ledger, scratch) = (open_ledger(&workshop.dir()).unwrap(), tempfile::tempdir().unwrap());
    projections::rebuild(&ledger, &scratch.path().join("views.db"), None).unwrap();
    let views = rusqlite::Connection::open(workshop.dir().views()).unwrap();
    assert_eq!(projections::compare(&views, &scratch.path().join("views.db")).unwrap(), vec![]);
}

#[test]
fn a_corrected_value_is_in_no_byte_of_any_file_when_the_correction_is_answered() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue(EMAIL, 5);
    annotated(&workshop, card, "first-unmistakable-note");
    assert_ne!(files_holding(workshop.files.path(), EMAIL), Vec::<String>::new(), "the search finds what is there");
    let outcome = annotated(&workshop, card, "second-note");
    assert_eq!(erased(&outcome), [("superseded_records_after_days", 1)]);
    nowhere(&workshop, &["first-unmistakable-note"]);
    let right = UpdateCustomer { email: Some("rasa@example.com".to_owned()), ..change(customer) };
    let outcome = workshop.must(Command::UpdateCustomer(right.clone()));
    assert_eq!(erased(&outcome), [("superseded_records_after_days", 1)]);
    nowhere(&workshop, &[EMAIL]);
    assert!(workshop.must(Command::UpdateCustomer(right)).events.is_empty(), "what is so already erases nothing");
    rebuilds_to_the_same(&workshop);
}

#[test]
fn a_correction_waits_for_no_reader_and_its_bytes_go_when_the_reader_has_ended() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue(EMAIL, 5);
    annotated(&workshop, card, "first-unmistakable-note");
    let reader = rusqlite::Connection::open(workshop.dir().ledger()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    let corrected = |number: i32| {
        let start = Instant::now();
        assert_eq!(erased(&annotated(&workshop, card, &number.to_string())).len(), 1);
        start.elapsed()
    };
    // Each waited for the reader for at least as long: the quickest of many tells waiting from a slow machine.
    let quickest = (0..20).map(corrected).min().unwrap();
    assert!(quickest < Duration::from_millis(100), "{quickest:?}");
    assert_ne!(files_holding(workshop.files.path(), "first-unmistakable-note"), Vec::<String>::new(), "the reader's");
    reader.execute_batch("COMMIT").unwrap();
    nowhere(&workshop, &["first-unmistakable-note"]);
}

#[test]
fn who_keeps_old_values_for_a_while_loses_them_to_the_job() {
    let workshop = Workshop::new();
    keep(&workshop, Retention { superseded_records_after_days: 30, ..Retention::default() });
    let (card, customer) = workshop.issue(EMAIL, 5);
    annotated(&workshop, card, "first-unmistakable-note");
    let outcome = annotated(&workshop, card, "second-unmistakable-note");
    assert_eq!(erased(&outcome), []);
    let right = UpdateCustomer { email: Some("rasa@example.com".to_owned()), ..change(customer) };
    workshop.must(Command::UpdateCustomer(right));
    workshop.set_time(START + 30 * DAY - 1);
    run_job(&workshop);
    assert_eq!(kinds(&workshop), [], "not a microsecond early");
    workshop.set_time(START + 31 * DAY);
    run_job(&workshop);
    let done = kinds(&workshop);
    let [(kind, actor, payload)] = &done[..] else { panic!("{done:?}") };
    assert_eq!((kind.as_str(), actor.as_str()), ("records.erased", "job:retention"));
    assert!(payload.contains(r#""rule":"superseded_records_after_days","value":30"#), "{payload}");
    nowhere(&workshop, &[EMAIL, "first-unmistakable-note"]);
    assert_ne!(files_holding(workshop.files.path(), "second-unmistakable-note"), Vec::<String>::new());
    rebuilds_to_the_same(&workshop);
}

#[test]
fn texts_of_movements_and_blocks_go_when_their_months_are_over_and_no_others() {
    let mut workshop = Workshop::new();
    let rules =
        Retention { movement_texts_after_months: Some(2), block_reasons_after_months: Some(6), ..Retention::default() };
    let (card, _) = workshop.issue(EMAIL, 0);
    for number in 0..700 {
        workshop.must(award_saying(card, &number.to_string(), &format!("unmistakable reason {number}")));
    }
    workshop.must(block(card));
    workshop.set_time(months(3));
    workshop.must(unblock(card));
    workshop.must(award_saying(card, "young", "a young reason"));
    run_job(&workshop);
    assert_eq!(kinds(&workshop), [], "without a rule everything is kept");
    keep(&workshop, rules);
    run_job(&workshop);
    nowhere(&workshop, &["unmistakable reason 0\"", "unmistakable reason 699\""]);
    assert_ne!(files_holding(workshop.files.path(), "a young reason"), Vec::<String>::new());
    assert_eq!(kinds(&workshop).len(), 2, "at most 500 records an event");
    workshop.restart();
    run_job(&workshop);
    assert_eq!(kinds(&workshop).len(), 2, "another start finds nothing more");
    workshop.set_time(months(7));
    run_job(&workshop);
    let done = kinds(&workshop);
    assert_eq!(done.len(), 4, "the young reason, and that of the block: {done:?}");
    assert!(done.iter().any(|(_, _, payload)| payload.contains("block_reasons_after_months")));
    nowhere(&workshop, &["a young reason"]);
    assert_eq!(workshop.available(card), 701, "the points stay");
    rebuilds_to_the_same(&workshop);
}

#[test]
fn one_rule_is_asked_about_one_part_of_what_it_goes_through_and_about_nothing_else() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue(EMAIL, 0);
    let reasons = ["first-unmistakable", "second-unmistakable", "third-unmistakable"];
    let seqs =
        reasons.map(|reason| workshop.must(award_saying(card, reason, &format!("{reason} reason"))).events[0].seq);
    workshop.must(block(card));
    let rules = Retention {
        superseded_records_after_days: 30,
        movement_texts_after_months: Some(1),
        block_reasons_after_months: Some(1),
        ..Retention::default()
    };
    keep(&workshop, rules);
    annotated(&workshop, card, "first-note");
    let records = || last_record(&open_ledger(&workshop.dir()).unwrap()).unwrap().get();
    let first_note = records();
    annotated(&workshop, card, "second-note");
    let second_note = records();
    annotated(&workshop, card, "third-note");
    workshop.set_time(months(3));
    let forget = |rule, after, through| {
        let within = Span { after, through };
        erased(&workshop.must(Command::Forget(Forget { customer, rule, within })))
    };
    let texts = RetentionRule::MovementTexts;
    assert_eq!(forget(texts, seqs[0].get(), seqs[1].get()), [(texts.name(), 1)]);
    nowhere(&workshop, &["second-unmistakable reason"]);
    assert_eq!(forget(texts, seqs[0].get(), seqs[1].get()), [], "it is gone");
    for kept in ["first-unmistakable reason", "third-unmistakable reason", "first-note", "second-note"] {
        assert_ne!(files_holding(workshop.files.path(), kept), Vec::<String>::new(), "{kept}");
    }
    // What the second note superseded lies before the part in which it did.
    let changes = RetentionRule::SupersededRecords;
    assert_eq!(forget(changes, first_note, second_note), [(changes.name(), 1)]);
    nowhere(&workshop, &["first-note"]);
    assert_ne!(files_holding(workshop.files.path(), "second-note"), Vec::<String>::new());
    run_job(&workshop);
    nowhere(&workshop, &["first-unmistakable reason", "third-unmistakable reason", "second-note"]);
    rebuilds_to_the_same(&workshop);
}

#[test]
fn inactive_customers_are_erased_once_they_have_nothing_to_spend() {
    let workshop = Workshop::new();
    let (_, with_points) = workshop.issue("rich-unmistakable@example.com", 5);
    let (_, idle) = workshop.issue(EMAIL, 0);
    let (active, _) = workshop.issue("active@example.com", 0);
    let (expired, _) = workshop.issue("expired-unmistakable@example.com", 0);
    workshop.must(award(expired, 9, Some(START + DAY), None));
    keep(&workshop, Retention { inactive_customers_after_months: Some(6), ..Retention::default() });
    workshop.set_time(months(5));
    workshop.must(award(active, 1, None, order("late")));
    workshop.set_time(months(7));
    run_job(&workshop);
    nowhere(&workshop, &[EMAIL, "expired-unmistakable@example.com"]);
    assert_ne!(files_holding(workshop.files.path(), "rich-unmistakable"), Vec::<String>::new());
    assert_ne!(files_holding(workshop.files.path(), "active@example.com"), Vec::<String>::new());
    let done = kinds(&workshop);
    assert_eq!(done.len(), 2, "{done:?}");
    let expected = format!(r#"{{"customer":{idle},"records":1,"rule":"inactive_customers_after_months","value":6}}"#);
    assert_eq!(done[0], ("customer.erased".to_owned(), "job:retention".to_owned(), expected));
    let rules = Retention {
        inactive_customers_after_months: Some(6),
        inactive_customers_with_points: true,
        ..Retention::default()
    };
    keep(&workshop, rules);
    run_job(&workshop);
    nowhere(&workshop, &["rich-unmistakable"]);
    assert!(kinds(&workshop)[2].2.starts_with(&format!(r#"{{"customer":{with_points},"#)));
    rebuilds_to_the_same(&workshop);
}

#[test]
fn an_erasure_by_hand_counts_what_no_rule_had_erased_before() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue(EMAIL, 0);
    annotated(&workshop, card, "one");
    annotated(&workshop, card, "two");
    let outcome = workshop.must(erase(customer));
    let Event::CustomerErased(event) = &outcome.events[0].event else { panic!("{outcome:?}") };
    assert_eq!((event.records, event.rule), (2, None), "the person and the metadata in force");
    let now = Timestamp::from_micros(START);
    assert_eq!(workshop.card(card).available(now), Points::ZERO);
    assert_eq!(workshop.engine().live().directory().partners[&PARTNER].settings.retention, Retention::default());
}

/// Copies the books as an operator does, whole and for an auditor, and looks for words in the copies.
#[track_caller]
fn in_no_copy(workshop: &Workshop, words: &[&str]) {
    for form in [&[][..], &["--for-auditor"]] {
        let copy = tempfile::tempdir().unwrap();
        let made = Program::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["backup", "--data"])
            .arg(workshop.files.path())
            .arg("--to")
            .arg(copy.path())
            .args(form)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for word in words {
            assert_eq!(files_holding(copy.path(), word), Vec::<String>::new(), "{word} {form:?}");
        }
        crate::support::verify(copy.path());
    }
}

#[test]
fn what_is_gone_is_in_no_copy_that_is_made_after_whichever_way_it_went() {
    let workshop = Workshop::new();
    // A backup copies ops.db, too, which is made by whoever signs first.
    drop(workshop.notary());
    let (card, customer) = workshop.issue(EMAIL, 0);
    let everything = UpdateCustomer {
        name: Some("Unmistakable Name".to_owned()),
        phone: Some(Some("+37061234567".to_owned())),
        metadata: Some(Metadata::from_iter([("note".to_owned(), "unmistakable metadata".into())])),
        ..change(customer)
    };
    workshop.must(Command::UpdateCustomer(everything));
    annotated(&workshop, card, "unmistakable design");
    workshop.must(award_saying(card, "1", "unmistakable reason"));
    let note = BlockNote { reason: "unmistakable block".to_owned(), note: None };
    workshop.must(Command::Block(Block { card, note }));
    let right = UpdateCustomer {
        name: Some("Right".to_owned()),
        phone: Some(None),
        metadata: Some(Metadata::new()),
        ..change(customer)
    };
    workshop.must(Command::UpdateCustomer(right));
    let corrected = ["Unmistakable Name", "+37061234567", "unmistakable metadata"];
    nowhere(&workshop, &corrected);
    in_no_copy(&workshop, &corrected);

    keep(&workshop, Retention { movement_texts_after_months: Some(1), ..Retention::default() });
    workshop.set_time(months(2));
    run_job(&workshop);
    nowhere(&workshop, &["unmistakable reason"]);
    in_no_copy(&workshop, &["unmistakable reason"]);

    let kept = [EMAIL, "unmistakable design", "unmistakable block"];
    for word in kept {
        assert_ne!(files_holding(workshop.files.path(), word), Vec::<String>::new(), "{word}");
    }
    workshop.must(erase(customer));
    nowhere(&workshop, &kept);
    in_no_copy(&workshop, &kept);
    rebuilds_to_the_same(&workshop);
}
