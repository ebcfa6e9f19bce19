//! What every answer has in common, and what is answered to requests that nothing was made for.

use crate::support::Shop;
use serde_json::json;

#[test]
fn an_unknown_path_and_a_wrong_method_are_answered_in_the_error_form() {
    let shop = Shop::open();
    for path in
        ["/", "/api", "/api/loyalty-cards/card_1/nothing", "/xx/shop/health", "/bench/echo", "/api/loyalty-cards/"]
    {
        shop.get(path).error(404, "RESOURCE_NOT_FOUND");
    }
    shop.client.bare().get("/nothing").error(404, "RESOURCE_NOT_FOUND");
    for (method, path, allowed) in [
        ("DELETE", "/api/loyalty-cards", "GET, POST"),
        ("PATCH", "/api/loyalty-cards/card_1", "GET, PUT"),
        ("GET", "/api/points/award", "POST"),
        ("POST", "/health", "GET"),
        ("GET", "/en/shop/validate-credentials", "POST"),
    ] {
        let reply = shop.send(method, path, None);
        reply.error(405, "METHOD_NOT_ALLOWED");
        let mut methods: Vec<_> = reply.header("allow").unwrap_or_default().split(", ").collect();
        methods.sort_unstable();
        assert_eq!(methods.join(", "), allowed, "{method} {path}");
    }
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    let shop = Shop::open();
    let mut seen = std::collections::HashSet::new();
    for reply in [
        shop.get("/health"),
        shop.get("/nothing"),
        shop.get("/api/loyalty-cards"),
        shop.client.bare().get("/api/loyalty-cards"),
    ] {
        let id = reply.header("x-request-id").expect("an id").to_owned();
        let id = uuid::Uuid::parse_str(&id).expect("a UUID");
        assert_eq!(id.get_version_num(), 4);
        assert!(seen.insert(id));
    }
    let claimed = "11111111-1111-4111-8111-111111111111";
    assert_ne!(shop.with("X-Request-Id", claimed).get("/health").header("x-request-id"), Some(claimed));
}

#[test]
fn a_browser_may_send_and_read_what_the_clients_need() {
    let shop = Shop::open();
    let wanted =
        ["x-api-key", "x-api-secret", "authorization", "content-type", "shop-id", "user-agent", "idempotency-key"];
    let browser = shop.client.bare().with("Origin", "https://shop.example");
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let preflight = browser.with("Access-Control-Request-Method", method);
        let reply = preflight.with("Access-Control-Request-Headers", &wanted.join(", ")).send(
            "OPTIONS",
            "/api/points/award",
            None,
        );
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        let allowed = reply.header("access-control-allow-headers").unwrap_or_default().to_lowercase();
        assert!(wanted.iter().all(|name| allowed.contains(name)), "{allowed}");
        assert!(reply.header("access-control-allow-methods").unwrap_or_default().contains(method));
    }
    let reply = shop.with("Origin", "https://shop.example").get("/api/loyalty-cards");
    reply.data(200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let exposed = reply.header("access-control-expose-headers").unwrap_or_default().to_lowercase();
    assert!(exposed.contains("x-request-id") && exposed.contains("idempotent-replayed"), "{exposed}");
    let refused = browser.get("/api/loyalty-cards");
    refused.error(401, "AUTH_REQUIRED");
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "a page must be able to read why");
}

#[test]
fn a_long_list_is_compressed_for_who_can_read_that() {
    let shop = Shop::open();
    for number in 0..20 {
        shop.card(&format!("person{number}@example.com"));
    }
    let plain = shop.get("/api/loyalty-cards");
    assert_eq!(plain.header("content-encoding"), None);
    let packed = shop.with("Accept-Encoding", "gzip").get("/api/loyalty-cards");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.raw[..2], [0x1f, 0x8b]);
    assert!(packed.raw.len() * 2 < plain.raw.len());
    let refused = shop.with("Accept-Encoding", "gzip").get("/api/loyalty-cards?page=0");
    refused.error(400, "VALIDATION_ERROR");
}

#[test]
fn answers_are_json_and_connections_are_kept() {
    let shop = Shop::open();
    for reply in [shop.get("/api/loyalty-cards"), shop.get("/nothing")] {
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_ne!(reply.header("connection"), Some("close"));
    }
}

#[test]
fn the_error_form_is_flat_and_nested_together() {
    let shop = Shop::open();
    let reply = shop.post("/api/customers", &json!({"email": "nonsense", "phone": "abc", "surprise": 1}));
    reply.error(400, "INVALID_EMAIL");
    let body = reply.json();
    assert_eq!(body["error_number"], json!(null));
    let fields: Vec<_> = body["errors"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["email", "phone", "surprise"]);
    let list = body["error"]["details"]["errors"].as_array().unwrap();
    assert_eq!(body["error"]["fields"], json!(list));
    assert_eq!(list.len(), 3);
    for entry in list {
        let mut keys: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["code", "field", "message", "meta"]);
    }
    assert_eq!(body["error"]["timestamp"], "2026-01-01T00:00:00Z");
}
