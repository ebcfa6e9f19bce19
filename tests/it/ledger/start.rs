//! Starting: on files that are whole, missing, torn, old, new, or somebody else's.

use super::workshop::{Workshop, award, order};
use counterfoil::app::{Engine, EngineConfig, EngineError};
use counterfoil::projections;
use counterfoil::storage::{DataDirError, StorageError, open_ledger, open_reader};
use rusqlite::Connection;

fn workshop_with_history() -> (Workshop, counterfoil::domain::CardId) {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    for number in 0..20 {
        workshop.must(award(card, 3, None, order(&number.to_string())));
    }
    workshop.stop();
    (workshop, card)
}

fn start(workshop: &Workshop) -> Result<Engine, EngineError> {
    Engine::start(EngineConfig { clock: workshop.clock.clone(), ..EngineConfig::new(workshop.dir()) })
}

fn balance(workshop: &Workshop) -> i64 {
    let views = open_reader(&workshop.dir()).unwrap();
    views.query_row("SELECT sum(balance) FROM cards", [], |row| row.get(0)).unwrap()
}

/// Edits ledger.db behind the triggers' back.
fn tamper(workshop: &mut Workshop, sql: &str) {
    workshop.break_on_purpose();
    let ledger = Connection::open(workshop.dir().ledger()).unwrap();
    let triggers: Vec<(String, String)> = ledger
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    triggers.iter().for_each(|(name, _)| ledger.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    ledger.execute_batch(sql).unwrap();
    triggers.iter().for_each(|(_, sql)| ledger.execute_batch(sql).unwrap());
}

#[test]
fn views_db_is_rebuilt_when_it_is_deleted_emptied_or_no_database() {
    for damage in ["deleted", "emptied", "garbage", "torn"] {
        let (workshop, _) = workshop_with_history();
        let views = workshop.dir().views();
        match damage {
            "deleted" => std::fs::remove_file(&views).unwrap(),
            "emptied" => std::fs::write(&views, b"").unwrap(),
            "torn" => tear(&views),
            _ => std::fs::write(&views, vec![7; 8192]).unwrap(),
        }
        start(&workshop).unwrap().stop();
        assert_eq!(balance(&workshop), 60, "{damage}");
    }
}

#[test]
fn views_db_is_rebuilt_when_the_machine_went_down_while_it_was_written() {
    let (workshop, _) = workshop_with_history();
    let mark = workshop.dir().path().join("views.unsynced");
    assert!(!mark.exists(), "a clean stop leaves nothing to distrust");
    let lose_a_write = || {
        let views = Connection::open(workshop.dir().views()).unwrap();
        views.execute_batch("UPDATE cards SET balance = balance - 3").unwrap();
    };

    lose_a_write();
    start(&workshop).unwrap().stop();
    assert_eq!(balance(&workshop), 57, "a start does not compare every row: what is marked as synced is believed");

    std::fs::write(&mark, "the boot before\n").unwrap();
    let engine = start(&workshop).unwrap();
    assert_eq!(balance(&workshop), 60);
    assert!(mark.exists(), "while it is being written it is marked");
    engine.stop();
    assert!(!mark.exists());
}

/// Overwrites every page but the first two: the file opens and says how far it has come, and nothing else of it can be read.
fn tear(views: &std::path::Path) {
    let mut bytes = std::fs::read(views).unwrap();
    assert!(bytes.len() > 10 * 4096);
    bytes[3 * 4096..].fill(0xA5);
    std::fs::write(views, bytes).unwrap();
}

#[test]
fn an_auditors_copy_is_not_continued() {
    let (mut workshop, _) = workshop_with_history();
    tamper(&mut workshop, "DELETE FROM sealed_records");
    assert!(matches!(start(&workshop), Err(EngineError::NoVault)));
}

#[test]
fn an_older_copy_of_views_db_catches_up_to_what_a_rebuild_gives() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.stop();
    let old = std::fs::read(workshop.dir().views()).unwrap();
    workshop.restart();
    for number in 0..20 {
        workshop.must(award(card, 3, None, order(&number.to_string())));
    }
    workshop.stop();
    std::fs::write(workshop.dir().views(), old).unwrap();
    workshop.restart();
    workshop.stop();
    let (ledger, views) = (open_ledger(&workshop.dir()).unwrap(), open_reader(&workshop.dir()).unwrap());
    let rebuilt = workshop.files.path().join("rebuilt.db");
    projections::rebuild(&ledger, &rebuilt, None).unwrap();
    assert_eq!(projections::compare(&views, &rebuilt).unwrap(), []);
    assert_eq!(balance(&workshop), 60);
}

#[test]
fn views_of_another_log_are_rebuilt() {
    let (workshop, _) = workshop_with_history();
    let other = Workshop::new();
    let mut other = other;
    other.issue("jonas@example.com", 7);
    other.stop();
    std::fs::copy(other.dir().views(), workshop.dir().views()).unwrap();
    start(&workshop).unwrap().stop();
    assert_eq!(balance(&workshop), 60);
}

#[test]
fn a_broken_tail_is_refused_with_the_command_to_run() {
    for (sql, problem) in [
        ("UPDATE events SET payload = replace(payload, '\"points\":3', '\"points\":4') WHERE seq = 20", "hash"),
        ("DELETE FROM events WHERE seq = 20", "missing"),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = 25", "hash"),
    ] {
        let (mut workshop, _) = workshop_with_history();
        tamper(&mut workshop, sql);
        let message = start(&workshop).unwrap_err().to_string();
        assert!(message.contains(problem) && message.contains("counterfoil-replay verify"), "{message}");
    }
}

#[test]
fn a_log_that_was_cut_off_is_refused_because_views_db_remembers_more() {
    let (mut workshop, _) = workshop_with_history();
    tamper(&mut workshop, "DELETE FROM events WHERE seq > 20");
    assert!(matches!(start(&workshop), Err(EngineError::LogBehindViews { .. })));
}

#[test]
fn a_log_without_its_triggers_is_refused() {
    let (mut workshop, _) = workshop_with_history();
    workshop.break_on_purpose();
    Connection::open(workshop.dir().ledger()).unwrap().execute_batch("DROP TRIGGER events_refuse_delete").unwrap();
    assert!(start(&workshop).unwrap_err().to_string().contains("events_refuse_delete"));
}

#[test]
fn the_log_refuses_to_be_changed() {
    let (workshop, _) = workshop_with_history();
    let ledger = open_ledger(&workshop.dir()).unwrap();
    for sql in [
        "UPDATE events SET recorded_at = 0",
        "DELETE FROM events WHERE seq = 3",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 3",
        "REPLACE INTO events SELECT * FROM events ORDER BY seq DESC LIMIT 1",
        "INSERT INTO events SELECT * FROM events WHERE seq = 3 ON CONFLICT DO UPDATE SET recorded_at = 0",
        "UPDATE sealed_records SET body = '{}' WHERE record = 1",
        "DELETE FROM sealed_records",
        "INSERT OR REPLACE INTO sealed_records VALUES (1, 'partner:1', zeroblob(32), '{}')",
        "UPDATE OR REPLACE sealed_records SET record = 1 WHERE record = 2",
    ] {
        assert!(ledger.execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_untouched() {
    let (workshop, _) = workshop_with_history();
    let ledger = Connection::open(workshop.dir().ledger()).unwrap();
    ledger.pragma_update(None, "user_version", 99).unwrap();
    drop(ledger);
    assert!(matches!(start(&workshop), Err(EngineError::Storage(StorageError::Newer { found: 99, .. }))));
}

#[test]
fn a_second_engine_on_the_same_directory_is_refused() {
    let workshop = Workshop::new();
    assert!(matches!(start(&workshop), Err(EngineError::DataDir(DataDirError::InUse(_)))));
}
