//! Behind a proxy: whom to believe about a client, and that nobody else is.

use crate::support::{Client, NewKey, Shop};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::{HttpConfig, ProxyHeaders};

fn behind(trusted: &[&str]) -> Shop {
    let trusted_proxies = trusted.iter().map(|entry| (*entry).to_owned()).collect();
    Shop::with(TemplateRules::default(), HttpConfig { trusted_proxies, ..HttpConfig::default() })
}

fn through(client: &Client, from: &str) -> Client {
    client.with("X-Forwarded-For", from)
}

#[test]
fn a_keys_addresses_are_held_against_the_client_behind_the_proxy() {
    let shop = behind(&["127.0.0.0/8"]);
    let key = shop.keyed(NewKey { allowed_ips: vec!["203.0.113.0/24".to_owned()], ..NewKey::default() });
    through(&key, "203.0.113.9").get("/api/loyalty-cards").data(200);
    through(&key, "198.51.100.1, 203.0.113.9, 127.0.0.2").get("/api/loyalty-cards").data(200);
    let passed_on = through(&key, "198.51.100.1").with("Forwarded", "for=203.0.113.9");
    passed_on.get("/api/loyalty-cards").error(403, "IP_NOT_WHITELISTED");
    for made_up in ["203.0.113.9, 198.51.100.1", "198.51.100.1", "nonsense"] {
        through(&key, made_up).get("/api/loyalty-cards").error(403, "IP_NOT_WHITELISTED");
    }
    key.get("/api/loyalty-cards").error(403, "IP_NOT_WHITELISTED");
}

#[test]
fn a_proxy_that_speaks_the_standard_is_believed_in_its_words_alone() {
    let (trusted_proxies, proxy_headers) = (vec!["127.0.0.1".to_owned()], ProxyHeaders::Forwarded);
    let config = HttpConfig { trusted_proxies, proxy_headers, ..HttpConfig::default() };
    let shop = Shop::with(TemplateRules::default(), config);
    let key = shop.keyed(NewKey { allowed_ips: vec!["203.0.113.9".to_owned()], ..NewKey::default() });
    key.with("Forwarded", "for=6.6.6.6, for=203.0.113.9;proto=https").get("/api/loyalty-cards").data(200);
    let passed_on = through(&key, "203.0.113.9").with("Forwarded", "for=198.51.100.1");
    passed_on.get("/api/loyalty-cards").error(403, "IP_NOT_WHITELISTED");
}

#[test]
fn a_client_without_a_proxy_cannot_say_that_it_is_another() {
    for shop in [behind(&[]), behind(&["10.0.0.0/8", "unix"])] {
        let key = shop.keyed(NewKey { allowed_ips: vec!["203.0.113.9".to_owned()], ..NewKey::default() });
        through(&key, "203.0.113.9").get("/api/loyalty-cards").error(403, "IP_NOT_WHITELISTED");
        let wrong = shop.client.bare().with("X-API-Key", &shop.public_id).with("X-API-Secret", "wrong");
        // The refusal above has counted already.
        for turn in 1..60 {
            let elsewhere = through(&wrong, &format!("203.0.113.{turn}"));
            elsewhere.get("/api/loyalty-cards").error(401, "INVALID_CREDENTIALS");
        }
        through(&wrong, "203.0.113.99").get("/api/loyalty-cards").error(429, "RATE_LIMIT_EXCEEDED");
    }
}

#[test]
fn wrong_credentials_behind_a_proxy_hold_up_their_own_address_alone() {
    let shop = behind(&["127.0.0.1"]);
    let wrong = shop.client.bare().with("X-API-Key", &shop.public_id).with("X-API-Secret", "wrong");
    for _ in 0..60 {
        through(&wrong, "203.0.113.9").get("/api/loyalty-cards").error(401, "INVALID_CREDENTIALS");
    }
    through(&wrong, "203.0.113.9").get("/api/loyalty-cards").error(429, "RATE_LIMIT_EXCEEDED");
    through(&wrong, "6.6.6.6, 203.0.113.9").get("/api/loyalty-cards").error(429, "RATE_LIMIT_EXCEEDED");
    through(&wrong, "203.0.113.10").get("/api/loyalty-cards").error(401, "INVALID_CREDENTIALS");
}

#[test]
fn links_name_the_host_that_a_trusted_proxy_says_and_no_other() {
    for (trusted, expected) in [(&["127.0.0.1"][..], "https://shop.example/qr/"), (&[], "http://127.0.0.1:")] {
        let shop = behind(trusted);
        let card = shop.card("ann@example.com");
        let said = shop.client.with("X-Forwarded-Host", "shop.example").with("X-Forwarded-Proto", "https");
        let seen = said.get(&format!("/api/loyalty-cards/{card}")).data(200).to_string();
        assert!(seen.contains(expected), "{seen}");
        assert_eq!(seen.contains("shop.example"), !trusted.is_empty(), "{seen}");
    }
}

#[test]
fn a_sound_trace_is_answered_with_this_services_part_of_it() {
    let shop = Shop::open();
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traced = shop.client.bare().with("traceparent", &format!("00-{id}-00f067aa0ba902b7-01"));
    let reply = traced.get("/health");
    let told = reply.header("traceresponse").expect("it is told");
    assert!(told.starts_with(&format!("00-{id}-")) && told.ends_with("-01"), "{told}");
    assert!(!told.contains("00f067aa0ba902b7"), "a part of its own: {told}");
    let nonsense = shop.client.bare().with("traceparent", "00-nonsense-01");
    assert_eq!(nonsense.get("/health").header("traceresponse"), None);
    assert_eq!(shop.client.bare().get("/health").header("traceresponse"), None);
}
