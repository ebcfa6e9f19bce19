//! Events in pages and as streams: what each credential sees of them, and that none is missing.

use super::hash;
use crate::support::{NewKey, Shop};
use counterfoil::domain::PartnerId;
use counterfoil::domain::programme::{KeyForm, Scope};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

fn rows(page: &Value) -> &Vec<Value> {
    page["events"].as_array().expect("rows")
}

#[test]
fn a_partners_key_sees_its_own_payloads_and_of_all_others_the_hashes_alone() {
    let shop = Shop::open();
    let other = shop.other_partner();
    shop.send("POST", "/audit/checkpoint", None);
    let card = shop.card("ona@example.com");
    shop.award(&card, 10);
    let everything = NewKey { scopes: vec![Scope::Audit], ..NewKey::default() };
    let (auditor, _) = shop.client_with(PartnerId::DEPLOYMENT, everything);
    let all = auditor.get("/audit/events?limit=1000").json();
    assert!(rows(&all).iter().all(|row| row["payload"].is_string()), "{all:#}");
    for (client, own) in [(&shop.client, shop.partner.get()), (&other, 2)] {
        let seen = client.get("/audit/events?limit=1000").json();
        assert_eq!(rows(&seen).len(), rows(&all).len());
        for (row, whole) in rows(&seen).iter().zip(rows(&all)) {
            if whole["partner_id"] == json!(own) {
                assert_eq!(row, whole);
            } else {
                assert_eq!(row, &json!({"seq": whole["seq"], "hash": whole["hash"]}), "and nothing else");
            }
        }
    }
    let kinds: Vec<_> = rows(&all).iter().filter(|row| row["partner_id"] == 0).map(|row| row["kind"].clone()).collect();
    assert_eq!(kinds, ["checkpoint_key.created", "checkpoint.made", "key.created"], "the deployment's own");
    // What it may not do: there is no programme that belongs to the deployment.
    for path in ["/api/loyalty-cards", "/api/customers", "/en/shop/loyalty-cards"] {
        auditor.get(path).error(403, "INSUFFICIENT_PERMISSIONS");
    }
    let body = json!({"customer_email": "x@example.com", "customer_name": "X"});
    auditor.post("/api/loyalty-cards", &body).error(403, "INSUFFICIENT_PERMISSIONS");
}

#[test]
fn a_bearer_of_the_deployment_needs_no_shop() {
    let shop = Shop::open();
    let key = NewKey { form: KeyForm::Bearer, scopes: vec![Scope::Audit], ..NewKey::default() };
    let (_, credential) = shop.server.create_key(PartnerId::DEPLOYMENT, key);
    let bearer = shop.bare().with("Authorization", &format!("Bearer {}", credential.presented().reveal()));
    assert_eq!(rows(&bearer.get("/audit/events").json()).len(), 5);
    let nothing = NewKey::default();
    let (nobody, _) = shop.client_with(PartnerId::DEPLOYMENT, nothing);
    nobody.get("/audit/events").error(403, "INSUFFICIENT_PERMISSIONS");
}

#[test]
fn pages_follow_one_another_without_a_gap() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    (0..20).for_each(|_| drop(shop.award(&card, 1)));
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = shop.get(&format!("/audit/events?after={after}&limit=7")).json();
        if rows(&page).is_empty() {
            assert_eq!(page["next_after"], json!(after));
            break;
        }
        seen.extend(rows(&page).iter().map(|row| row["seq"].as_i64().expect("a number")));
        after = page["next_after"].as_i64().expect("a number");
    }
    assert_eq!(seen, (1..=after).collect::<Vec<_>>());
    for (query, field) in [("after=-1", "after"), ("after=x", "after"), ("limit=0", "limit"), ("limit=1001", "limit")] {
        let reply = shop.get(&format!("/audit/events?{query}"));
        reply.error(400, "VALIDATION_ERROR");
        assert!(!reply.about(field).is_empty());
    }
}

/// A stream as bytes on a connection of its own.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(shop: &Shop, path: &str, headers: &str) -> Self {
        let address = shop.server.base.strip_prefix("http://").expect("an address");
        let mut connection = TcpStream::connect(address).expect("a connection");
        connection.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let (key, secret) = (&shop.public_id, &shop.secret);
        write!(
            connection,
            "GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nX-API-Secret: {secret}\r\n{headers}\r\n"
        )
        .expect("the request is sent");
        Self(BufReader::new(connection))
    }

    /// The next line that is neither empty nor the length of a chunk.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).expect("bytes") == 0 {
                return None;
            }
            let line = line.trim_end();
            let length = !line.is_empty() && line.len() <= 6 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
            if line == "0" {
                return None;
            }
            if !line.is_empty() && !length {
                return Some(line.to_owned());
            }
        }
    }

    fn head(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("bytes");
            if line.trim_end().is_empty() {
                return lines;
            }
            lines.push(line.trim_end().to_lowercase());
        }
    }
}

#[test]
fn a_stream_tells_what_was_and_then_what_happens() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    let mut stream = Stream::open(&shop, "/audit/events/stream?after=2", "Accept: application/jsonl\r\n");
    let head = stream.head();
    assert!(head.contains(&"content-type: application/jsonl; charset=utf-8".to_owned()), "{head:?}");
    let known = shop.get("/audit/events?after=2").json();
    for row in rows(&known) {
        let told: Value = serde_json::from_str(&stream.line().expect("a line")).expect("JSON");
        assert_eq!(&told, row);
    }
    for points in 1..=5 {
        shop.award(&card, points);
        let told: Value = serde_json::from_str(&stream.line().expect("a line")).expect("JSON");
        assert_eq!(told["kind"], "points.awarded");
        assert!(told["payload"].as_str().expect("a text").contains(&format!("\"points\":{points},")));
        assert_ne!(hash(&told["hash"]), [0; 32]);
    }
}

#[test]
fn server_sent_events_go_on_where_the_last_one_was() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    shop.award(&card, 3);
    let accept = "Accept: text/event-stream\r\nLast-Event-ID: 3\r\n";
    let mut stream = Stream::open(&shop, "/audit/events/stream?after=1", accept);
    let head = stream.head();
    assert!(head.contains(&"content-type: text/event-stream; charset=utf-8".to_owned()), "{head:?}");
    let known = shop.get("/audit/events?after=3").json();
    for row in rows(&known) {
        assert_eq!(stream.line(), Some(format!("id: {}", row["seq"])));
        let data = stream.line().expect("a line");
        let told: Value = serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON");
        assert_eq!(&told, row);
    }
    shop.with("Last-Event-ID", "x").get("/audit/events/stream").error(400, "VALIDATION_ERROR");
}

#[test]
fn a_stream_ends_with_its_key_and_with_the_service() {
    let shop = Shop::open();
    let mut stream = Stream::open(&shop, "/audit/events/stream", "");
    stream.head();
    (0..4).for_each(|_| drop(stream.line().expect("a line")));
    let revoke = counterfoil::domain::programme::RevokeKey { key: counterfoil::domain::KeyId::new(1) };
    shop.server.command(shop.partner, counterfoil::writer::Command::RevokeKey(revoke));
    // Told or not, there is nothing after the end of the key.
    while stream.line().is_some() {}
    let (fresh, _) = shop.client_with(shop.partner, NewKey::default());
    assert_eq!(fresh.get("/audit/events").status, 200);

    let shop = Shop::open();
    let mut stream = Stream::open(&shop, "/audit/events/stream", "");
    stream.head();
    (0..4).for_each(|_| drop(stream.line().expect("a line")));
    let stopping = std::thread::spawn(move || drop(shop));
    assert_eq!(stream.line(), None, "the stream ends before the service waits for it");
    stopping.join().expect("the service stops");
}
