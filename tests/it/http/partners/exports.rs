//! Whole data sets as files: what is in them, read back by readers that this service does not share.

use crate::support::{Client, NewKey, Reply, Shop};
use calamine::{Data, Reader as _, Xlsx};
use counterfoil::domain::programme::TemplateRules;
use serde_json::{Value, json};
use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CREATE: &str = "/en/shop/transactions/create";

/// A file, after its status and its headers were looked at.
#[track_caller]
fn file(client: &Client, path: &str, content_type: &str) -> Reply {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.raw));
    assert_eq!(reply.header("content-type"), Some(content_type));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let as_of = reply.header("x-export-as-of").expect("a position").to_owned();
    let name = reply.header("content-disposition").expect("a name");
    assert!(name.starts_with("attachment; filename=\"") && name.contains(&format!("-{as_of}.")), "{name}");
    reply
}

/// The rows of a CSV file as objects of texts.
#[track_caller]
fn csv_rows(client: &Client, path: &str) -> Vec<Value> {
    let reply = file(client, path, "text/csv; charset=utf-8");
    let mut reader = csv::Reader::from_reader(reply.raw.as_slice());
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        header.iter().zip(record.iter()).map(|(name, cell)| (name.to_owned(), json!(cell))).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[track_caller]
fn json_rows(client: &Client, path: &str) -> Vec<Value> {
    let rows = file(client, path, "application/json").json();
    rows.as_array().expect("an array").clone()
}

fn sheet(raw: Vec<u8>) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(raw)).expect("a workbook");
    let (_, range) = book.worksheets().remove(0);
    range.rows().map(<[Data]>::to_vec).collect()
}

fn shop_with_an_order() -> (Shop, Value) {
    let rules = TemplateRules { points_per_currency: 1.into(), ..TemplateRules::default() };
    let shop = Shop::with_rules(rules);
    let body = json!({"customer_email": "ann@example.com", "customer_name": "=Ann \"A\", Žemaitė", "customer_phone": "+37060012345"});
    let card = shop.post("/api/loyalty-cards", &body).data(201);
    let order = format!(
        r#"{{"order_id":"1001","card_number":{},"order_total":123456789.3456,"shop_id":{},"description":"-2+3"}}"#,
        card["card_number"], shop.shop
    );
    shop.send("POST", CREATE, Some(order.as_bytes())).data(201);
    shop.server.advance_seconds(60);
    shop.redeem(card["id"].as_str().unwrap(), 7).data(201);
    (shop, card)
}

#[test]
fn every_format_says_the_same_of_a_transaction() {
    let (shop, card) = shop_with_an_order();
    let path = |format: &str| format!("/en/partners/transactions/export?format={format}");
    let rows = csv_rows(&shop, &path("csv"));
    assert_eq!(rows.len(), 2);
    let order = &rows[0];
    for (column, text) in [
        ("type", "purchase"),
        ("points", "123456789"),
        ("balance_before", "0"),
        ("balance_after", "123456789"),
        ("order_total", "123456789.3456"),
        ("currency", "EUR"),
        ("order_id", "1001"),
        ("shop_name", "Old Town"),
        ("card_number", card["card_number"].as_str().unwrap()),
        ("customer_email", "ann@example.com"),
        ("created_at", "2026-01-01T00:00:00.000Z"),
        ("reference", ""),
    ] {
        assert_eq!(order[column], json!(text), "{column}");
    }
    assert_eq!((&rows[1]["type"], &rows[1]["points"]), (&json!("redemption"), &json!("-7")));
    assert_eq!(rows[1]["created_at"], json!("2026-01-01T00:01:00.000Z"));

    let objects = json_rows(&shop, &path("json"));
    let raw = file(&shop, &path("json"), "application/json").raw;
    assert!(String::from_utf8(raw).unwrap().contains("\"order_total\":123456789.3456,"), "digit for digit");
    assert_eq!((&objects[0]["points"], &objects[0]["reference"]), (&json!(123_456_789), &Value::Null));
    let lines = file(&shop, &path("jsonl"), "application/x-ndjson").raw;
    let lines = String::from_utf8(lines).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, objects);

    let book = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let cells = sheet(file(&shop, &path("xlsx"), book).raw);
    assert_eq!(cells.len(), 3);
    for (column, name) in cells[0].iter().enumerate() {
        let (cell, text) = (&cells[1][column], objects[0][name.to_string()].clone());
        match cell {
            Data::Empty => assert_eq!(text, Value::Null, "{name}"),
            Data::Float(number) => assert_eq!(Some(*number), text.as_f64(), "{name}"),
            Data::String(cell) => assert_eq!(text, json!(cell), "{name}"),
            Data::DateTime(time) => {
                let (year, month, day, ..) = time.to_ymd_hms_milli();
                assert_eq!((year, month, day), (2026, 1, 1), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(file(&shop, &path("excel"), book).raw, file(&shop, &path("xlsx"), book).raw);
}

#[test]
fn no_text_of_a_csv_file_is_a_formula_and_every_line_ends_as_the_standard_says() {
    let (shop, _) = shop_with_an_order();
    let path = "/en/partners/transactions/export?columns=customer_name,description,points,customer_phone";
    let text = String::from_utf8(file(&shop, path, "text/csv; charset=utf-8").raw).unwrap();
    assert_eq!(
        text,
        "customer_name,description,points,customer_phone\r\n\
         \"'=Ann \"\"A\"\", Žemaitė\",'-2+3,123456789,'+37060012345\r\n\
         \"'=Ann \"\"A\"\", Žemaitė\",Discount,-7,'+37060012345\r\n"
    );
    let rows = json_rows(&shop, "/en/partners/transactions/export?format=json&columns=description");
    assert_eq!(rows[0], json!({"description": "-2+3"}), "other formats have the text as it is");
}

#[test]
fn customers_and_cards_have_their_balances_and_an_erased_person_has_no_name() {
    let (shop, card) = shop_with_an_order();
    shop.issued("bob@example.com");
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    let people = json_rows(&shop, "/api/partners/customers/export?format=json");
    assert_eq!(people.len(), 2);
    assert_eq!((&people[0]["email"], &people[0]["points_balance"]), (&json!("ann@example.com"), &json!(123_456_782)));
    assert_eq!((&people[1]["name"], &people[1]["tier"]), (&json!("Ann Example"), &json!("bronze")));
    shop.delete(&format!("/api/customers/{customer}")).data(200);

    let erased = &json_rows(&shop, "/en/partners/customers/export?format=json")[0];
    for column in ["name", "email", "phone"] {
        assert_eq!(erased[column], Value::Null);
    }
    assert_eq!((&erased["status"], &erased["points_balance"]), (&json!("erased"), &json!(123_456_782)));
    let cards = csv_rows(&shop, "/en/partners/cards/export");
    assert_eq!((cards.len(), &cards[0]["customer_email"], &cards[0]["points_redeemed"]), (2, &json!(""), &json!("7")));
    let transactions = csv_rows(&shop, "/en/partners/transactions/export");
    assert_eq!(transactions.len(), 2);
    assert!(transactions.iter().all(|row| row["customer_name"] == "" && row["description"] == ""));
}

#[test]
fn columns_are_chosen_and_unknown_ones_refused_with_the_list() {
    let (shop, _) = shop_with_an_order();
    let rows = file(&shop, "/en/partners/cards/export?columns=tier,%20id", "text/csv; charset=utf-8").raw;
    assert!(rows.starts_with(b"tier,id\r\n"));
    let reply = shop.get("/en/partners/cards/export?columns=id,nmae");
    reply.error(400, "VALIDATION_ERROR");
    assert!(reply.about("columns").contains("id, card_number, status"), "{}", reply.about("columns"));
    shop.get("/en/partners/cards/export?columns=id,id").error(400, "VALIDATION_ERROR");
    let reply = shop.get("/en/partners/cards/export?format=pdf");
    assert!(reply.about("format").contains("xlsx"));
}

#[test]
fn filters_are_those_of_the_lists() {
    let (shop, card) = shop_with_an_order();
    let bob = shop.issued("bob@example.com");
    shop.award(bob["id"].as_str().unwrap(), 900);
    let count = |path: &str| json_rows(&shop, &format!("/en/partners/{path}")).len();
    for (path, rows) in [
        ("transactions/export?format=json", 3),
        ("transactions/export?format=json&type=purchase", 1),
        ("transactions/export?format=json&type=sale", 1),
        ("transactions/export?format=json&type=earn", 2),
        ("transactions/export?format=json&type=games", 0),
        ("transactions/export?format=json&date_to=2026-01-01T00:00:59Z", 1),
        ("transactions/export?format=json&date_from=2026-01-01T00:01:00Z", 2),
        ("transactions/export?format=json&date_from=2026-01-02", 0),
        ("transactions/export?format=json&user_email=BOB@example.com", 1),
        ("transactions/export?format=json&order_id=1001", 1),
        ("transactions/export?format=json&order_id=1002", 0),
        ("cards/export?format=json&tier=gold", 1),
        ("cards/export?format=json&status=active&tier=bronze", 0),
        ("cards/export?format=json&customer_email=ann@example.com", 1),
        ("cards/export?format=json&created_after=2026-01-01T00:00:01Z", 1),
        ("customers/export?format=json&tier=gold", 1),
        ("customers/export?format=json&date_to=2026-01-01T00:00:59Z", 1),
        ("customers/export?format=json&email=bob@example.com", 1),
    ] {
        assert_eq!(count(path), rows, "{path}");
    }
    assert_eq!(count(&format!("transactions/export?format=json&card_id={}", card["id"].as_str().unwrap())), 2);
    assert_eq!(count(&format!("transactions/export?format=json&shop_id={}", shop.shop)), 1);
    shop.get("/en/partners/cards/export?customer_email=nobody@example.com").error(404, "CUSTOMER_NOT_FOUND");
    shop.get("/en/partners/transactions/export?shop_id=999").error(404, "SHOP_NOT_FOUND");
    shop.get("/en/partners/transactions/export?type=gifts").error(400, "VALIDATION_ERROR");
}

#[test]
fn another_partners_rows_are_in_no_export() {
    let (shop, card) = shop_with_an_order();
    let other = shop.other_partner();
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    let id = card["id"].as_str().unwrap();
    for path in [
        "customers/export?".to_owned(),
        "cards/export?".to_owned(),
        "transactions/export?".to_owned(),
        format!("customers/export?customer_id={customer}"),
        format!("customers/export?card_id={id}"),
        format!("cards/export?card_id={id}"),
        format!("cards/export?customer_id={customer}"),
        format!("transactions/export?card_id={id}"),
        format!("transactions/export?customer_id={customer}"),
        "transactions/export?order_id=1001".to_owned(),
    ] {
        assert_eq!(csv_rows(&other, &format!("/en/partners/{path}")), Vec::<Value>::new(), "{path}");
        assert_ne!(csv_rows(&shop, &format!("/en/partners/{path}")), Vec::<Value>::new(), "{path}");
    }
}

#[test]
fn only_a_credential_of_the_whole_partner_exports() {
    let shop = Shop::open();
    let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
    bound.get("/en/partners/cards/export").error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
    shop.bare().get("/en/partners/cards/export").error(401, "AUTH_REQUIRED");
}

/// A request that is sent and whose answer is not read yet.
fn begun(shop: &Shop, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(shop.server.base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (key, secret) = (&shop.public_id, &shop.secret);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {key}\r\nX-API-Secret: {secret}\r\n\r\n"
    )
    .unwrap();
    stream
}

/// More rows than the buffers between two ends of a connection hold, each with a text of 500 characters.
const MANY: usize = 22_000;

fn shop_with_many_transactions() -> (Shop, Value) {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let item = json!({"card_id": card["id"], "points": 1, "reason": "x".repeat(500)});
    for _ in 0..MANY / 1_000 {
        let done = shop.post("/api/points/bulk", &json!({"transactions": vec![item.clone(); 1_000]})).data(200);
        assert_eq!(done["successful"], json!(1_000));
    }
    (shop, card)
}

/// The body of an answer in chunks.
fn dechunked(mut answer: &[u8]) -> Vec<u8> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    answer = &answer[end + 4..];
    let mut body = Vec::new();
    loop {
        let line = answer.windows(2).position(|two| two == b"\r\n").expect("a size");
        let size = usize::from_str_radix(std::str::from_utf8(&answer[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&answer[line + 2..line + 2 + size]);
        answer = &answer[line + 2 + size + 2..];
    }
}

#[test]
fn rows_are_read_while_they_are_sent_and_a_reader_who_goes_away_leaves_nothing_behind() {
    let (shop, card) = shop_with_many_transactions();
    let path = "/en/partners/transactions/export?format=jsonl";
    let mut stream = begun(&shop, path);
    let mut answer = vec![0; 64 * 1_024];
    stream.read_exact(&mut answer).unwrap();
    // The first rows have been read, and the last have not: what is erased now is not in them.
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8(dechunked(&answer)).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), MANY);
    assert_eq!(rows[0]["description"], json!("x".repeat(500)));
    assert_eq!(rows[MANY - 1]["description"], Value::Null);
    assert!(
        rows.iter().zip(1..).all(|(row, balance)| row["balance_after"] == json!(balance)),
        "none is missing or twice"
    );

    // Two at once, and no third until one of them is gone, or takes nothing for a minute.
    let (mut first, second) = (begun(&shop, path), begun(&shop, path));
    first.read_exact(&mut [0; 1_024]).unwrap();
    (&second).read_exact(&mut [0; 1_024]).unwrap();
    let refused = shop.get(path);
    refused.error(429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(refused.header("retry-after"), Some("10"));
    shop.server.advance_seconds(61);
    let lines = |reply: Reply| reply.raw.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines(shop.get(path)), MANY);
    drop((first, second));

    let gone = [begun(&shop, path), begun(&shop, path)].map(|mut stream| {
        let mut status = [0; 15];
        stream.read_exact(&mut status).unwrap();
        status
    });
    assert_eq!(gone, [*b"HTTP/1.1 200 OK"; 2]);
    let start = Instant::now();
    while shop.get(path).status != 200 {
        assert!(start.elapsed() < Duration::from_secs(60), "the places of who went away were not given back");
        std::thread::sleep(Duration::from_millis(10));
    }
    shop.get("/health").data(200);
    assert_eq!(shop.balance(card["id"].as_str().unwrap()), i64::try_from(MANY).unwrap());
}
