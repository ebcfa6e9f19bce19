//! Customers: registering, finding and showing them.

use crate::support::{Shop, is_time};
use counterfoil::queries::{PHONE_MAX, SEARCH_WALK_MAX};
use serde_json::{Value, json};

fn emails(data: &Value) -> Vec<&str> {
    data["customers"].as_array().unwrap().iter().map(|customer| customer["email"].as_str().unwrap()).collect()
}

#[test]
fn a_customer_is_registered_with_what_is_known() {
    let shop = Shop::open();
    let body = json!({
        "email": "ann@example.com", "first_name": "Ann", "last_name": "Example", "phone": "37060012345", "metadata": {"a": 1}
    });
    let customer = shop.post("/api/customers", &body).data(201);
    let id = customer["id"].as_str().unwrap();
    assert!(id.strip_prefix("cust_").is_some_and(|digits| digits.parse::<u64>().is_ok()), "{id}");
    let expected = json!({
        "id": id, "email": "ann@example.com", "name": "Ann Example", "first_name": "Ann", "last_name": "Example",
        "phone": "+37060012345", "points": 0, "tier": "bronze", "created_at": "2026-01-01T00:00:00Z", "metadata": {"a": 1}
    });
    assert_eq!(customer, expected);
    let error = shop.post("/api/customers", &json!({"email": "Ann@Example.com"})).error(409, "DUPLICATE_CUSTOMER");
    assert_eq!(error["existing_customer_id"], json!(id));
    let shown = shop.get(&format!("/api/customers/{id}")).data(200);
    assert_eq!(shown["cards"], json!([]));
    assert_eq!(shown["name"], "Ann Example");
}

#[test]
fn a_customer_is_shown_with_cards_and_points() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let id = card["id"].as_str().unwrap();
    shop.award(id, 900);
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    for name in [customer.as_str(), &customer["cust_".len()..]] {
        let shown = shop.get(&format!("/api/customers/{name}")).data(200);
        assert_eq!((&shown["points"], &shown["tier"]), (&json!(900), &json!("gold")));
        let cards = json!([{"id": id, "card_number": card["card_number"], "points_balance": 900, "status": "active"}]);
        assert_eq!(shown["cards"], cards);
        assert!(is_time(&shown["created_at"]));
        let balance = shop.get(&format!("/api/customers/{name}/balance")).data(200);
        assert_eq!(balance, json!({"customer_id": customer, "points": 900, "current_points": 900, "tier": "gold"}));
    }
}

#[test]
fn an_unknown_customer_is_not_found() {
    let shop = Shop::open();
    for name in ["cust_999", "999", "nonsense", "card_1"] {
        for path in [format!("/api/customers/{name}"), format!("/api/customers/{name}/balance")] {
            let error = shop.get(&path).error(404, "CUSTOMER_NOT_FOUND");
            assert_eq!(error["details"]["customer_id"], json!(name));
        }
        shop.delete(&format!("/api/customers/{name}")).error(404, "CUSTOMER_NOT_FOUND");
    }
}

#[test]
fn customers_are_found_by_email_phone_card_number_and_part_of_a_name() {
    let shop = Shop::open();
    for (email, name, phone) in [
        ("ann@example.com", "Ann Baker", "+37060000001"),
        ("bob@example.org", "Bob Žukas", "+37060000002"),
        ("eve@example.org", "Eve Baker", "+37060000002"),
    ] {
        shop.post("/api/customers", &json!({"email": email, "name": name, "phone": phone})).data(201);
    }
    let card = shop
        .post("/api/loyalty-cards", &json!({"customer_email": "bob@example.org", "customer_name": "Bob Žukas"}))
        .data(201);
    let number = card["card_number"].as_str().unwrap();
    let (ann, bob, eve) = ("ann@example.com", "bob@example.org", "eve@example.org");
    let cases: [(String, &[&str]); 14] = [
        (String::new(), &[eve, bob, ann]),
        ("email=ANN@example.com".to_owned(), &[ann]),
        ("email=ann@example".to_owned(), &[]),
        ("phone=%2B37060000001".to_owned(), &[ann]),
        ("phone=37060000002".to_owned(), &[eve, bob]),
        (format!("card_number={number}"), &[bob]),
        ("card_number=LC000000000000".to_owned(), &[]),
        ("search=baker".to_owned(), &[eve, ann]),
        ("search=%C5%BEUK".to_owned(), &[bob]),
        ("search=EXAMPLE.ORG".to_owned(), &[eve, bob]),
        ("search=nobody".to_owned(), &[]),
        ("phone=37060000002&search=baker".to_owned(), &[eve]),
        ("email=bob@example.org&phone=37060000001".to_owned(), &[]),
        ("search=baker&page=2&limit=1".to_owned(), &[ann]),
    ];
    for (query, expected) in cases {
        let data = shop.get(&format!("/api/customers?{query}")).data(200);
        assert_eq!(emails(&data), expected, "{query}");
        let total = if query.contains("page=2") { 2 } else { expected.len() };
        assert_eq!(data["pagination"]["total"], json!(total), "{query}");
        assert_eq!(data["complete"], json!(true), "{query}");
    }
    shop.get(&format!("/api/customers?search={}", "x".repeat(201))).error(400, "VALIDATION_ERROR");
}

/// So many more customers with the first one's phone and record, written straight into the views.
fn multiply(shop: &Shop, more: i64) {
    let views = rusqlite::Connection::open(shop.server.files.path().join("views.db")).unwrap();
    views.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let sql = "INSERT INTO customers (customer, partner, phone_hash, record, registered_at, updated_at, version, as_of) \
         WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1) \
         SELECT first.customer + number.n, partner, phone_hash, record, registered_at, updated_at, version, as_of \
         FROM number CROSS JOIN (SELECT * FROM customers ORDER BY customer DESC LIMIT 1) AS first";
    views.execute(sql, [more]).unwrap();
}

#[test]
fn a_search_that_did_not_look_at_everybody_says_so() {
    let shop = Shop::open();
    for (email, name, phone) in
        [("zoe@example.com", "Zoe", "+37060000009"), ("ann@example.com", "Ann Baker", "+37060000001")]
    {
        shop.post("/api/customers", &json!({"email": email, "name": name, "phone": phone})).data(201);
    }
    let found = |query: &str| {
        let data = shop.get(&format!("/api/customers?{query}")).data(200);
        (data["pagination"]["total"].as_i64().unwrap(), data["complete"].as_bool().unwrap())
    };
    assert_eq!(found("search=baker"), (1, true), "and the views know whom to multiply");
    multiply(&shop, PHONE_MAX - 1);
    assert_eq!(found("phone=37060000001"), (PHONE_MAX, true));
    assert_eq!(found("search=baker"), (PHONE_MAX, true));
    multiply(&shop, SEARCH_WALK_MAX - PHONE_MAX);
    assert_eq!(found("phone=37060000001"), (PHONE_MAX, false));
    assert_eq!(found("search=baker"), (SEARCH_WALK_MAX, false));
    assert_eq!(found("search=zoe"), (0, false), "whom the walk did not reach");
    assert_eq!(found("phone=37060000009"), (1, true));
    assert_eq!(found("email=zoe@example.com"), (1, true));
    assert_eq!(found("limit=1"), (SEARCH_WALK_MAX + 1, true));
}

#[test]
fn pages_tile_the_customers_while_their_number_grows() {
    let shop = Shop::open();
    let mut expected: Vec<String> = Vec::new();
    for number in 0..11 {
        let email = format!("person{number}@example.com");
        shop.post("/api/customers", &json!({"email": email})).data(201);
        expected.insert(0, email);
        let mut seen = Vec::new();
        for page in 1..=6 {
            let data = shop.get(&format!("/api/customers?limit=2&page={page}")).data(200);
            assert_eq!(data["pagination"]["total"], json!(expected.len()));
            seen.extend(emails(&data).into_iter().map(str::to_owned));
        }
        assert_eq!(seen, expected);
    }
}
