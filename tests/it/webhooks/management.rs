//! Making webhooks, changing and ending them, over the API.

use super::{HOOKS, Told};
use crate::support::{NewKey, Receiver, verify};
use counterfoil::domain::programme::Scope;
use counterfoil::http::HttpConfig;
use serde_json::{Value, json};

const URL: &str = "https://shop.example.com/hooks?token=sesame";

fn strict() -> crate::support::Shop {
    crate::support::Shop::with(Default::default(), HttpConfig { rate_limits: None, ..HttpConfig::default() })
}

#[test]
fn a_webhook_lives_from_its_making_to_its_end() {
    let shop = strict();
    assert_eq!(shop.get(HOOKS).data(200), json!([]));
    let body = json!({"url": URL, "events": ["points_awarded", "*", "*"], "description": "till"});
    let made = shop.post(HOOKS, &body).data(201);
    assert_eq!((&made["id"], &made["url"], &made["status"]), (&json!(1), &json!(URL), &json!("active")));
    assert_eq!(made["events"], json!(["points_awarded", "*"]));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let seen = shop.get(&format!("{HOOKS}/1")).data(200);
    assert_eq!(seen["secret"], format!("whsec_…{}", &secret[46..]), "never whole again");
    assert_eq!((&seen["failure_count"], &seen["last_delivery_at"]), (&json!(0), &Value::Null));
    let changed = json!({"events": ["card.created"], "shop_ids": [shop.shop], "is_active": false, "description": null});
    let changed = shop.put(&format!("{HOOKS}/1"), &changed).data(200);
    assert_eq!((&changed["events"], &changed["shop_ids"]), (&json!(["card.created"]), &json!([shop.shop])));
    assert_eq!((&changed["url"], &changed["description"]), (&json!(URL), &Value::Null));
    assert_eq!((&changed["status"], &changed["version"]), (&json!("paused"), &json!(2)));
    assert_eq!(shop.get("/api/partners/webhooks").data(200).as_array().map(Vec::len), Some(1), "under both paths");
    assert_eq!(shop.delete(&format!("{HOOKS}/1")).data(200), json!({}));
    assert_eq!(shop.get(HOOKS).data(200), json!([]));
    for reply in [shop.get(&format!("{HOOKS}/1")), shop.delete(&format!("{HOOKS}/1")), shop.get(&format!("{HOOKS}/x"))]
    {
        reply.error(404, "RESOURCE_NOT_FOUND");
    }
}

#[test]
fn what_cannot_be_a_webhook_is_refused_by_its_field() {
    let shop = strict();
    let base = json!({"url": URL, "events": ["*"]});
    for (field, value) in [
        ("url", json!("http://shop.example.com/")),
        ("url", json!("https://127.0.0.1/")),
        ("url", json!("https://[::ffff:169.254.169.254]/")),
        ("url", json!("https://localhost:8080/")),
        ("url", json!("https://user:pw@shop.example.com/")),
        ("url", json!("nowhere")),
        ("events", json!([])),
        ("events", json!("points.awarded")),
        ("events.0", json!(["points.stolen"])),
        ("secret", json!("too short")),
        ("shop_ids.0", json!([99])),
        ("is_active", json!("perhaps")),
    ] {
        let mut body = base.clone();
        body[field.split('.').next().unwrap()] = value.clone();
        let reply = shop.post(HOOKS, &body);
        assert_eq!(reply.status, 400, "{field}: {value}: {:#}", reply.json());
        assert!(!reply.about(field).is_empty(), "{value}");
    }
    for field in ["url", "events"] {
        let mut body = base.clone();
        body.as_object_mut().unwrap().remove(field);
        shop.post(HOOKS, &body).about(field);
    }
    shop.post(HOOKS, &base).data(201);
    shop.put(&format!("{HOOKS}/1"), &json!({"secret": "a secret of my own"})).about("secret");
    shop.post(&format!("{HOOKS}/1/rotate-secret"), &json!({"overlap_hours": 169})).about("overlap_hours");
    let told = shop.post("/lt/partners/webhooks", &json!({"url": "x", "events": ["*"]})).about("url");
    assert!(told.contains("viešo"), "{told}");
}

#[test]
fn only_who_may_manage_webhooks_of_the_whole_partner_sees_them() {
    let shop = strict();
    shop.post(HOOKS, &json!({"url": URL, "events": ["*"]})).data(201);
    let with = |scopes: &[Scope]| shop.keyed(NewKey { scopes: scopes.to_vec(), ..NewKey::default() });
    assert_eq!(with(&[Scope::WebhooksManage]).get(HOOKS).data(200).as_array().map(Vec::len), Some(1));
    for client in [
        with(&[Scope::LoyaltyRead, Scope::ProgrammeManage]),
        shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() }),
    ] {
        client.get(HOOKS).error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
        client.post(HOOKS, &json!({})).error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
    }
    let other = shop.other_partner();
    assert_eq!(other.get(HOOKS).data(200), json!([]));
    for path in ["1", "1/deliveries", "deliveries/1"] {
        other.get(&format!("{HOOKS}/{path}")).error(404, "RESOURCE_NOT_FOUND");
    }
    for path in ["1/test", "1/skip", "1/rotate-secret", "1/redeliver", "deliveries/1/redeliver"] {
        let body = json!({"from_sequence": 1});
        other
            .post(&format!("{HOOKS}/{path}"), &if path == "1/redeliver" { body } else { json!({}) })
            .error(404, "RESOURCE_NOT_FOUND");
    }
}

#[test]
fn a_repeated_request_makes_one_webhook_and_answers_the_same() {
    let shop = strict();
    let client = shop.client.clone().with("Idempotency-Key", "hook-1");
    let body = json!({"url": URL, "events": ["*"]});
    let first = client.post(HOOKS, &body);
    let again = client.post(HOOKS, &body);
    assert_eq!((first.data(201), again.replayed()), (again.data(201), true));
    shop.server.advance_seconds(3_601);
    let late = client.post(HOOKS, &body).data(201)["secret"].as_str().unwrap().to_owned();
    assert!(late.starts_with("whsec_…"), "whoever lost the answer has asked again by then: {late}");
    client.post(HOOKS, &json!({"url": URL, "events": ["card.created"]})).error(409, "RESOURCE_ALREADY_EXISTS");
    client.post(HOOKS, &json!({"url": format!("{URL}x"), "events": ["*"]})).error(409, "RESOURCE_ALREADY_EXISTS");
    assert_eq!(shop.get(HOOKS).data(200).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_repeated_rotation_is_one_and_leaves_the_secret_before_in_force() {
    let shop = strict();
    let made = shop.post(HOOKS, &json!({"url": URL, "events": ["*"]})).data(201);
    let (path, key) = (format!("{HOOKS}/1/rotate-secret"), "rotation-1");
    let client = shop.client.clone().with("Idempotency-Key", key);
    let first = client.post(&path, &json!({}));
    let again = client.post(&path, &json!({}));
    assert_eq!((first.data(200), again.replayed()), (again.data(200), true), "with the secret that was lost");
    let rotated = first.data(200);
    assert_ne!(rotated["secret"], made["secret"]);
    let ops = rusqlite::Connection::open(shop.server.files.path().join("ops.db")).unwrap();
    let secrets = || {
        let mut rows = ops.prepare("SELECT secret FROM webhook_secrets").unwrap();
        let all = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        all.map(Result::unwrap).collect::<std::collections::BTreeSet<_>>()
    };
    let text = |value: &Value| value["secret"].as_str().unwrap().to_owned();
    assert_eq!(secrets(), [text(&made), text(&rotated)].into(), "the one before signs too, and no third is kept");
    client.post(&path, &json!({"overlap_hours": 1})).error(409, "RESOURCE_ALREADY_EXISTS");
    assert_eq!(secrets().len(), 2);
    shop.server.advance_seconds(3_601);
    assert!(text(&client.post(&path, &json!({})).data(200)).starts_with("whsec_…"));
    let second = shop.post(&path, &json!({})).data(200);
    assert_eq!(secrets(), [text(&rotated), text(&second)].into(), "another rotation ends the first overlap");
    let late = client.post(&path, &json!({})).data(200);
    assert_eq!((&late["version"], text(&late).starts_with("whsec_…")), (&second["version"], true));
}

#[test]
fn the_books_with_webhooks_are_in_order_and_hold_no_secret() {
    let (mut told, receiver) = (Told::open(), Receiver::obliging());
    let hook = told.hook(&receiver, &["*"]);
    let card = told.card("ann@example.com");
    told.award(&card, 5);
    receiver.expect(3);
    told.post(&format!("{HOOKS}/{}/rotate-secret", hook["id"]), &json!({})).data(200);
    told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"is_active": false})).data(200);
    told.hush();
    let secret = hook["secret"].as_str().unwrap().to_owned();
    let ledger = rusqlite::Connection::open(told.server.files.path().join("ledger.db")).unwrap();
    let found = "SELECT (SELECT count(*) FROM events WHERE payload LIKE ?1) + (SELECT count(*) FROM sealed_records WHERE body LIKE ?1)";
    let found = |text: &str| ledger.query_row(found, [format!("%{text}%")], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((found(&secret), found("sesame")), (0, 2), "the address is in the vault, the secret nowhere");
    assert_eq!(
        ledger
            .query_row("SELECT count(*) FROM events WHERE payload LIKE '%sesame%'", [], |row| row.get::<_, i64>(0))
            .unwrap(),
        0
    );
    drop(told.get(&format!("{HOOKS}/{}", hook["id"])));
    verify(told.server.files.path());
}
