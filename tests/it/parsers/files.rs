//! Files that are handed to an auditor: receipts, and ledgers whose bytes somebody changed.

use crate::support::Shop;
use counterfoil_replay::ledger::Location;
use counterfoil_replay::note::LogKey;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::{receipt, verify};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

/// A small ledger, a receipt from it, and the key that signed it.
struct Papers {
    ledger: Vec<u8>,
    receipt: String,
    key: String,
}

static PAPERS: LazyLock<Papers> = LazyLock::new(|| {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let booked = shop.award(&card, 50)["transaction_id"].as_str().expect("an id").to_owned();
    let order = json!({"order_id": "1001", "order_total": "15.50", "card_id": card.trim_start_matches("card_"), "points_redeemed": 20});
    shop.post("/en/shop/transactions/create", &order);
    assert!(shop.send("POST", "/audit/checkpoint", None).status < 300);
    let receipt = shop.get(&format!("/audit/receipts/{booked}")).raw;
    let key = shop.get("/audit/keys").json()["keys"][0]["verifier_key"].as_str().expect("a key").to_owned();
    let copy = tempfile::tempdir().expect("a directory");
    let path = copy.path().join("ledger.db");
    let ledger = rusqlite::Connection::open(shop.server.files.path().join("ledger.db")).expect("a ledger");
    ledger.execute("VACUUM INTO ?1", [path.to_str().expect("a path")]).expect("a copy");
    let ledger = std::fs::read(path).expect("the copy");
    Papers { ledger, receipt: String::from_utf8(receipt).expect("text"), key }
});

/// What the auditor's tool says of a file; whether it found it in order.
fn verified(bytes: &[u8]) -> bool {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("ledger.db"), bytes).expect("it takes the bytes");
    let location = Location::of_either(directory.path());
    let report = verify::verify(&location, &Progress::on_stderr());
    report.is_ok_and(|report| report.ok())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_receipt_of_any_content_is_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<char>()), 1..6),
        garbage in any::<String>(),
    ) {
        let key = LogKey::parse(&PAPERS.key).expect("a key");
        prop_assert!(receipt::verify(&garbage, &key).is_err());
        let mut letters: Vec<char> = PAPERS.receipt.chars().collect();
        for (place, edit, letter) in edits {
            let place = place.index(letters.len());
            match edit {
                0 => {
                    letters.remove(place);
                }
                1 => letters[place] = letter,
                _ => letters.insert(place, letter),
            }
        }
        let changed: String = letters.into_iter().collect();
        let same = serde_json::from_str::<serde_json::Value>(&changed).ok() == serde_json::from_str(&PAPERS.receipt).ok();
        prop_assert_eq!(receipt::verify(&changed, &key).is_ok(), same, "{}", changed);
    }
}

proptest! {
    // Each case verifies a whole file.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(400) / 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_whose_bytes_were_changed_is_looked_at_without_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..40), cut in prop::option::of(any::<prop::sample::Index>())) {
        let mut bytes = PAPERS.ledger.clone();
        for (place, change) in changes {
            let place = place.index(bytes.len());
            bytes[place] ^= change;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        // Free space within a page may hold anything: only that nothing panics is said here. `tampering` says what is found.
        let _in_order = verified(&bytes);
    }

    #[test]
    fn a_file_that_is_no_ledger_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..9_000), begins_well in any::<bool>()) {
        let bytes = if begins_well { [b"SQLite format 3\0", bytes.as_slice()].concat() } else { bytes };
        prop_assert!(!verified(&bytes));
    }
}

#[test]
fn the_papers_are_in_order_before_anybody_touched_them() {
    assert!(verified(&PAPERS.ledger));
    assert!(receipt::verify(&PAPERS.receipt, &LogKey::parse(&PAPERS.key).expect("a key")).is_ok());
}
