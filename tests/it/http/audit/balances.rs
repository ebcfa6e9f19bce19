//! Sealed balances over HTTP: the seals, and statements that are verified with the auditor's own code.

use super::log_key;
use crate::support::{Client, NewKey, Shop, verify};
use counterfoil::domain::PartnerId;
use counterfoil::domain::programme::{Scope, TemplateRules};
use counterfoil_replay::note::LogKey;
use counterfoil_replay::receipt::{self, ProvedBalance};
use serde_json::{Value, json};

fn proved(client: &Client, statement: &Value) -> ProvedBalance {
    let key = log_key(client);
    let proved = receipt::verify(&statement.to_string(), &key).unwrap_or_else(|error| panic!("{error}: {statement:#}"));
    assert_eq!(proved.kind, "balances.sealed");
    proved.balance.expect("a balance")
}

fn path(period: &str, card: &Value) -> String {
    format!("/audit/balances/{period}/cards/{}", card["id"].as_str().expect("an id"))
}

#[test]
fn a_balance_at_a_months_end_is_proved_to_whoever_has_the_key_alone() {
    let shop = Shop::open();
    let (ona, jonas) = (shop.issued("ona@example.com"), shop.issued("jonas@example.com"));
    let id = |card: &Value| card["id"].as_str().expect("an id").to_owned();
    shop.award(&id(&ona), 250);
    shop.award(&id(&jonas), 40);
    let expiring = json!({"card_id": ona["id"], "points": 30, "reason": "x", "expires_at": "2026-01-20T00:00:00Z"});
    shop.post("/api/points/award", &expiring).data(201);
    shop.server.advance_days(25);
    shop.get(&path("2026-01", &ona)).error(404, "RESOURCE_NOT_FOUND");
    shop.server.advance_days(10);
    shop.server.seal();
    let february = shop.issued("late@example.com");
    shop.redeem(&id(&ona), 200).data(201);

    let statement = shop.get(&path("2026-01", &ona)).json();
    let balance = proved(&shop, &statement);
    assert_eq!((balance.closing.balance, balance.closing.available), (280, 250), "30 were due and not written off");
    assert_eq!(balance.closing.number, ona["card_number"].as_str().expect("a number"));
    let by_number = format!("/audit/balances/2026-01/cards/{}", balance.closing.number);
    assert_eq!(shop.get(&by_number).json(), statement);
    assert_eq!(proved(&shop, &shop.get(&path("2026-01", &jonas)).json()).closing.available, 40);
    for (wrong, code) in [
        (path("2026-01", &february), "RESOURCE_NOT_FOUND"),
        (path("2026-02", &ona), "RESOURCE_NOT_FOUND"),
        (path("january", &ona), "RESOURCE_NOT_FOUND"),
        ("/audit/balances/2026-01/cards/card_999".to_owned(), "CARD_NOT_FOUND"),
        ("/audit/balances/2026-01/cards/x".to_owned(), "CARD_NOT_FOUND"),
        ("/audit/balances/2025-12".to_owned(), "RESOURCE_NOT_FOUND"),
    ] {
        shop.get(&wrong).error(404, code);
    }

    // The facts of the seal, and the list of all.
    shop.server.advance_days(30);
    shop.server.seal();
    let facts = shop.get("/audit/balances/2026-01").json();
    let seal = &facts["seals"][0];
    assert_eq!((&facts["period"], &seal["cards"], &seal["points"]), (&json!("2026-01"), &json!(2), &json!(320)));
    assert_eq!((&seal["available"], &seal["ends_at"]), (&json!(290), &json!("2026-02-01T00:00:00.000000Z")));
    let page = shop.get("/audit/balances?limit=1").json();
    assert_eq!(page["seals"], json!([seal]));
    let next = page["next_after"].as_i64().expect("another page");
    let page = shop.get(&format!("/audit/balances?after={next}")).json();
    assert_eq!((page["seals"][0]["period"].as_str(), &page["next_after"]), (Some("2026-02"), &Value::Null));
    assert_eq!(proved(&shop, &shop.get(&path("2026-02", &ona)).json()).closing.available, 50);
    shop.get("/audit/balances?limit=0").error(400, "VALIDATION_ERROR");

    // An erased customer's card stays among those that were sealed.
    shop.send(
        "DELETE",
        &format!("/api/customers/{}", shop.customer_of(jonas["card_number"].as_str().expect("a number"))),
        None,
    )
    .data(200);
    assert_eq!(proved(&shop, &shop.get(&path("2026-01", &jonas)).json()).closing.available, 40);
    assert_eq!(shop.get(&path("2026-01", &ona)).json(), statement, "it stays as it is");
    verify(shop.server.files.path());
}

#[test]
fn every_character_of_a_statement_counts() {
    let shop = Shop::open();
    let cards: Vec<Value> = (0..5).map(|card| shop.issued(&format!("c{card}@example.com"))).collect();
    shop.award(cards[2]["id"].as_str().expect("an id"), 25);
    shop.server.advance_days(31);
    shop.server.seal();
    let (whole, key) = (shop.get(&path("2026-01", &cards[2])).json().to_string(), log_key(&shop));
    assert!(receipt::verify(&whole, &key).is_ok());
    let mut refused = 0;
    for place in 0..whole.len() {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] = match bytes[place] {
            b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => bytes[place] + 1,
            _ => continue,
        };
        let changed = String::from_utf8(bytes).expect("text");
        assert!(receipt::verify(&changed, &key).is_err(), "place {place}: {changed}");
        refused += 1;
    }
    assert!(refused > 1_200, "{refused} places");
}

#[test]
fn a_key_sees_its_own_partners_seals_and_the_deployments_all() {
    let shop = Shop::open();
    let card = shop.issued("ona@example.com");
    let other = shop.other_partner();
    let theirs =
        other.post("/api/loyalty-cards", &json!({"customer_email": "o@example.com", "customer_name": "O"})).data(201);
    shop.server.advance_days(31);
    shop.server.seal();
    let partners = |client: &Client| -> Vec<i64> {
        let seals = client.get("/audit/balances/2026-01").json()["seals"].clone();
        seals.as_array().expect("a list").iter().map(|seal| seal["partner_id"].as_i64().expect("a partner")).collect()
    };
    let everything = NewKey { scopes: vec![Scope::Audit], ..NewKey::default() };
    let auditor = shop.client_with(PartnerId::DEPLOYMENT, everything).0;
    assert_eq!((partners(&shop), partners(&other), partners(&auditor)), (vec![1], vec![2], vec![1, 2]));
    assert_eq!(auditor.get("/audit/balances").json()["seals"].as_array().map(Vec::len), Some(2));
    assert_eq!(other.get("/audit/balances").json()["seals"].as_array().map(Vec::len), Some(1));
    other.get(&path("2026-01", &card)).error(404, "CARD_NOT_FOUND");
    shop.get(&path("2026-01", &theirs)).error(404, "CARD_NOT_FOUND");
    assert_eq!(proved(&auditor, &auditor.get(&path("2026-01", &theirs)).json()).closing.balance, 0);
    // Both partners may have given out the same number.
    let number = card["card_number"].as_str().expect("a number");
    auditor.get(&format!("/audit/balances/2026-01/cards/{number}")).error(404, "CARD_NOT_FOUND");
    let till = shop.keyed(NewKey { scopes: vec![Scope::PointsManage], ..NewKey::default() });
    for denied in ["/audit/balances", "/audit/balances/2026-01", &path("2026-01", &card)] {
        till.get(denied).error(403, "INSUFFICIENT_PERMISSIONS");
    }
}

#[test]
fn a_statement_that_fits_is_a_qr_code() {
    let shop = Shop::with_rules(TemplateRules::default());
    let card = shop.issued("ona@example.com");
    shop.server.advance_days(31);
    shop.server.seal();
    let path = path("2026-01", &card);
    let said = shop.get(&path).raw;
    // Each doubling of cards or of events adds one hash.
    assert!(said.len() < 2_000, "one card of a young log: {}", said.len());
    let picture = shop.get(&format!("{path}/qr"));
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    let (_, scanned) = super::receipt_codes::scanned(picture.raw);
    let key: LogKey = log_key(&shop);
    assert!(receipt::verify(&scanned, &key).is_ok(), "{scanned}");
    shop.get(&format!("{path}/qr?size=1001")).error(400, "VALIDATION_ERROR");
}
