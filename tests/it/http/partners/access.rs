//! Whose credentials open `/partners`, and which language answers.

use crate::support::{NewKey, Shop};
use counterfoil::domain::programme::Scope;
use serde_json::json;

#[test]
fn both_forms_of_path_answer_the_same() {
    let shop = Shop::open();
    let settings = shop.get("/en/partners/settings").data(200);
    assert_eq!(shop.get("/api/partners/settings").data(200), settings);
    assert_eq!(settings["currency"], json!("EUR"));
    assert_eq!(settings["tiers"][1]["threshold"], json!(500));
    shop.get("/de/partners/settings").error(404, "RESOURCE_NOT_FOUND");
    shop.bare().get("/en/partners/settings").error(401, "AUTH_REQUIRED");
}

#[test]
fn the_path_names_the_language_and_under_api_the_client_does() {
    let shop = Shop::open();
    let message = |client: &crate::support::Client, path: &str| client.get(path).json()["message"].clone();
    assert_eq!(message(&shop, "/en/partners/settings"), json!("Settings"));
    assert_eq!(message(&shop, "/lt/partners/settings"), json!("Nustatymai"));
    assert_eq!(message(&shop, "/api/partners/settings"), json!("Settings"));
    for (accepted, said) in [
        ("lt", "Nustatymai"),
        ("lt-LT,lt;q=0.9,en;q=0.8", "Nustatymai"),
        ("en;q=0.8, LT;q=0.9", "Nustatymai"),
        ("de, fr;q=0.9", "Settings"),
        ("lt;q=0, en", "Settings"),
        ("nonsense;;;", "Settings"),
        ("lt;q=1.5", "Settings"),
    ] {
        let client = shop.with("Accept-Language", accepted);
        assert_eq!(message(&client, "/api/partners/settings"), json!(said), "{accepted}");
        assert_eq!(message(&client, "/en/partners/settings"), json!("Settings"), "the path decides");
    }
}

#[test]
fn a_client_that_takes_itself_for_another_partner_is_refused() {
    let shop = Shop::open();
    shop.with("X-Partner-ID", &shop.partner.to_string()).get("/en/partners/settings").data(200);
    for named in ["999", "x"] {
        let reply = shop.with("X-Partner-ID", named).get("/en/partners/settings");
        reply.error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
    }
}

#[test]
fn a_key_without_the_scope_is_refused() {
    let shop = Shop::open();
    let writer = shop.keyed(NewKey { scopes: vec![Scope::ProgrammeManage], ..NewKey::default() });
    let error = writer.get("/en/partners/settings").error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
    assert_eq!(error["required_permissions"], json!(["loyalty:read"]));
    let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
    bound.get("/en/partners/settings").data(200);
}

/// Everything that changes something, with a body that is not looked at before the credentials are.
const CHANGES: [(&str, &str, Scope); 15] = [
    ("PUT", "/settings", Scope::ProgrammeManage),
    ("PATCH", "/settings", Scope::ProgrammeManage),
    ("PUT", "/settings/global", Scope::ProgrammeManage),
    ("POST", "/shops", Scope::ProgrammeManage),
    ("PUT", "/shops/1", Scope::ProgrammeManage),
    ("DELETE", "/shops/999", Scope::ProgrammeManage),
    ("POST", "/cards", Scope::ProgrammeManage),
    ("PUT", "/cards/1", Scope::ProgrammeManage),
    ("DELETE", "/cards/999", Scope::ProgrammeManage),
    ("POST", "/customers", Scope::LoyaltyWrite),
    ("PUT", "/customers/1", Scope::LoyaltyWrite),
    ("POST", "/points/bulk-award", Scope::PointsManage),
    ("POST", "/points/bulk-adjust", Scope::PointsManage),
    ("POST", "/transactions/bulk-process", Scope::PointsManage),
    ("PUT", "/shops/999", Scope::ProgrammeManage),
];

#[test]
fn each_change_takes_its_scope_and_the_whole_partner_under_both_forms_of_path() {
    let shop = Shop::open();
    let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
    for (method, path, needed) in CHANGES {
        let scopes = Scope::ALL.into_iter().filter(|scope| *scope != needed).collect();
        let without = shop.keyed(NewKey { scopes, ..NewKey::default() });
        let with = shop.keyed(NewKey { scopes: vec![needed], ..NewKey::default() });
        for base in ["/en/partners", "/lt/partners", "/api/partners"] {
            let path = format!("{base}{path}");
            let send = |client: &crate::support::Client| client.send(method, &path, Some(b"{\"nonsense\":1}"));
            let error = send(&without).error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
            assert_eq!(error["required_permissions"], json!([needed.name()]), "{method} {path}");
            let error = send(&bound).error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
            assert_eq!(error["details"]["shop_id"], json!(shop.shop.get()), "{method} {path}");
            assert!([400, 404].contains(&send(&with).status), "{method} {path}");
            assert_eq!(send(&shop.bare()).status, 401, "{method} {path}");
        }
    }
}

#[test]
fn a_bound_key_is_told_why_in_its_language() {
    let shop = Shop::open();
    let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
    let told = |path: &str| bound.put(path, &json!({})).json()["message"].as_str().unwrap().to_owned();
    assert_eq!(
        told("/en/partners/settings"),
        "The credentials are bound to one shop: this takes credentials of the whole partner"
    );
    assert!(told("/lt/partners/settings").contains("vienai parduotuvei"));
}

#[test]
fn a_signature_that_does_not_fit_changes_nothing() {
    let shop = Shop::open();
    let signed = shop.with("X-API-Signature", &format!("sha256={}", "0".repeat(64)));
    for (method, path, _) in CHANGES {
        let reply = signed.send(method, &format!("/en/partners{path}"), None);
        reply.error(401, "INVALID_CREDENTIALS");
    }
    let path = format!("/en/partners/shops/{}", shop.shop);
    signed.delete(&path).error(401, "INVALID_CREDENTIALS");
    assert_eq!(shop.get(&path).data(200)["is_active"], json!(true));
}

#[test]
fn another_partners_things_look_like_unknown_ones() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    let customer = customer.trim_start_matches("cust_");
    let booked = shop.award(card["id"].as_str().unwrap(), 5)["transaction_id"].as_str().unwrap().to_owned();
    let booked = booked.trim_start_matches("txn_");
    let template = shop.get("/en/partners/cards").page().0[0]["id"].clone();
    let other = shop.other_partner();
    let shops = format!("/en/partners/shops/{}", shop.shop);
    for (path, code) in [
        (&*shops, "SHOP_NOT_FOUND"),
        ("/en/partners/shops/999", "SHOP_NOT_FOUND"),
        ("/en/partners/shops/x", "SHOP_NOT_FOUND"),
        (&*format!("/en/partners/cards/{template}"), "CARD_NOT_FOUND"),
        ("/en/partners/cards/999", "CARD_NOT_FOUND"),
        (&*format!("/en/partners/customers/{customer}"), "CUSTOMER_NOT_FOUND"),
        ("/en/partners/customers/999", "CUSTOMER_NOT_FOUND"),
        (&*format!("/en/partners/customers/{customer}/loyalty-stats"), "CUSTOMER_NOT_FOUND"),
        (&*format!("/en/partners/customers/{customer}/transactions"), "CUSTOMER_NOT_FOUND"),
        (&*format!("/en/partners/transactions/{booked}"), "RESOURCE_NOT_FOUND"),
        ("/en/partners/transactions/999", "RESOURCE_NOT_FOUND"),
        (&*format!("/en/partners/transactions?shop_id={}", shop.shop), "SHOP_NOT_FOUND"),
        (&*format!("/en/partners/customers?shop_id={}", shop.shop), "SHOP_NOT_FOUND"),
        (&*format!("/en/partners/cards?shop_id={}", shop.shop), "SHOP_NOT_FOUND"),
    ] {
        other.get(path).error(404, code);
    }
    other.put(&shops, &json!({"name": "Mine"})).error(404, "SHOP_NOT_FOUND");
    other.delete(&shops).error(404, "SHOP_NOT_FOUND");
    let path = format!("/en/partners/cards/{template}");
    other.put(&path, &json!({"points_per_visit": 5})).error(404, "CARD_NOT_FOUND");
    other.delete(&path).error(404, "CARD_NOT_FOUND");
    let path = format!("/en/partners/customers/{customer}");
    other.put(&path, &json!({"name": "Mine"})).error(404, "CUSTOMER_NOT_FOUND");
    let rows = json!([{"customer_id": customer, "points": 5, "reason": "x", "order_id": "1"}]);
    let result = other.post("/en/partners/points/bulk-award", &rows).data(200);
    assert_eq!(result["results"][0]["error"]["code"], json!("CUSTOMER_NOT_FOUND"));
    assert_eq!(shop.balance(card["id"].as_str().unwrap()), 5);
}

#[test]
fn ids_in_errors_are_whole_numbers_here_and_prefixed_under_api() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let id: i64 = card.trim_start_matches("card_").parse().unwrap();
    for path in ["/en/partners/cards/card_999", "/api/partners/cards/999"] {
        assert_eq!(shop.get(path).error(404, "CARD_NOT_FOUND")["details"]["card_id"], json!(999), "{path}");
    }
    shop.post(&format!("/api/loyalty-cards/{card}/block"), &json!({"reason": "Lost"})).data(200);
    let body = json!({"order_id": "1", "order_total": 1, "card_id": card});
    let error = shop.post("/en/shop/transactions/create", &body).error(403, "CARD_BLOCKED");
    assert_eq!(error["details"]["card_id"], json!(id));
    assert_eq!(shop.redeem(&card, 1).error(403, "CARD_BLOCKED")["details"]["card_id"], json!(card));
    let error = shop.get("/en/shop/loyalty-cards/LC12").error(404, "CARD_NOT_FOUND");
    assert_eq!(error["details"]["card_id"], json!("LC12"), "what is no id stays as it was written");
}
