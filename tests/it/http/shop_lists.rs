//! Lists under `/{locale}/shop`: pages over many blocks of the log, filters, and the programme's own lists.

use crate::support::Shop;
use serde_json::{Value, json};

/// More movements than one block of the log holds.
const MOVEMENTS: i64 = 9_000;

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[test]
fn pages_tile_a_list_that_is_longer_than_a_block() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let mut recorded = Vec::new();
    for _ in 0..MOVEMENTS / 1_000 {
        // Every fourth is spent again.
        let item = |place: i64| match place % 4 {
            3 => json!({"card_id": card, "type": "redeem", "points": 2, "reason": "x"}),
            _ => json!({"card_id": card, "type": "award", "points": 3, "reason": "x"}),
        };
        let items: Vec<Value> = (0..1_000).map(item).collect();
        let done = shop.post("/en/shop/points/bulk", &json!({"transactions": items})).data(200);
        recorded.extend(done["results"].as_array().unwrap().iter().map(|row| row["transaction_id"].as_i64().unwrap()));
    }
    let spent: Vec<i64> = recorded.iter().copied().skip(3).step_by(4).collect();
    let down = |ids: &[i64]| ids.iter().rev().copied().collect::<Vec<_>>();
    for (query, expected) in [
        ("sort=created_at", recorded.clone()),
        ("", down(&recorded)),
        ("type=redemption&sort=created_at", spent.clone()),
        ("type=spent", down(&spent)),
        ("type=refund", Vec::new()),
    ] {
        for page in [1, 2, 8, 9, 23, 45, 81, 82, 83, 90, 91] {
            let (rows, meta) = shop.get(&format!("/en/shop/transactions?per_page=100&page={page}&{query}")).page();
            let wanted: Vec<i64> = expected.iter().copied().skip((page - 1) * 100).take(100).collect();
            assert_eq!(ids(&rows), wanted, "{query}, page {page}");
            assert_eq!(meta["total"], json!(expected.len()), "{query}");
        }
    }
    let (_, meta) = shop.get("/en/shop/points?per_page=1").page();
    assert_eq!(meta["total_points_earned"], json!(MOVEMENTS / 4 * 3 * 3));
    assert_eq!(meta["total_points_spent"], json!(MOVEMENTS / 4 * 2));
    let (rows, _) = shop.get("/en/shop/transactions?sort=points&per_page=1").page();
    assert_eq!((&rows[0]["points"], ids(&rows)[0]), (&json!(-2), spent[0]));
}

#[test]
fn a_period_is_a_stretch_of_the_log() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    for day in 1..=4 {
        shop.award(&card, day);
        shop.server.advance_days(1);
    }
    let points = |query: &str| {
        let (rows, meta) = shop.get(&format!("/en/shop/transactions?{query}")).page();
        assert_eq!(meta["total"], json!(rows.len()), "{query}");
        rows.iter().map(|row| row["points"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(points("date_from=2026-01-02&date_to=2026-01-03"), [3, 2]);
    assert_eq!(points("date_from=2026-01-03"), [4, 3]);
    assert_eq!(points("date_to=2026-01-01"), [1]);
    assert_eq!(points("date_from=2027-01-01"), Vec::<i64>::new());
    assert_eq!(points("date_to=2025-12-31"), Vec::<i64>::new());
    assert_eq!(points(&format!("card_id={card}&date_from=2026-01-04")), [4]);
    assert_eq!(points("staff_id=7"), Vec::<i64>::new());
    assert_eq!(points("category_id=7"), Vec::<i64>::new());
}

#[test]
fn shops_are_sorted_and_searched_and_found_around_a_point() {
    let shop = Shop::open();
    shop.server.open_shop(shop.partner);
    let names = |query: &str| {
        let (rows, _) = shop.get(&format!("/en/shop/shops?{query}")).page();
        ids(&rows)
    };
    let all = names("");
    assert_eq!(all.len(), 2);
    assert_eq!(names("sort=-created_at"), [all[1], all[0]]);
    assert_eq!(names("search=OLD%20t"), all);
    assert_eq!(names("search=new"), Vec::<i64>::new());
    // Nobody said where they stand.
    assert_eq!(names("latitude=54.7&longitude=25.3&radius=100"), Vec::<i64>::new());
    for query in
        ["latitude=91&longitude=0", "latitude=x&longitude=0", "latitude=1&longitude=1&radius=0", "sort=nonsense"]
    {
        shop.get(&format!("/en/shop/shops?{query}")).error(400, "VALIDATION_ERROR");
    }
}

#[test]
fn a_template_wins_over_a_card_and_a_literal_over_both() {
    let shop = Shop::open();
    let card: i64 = shop.card("ann@example.com").trim_start_matches("card_").parse().unwrap();
    let (templates, _) = shop.get("/en/shop/loyalty-cards").page();
    let template = templates[0]["id"].as_i64().unwrap();
    let object = |id: i64| shop.get(&format!("/en/shop/loyalty-cards/{id}")).data(200)["object"].clone();
    assert_eq!((object(template), object(card)), (json!("card_template"), json!("loyalty_card")));
    shop.get("/en/shop/loyalty-cards/info").error(400, "VALIDATION_ERROR");
    shop.get("/en/shop/loyalty-cards/nonsense").error(404, "CARD_NOT_FOUND");
    shop.get("/en/shop/transactions/nonsense").error(404, "RESOURCE_NOT_FOUND");
}
