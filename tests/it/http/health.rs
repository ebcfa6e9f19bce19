//! Health, and the test of a key.

use crate::support::{Shop, is_time};
use serde_json::json;

const OPEN: [&str; 5] =
    ["/health", "/api/health", "/en/health", "/lt/shop/system/health", "/en/shop/shop/system/health"];
const CHECKING: [&str; 3] = ["/shop/health", "/en/shop/health", "/lt/shop/shop/health"];

#[test]
fn health_tells_the_state_of_every_part_without_credentials() {
    let shop = Shop::open();
    let bare = shop.client.bare();
    for path in OPEN.into_iter().chain(CHECKING) {
        let data = bare.get(path).data(200);
        assert_eq!(data["status"], "ok", "{data:#}");
        assert!(is_time(&data["timestamp"]));
        assert_eq!(data["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!((&data["environment"], &data["dormant"]), (&json!("production"), &json!(false)));
        for part in ["api", "database", "cache", "jwt", "memory"] {
            assert_eq!(data["components"][part]["status"], "ok", "{part}");
        }
        assert!(data["components"]["database"]["latency"].as_str().unwrap().ends_with("ms"));
    }
}

#[test]
fn wrong_credentials_fail_where_health_tests_them_and_are_ignored_elsewhere() {
    let shop = Shop::open();
    let wrong = shop.client.bare().with("X-API-Key", &shop.public_id).with("X-API-Secret", "wrong");
    let half = shop.client.bare().with("X-API-Key", &shop.public_id);
    for path in CHECKING {
        wrong.get(path).error(401, "INVALID_CREDENTIALS");
        half.get(path).error(401, "AUTH_REQUIRED");
        shop.get(path).data(200);
    }
    for path in OPEN {
        wrong.get(path).data(200);
    }
}

#[test]
fn a_key_is_validated_with_its_partners_name() {
    let shop = Shop::open();
    for path in ["/en/shop/validate-credentials", "/lt/shop/shop/validate-credentials"] {
        let data = shop.send("POST", path, None).data(200);
        let expected = json!({
            "valid": true, "partner": {"id": shop.partner.get(), "name": "Corner Bakery", "status": "active"},
            "partner_name": "Corner Bakery", "environment": "production"
        });
        assert_eq!(data, expected);
        let bare = shop.client.bare();
        bare.send("POST", path, None).error(401, "AUTH_REQUIRED");
        bare.with("X-API-Key", "nope")
            .with("X-API-Secret", "x")
            .send("POST", path, None)
            .error(401, "INVALID_CREDENTIALS");
    }
}

#[test]
fn a_service_that_cannot_read_its_files_says_so_by_status_and_tells_no_detail() {
    let shop = Shop::open();
    std::fs::rename(shop.server.files.path().join("views.db"), shop.server.files.path().join("moved.db")).unwrap();
    let reply = shop.client.bare().get("/health");
    reply.error(500, "INTERNAL_ERROR");
    let body = reply.json();
    assert_eq!(body["data"]["status"], "degraded");
    assert_eq!(body["data"]["components"]["database"]["status"], "down");
    assert!(!String::from_utf8_lossy(&reply.raw).contains("views.db"));
}

#[test]
fn a_write_that_failed_degrades_the_service_until_one_succeeds_and_never_takes_it_out() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let shop = shop.on_a_full_disk();
    let body = json!({"card_id": id, "points": 1, "reason": "x"});
    let award = || shop.post("/api/points/award", &body).status;
    assert!((0..10_000).any(|_| award() == 503), "the limit is reached");
    let data = shop.client.bare().get("/health").data(200);
    assert_eq!((&data["status"], &data["components"]["database"]["status"]), (&json!("degraded"), &json!("degraded")));
    shop.balance(&id);

    shop.server.limit_pages(0);
    assert!((0..10).any(|_| award() == 201), "room again: no restart needed");
    assert_eq!(shop.client.bare().get("/health").data(200)["status"], "ok");
}

#[test]
fn a_writer_that_has_ended_takes_the_service_out() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    shop.server.engine().writer().stop();
    let reply = shop.client.bare().get("/health");
    reply.error(500, "INTERNAL_ERROR");
    assert_eq!(reply.json()["data"]["components"]["database"]["status"], "down");
    assert_eq!(shop.balance(&id), 0, "reads are served");
    shop.post("/api/points/award", &json!({"card_id": id, "points": 1, "reason": "x"}))
        .error(503, "SERVICE_UNAVAILABLE");
}
