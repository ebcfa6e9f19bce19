//! An import beside a running service.

use super::{Books, counts, report};
use crate::cli::program::{Service, events, eventually, run};
use serde_json::{Value, json};

#[test]
fn beside_a_service_and_under_the_lock_the_same_events_are_left() {
    let (alone, served) = (Books::new(), Books::new());
    alone.run(&alone.with_files()).ok();
    // A checkpoint of the clock would take a seq between: ids are seqs.
    let service = Service::start("serve --checkpoint-every 0", &served.data());
    let words = served.with_files();
    let first = report(&served.run(&words));
    assert_eq!((counts(&first, "customers"), counts(&first, "transactions")), ((2, 0, 0), (11, 0, 0)));
    let again = report(&served.run(&words));
    assert_eq!((counts(&again, "customers"), counts(&again, "transactions")), ((0, 2, 0), (0, 11, 0)));
    let dry = report(&served.run(&format!("{words} --dry-run")));
    assert_eq!(counts(&dry, "transactions"), (0, 11, 0));
    run("status", &served.data()).ok();
    let (code, log) = service.terminate();
    assert_eq!(code, 0, "{log}");
    for private in ["ona", "Ona", "OLD-0007", "60000001"] {
        assert!(!log.contains(private), "{log}");
    }
    assert_eq!(alone.events(), without_the_job(&served));
    served.is_sound();
}

/// What the expiry job wrote off afterwards is not the import's.
fn without_the_job(books: &Books) -> Vec<(String, String, Value)> {
    books.events().into_iter().filter(|(_, actor, _)| actor == "cli").collect()
}

#[test]
fn the_expiry_job_rests_until_the_last_file_is_in() {
    let books = Books::new();
    let service = Service::start("serve --expiry-every 1", &books.data());
    let customers = books.file("customers.csv", "email\nona@example.com\n");
    let head = "id,type,date,email,points,expires_at\n";
    let first = books.file("2023.csv", format!("{head}1,award,2023-01-01,ona@example.com,100,2024-01-01\n"));
    let second = books.file("2024.csv", format!("{head}2,redeem,2023-06-01,ona@example.com,30,\n"));
    books.run(&format!("import --customers {customers} --transactions {first} --more-follows")).ok();
    eventually("the job says that it rests", || service.log().contains("the expiry job rests"));
    assert!(events(&books.data()).iter().all(|(kind, ..)| kind != "points.expired"));
    books.run(&format!("import --transactions {second}")).ok();
    let written_off = || {
        let events = events(&books.data());
        let (kind, actor, payload) = events.last().unwrap().clone();
        kind == "points.expired" && actor == "job:expiry" && payload["points"] == -70
    };
    eventually("the job writes off the rest", written_off);
    assert_eq!(service.terminate().0, 0);
    books.is_sound();
}

#[test]
fn an_import_that_was_left_open_can_be_ended() {
    let books = Books::new();
    let customers = books.file("customers.csv", "email\nona@example.com\n");
    books.run(&format!("import --customers {customers} --more-follows")).ok();
    assert!(books.data().join("import.unfinished").exists());
    books.run("import --end").ok();
    assert!(!books.data().join("import.unfinished").exists());
}

/// Asks the service as its first key's holder.
fn post(service: &Service, credentials: &Value, path: &str, body: &Value) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let request = agent.post(format!("http://{}{path}", service.address()));
    let key = |name: &str| credentials[name].as_str().unwrap().to_owned();
    let request = request.header("X-API-Key", key("api_key")).header("X-API-Secret", key("api_secret"));
    let answer = request.send_json(body).unwrap();
    (answer.status().as_u16(), answer.into_body().read_json().unwrap())
}

#[test]
fn an_imported_order_is_refunded_and_repeated_like_any_other() {
    let books = Books::new();
    books.run(&books.with_files()).ok();
    let service = Service::start("serve", &books.data());
    let credentials = run("keys create --json", &books.data()).json();
    let before = events(&books.data()).len();
    // The order of 10.00 that earned 100 points; the till that made it sends it once more, and others its id.
    let order = json!({"order_id": "A-9", "order_total": "10.00", "currency": "EUR", "points": 100, "user_email": "ona@example.com"});
    let create = "/en/shop/transactions/create";
    let (status, answer) = post(&service, &credentials, create, &order);
    assert_eq!(status, 201, "{answer}");
    let (status, answer) = post(
        &service,
        &credentials,
        create,
        &json!({"order_id": "A-9", "order_total": "11.00", "user_email": "ona@example.com"}),
    );
    assert_eq!(status, 409, "{answer}");
    assert_eq!(events(&books.data()).len(), before, "nothing was written");
    let refund = json!({"type": "refund", "order_id": "A-9", "refund_id": "r-1", "order_total": "2.50"});
    let (status, answer) = post(&service, &credentials, create, &refund);
    assert_eq!(status, 201, "{answer}");
    let events = events(&books.data());
    let (kind, _, payload) = events.iter().rev().find(|(kind, ..)| kind == "points.refunded").unwrap();
    assert_eq!((kind.as_str(), &payload["points"], payload.get("happened_at")), ("points.refunded", &json!(-25), None));
    assert_eq!(service.terminate().0, 0);
    books.is_sound();
}

#[test]
fn an_export_shows_the_original_dates() {
    let books = Books::new();
    books.run(&books.with_files()).ok();
    let file = books.data().with_file_name("out.jsonl");
    books.run(&format!("export transactions --format jsonl --output {}", file.display())).ok();
    let rows = std::fs::read_to_string(file).unwrap();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let [happened, recorded] = ["created_at", "recorded_at"].map(|column| row[column].as_str().unwrap());
        assert!(happened < recorded, "{row}");
    }
}
