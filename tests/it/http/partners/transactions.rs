//! Transactions over all shops.

use super::{buy, refused};
use crate::support::Shop;
use serde_json::{Value, json};

const TRANSACTIONS: &str = "/en/partners/transactions";

fn types(shop: &Shop, query: &str) -> Vec<String> {
    let (rows, meta) = shop.get(&format!("{TRANSACTIONS}{query}")).page();
    assert_eq!(meta["total"].as_u64(), Some(rows.len() as u64), "{query}");
    rows.iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect()
}

/// One of each kind, a day apart, the first in the shop.
fn one_of_each() -> (Shop, String) {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let sale = json!({"order_id": "1001", "order_total": 20.5, "card_id": card, "shop_id": shop.shop.get(), "staff_member": "Rasa"});
    shop.post("/en/shop/transactions/create", &sale).data(201);
    shop.server.advance_days(1);
    buy(&shop, &card, "1002", &json!(3));
    let refund = json!({"order_id": "1002", "refund_id": "r-1", "refund_amount": 1});
    shop.post("/en/shop/transactions/deduct-points", &refund).data(201);
    shop.server.advance_days(1);
    shop.award(&card, 5);
    shop.redeem(&card, 6).data(201);
    shop.post("/api/points/adjust", &json!({"card_id": card, "points": -1, "reason": "x"})).data(201);
    shop.post("/api/points/expire", &json!({"card_id": card, "points": 2})).data(200);
    (shop, card)
}

#[test]
fn every_filter_narrows_the_list() {
    let (shop, card) = one_of_each();
    let all = ["expiry", "adjustment", "redemption", "bonus", "refund", "sale", "sale"];
    assert_eq!(types(&shop, ""), all);
    for (query, expected) in [
        ("?type=all&sort=date", &["sale", "sale", "refund", "bonus", "redemption", "adjustment", "expiry"][..]),
        ("?type=sale", &["sale", "sale"]),
        ("?type=refund", &["refund"]),
        ("?type=bonus", &["bonus"]),
        ("?type=redemption", &["redemption"]),
        ("?type=adjustment", &["adjustment"]),
        ("?type=expiry", &["expiry"]),
        ("?status=completed&type=sale", &["sale", "sale"]),
        ("?status=pending", &[]),
        ("?status=cancelled", &[]),
        ("?staff_id=4", &[]),
        ("?search=1001", &["sale"]),
        ("?search=r-1", &["refund"]),
        ("?search=1003", &[]),
        ("?start_date=2026-01-02&end_date=2026-01-02", &["refund", "sale"]),
        ("?date_from=2026-01-01&date_to=2026-01-01", &["sale"]),
        ("?date_range=today", &["expiry", "adjustment", "redemption", "bonus"]),
        ("?date_range=last_7_days&type=sale", &["sale", "sale"]),
        ("?date_range=this_month&type=sale", &["sale", "sale"]),
        ("?date_range=last_month", &[]),
        ("?date_range=this_year&type=refund", &["refund"]),
    ] {
        assert_eq!(types(&shop, query), expected, "{query}");
    }
    assert_eq!(types(&shop, &format!("?shop_id={}", shop.shop)), ["sale"]);
    assert_eq!(types(&shop, &format!("?card_id={card}&type=bonus")), ["bonus"]);
    let amounts = |query: &str| {
        let rows = shop.get(&format!("{TRANSACTIONS}{query}")).page().0;
        rows.iter().map(|row| row["amount"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(amounts("?type=sale&sort=-amount"), [json!(20.5), json!(3)]);
    assert_eq!(amounts("?type=sale&sort=amount"), [json!(3), json!(20.5)]);
    let (rows, meta) = shop.get("/api/partners/transactions?per_page=3&page=2").page();
    assert_eq!((rows.len(), &meta["total"], &meta["last_page"]), (3, &json!(7), &json!(3)));
    for (query, field) in [
        ("?type=theft", "type"),
        ("?status=lost", "status"),
        ("?start_date=yesterday", "start_date"),
        ("?date_range=ever", "date_range"),
        ("?date_range=today&start_date=2026-01-01", "date_range"),
        ("?sort=points", "sort"),
        ("?group_by=store", "group_by"),
    ] {
        refused(&shop.get(&format!("{TRANSACTIONS}{query}")), field);
    }
}

#[test]
fn a_transaction_is_shown_with_its_calculation_and_what_was_bought() {
    let (shop, card) = one_of_each();
    let sale = shop.get(&format!("{TRANSACTIONS}?search=1001")).page().0[0].clone();
    assert_eq!(
        (&sale["points_awarded"], &sale["points_redeemed"], &sale["staff_name"]),
        (&json!(205), &json!(0), &json!("Rasa"))
    );
    assert_eq!(
        (&sale["shop_name"], &sale["currency"], &sale["status"]),
        (&json!("Old Town"), &json!("EUR"), &json!("completed"))
    );
    let shown = |locale: &str, id: &Value| shop.get(&format!("/{locale}/partners/transactions/{id}")).data(200);
    let whole = shown("en", &sale["id"]);
    let told = whole["points_calculation"].as_str().unwrap();
    assert!(
        told.ends_with("20.5 EUR → 205; × 1 for the tier, in whole points → 205; + 0 for the visit = 205"),
        "{told}"
    );
    let told = shown("lt", &sale["id"])["points_calculation"].as_str().unwrap().to_owned();
    assert!(told.starts_with("Pagal ") && told.ends_with("+ 0 už apsilankymą = 205"), "{told}");
    assert_eq!((&whole["shop"]["name"], &whole["staff"]["name"]), (&json!("Old Town"), &json!("Rasa")));
    assert_eq!(whole["customer"]["email"], json!("ann@example.com"));
    let body = json!({
        "order_id": "1005", "order_total": 10, "card_id": card, "points_redeemed": 100, "points_discount_amount": 0.99,
        "cart_items": [{"name": "Bread", "quantity": 2, "price": 5}],
    });
    let booked = shop.post("/en/shop/transactions/create", &body).data(201);
    let whole = shown("en", &booked["id"]);
    assert_eq!((&whole["points_discount_amount"], &whole["type"]), (&json!(0.99), &json!("sale")));
    assert_eq!(whole["items"], json!([{"name": "Bread", "quantity": 2, "price": 5}]));
    let stated = json!({"order_id": "1006", "points": 7, "card_id": card});
    let booked = shop.post("/en/shop/transactions/create", &stated).data(201);
    assert_eq!(shown("en", &booked["id"])["points_calculation"], json!("The rules had nothing to compute: 7"));
    let bonus = shop.get(&format!("{TRANSACTIONS}?type=bonus")).page().0[0]["id"].clone();
    assert_eq!(shown("en", &bonus)["points_calculation"], json!(null));
}

#[test]
fn the_bound_that_decided_is_named() {
    let shop = Shop::open();
    let template = shop.get("/en/partners/cards").page().0[0]["id"].clone();
    let body = json!({"min_points_per_purchase": 20, "max_points_per_purchase": 30});
    shop.put(&format!("/en/partners/cards/{template}"), &body).data(200);
    let card = shop.card("ann@example.com");
    for (order, total, expected) in [
        ("1", 1, "raised to the least that a purchase earns = 20"),
        ("2", 100, "held to the most that a purchase earns = 30"),
    ] {
        let booked = buy(&shop, &card, order, &json!(total));
        let whole = shop.get(&format!("{TRANSACTIONS}/{}", booked["id"])).data(200);
        assert!(whole["points_calculation"].as_str().unwrap().ends_with(expected), "{whole:#}");
    }
}
