//! Erasing a person: what is gone, what stays, and that it is gone from the files.

use crate::support::Shop;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ERASED: &str = "[erased]";

fn shop_with_history() -> (Shop, Value, String) {
    let shop = Shop::open();
    let body = json!({
        "customer_email": "unforgettable@example.com", "customer_name": "Unforgettable Person", "customer_phone": "+37061234567",
        "metadata": {"nickname": "Unforgettable nick"}
    });
    let card = shop.post("/api/loyalty-cards", &body).data(201);
    let id = card["id"].as_str().unwrap();
    let award = json!({
        "card_id": id, "points": 700, "reason": "Unforgettable purchase", "reference": "order_1", "staff_member": "staff_001",
        "metadata": {"note": "Unforgettable note"}
    });
    shop.post("/api/points/award", &award).data(201);
    shop.redeem(id, 200).data(201);
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    (shop, card, customer)
}

#[test]
fn a_person_is_erased_and_the_points_stay() {
    let (shop, card, customer) = shop_with_history();
    let id = card["id"].as_str().unwrap();
    shop.server.advance_seconds(60);
    let erased = shop.delete(&format!("/api/customers/{customer}")).data(200);
    assert_eq!(erased["customer_id"], json!(customer));
    assert_eq!(erased["erased_at"], "2026-01-01T00:01:00Z");
    assert!(erased["erased_records"].as_i64().is_some_and(|records| records >= 4), "{erased}");

    let shown = shop.get(&format!("/api/loyalty-cards/{id}")).data(200);
    assert_eq!((&shown["customer_email"], &shown["customer_name"]), (&json!(ERASED), &json!(ERASED)));
    assert_eq!((&shown["customer_phone"], &shown["metadata"]), (&Value::Null, &json!({})));
    assert_eq!((&shown["points_balance"], &shown["lifetime_points"]), (&json!(500), &json!(700)));
    assert_eq!(shown["recent_transactions"][1]["reason"], json!(ERASED));

    let history = shop.get(&format!("/api/points/history/{id}")).data(200);
    let award = &history["transactions"][1];
    assert_eq!(
        (&award["points"], &award["reason"], &award["reference"]),
        (&json!(700), &json!(ERASED), &json!("order_1"))
    );
    assert_eq!((&award["staff_member"], &award["metadata"]), (&Value::Null, &json!({})));

    let person = shop.get(&format!("/api/customers/{customer}")).data(200);
    assert_eq!((&person["email"], &person["name"], &person["phone"]), (&json!(ERASED), &json!(ERASED), &Value::Null));
    assert_eq!(person["points"], json!(500));
    let list = shop.get("/api/customers").data(200);
    assert_eq!(list["customers"][0]["email"], json!(ERASED));
    let cards = shop.get("/api/loyalty-cards").data(200);
    assert_eq!(cards["cards"][0]["customer_email"], json!(ERASED));
}

#[test]
fn an_erased_person_is_no_longer_found_and_may_come_back_as_somebody_new() {
    let (shop, _, customer) = shop_with_history();
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    for query in ["email=unforgettable@example.com", "phone=37061234567", "search=unforgettable"] {
        assert_eq!(shop.get(&format!("/api/customers?{query}")).data(200)["customers"], json!([]), "{query}");
    }
    let cards = shop.get("/api/loyalty-cards?customer_email=unforgettable@example.com").data(200);
    assert_eq!(cards["cards"], json!([]));
    let again = shop.issued("unforgettable@example.com");
    assert_ne!(shop.customer_of(again["card_number"].as_str().unwrap()), customer);
}

#[test]
fn erasing_twice_erases_nothing_more() {
    let (shop, _, customer) = shop_with_history();
    let first = shop.delete(&format!("/api/customers/{customer}")).data(200);
    shop.server.advance_days(1);
    let second = shop.delete(&format!("/api/customers/{customer}")).data(200);
    assert_eq!(second["erased_at"], first["erased_at"]);
    assert_eq!(second["erased_records"], json!(0));
}

#[test]
fn a_repeated_order_of_an_erased_person_is_still_answered_without_what_was_typed() {
    let (shop, card, customer) = shop_with_history();
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    let award =
        json!({"card_id": card["id"], "points": 700, "reason": "Unforgettable purchase", "reference": "order_1"});
    let again = shop.post("/api/points/award", &award);
    assert!(again.replayed());
    let entry = again.data(201);
    assert_eq!(
        (&entry["reason"], &entry["metadata"], &entry["new_balance"]),
        (&json!(ERASED), &json!({}), &json!(700))
    );
}

#[test]
fn an_erased_persons_card_cannot_be_changed() {
    let (shop, card, customer) = shop_with_history();
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    let path = format!("/api/loyalty-cards/{}", card["id"].as_str().unwrap());
    shop.put(&path, &json!({"customer_name": "Ann"})).error(422, "OPERATION_NOT_ALLOWED");
}

#[test]
fn nothing_of_an_erased_person_is_left_in_any_file() {
    let (shop, _, customer) = shop_with_history();
    let found = |what: &str| {
        let files = std::fs::read_dir(shop.server.files.path()).unwrap().map(|entry| entry.unwrap().path());
        let holding = files.filter(|path| path.is_file()).filter(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what.as_bytes()))
        });
        holding.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert!(!found("unforgettable").is_empty(), "the test can see it while it is there");
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    // The log's write-ahead file is emptied right after the commit that is answered.
    let start = Instant::now();
    while !found("unforgettable").is_empty() && start.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
    assert_eq!(found("unforgettable"), Vec::<String>::new());
    assert_eq!(found("37061234567"), Vec::<String>::new());
}

#[test]
fn tills_do_not_wait_while_somebody_holds_what_an_erasure_has_to_empty() {
    let (shop, card, customer) = shop_with_history();
    let other = shop.card("somebody.else@example.com");
    let path = shop.server.files.path().join("ledger.db");
    let reader = rusqlite::Connection::open(&path).unwrap();
    let erasures = |connection: &rusqlite::Connection| -> i64 {
        let sql = "SELECT count(*) FROM events WHERE kind = 'customer.erased'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    // A backup reads like this.
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(erasures(&reader), 0);
    std::thread::scope(|scope| {
        let start = Instant::now();
        let erasure = scope.spawn(|| shop.delete(&format!("/api/customers/{customer}")).data(200));
        let beside = rusqlite::Connection::open(&path).unwrap();
        while erasures(&beside) == 0 && !erasure.is_finished() {
            std::thread::yield_now();
        }
        shop.award(&other, 5);
        assert!(
            !erasure.is_finished(),
            "who waits is whoever asked to be erased, for up to 5 seconds, and here {:?}",
            start.elapsed()
        );
        reader.execute_batch("ROLLBACK").unwrap();
        assert_eq!(erasure.join().unwrap()["customer_id"], json!(customer));
        // Nobody was in its way any more, or it said so after 5 seconds.
        let wal = std::fs::read(shop.server.files.path().join("ledger.db-wal")).unwrap();
        let left = wal.windows(18).any(|bytes| bytes == b"Unforgettable note");
        assert!(!left || start.elapsed() > Duration::from_secs(4), "{:?}", start.elapsed());
    });
    shop.get(&format!("/api/loyalty-cards/{}", card["id"].as_str().unwrap())).data(200);
}
