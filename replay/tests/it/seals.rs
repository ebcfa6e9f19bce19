//! Sealed balances: the worked ones, and every way in which a seal in a log can be wrong.

use super::books::{Books, DAY, START, time_text};
use super::tampering::report;
use counterfoil_replay::commands::as_of;
use counterfoil_replay::instant::Instant;
use counterfoil_replay::merkle::{Growing, included};
use counterfoil_replay::note::LogKey;
use counterfoil_replay::receipt::{self, Unproved};
use counterfoil_replay::seal::{Closing, Salts};
use serde_json::{Value, json};
use std::path::Path;

fn worked() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors/seals.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a vector")).expect("JSON")
}

fn hash(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().expect("digits")).expect("hex").try_into().expect("32 bytes")
}

fn closing(row: &Value) -> Closing {
    let number = |name: &str| row[name].as_i64().expect("a number");
    let (card, balance, available) = (number("card"), number("balance"), number("available"));
    Closing { card, number: row["number"].as_str().expect("a text").to_owned(), balance, available }
}

#[test]
fn the_worked_leaves_and_paths_come_out() {
    let vector = worked();
    let (salts, root) = (Salts::new(&hash(&vector["secret"])), hash(&vector["root"]));
    let rows = vector["cards"].as_array().expect("cards");
    let mut growing = Growing::default();
    for (index, row) in (0..).zip(rows) {
        let closing = closing(row);
        let salt = salts.of(closing.card);
        let leaf = closing.leaf(&salt);
        assert_eq!((salt, leaf), (hash(&row["salt"]), hash(&row["leaf_hash"])), "{row}");
        let path: Vec<_> = row["hashes"].as_array().expect("a path").iter().map(hash).collect();
        assert!(included(&leaf, index, rows.len() as u64, &path, &root), "{row}");
        growing.push(leaf);
    }
    assert_eq!(growing.root(), root);
}

#[test]
fn the_worked_statement_is_genuine_and_no_other_that_differs_in_a_character() {
    let vector = worked();
    let key = LogKey::parse(vector["verifier_key"].as_str().expect("a key")).expect("a key");
    let whole = vector["statement"].to_string();
    let proved = receipt::verify(&whole, &key).expect("a genuine statement");
    let balance = proved.balance.expect("a balance");
    assert_eq!((balance.period.to_string().as_str(), balance.closing), ("2026-10", closing(&vector["statement"])));
    assert_eq!((proved.seq, proved.kind.as_str(), proved.size), (5, "balances.sealed", 6));
    let mut refused = 0;
    for place in 0..whole.len() {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] = match bytes[place] {
            b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => bytes[place] + 1,
            b'9' => b'0',
            _ => continue,
        };
        let changed = String::from_utf8(bytes).expect("text");
        assert!(receipt::verify(&changed, &key).is_err(), "place {place}: {changed}");
        refused += 1;
    }
    assert!(refused > 1_200, "{refused} places");
}

#[test]
fn a_statement_says_what_does_not_fit() {
    let vector = worked();
    let key = LogKey::parse(vector["verifier_key"].as_str().expect("a key")).expect("a key");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut statement = vector["statement"].clone();
        change(&mut statement);
        receipt::verify(&statement.to_string(), &key).expect_err("something was changed")
    };
    assert!(matches!(with(&|it| it["balance"] = json!(1_001)), Unproved::NotSealed));
    assert!(matches!(with(&|it| it["period"] = json!("2026-11")), Unproved::Period(_)));
    assert!(matches!(with(&|it| it["sealed"]["size"] = json!(6)), Unproved::Place));
    assert!(matches!(with(&|it| it["sealed"]["leaf_index"] = json!(2)), Unproved::NotSealed));
    assert!(matches!(with(&|it| it["format"] = json!("counterfoil receipt v1")), Unproved::Form(_)), "fields too many");
    assert!(matches!(with(&|it| it["format"] = json!("counterfoil balance v2")), Unproved::Format));
    assert!(matches!(with(&|it| it["note"] = json!("x")), Unproved::Form(_)));
    // A genuine receipt of something else with a balance beside it.
    assert!(matches!(with(&|it| it["event"]["kind"] = json!("points.awarded")), Unproved::Event));
}

const SECRET: [u8; 32] = [3; 32];
/// 2026-02-01T00:00:00Z.
const FEBRUARY: i64 = START + 31 * DAY;

/// What a service would record of January, and what its vault holds.
fn january(books: &Books, closings: &[Closing]) -> (Value, Value) {
    let salts = Salts::new(&SECRET);
    let mut growing = Growing::default();
    closings.iter().for_each(|closing| growing.push(closing.leaf(&salts.of(closing.card))));
    let sum = |of: fn(&Closing) -> i64| closings.iter().map(of).sum::<i64>();
    let payload = json!({
        "seal": 1, "period": "2026-01", "ends_at": time_text(FEBRUARY), "as_of": head(books), "cards": closings.len(),
        "points": sum(|closing| closing.balance), "available": sum(|closing| closing.available),
        "root": hex::encode(growing.root()),
    });
    let firsts: Vec<i64> = closings.iter().step_by(256).map(|closing| closing.card).collect();
    (payload, json!({"secret": hex::encode(SECRET), "firsts": firsts, "levels": []}))
}

fn head(books: &Books) -> i64 {
    books.ledger.query_row("SELECT max(seq) FROM events", [], |row| row.get(0)).expect("a log")
}

impl Books {
    fn record_seal(&mut self, (mut payload, record): (Value, Value)) -> i64 {
        let stream = format!("seal:{}", payload["seal"]);
        payload["sealed"] = self.seal(&stream, record);
        let actor = std::mem::replace(&mut self.actor, "job:seal");
        self.command(&stream, "balances.sealed", None, payload);
        self.actor = actor;
        head(self)
    }

    /// Seals January once it is over, as each card is by itself.
    pub(crate) fn seal_january(&mut self) {
        let cards = "SELECT json_extract(payload, '$.card') FROM events WHERE kind = 'card.issued' ORDER BY 1";
        let mut statement = self.ledger.prepare(cards).expect("a query");
        let cards: Vec<i64> =
            statement.query_map([], |row| row.get(0)).expect("cards").collect::<Result<_, _>>().expect("cards");
        let last = as_of::Moment::At(Instant::from_micros(FEBRUARY - 1));
        let closing = |card: &i64| {
            let mut found = as_of::balance(&self.path(), &card.to_string(), last).expect("a card").to_json();
            found["card"] = json!(card);
            closing(&found)
        };
        let sealed = january(self, &cards.iter().map(closing).collect::<Vec<_>>());
        drop(statement);
        self.now = FEBRUARY;
        self.record_seal(sealed);
    }

    fn january_sealed(mut self) -> Self {
        let sealed = self.until_february();
        self.record_seal(sealed);
        self
    }

    /// Card 17 alone, with what awards gave it and what expires in January's last microsecond and right after it.
    fn until_february(&mut self) -> (Value, Value) {
        self.award(17, 100, "A", None, (0, 0));
        self.award(17, 40, "B", Some(FEBRUARY - 1), (100, 100));
        self.award(17, 7, "C", Some(FEBRUARY), (140, 140));
        let sealed =
            january(self, &[Closing { card: 17, number: "LC000000000018".into(), balance: 147, available: 107 }]);
        self.now = FEBRUARY;
        sealed
    }
}

/// What is found where January's seal was changed before it was recorded; every finding is about that event.
fn found(change: impl Fn(&mut Value, &mut Value)) -> String {
    let mut books = Books::with_card();
    let (mut payload, mut record) = books.until_february();
    change(&mut payload, &mut record);
    let seq = books.record_seal((payload, record));
    told(&books, seq)
}

fn told(books: &Books, seq: i64) -> String {
    let report = report(books);
    let problems = report["problems"].as_array().expect("problems");
    assert!(!problems.is_empty(), "{report:#}");
    for problem in problems {
        assert_eq!((&problem["check"], &problem["seq"]), (&json!("seals"), &json!(seq)), "{problem}");
    }
    problems.iter().map(|problem| problem["problem"].as_str().expect("a sentence")).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_seal_of_what_the_log_gives_is_sound() {
    let report = report(&Books::with_card().january_sealed());
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["notes"], json!([]));
}

#[test]
fn forged_seals_are_told_with_their_event_and_rule() {
    let other_root = json!("00".repeat(32));
    assert!(found(|payload, _| payload["root"] = other_root.clone()).contains("the root is not that of the balances"));
    assert!(found(|payload, _| payload["points"] = json!(148)).contains("148 points by the books as of"));
    assert!(found(|payload, _| payload["available"] = json!(147)).contains("147 points available"));
    assert!(found(|payload, _| payload["cards"] = json!(2)).contains("seals 2 cards"));
    assert!(found(|payload, _| payload["ends_at"] = json!(time_text(FEBRUARY - DAY))).contains("which it does not"));
    for seq in [-1, 1] {
        let moved =
            |payload: &mut Value, _: &mut Value| payload["as_of"] = json!(payload["as_of"].as_i64().unwrap() + seq);
        assert!(found(moved).contains("is the last one before"), "{seq}");
    }
    assert!(found(|_, record| record["secret"] = json!("11".repeat(32))).contains("the root is not that"));
    assert!(found(|_, record| record["firsts"] = json!([18])).contains("does not hold the tiles"));
    assert!(found(|_, record| record["levels"] = json!(["00"])).contains("does not hold the tiles"));
    assert!(found(|_, record| *record = json!({"name": "x"})).contains("does not hold the secret"));
}

#[test]
fn a_record_that_is_no_text_is_a_finding_like_any_other() {
    for body in ["CAST(x'7bff7d' AS TEXT)", "CAST(body || x'ff' AS TEXT)", "'{'"] {
        let mut books = Books::with_card();
        let sealed = books.until_february();
        let seq = books.record_seal(sealed);
        books.tamper(&format!("UPDATE sealed_records SET body = {body} WHERE subject = 'seal:1'"));
        let report = report(&books);
        assert_eq!((&report["ok"], &report["problems"][0]["seq"]), (&json!(false), &json!(seq)), "{report:#}");
        assert!(report.to_string().contains("does not hold the secret of a seal"), "{report:#}");
    }
}

#[test]
fn a_card_that_was_left_out_is_missed() {
    let mut books = Books::with_card();
    books.issue(10, 18, "LC000000000026");
    let sealed = books.until_february();
    let seq = books.record_seal(sealed);
    let told = told(&books, seq);
    assert!(told.contains("seals 1 cards") && told.contains("where the log gives 2"), "{told}");
    assert!(told.contains("the root is not that"), "{told}");
}

#[test]
fn months_are_sealed_once_in_order_and_when_they_are_over() {
    let mut books = Books::with_card();
    let sealed = books.until_february();
    books.record_seal(sealed.clone());
    let (mut again, record) = sealed;
    again["seal"] = json!(2);
    let seq = books.record_seal((again, record));
    assert!(told(&books, seq).contains("seals 2026-01 of partner 1, where 2026-02 comes next"));

    let mut books = Books::with_card();
    let (mut payload, record) = books.until_february();
    (payload["period"], payload["ends_at"]) = (json!("2026-02"), json!(time_text(START + 59 * DAY)));
    let seq = books.record_seal((payload, record));
    let told_early = told(&books, seq);
    assert!(
        told_early.contains("where 2026-01 comes next") && told_early.contains("before it is over"),
        "{told_early}"
    );
}

#[test]
fn a_copy_without_the_vault_is_checked_as_far_as_it_goes() {
    let books = Books::with_card().january_sealed();
    books.tamper("DELETE FROM sealed_records");
    let sound = report(&books);
    assert_eq!(sound["ok"], true, "{sound:#}");
    let notes = sound["notes"].to_string();
    assert!(notes.contains("the secrets of 1 seals are not included"), "{notes}");

    let mut books = Books::with_card();
    let (mut payload, record) = books.until_february();
    payload["points"] = json!(1);
    let seq = books.record_seal((payload, record));
    books.tamper("DELETE FROM sealed_records");
    assert!(told(&books, seq).contains("seals 1 points by the books"));
}
