//! What an operator sees on a listener of its own: figures, and whether commands are taken.

use crate::support::{Client, Shop};
use counterfoil::http::{Operations, OperationsServer};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[test]
fn a_start_says_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let operations = Arc::new(Operations::starting(dir.path().to_owned(), &["ledger.db"]));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::of_operator(&format!("http://{}", listener.local_addr().unwrap()));
    let server = OperationsServer::start(&operations, listener).unwrap();
    let told = || -> (u16, Value) {
        let reply = client.get("/ready");
        (reply.status, reply.json())
    };
    assert_eq!(told(), (503, json!({"ready": false, "reason": "starting"})));
    operations.rebuild().end.store(200, Ordering::Relaxed);
    operations.rebuild().reached.store(80, Ordering::Relaxed);
    assert_eq!(told(), (503, json!({"ready": false, "reason": "rebuilding", "percent": 40})));
    assert_eq!(client.get("/live").status, 200);
    let page = String::from_utf8(client.get("/metrics").raw).unwrap();
    assert!(page.contains("counterfoil_ready 0\n"), "{page}");
    assert!(!page.contains("counterfoil_http"), "nothing is served yet: {page}");
    operations.drains();
    assert_eq!(told(), (503, json!({"ready": false, "reason": "draining"})));
    server.stop();
}

#[test]
fn a_service_whose_disk_refused_is_not_ready_until_it_writes_again() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    assert_eq!(shop.client.bare().get("/ready").data(200), json!({"ready": true}));
    let shop = shop.on_a_full_disk();
    let award = || shop.post("/api/points/award", &json!({"card_id": id, "points": 1, "reason": "x"})).status;
    assert!((0..10_000).any(|_| award() == 503), "the limit is reached");
    shop.client.bare().get("/ready").error(503, "SERVICE_UNAVAILABLE");
    shop.server.limit_pages(0);
    assert!((0..10).any(|_| award() == 201), "room again");
    shop.client.bare().get("/ready").data(200);
    shop.server.engine().writer().stop();
    shop.client.bare().get("/ready").error(503, "SERVICE_UNAVAILABLE");
}
