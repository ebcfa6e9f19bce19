//! Who may ask, in either form of credentials, from where, and for what.

use crate::support::{Client, NewKey, Shop};
use counterfoil::domain::programme::{KeyForm, RevokeKey, Scope};
use counterfoil::writer::Command;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

const CARDS: &str = "/api/loyalty-cards";

#[track_caller]
fn refused(client: &Client, status: u16, code: &str, number: Option<u16>) -> Value {
    let reply = client.get(CARDS);
    assert_eq!(reply.json()["error_number"], json!(number));
    reply.error(status, code)
}

#[test]
fn a_pair_is_wrong_in_three_ways_and_not_in_more() {
    let shop = Shop::open();
    let bare = shop.client.bare();
    refused(&bare, 401, "AUTH_REQUIRED", Some(1010));
    refused(&bare.with("X-API-Key", &shop.public_id), 401, "AUTH_REQUIRED", Some(1010));
    refused(&bare.with("X-API-Secret", &shop.secret), 401, "AUTH_REQUIRED", Some(1010));
    let pair = |key: &str, secret: &str| bare.with("X-API-Key", key).with("X-API-Secret", secret);
    refused(&pair("pk_live_1", &shop.secret), 401, "INVALID_CREDENTIALS", Some(1011));
    refused(&pair("lty_unknown", &shop.secret), 401, "INVALID_CREDENTIALS", Some(1012));
    refused(&pair(&shop.public_id, "wrong"), 401, "INVALID_CREDENTIALS", Some(1012));
    refused(&pair(&shop.public_id, &shop.public_id), 401, "INVALID_CREDENTIALS", Some(1012));
    pair(&shop.public_id, &shop.secret).get(CARDS).data(200);
}

#[test]
fn a_refusal_says_nothing_of_the_secret() {
    let shop = Shop::open();
    let wrong = format!("{}x", shop.secret);
    let reply = shop.client.bare().with("X-API-Key", &shop.public_id).with("X-API-Secret", &wrong).get(CARDS);
    assert!(!String::from_utf8_lossy(&reply.raw).contains(&shop.secret));
}

#[test]
fn a_revoked_or_outdated_key_is_expired() {
    let shop = Shop::open();
    let (client, key) = shop.client_with(shop.partner, NewKey::default());
    client.get(CARDS).data(200);
    shop.server.command(shop.partner, Command::RevokeKey(RevokeKey { key }));
    refused(&client, 401, "CREDENTIALS_EXPIRED", Some(1014));

    let expires_at = Some(shop.server.clock.now().plus_days(1));
    let client = shop.keyed(NewKey { expires_at, ..NewKey::default() });
    client.get(CARDS).data(200);
    shop.server.advance_days(1);
    refused(&client, 401, "CREDENTIALS_EXPIRED", Some(1014));
}

#[test]
fn a_bearer_token_comes_with_its_shop() {
    let shop = Shop::open();
    let key = NewKey { form: KeyForm::Bearer, shop: Some(shop.shop), ..NewKey::default() };
    let (_, credential) = shop.server.create_key(shop.partner, key);
    let token = credential.presented().reveal().to_owned();
    let bare = shop.client.bare();
    let bearer = |token: &str| bare.with("Authorization", &format!("Bearer {token}"));
    let at = |client: Client, shop: &str| client.with("Shop-ID", shop);
    let own = shop.shop.to_string();
    at(bearer(&token), &own).get(CARDS).data(200);
    at(bare.with("Authorization", &format!("bearer {token}")), &own).get(CARDS).data(200);
    refused(&bearer(&token), 401, "AUTH_REQUIRED", Some(1010));
    refused(&at(bearer(&credential.public_id), &own), 401, "INVALID_CREDENTIALS", Some(1011));
    refused(&at(bearer(&format!("{}.wrong", credential.public_id)), &own), 401, "INVALID_CREDENTIALS", Some(1012));
    refused(&at(bearer("ltb_unknown.wrong"), &own), 401, "INVALID_CREDENTIALS", Some(1012));
    let second = shop.server.open_shop(shop.partner);
    let error = refused(&at(bearer(&token), &second.to_string()), 403, "STORE_ACCESS_DENIED", None);
    assert_eq!(error["shop_id"], json!(second.to_string()));
    refused(&at(bearer(&token), "999"), 404, "SHOP_NOT_FOUND", None);
    // The pair's headers do not take a bearer's secret, nor the other way round.
    let pair = bare.with("X-API-Key", &shop.public_id).with("X-API-Secret", credential.secret.reveal());
    refused(&pair, 401, "INVALID_CREDENTIALS", Some(1012));
}

#[test]
fn a_key_names_the_shops_it_may_act_for_and_no_other() {
    let shop = Shop::open();
    let second = shop.server.open_shop(shop.partner);
    let foreign = shop.server.open_shop(shop.server.create_partner("Other"));
    shop.with("Shop-ID", &second.to_string()).get(CARDS).data(200);
    refused(&shop.with("Shop-ID", &foreign.to_string()), 404, "SHOP_NOT_FOUND", None);
    refused(&shop.with("Shop-ID", "nonsense"), 404, "SHOP_NOT_FOUND", None);
    let bound = shop.keyed(NewKey { shop: Some(shop.shop), ..NewKey::default() });
    bound.get(CARDS).data(200);
    refused(&bound.with("Shop-ID", &second.to_string()), 403, "STORE_ACCESS_DENIED", None);
    let id = shop.card("ann@example.com");
    let body = json!({"card_id": id, "points": 1, "reason": "x", "shop_id": second.get()});
    bound.post("/api/points/award", &body).error(403, "STORE_ACCESS_DENIED");
}

#[test]
fn a_key_is_used_from_its_addresses_only() {
    let shop = Shop::open();
    let from = |list: &[&str]| {
        let allowed_ips = list.iter().map(|entry| (*entry).to_owned()).collect();
        shop.keyed(NewKey { allowed_ips, ..NewKey::default() })
    };
    from(&["127.0.0.1"]).get(CARDS).data(200);
    from(&["10.0.0.0/8", "127.0.0.0/8"]).get(CARDS).data(200);
    refused(&from(&["10.0.0.0/8"]), 403, "IP_NOT_WHITELISTED", None);
    refused(&from(&["::1"]), 403, "IP_NOT_WHITELISTED", None);
}

#[test]
fn a_scope_allows_what_it_names_and_nothing_else() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let movement = json!({"card_id": id, "points": 1, "reason": "x"});
    let card = json!({"customer_email": "bob@example.com", "customer_name": "Bob"});
    let requests: [(Scope, &str, String, Option<&Value>); 9] = [
        (Scope::LoyaltyRead, "GET", CARDS.to_owned(), None),
        (Scope::LoyaltyRead, "GET", format!("/api/points/balance/{id}"), None),
        (Scope::LoyaltyRead, "GET", format!("/api/points/history/{id}"), None),
        (Scope::LoyaltyRead, "GET", "/api/customers".to_owned(), None),
        (Scope::LoyaltyWrite, "POST", CARDS.to_owned(), Some(&card)),
        (Scope::LoyaltyWrite, "PUT", format!("{CARDS}/{id}"), Some(&movement)),
        (Scope::PointsManage, "POST", "/api/points/award".to_owned(), Some(&movement)),
        (Scope::PointsManage, "POST", "/api/points/bulk".to_owned(), Some(&movement)),
        (Scope::CustomersErase, "DELETE", "/api/customers/cust_999".to_owned(), None),
    ];
    for scope in Scope::ALL {
        let client = shop.keyed(NewKey { scopes: vec![scope], ..NewKey::default() });
        for (needed, method, path, body) in &requests {
            let body = body.map(|body| body.to_string().into_bytes());
            let reply = client.send(method, path, body.as_deref());
            if *needed == scope {
                assert_ne!(reply.status, 403, "{method} {path} with {}", scope.name());
            } else {
                let error = reply.error(403, "INSUFFICIENT_PERMISSIONS");
                assert_eq!(error["required_permissions"], json!([needed.name()]));
                assert_eq!(reply.json()["error_number"], json!(1005));
            }
        }
    }
}

#[test]
fn a_signature_is_checked_where_there_is_one() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let body = json!({"card_id": id, "points": 1, "reason": "x"}).to_string();
    let sign = |body: &[u8]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(shop.secret.as_bytes()).unwrap();
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    };
    let send = |signature: &str| {
        shop.with("X-API-Signature", signature).send("POST", "/api/points/award", Some(body.as_bytes()))
    };
    send(&sign(body.as_bytes())).data(201);
    for wrong in [sign(b"{}"), "sha256=00".to_owned(), "nonsense".to_owned(), sign(body.as_bytes())[7..].to_owned()] {
        send(&wrong).error(401, "INVALID_CREDENTIALS");
    }
    shop.with("X-API-Signature", &sign(b"")).get(CARDS).data(200);
    shop.with("X-API-Signature", &sign(b"x")).get(CARDS).error(401, "INVALID_CREDENTIALS");
    assert_eq!(shop.balance(&id), 1);
}

#[test]
fn credentials_are_checked_before_anything_is_said_about_the_request() {
    let shop = Shop::open();
    let bare = shop.client.bare();
    bare.send("POST", "/api/points/award", Some(b"not json")).error(401, "AUTH_REQUIRED");
    bare.get("/api/loyalty-cards?page=0").error(401, "AUTH_REQUIRED");
    bare.delete("/api/customers/cust_1").error(401, "AUTH_REQUIRED");
}
