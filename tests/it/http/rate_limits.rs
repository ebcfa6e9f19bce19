//! Rate limits, as clients see them.

use crate::support::{NewKey, Shop, contract};
use counterfoil::domain::programme::{KeyForm, TemplateRules};
use counterfoil::http::{Allowances, HttpConfig};
use serde_json::json;

fn number(reply: &crate::support::Reply, name: &str) -> i64 {
    reply.header(name).unwrap_or_else(|| panic!("no {name}")).parse().expect("a number")
}

#[test]
fn a_key_has_a_hundred_requests_a_minute_and_every_answer_says_what_is_left() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    let hour_ends = 1_767_225_600 + 3_600;
    for used in 1..=100 {
        let reply = shop.get("/api/loyalty-cards");
        reply.data(200);
        assert_eq!(number(&reply, "x-ratelimit-limit"), 2_000);
        assert_eq!(number(&reply, "x-ratelimit-remaining"), 2_000 - used);
        assert_eq!(number(&reply, "x-ratelimit-reset"), hour_ends);
    }
    let refused = shop.get("/api/loyalty-cards");
    let error = refused.error(429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(error["retry_after"], json!(60));
    assert_eq!(number(&refused, "retry-after"), 60);
    assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
    assert_eq!(refused.header("retry-after"), refused.header("x-ratelimit-retry-after"));
    assert_eq!(refused.header("ratelimit"), Some(r#""hour";r=1900;t=3600, "minute";r=0;t=60"#));
    shop.keyed(NewKey::default()).get("/api/loyalty-cards").data(200);
    shop.server.advance_seconds(60);
    shop.get("/api/loyalty-cards").data(200);
}

#[test]
fn every_header_of_a_refusal_is_in_the_document() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    while shop.get("/api/loyalty-cards").status == 200 {}
    let refused = shop.get("/api/loyalty-cards");
    refused.error(429, "RATE_LIMIT_EXCEEDED");
    let document = contract::committed();
    let described = document["components"]["responses"]["Failure429"]["headers"].as_object().expect("headers").keys();
    let described: Vec<String> = described.map(|name| name.to_lowercase()).collect();
    let told: Vec<&str> = refused.headers.keys().map(|name| name.as_str()).collect();
    let told: Vec<&str> =
        told.into_iter().filter(|name| name.contains("ratelimit") || *name == "retry-after").collect();
    assert_eq!(told.len(), 7, "{told:?}");
    assert!(told.iter().all(|name| described.iter().any(|known| known == name)), "{told:?}: {described:?}");
}

#[test]
fn both_windows_are_told_in_the_form_of_the_standard() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    shop.server.advance_seconds(90);
    let reply = shop.get("/api/loyalty-cards");
    assert_eq!(reply.header("ratelimit-policy"), Some(r#""hour";q=2000;w=3600, "minute";q=100;w=60"#));
    assert_eq!(reply.header("ratelimit"), Some(r#""hour";r=1999;t=3510, "minute";r=99;t=30"#));
    let stranger = shop.client.bare().get("/health");
    assert_eq!(stranger.header("ratelimit-policy"), Some(r#""minute";q=60;w=60"#));
}

#[test]
fn a_till_that_polls_a_balance_does_not_keep_its_awards_waiting() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    let card = shop.card("ann@example.com");
    while shop.get(&format!("/api/points/balance/{card}")).status == 200 {}
    let award = shop.post("/api/points/award", &json!({"card_id": card, "points": 1, "reason": "x"}));
    award.data(201);
    assert_eq!(number(&award, "x-ratelimit-remaining"), 1_998, "the card and the award");
}

#[test]
fn the_partners_surface_has_an_allowance_of_its_own() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    for path in ["/en/partners/shops", "/lt/partners/cards", "/api/partners/shops"] {
        assert_eq!(number(&shop.get(path), "x-ratelimit-limit"), 8_000, "{path}");
    }
    assert_eq!(number(&shop.get("/api/partners/shops"), "x-ratelimit-remaining"), 7_996);
    assert_eq!(number(&shop.get("/en/shop/shops"), "x-ratelimit-remaining"), 1_999);
}

fn without_limits_on_keys() -> Shop {
    let pair = "off".parse().unwrap();
    let limits = Allowances { pair, ..Allowances::default() };
    Shop::with(TemplateRules::default(), HttpConfig { rate_limits: Some(limits), ..HttpConfig::default() })
}

#[test]
fn points_of_one_card_move_a_hundred_and_twenty_times_a_minute() {
    let shop = without_limits_on_keys();
    let (card, other) = (shop.card("ann@example.com"), shop.card("ben@example.com"));
    let award = |card: &str, order: i32| {
        let body = json!({"card_id": card, "points": 1, "reason": "x", "order_id": format!("order-{order}")});
        shop.post("/api/points/award", &body)
    };
    for order in 0..120 {
        award(&card, order).data(201);
    }
    let refused = award(&card, 120);
    let error = refused.error(429, "TRANSACTION_LIMIT_EXCEEDED");
    assert_eq!((&error["retry_after"], &error["card_id"]), (&json!(60), &json!(card)));
    assert_eq!(number(&refused, "retry-after"), 60);
    assert!(award(&card, 7).replayed(), "a repeated order is answered again");
    let unbounded = award(&other, 200);
    unbounded.data(201);
    assert_eq!(unbounded.header("x-ratelimit-limit"), None, "the key has no limit to tell of");
    let body = json!({"card_id": card, "points": 1, "reason": "x"});
    shop.post("/api/points/redeem", &body).error(429, "TRANSACTION_LIMIT_EXCEEDED");
    assert_eq!(shop.balance(&card), 120);
    let in_lithuanian = shop.post("/lt/shop/transactions/deduct-points", &json!({"card_id": card, "points": 1}));
    let error = in_lithuanian.error(429, "TRANSACTION_LIMIT_EXCEEDED");
    assert!(error["message"].as_str().unwrap().contains("kortel"), "{error:#}");
    shop.server.advance_seconds(60);
    award(&card, 120).data(201);
}

#[test]
fn what_comes_in_bulk_and_what_is_refused_does_not_count_for_a_card() {
    let shop = without_limits_on_keys();
    let card = shop.card("ann@example.com");
    let item = json!({"type": "award", "card_id": card, "points": 1, "reason": "x"});
    let bulk = json!({"transactions": vec![item; 500]});
    shop.post("/api/points/bulk", &bulk).data(200);
    let too_much = json!({"card_id": card, "points": 501, "reason": "x"});
    for _ in 0..130 {
        shop.post("/api/points/redeem", &too_much).error(422, "INSUFFICIENT_POINTS");
    }
    shop.post("/api/points/award", &json!({"card_id": card, "points": 1, "reason": "x"})).data(201);
}

#[test]
fn a_bearer_token_counts_for_its_shop_by_the_hour() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    let bearer = || shop.keyed(NewKey { form: KeyForm::Bearer, shop: Some(shop.shop), ..NewKey::default() });
    let (one, other) = (bearer(), bearer());
    assert_eq!(number(&one.get("/api/loyalty-cards"), "x-ratelimit-limit"), 1_000);
    assert_eq!(number(&other.get("/api/loyalty-cards"), "x-ratelimit-remaining"), 998);
}

#[test]
fn failed_credentials_count_against_their_address_and_never_hold_up_right_ones() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    let wrong = shop.client.bare().with("X-API-Key", &shop.public_id).with("X-API-Secret", "wrong");
    for _ in 0..60 {
        wrong.get("/api/loyalty-cards").error(401, "INVALID_CREDENTIALS");
    }
    wrong.get("/api/loyalty-cards").error(429, "RATE_LIMIT_EXCEEDED");
    shop.get("/api/loyalty-cards").data(200);
    assert_eq!(number(&shop.client.bare().get("/health"), "x-ratelimit-remaining"), 0);
}

#[test]
fn pictures_have_a_bucket_of_their_own_for_each_address() {
    let shop = Shop::with(TemplateRules::default(), HttpConfig::default());
    let card = shop.card("ann@example.com");
    let anyone = shop.client.bare();
    let paths = [format!("/qr/{card}?size=64"), "/qr?data=x&size=64".to_owned()];
    for used in 1..=300 {
        let reply = anyone.get(&paths[used % 2]);
        assert_eq!(reply.status, 200);
        assert_eq!(number(&reply, "x-ratelimit-limit"), 300);
        assert_eq!(number(&reply, "x-ratelimit-remaining"), 300 - i64::try_from(used).unwrap());
    }
    for path in &paths {
        anyone.get(path).error(429, "RATE_LIMIT_EXCEEDED");
    }
    assert_eq!(number(&anyone.get("/health"), "x-ratelimit-remaining"), 60, "wrong credentials are another matter");
    shop.get("/api/loyalty-cards").data(200);
    shop.server.advance_seconds(60);
    assert_eq!(anyone.get(&paths[0]).status, 200);
}

#[test]
fn switched_off_nothing_is_limited_or_said() {
    let shop = Shop::open();
    for _ in 0..150 {
        let reply = shop.get("/api/loyalty-cards?limit=1");
        reply.data(200);
        assert_eq!(reply.header("x-ratelimit-limit"), None);
    }
}
