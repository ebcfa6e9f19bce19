//! A programme is changed over HTTP: the next purchase goes by it, the refund of an earlier one does not.

use super::buy;
use crate::support::Shop;
use serde_json::json;

#[test]
fn a_changed_rule_applies_to_the_next_purchase_and_not_to_the_refund_of_an_earlier_one() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let template = shop.get("/en/partners/cards").page().0[0]["id"].clone();
    let path = format!("/en/partners/cards/{template}");
    assert_eq!(buy(&shop, &card, "1", &json!(10))["points"], json!(100));
    let rules = json!({"points_per_currency": 4, "points_per_visit": 2, "round_points_up": true});
    assert_eq!(shop.put(&path, &rules).data(200)["version"], json!(2));
    let second = buy(&shop, &card, "2", &json!(12.30));
    assert_eq!(second["points"], json!(52));
    let shown = shop.get(&format!("/en/partners/transactions/{}", second["id"])).data(200);
    let expected = format!(
        "By version 2 of template {template}: 12.3 EUR → 49.2; × 1 for the tier, in whole points → 50; + 2 for the visit = 52"
    );
    assert_eq!(shown["points_calculation"], json!(expected));
    let refund = |order: &str, amount: i64| {
        let body = json!({"order_id": order, "refund_id": format!("r{order}"), "refund_amount": amount});
        shop.post("/en/shop/transactions/deduct-points", &body).data(201)["points"].clone()
    };
    assert_eq!(refund("1", 5), json!(-50), "half of what it earned then");
    shop.delete(&path).data(200);
    let rest = json!({"order_id": "2", "type": "cancellation"});
    assert_eq!(shop.post("/en/shop/transactions/create", &rest).data(201)["points"], json!(-52));
    assert_eq!(shop.balance(&card), 50);
}

#[test]
fn a_changed_tier_multiplies_the_next_purchase() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let tiers = json!([{"threshold": 0}, {"name": "Draugas", "threshold": 50, "multiplier": "1.5"}]);
    shop.put("/en/partners/settings", &json!({"tiers": tiers})).data(200);
    assert_eq!(buy(&shop, &card, "1", &json!(5))["points"], json!(50));
    let bought = buy(&shop, &card, "2", &json!(10));
    assert_eq!(bought["points"], json!(150));
    let customer = shop.get(&format!("/en/partners/customers/{}", bought["user_id"])).data(200);
    assert_eq!((&customer["tier"], &customer["loyalty_level"]), (&json!("silver"), &json!("Draugas")));
    shop.put("/en/partners/settings", &json!({"tiers": [{"threshold": 0}]})).data(200);
    assert_eq!(buy(&shop, &card, "3", &json!(10))["points"], json!(100));
}

#[test]
fn points_are_shared_between_shops_as_soon_as_the_partner_says_so() {
    let shop = Shop::open();
    let second =
        shop.post("/en/partners/shops", &json!({"name": "Turgus", "address": "Pylimo 58"})).data(201)["id"].clone();
    let card = shop.card("ann@example.com");
    let sale = |order: i64, at: serde_json::Value, redeem: i64| {
        let body = json!({
            "order_id": order, "order_total": 10, "card_id": card, "shop_id": at, "points_redeemed": redeem,
        });
        shop.post("/en/shop/transactions/create", &body)
    };
    sale(1, json!(shop.shop.get()), 0).data(201);
    assert_eq!(sale(2, second.clone(), 50).status, 403, "spent where they were earned");
    shop.put("/api/partners/settings/global", &json!({"cross_shop_redemption": true})).data(200);
    sale(2, second, 50).data(201);
    assert_eq!(shop.balance(&card), 150);
}
