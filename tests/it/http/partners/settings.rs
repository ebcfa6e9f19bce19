//! The settings: what can be changed, what cannot, and what follows from what.

use super::refused;
use crate::support::Shop;
use serde_json::{Value, json};

const SETTINGS: &str = "/en/partners/settings";

#[test]
fn a_partner_that_changed_nothing_has_the_published_settings() {
    let shop = Shop::open();
    let settings = shop.get(SETTINGS).data(200);
    assert_eq!(settings["multi_store_points"], json!(false));
    assert_eq!(settings["point_sharing"], json!("full"));
    assert_eq!(settings["cross_shop_redemption"], json!(false));
    assert_eq!(settings["refunds"], json!({"mode": "automatic", "max_days": null, "insufficient": "negative"}));
    assert_eq!(settings["tier_basis"], json!("lifetime"));
    let tiers: Vec<(&Value, &Value, &Value)> = settings["tiers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tier| (&tier["name"], &tier["threshold"], &tier["multiplier"]))
        .collect();
    let [zero, one, silver, gold, platinum] = [0, 1, 500, 800, 6_000].map(|number| json!(number));
    let names = ["Bronze", "Silver", "Gold", "Platinum"].map(|name| json!(name));
    let expected =
        [(&names[0], &zero, &one), (&names[1], &silver, &one), (&names[2], &gold, &one), (&names[3], &platinum, &one)];
    assert_eq!(tiers, expected);
}

#[test]
fn what_is_sent_changes_and_the_rest_stays() {
    let shop = Shop::open();
    let tiers = json!([
        {"name": "Svečias", "threshold": 0},
        {"name": "Draugas", "threshold": 100, "multiplier": 1.25, "benefits": ["Kava", "Bandelė"]},
    ]);
    let reply = shop.put(SETTINGS, &json!({"tiers": tiers, "tier_basis": "rolling_12_months"}));
    let changed = reply.data(200);
    assert_eq!(changed["tiers"][1]["tier"], json!("silver"));
    assert_eq!(changed["tiers"][1]["multiplier"], json!(1.25));
    assert_eq!(changed["tiers"][1]["benefits"], json!(["Kava", "Bandelė"]));
    assert_eq!(changed["version"], json!(2));
    let body = json!({"refunds": {"insufficient": "block"}, "unified_tiers": true, "currency": "EUR"});
    let changed = shop.send("PATCH", SETTINGS, Some(body.to_string().as_bytes())).data(200);
    assert_eq!(changed["refunds"]["insufficient"], json!("block"));
    assert_eq!(changed["tiers"][0]["name"], json!("Svečias"));
    assert_eq!(changed, shop.get("/api/partners/settings").data(200));
    let again = shop.put(SETTINGS, &json!({"unified_tiers": true})).data(200);
    assert_eq!(again["version"], changed["version"], "what is so already is not recorded again");
}

#[test]
fn one_switch_stands_for_the_two_settings_that_it_follows_from() {
    let shop = Shop::open();
    let state = |settings: &Value| {
        [&settings["multi_store_points"], &settings["point_sharing"], &settings["cross_shop_redemption"]]
            .map(Value::to_string)
            .join(" ")
    };
    let put = |path: &str, body: Value| state(&shop.put(path, &body).data(200));
    let global = "/en/partners/settings/global";
    assert_eq!(put(global, json!({"cross_shop_redemption": false})), r#"false "full" false"#);
    assert_eq!(put(global, json!({"cross_shop_redemption": true})), r#"true "full" true"#);
    assert_eq!(put(SETTINGS, json!({"point_sharing": "redemption_only"})), r#"true "redemption_only" true"#);
    assert_eq!(put(global, json!({"cross_shop_redemption": true})), r#"true "redemption_only" true"#);
    assert_eq!(put(global, json!({"cross_shop_redemption": false})), r#"true "earning_only" false"#);
    assert_eq!(put(global, json!({"cross_shop_redemption": true})), r#"true "full" true"#);
    let body = json!({"point_sharing": "none", "cross_shop_redemption": false});
    assert_eq!(put(SETTINGS, body), r#"true "none" false"#, "it does follow");
    let body = json!({"point_sharing": "none", "cross_shop_redemption": true});
    refused(&shop.put(SETTINGS, &body), "cross_shop_redemption");
}

#[test]
fn every_field_that_cannot_be_accepted_is_named() {
    let shop = Shop::open();
    let tier = |tier: Value| json!([{"threshold": 0}, tier]);
    for (field, value, named) in [
        ("multi_store_points", json!("yes"), "multi_store_points"),
        ("point_sharing", json!("some"), "point_sharing"),
        ("unified_tiers", json!(1), "unified_tiers"),
        ("cross_shop_redemption", json!("x"), "cross_shop_redemption"),
        ("currency", json!("USD"), "currency"),
        ("unified_customer_profiles", json!(false), "unified_customer_profiles"),
        ("auto_tier_progression", json!(false), "auto_tier_progression"),
        ("default_point_value", json!(0.01), "default_point_value"),
        ("default_expiration_months", json!(12), "default_expiration_months"),
        ("notification_preferences", json!({"email_alerts": true}), "notification_preferences"),
        ("store_earning_rates", json!([]), "store_earning_rates"),
        ("version", json!(7), "version"),
        ("nonsense", json!(1), "nonsense"),
        ("refunds", json!("all"), "refunds"),
        ("refunds", json!({"mode": "manual"}), "refunds.mode"),
        ("refunds", json!({"max_days": 14}), "refunds.max_days"),
        ("refunds", json!({"insufficient": "maybe"}), "refunds.insufficient"),
        ("refunds", json!({"days": 1}), "refunds.days"),
        ("tier_basis", json!("weekly"), "tier_basis"),
        ("tiers", json!({}), "tiers"),
        ("tiers", json!([]), "tiers"),
        ("tiers", json!([{"threshold": 0}, 7]), "tiers.1"),
        ("tiers", json!([{"threshold": 5}]), "tiers.threshold"),
        ("tiers", tier(json!({"threshold": 0})), "tiers.threshold"),
        ("tiers", tier(json!({"name": "x"})), "tiers.1.threshold"),
        ("tiers", tier(json!({"threshold": 10, "multiplier": -1})), "tiers.1.multiplier"),
        ("tiers", tier(json!({"threshold": 10, "multiplier": 1.00001})), "tiers.1.multiplier"),
        ("tiers", tier(json!({"threshold": 10, "tier": "diamond"})), "tiers.1.tier"),
        ("tiers", tier(json!({"threshold": 10, "name": "x".repeat(101)})), "tiers.1.name"),
        ("tiers", tier(json!({"threshold": 10, "benefits": "x"})), "tiers.1.benefits"),
        ("tiers", tier(json!({"threshold": 10, "benefits": ["a", 5]})), "tiers.1.benefits.1"),
        ("tiers", tier(json!({"threshold": 10, "colour": "red"})), "tiers.1.colour"),
        ("tiers", json!(vec![json!({"threshold": 0}); 5]), "tiers"),
    ] {
        refused(&shop.put(SETTINGS, &json!({field: value})), named);
    }
    for field in ["multi_store_points", "tiers", "unified_tiers"] {
        refused(&shop.put("/en/partners/settings/global", &json!({field: true})), field);
    }
    let lt = shop.put("/lt/partners/settings", &json!({"store_earning_rates": []}));
    assert_eq!(lt.about("store_earning_rates"), "nepalaikomas: knyga tokios taisyklės neturi");
    assert_eq!(shop.get(SETTINGS).data(200)["version"], json!(1), "nothing was changed");
}

#[test]
fn what_a_card_lacks_to_its_next_tier_goes_by_the_partners_own_tiers() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    shop.award(&card, 30);
    let info = || shop.get(&format!("/api/points/balance/{card}")).data(200)["tier_info"].clone();
    assert_eq!(info(), json!({"current_tier": "bronze", "next_tier": "silver", "points_to_next_tier": 470}));
    let tiers = json!([{"threshold": 0}, {"tier": "gold", "threshold": 50}]);
    shop.put(SETTINGS, &json!({"tiers": tiers, "tier_basis": "rolling_12_months"})).data(200);
    assert_eq!(info(), json!({"current_tier": "bronze", "next_tier": "gold", "points_to_next_tier": 20}));
    let customer = shop.get("/en/partners/customers").page().0[0]["id"].clone();
    let stats = || shop.get(&format!("/en/partners/customers/{customer}/loyalty-stats")).data(200);
    assert_eq!((&stats()["next_tier"], &stats()["points_to_next_tier"]), (&json!("gold"), &json!(20)));
    // What was earned more than twelve months ago counts no more.
    shop.server.advance_days(400);
    assert_eq!(info()["points_to_next_tier"], json!(50));
    assert_eq!(stats()["points_to_next_tier"], json!(50));
    shop.award(&card, 50);
    assert_eq!(info(), json!({"current_tier": "gold", "next_tier": null, "points_to_next_tier": null}));
    let ann = shop.get(&format!("/en/partners/customers/{customer}")).data(200);
    assert_eq!((&ann["tier"], &ann["loyalty_level"]), (&json!("gold"), &json!("Gold")));
}
