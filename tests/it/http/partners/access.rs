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
