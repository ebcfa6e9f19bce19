//! Rate limits, as clients see them.

use crate::support::{NewKey, Shop};
use counterfoil::domain::programme::{KeyForm, TemplateRules};
use counterfoil::http::HttpConfig;
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
    shop.keyed(NewKey::default()).get("/api/loyalty-cards").data(200);
    shop.server.advance_seconds(60);
    shop.get("/api/loyalty-cards").data(200);
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
