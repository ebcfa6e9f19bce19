//! Customers: finding them, what they did, and changing what is known of them.

use super::{buy, refused};
use crate::support::Shop;
use serde_json::{Value, json};

const CUSTOMERS: &str = "/en/partners/customers";

/// Ann with a card and 150 points, Bob with a card, Cat without one.
fn three() -> (Shop, [i64; 3]) {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    shop.award(&card, 150);
    let bob = json!({"customer_email": "bob@example.com", "customer_name": "Bob", "customer_phone": "+37060012345"});
    shop.post("/api/loyalty-cards", &bob).data(201);
    let cat = json!({"email": "cat@example.com", "name": "Žibutė", "phone": "+37060099999", "metadata": {"till": 4}});
    shop.post(CUSTOMERS, &cat).data(201);
    let ids: Vec<i64> = rows(&shop, "?sort=member_since").iter().map(|row| row["id"].as_i64().unwrap()).collect();
    (shop, ids.try_into().unwrap())
}

fn rows(shop: &Shop, query: &str) -> Vec<Value> {
    shop.get(&format!("{CUSTOMERS}{query}")).page().0
}

fn ids(shop: &Shop, query: &str) -> Vec<i64> {
    rows(shop, query).iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[test]
fn customers_are_searched_filtered_sorted_and_paged() {
    let (shop, [ann, bob, cat]) = three();
    assert_eq!(ids(&shop, ""), [cat, bob, ann], "the newest first");
    assert_eq!(ids(&shop, "?sort=member_since&page=2&per_page=2"), [cat]);
    assert_eq!(ids(&shop, "?sort=member_since&page=3&per_page=2"), [0; 0]);
    assert_eq!(ids(&shop, "?sort=name"), [ann, bob, cat]);
    assert_eq!(ids(&shop, "?sort=-name&per_page=1"), [cat]);
    assert_eq!(ids(&shop, "?sort=-total_points"), [ann, cat, bob]);
    assert_eq!(ids(&shop, "?search=%C5%BDIBUT%C4%96"), [cat]);
    assert_eq!(ids(&shop, "?search=60012"), [bob]);
    assert_eq!(ids(&shop, "?search=@EXAMPLE.com&sort=member_since"), [ann, bob, cat]);
    assert_eq!(ids(&shop, "?tier=silver"), [0; 0]);
    assert_eq!(ids(&shop, "?tier=bronze"), [cat, bob, ann]);
    let card = rows(&shop, "?search=bob")[0]["id"].clone();
    let body = json!({"customer_id": card, "points": 600, "reason": "x", "shop_id": shop.shop.get()});
    shop.post("/api/points/award", &body).data(201);
    assert_eq!(ids(&shop, "?tier=silver"), [bob]);
    assert_eq!(ids(&shop, &format!("?shop_id={}", shop.shop)), [bob]);
    assert_eq!(ids(&shop, &format!("?store_location={}", shop.shop)), [bob]);
    assert_eq!(ids(&shop, "?store_location=all"), [cat, bob, ann]);
    let found = &rows(&shop, "?search=bob")[0];
    assert_eq!(found["shops_visited"], json!([shop.shop.get()]));
    assert_eq!((&found["loyalty_level"], &found["member_since"]), (&json!("Silver"), &json!("2026-01-01")));
    for (query, field) in [("?tier=tin", "tier"), ("?sort=total_purchases", "sort"), ("?shop_id=x", "shop_id")] {
        refused(&shop.get(&format!("{CUSTOMERS}{query}")), field);
    }
}

#[test]
fn a_customer_is_shown_with_cards_history_and_figures() {
    let (shop, [ann, _, cat]) = three();
    let path = format!("{CUSTOMERS}/{ann}");
    let card = shop.get(&path).data(200)["cards"][0]["id"].as_i64().unwrap().to_string();
    let bought = buy(&shop, &card, "1", &json!(12.5));
    let refund = json!({"order_id": "1", "refund_id": "r", "refund_amount": 2.5});
    shop.post("/en/shop/transactions/deduct-points", &refund).data(201);
    shop.redeem(&card, 20).data(201);
    let shown = shop.get(&path).data(200);
    assert_eq!((&shown["total_purchases"], &shown["total_points"]), (&json!(1), &json!(150 + 125 - 25 - 20)));
    let history: Vec<&Value> =
        shown["transaction_history"].as_array().unwrap().iter().map(|row| &row["type"]).collect();
    assert_eq!(history, ["redemption", "refund", "sale", "bonus"]);
    assert_eq!(shown["transaction_history"][2]["id"], bought["id"]);
    assert_eq!(shown["cards"][0]["points_balance"], shown["total_points"]);
    let stats = shop.get(&format!("{path}/loyalty-stats")).data(200);
    for (field, value) in [
        ("customer_id", json!(ann)),
        ("points_balance", json!(230)),
        ("lifetime_points", json!(250)),
        ("points_redeemed", json!(20)),
        ("points_expired", json!(0)),
        ("tier", json!("bronze")),
        ("points_to_next_tier", json!(250)),
        ("cards", json!(1)),
        ("total_spent", json!(10)),
        ("coupons_active", json!(0)),
    ] {
        assert_eq!(stats[field], value, "{field}");
    }
    let stats = shop.get(&format!("{CUSTOMERS}/{cat}/loyalty-stats")).data(200);
    assert_eq!((&stats["cards"], &stats["total_spent"], &stats["last_activity"]), (&json!(0), &json!(0), &json!(null)));
    let (rows, meta) = shop.get(&format!("{path}/transactions?type=sale&date_from=2026-01-01")).page();
    assert_eq!((rows.len(), &meta["total"], &rows[0]["id"]), (1, &json!(1), &bought["id"]));
    assert_eq!(shop.get(&format!("{CUSTOMERS}/{cat}/transactions")).page().1["total"], json!(0));
}

#[test]
fn what_is_known_of_a_customer_is_changed_and_an_email_stays_one_persons() {
    let (shop, [ann, bob, cat]) = three();
    let path = format!("{CUSTOMERS}/{ann}");
    let changed =
        shop.put(&path, &json!({"name": "Ona", "email": "ona@example.com", "phone": "37061111111"})).data(200);
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["phone"]),
        (&json!("Ona"), &json!("ona@example.com"), &json!("+37061111111"))
    );
    assert_eq!(
        shop.get("/api/customers?email=ona@example.com").data(200)["customers"][0]["id"],
        json!(format!("cust_{ann}"))
    );
    assert_eq!(shop.get("/api/customers?email=ann@example.com").data(200)["pagination"]["total"], json!(0));
    assert_eq!(shop.put(&path, &json!({"phone": null})).data(200)["phone"], json!(null));
    let error = shop.put(&path, &json!({"email": "BOB@example.com"})).error(409, "DUPLICATE_CUSTOMER");
    assert_eq!(error["details"], json!({"field": "email", "existing_customer_id": bob}));
    // The email that was given up is free at once.
    let cat_path = format!("{CUSTOMERS}/{cat}");
    shop.put(&cat_path, &json!({"email": "ann@example.com"})).data(200);
    shop.post(CUSTOMERS, &json!({"email": "ann@example.com"})).error(409, "DUPLICATE_CUSTOMER");
    shop.post(CUSTOMERS, &json!({"email": "cat@example.com"})).data(201);
    assert_eq!(shop.get(&cat_path).data(200)["metadata"], json!({"till": 4}));

    for (field, value) in [
        ("email", json!("ona")),
        ("name", json!("")),
        ("phone", json!("12")),
        ("metadata", json!([1])),
        ("metadata", json!({"x": "y".repeat(1_100)})),
        ("preferences", json!({"sms_notifications": false})),
        ("tier", json!("gold")),
        ("nonsense", json!(1)),
    ] {
        let reply = shop.put(&path, &json!({field: value}));
        assert_eq!(reply.status, 400, "{field}");
        reply.about(field);
    }
    shop.delete(&format!("/api/customers/{ann}")).data(200);
    shop.put(&path, &json!({"name": "Ann"})).error(422, "OPERATION_NOT_ALLOWED");
    let erased = shop.get(&path).data(200);
    assert_eq!((&erased["name"], &erased["email"], &erased["phone"]), (&json!("[erased]"), &json!(null), &json!(null)));
    assert!(!erased.to_string().contains("ona"), "{erased}");
}

#[test]
fn a_customer_who_is_sent_again_is_registered_once_even_after_a_change() {
    let (shop, _) = three();
    let once = shop.with("Idempotency-Key", "c-1");
    let body = json!({"email": "dan@example.com", "name": "Dan"});
    let first = once.post(CUSTOMERS, &body).data(201);
    assert_eq!((&first["total_points"], &first["tier"]), (&json!(0), &json!("bronze")));
    let again = once.post("/api/partners/customers", &body);
    assert_eq!(again.data(201), first);
    assert!(again.replayed());
    // What was corrected is gone: the answer is as they are known now.
    shop.put(&format!("{CUSTOMERS}/{}", first["id"]), &json!({"name": "Daniel"})).data(200);
    let again = once.post(CUSTOMERS, &body);
    assert!(again.replayed());
    assert_eq!(again.data(201)["name"], json!("Daniel"));
    // Nothing is left by which the first email could be told from another one.
    shop.put(&format!("{CUSTOMERS}/{}", first["id"]), &json!({"email": "daniel@example.com"})).data(200);
    once.post(CUSTOMERS, &body).error(409, "RESOURCE_ALREADY_EXISTS");
    once.post(CUSTOMERS, &json!({"email": "eve@example.com"})).error(409, "RESOURCE_ALREADY_EXISTS");
    let lt = shop.post("/lt/partners/customers", &json!({"email": "x"}));
    lt.error(400, "INVALID_EMAIL");
    assert_eq!(shop.get(CUSTOMERS).page().1["total"], json!(4));
}
