//! Bodies that cannot be accepted: every bound and every wrong type, named by field.

use crate::support::Shop;
use serde_json::{Value, json};

fn card(extra: Value) -> Value {
    let mut body = json!({"customer_email": "ann@example.com", "customer_name": "Ann"});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

#[test]
fn a_malformed_email_has_a_code_of_its_own() {
    let shop = Shop::open();
    let long = format!("{}@example.com", "a".repeat(250));
    for email in [
        "nonsense",
        "a@b",
        "a b@example.com",
        "@example.com",
        "ann@",
        "Ann <ann@example.com>",
        "ann@example.com\u{0}",
        &long,
    ] {
        let error =
            shop.post("/api/loyalty-cards", &card(json!({"customer_email": email}))).error(400, "INVALID_EMAIL");
        assert_eq!(error["field"], "customer_email", "{email}");
        shop.post("/api/customers", &json!({"email": email})).error(400, "INVALID_EMAIL");
    }
    for email in [json!(5), json!(["a@example.com"]), json!("")] {
        shop.post("/api/customers", &json!({"email": email})).error(400, "INVALID_EMAIL");
    }
}

#[test]
fn every_missing_field_is_named() {
    let shop = Shop::open();
    for (path, fields) in [
        ("/api/loyalty-cards", vec!["customer_email", "customer_name"]),
        ("/api/customers", vec!["email"]),
        ("/api/points/award", vec!["card_id", "points", "reason"]),
        ("/api/points/redeem", vec!["card_id", "points", "reason"]),
        ("/api/points/adjust", vec!["card_id", "points", "reason"]),
        ("/api/points/expire", vec!["card_id", "points"]),
        ("/api/points/bulk", vec!["transactions"]),
        ("/api/loyalty-cards/card_1/block", vec!["reason"]),
    ] {
        for body in [None, Some(&b"{}"[..]), Some(b""), Some(b"[]"), Some(b" \n")] {
            let reply = shop.send("POST", path, body);
            reply.error(400, "VALIDATION_ERROR");
            assert_eq!(reply.json()["error_number"], json!(1100));
            let named: Vec<_> = reply.json()["errors"].as_object().unwrap().keys().cloned().collect();
            assert_eq!(named, fields, "{path}");
            assert_eq!(reply.json()["error"]["fields"][0]["code"], "REQUIRED_FIELD");
        }
        let nulls: Value =
            fields.iter().map(|field| ((*field).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>().into();
        shop.post(path, &nulls).error(400, "VALIDATION_ERROR");
    }
}

#[test]
fn a_body_that_is_no_json_object_is_refused_without_repeating_it() {
    let shop = Shop::open();
    for body in
        [&b"{"[..], b"not json", b"5", b"\"text\"", b"[1]", b"{\"a\":1} trailing", b"\xff\xfe", b"{\"a\":\"\\ud800\"}"]
    {
        let reply = shop.send("POST", "/api/points/award", Some(body));
        reply.error(400, "VALIDATION_ERROR");
        assert!(!String::from_utf8_lossy(&reply.raw).contains("trailing"));
    }
    let deep = format!("{}{}", "{\"a\":".repeat(1_000), "}".repeat(1_000));
    shop.send("POST", "/api/points/award", Some(deep.as_bytes())).error(400, "VALIDATION_ERROR");
}

#[test]
fn a_field_of_the_wrong_kind_or_size_is_named() {
    let shop = Shop::open();
    let long = |count: usize| "x".repeat(count);
    let cases = [
        ("customer_name", json!(5)),
        ("customer_name", json!("   ")),
        ("customer_name", json!("Ann\nExample")),
        ("customer_name", json!(long(201))),
        ("customer_phone", json!("abc")),
        ("customer_phone", json!("+0123456789")),
        ("customer_phone", json!("123")),
        ("customer_phone", json!("+1234567890123456")),
        ("card_design", json!("two words")),
        ("card_design", json!(long(65))),
        ("auto_activate", json!("yes")),
        ("auto_activate", json!(1)),
        ("metadata", json!("text")),
        ("metadata", json!([1])),
        ("metadata", json!({"a": long(1_024)})),
        ("surprise", json!(1)),
    ];
    for (field, value) in cases {
        let reply = shop.post("/api/loyalty-cards", &card(json!({field: value})));
        reply.error(400, "VALIDATION_ERROR");
        reply.about(field);
    }
    let id = shop.card("known@example.com");
    let cases = [
        ("reason", json!(long(501))),
        ("reason", json!("tab\there")),
        ("reference", json!(long(256))),
        ("reference", json!({"a": 1})),
        ("reference", json!("line\nbreak")),
        ("order_id", json!(long(256))),
        ("order_id", json!(1.5)),
        ("staff_member", json!(long(101))),
        ("metadata", json!({"a": long(1_024)})),
        ("expires_at", json!(5)),
        ("card_id", json!({"id": 1})),
        ("customer_id", json!("cust_1")),
        ("refrence", json!("misspelt")),
    ];
    for (field, value) in cases {
        let mut body = json!({"card_id": id, "points": 1, "reason": "x"});
        body[field] = value;
        let reply = shop.post("/api/points/award", &body);
        reply.error(400, "VALIDATION_ERROR");
        reply.about(field);
    }
    assert_eq!(shop.balance(&id), 0);
}

#[test]
fn everything_at_its_bound_is_accepted() {
    let shop = Shop::open();
    let metadata = json!({"a": "x".repeat(1_024 - r#"{"a":""}"#.len())});
    let body = card(json!({
        "customer_name": "ž".repeat(200), "customer_phone": "+123456789012345", "card_design": "x".repeat(64), "metadata": metadata,
        "initial_points": 0
    }));
    let id = shop.post("/api/loyalty-cards", &body).data(201)["id"].as_str().unwrap().to_owned();
    let body = json!({
        "card_id": id, "points": 1, "reason": "ž".repeat(500), "reference": "x".repeat(255), "staff_member": "x".repeat(100),
        "metadata": metadata
    });
    let entry = shop.post("/api/points/award", &body).data(201);
    assert_eq!(
        (&entry["reason"], &entry["reference"], &entry["metadata"]),
        (&body["reason"], &body["reference"], &metadata)
    );
}

#[test]
fn nulls_count_as_absent_and_an_empty_list_as_an_empty_object() {
    let shop = Shop::open();
    let body = card(json!({"customer_phone": null, "initial_points": null, "metadata": []}));
    let created = shop.post("/api/loyalty-cards", &body).data(201);
    assert_eq!((&created["customer_phone"], &created["metadata"]), (&Value::Null, &json!({})));
}

#[test]
fn a_content_type_is_not_needed_and_an_oversized_body_is_not_read() {
    let shop = Shop::open();
    let body = card(json!({})).to_string();
    shop.with("Content-Type", "text/plain").send("POST", "/api/loyalty-cards", Some(body.as_bytes())).data(201);
    let large = json!({"email": "x".repeat(70_000)});
    let error = shop.post("/api/customers", &large).error(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(error["maximum_bytes"], json!(65_536));
    let huge = json!({"transactions": [{"card_id": "x".repeat(3_000_000)}]});
    shop.post("/api/points/bulk", &huge).error(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn odd_text_survives_the_way_to_the_vault_and_back() {
    let shop = Shop::open();
    for (number, name) in
        ["O'Neil \"Bob\" \\ /", "名前 Ž ẞ 🙂", "<script>alert(1)</script>", "Robert'); DROP TABLE cards;--"]
            .iter()
            .enumerate()
    {
        let body = json!({"customer_email": format!("p{number}@example.com"), "customer_name": name});
        let id = shop.post("/api/loyalty-cards", &body).data(201)["id"].as_str().unwrap().to_owned();
        assert_eq!(shop.get(&format!("/api/loyalty-cards/{id}")).data(200)["customer_name"], json!(name));
        let award = json!({"card_id": id, "points": 1, "reason": name, "order_id": format!("{name}{number}")});
        assert_eq!(shop.post("/api/points/award", &award).data(201)["reference"], award["order_id"]);
        assert!(shop.post("/api/points/award", &award).replayed());
    }
}
