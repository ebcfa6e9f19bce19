//! The language of an answer: the one that the path names, else English. Codes, numbers and shapes are the same in all.

use crate::support::{Client, Reply, Shop};
use counterfoil::http::HttpConfig;
use serde_json::{Value, json};

fn message(reply: &Reply) -> String {
    reply.json()["message"].as_str().expect("a message").to_owned()
}

#[test]
fn a_success_speaks_the_language_of_its_path() {
    let shop = Shop::open();
    for (path, expected) in [
        ("/en/shop/validate-credentials", "The credentials are valid"),
        ("/lt/shop/validate-credentials", "Prisijungimo duomenys galioja"),
        ("/lt/shop/shop/validate-credentials", "Prisijungimo duomenys galioja"),
    ] {
        let reply = shop.post(path, &json!({}));
        assert_eq!(reply.data(200)["partner_name"], "Corner Bakery");
        assert_eq!(message(&reply), expected, "{path}");
    }
}

#[test]
fn a_failure_speaks_the_language_of_its_path_and_keeps_its_code() {
    let shop = Shop::open();
    let stranger = shop.client.bare();
    let english = stranger.post("/en/shop/validate-credentials", &json!({}));
    let lithuanian = stranger.post("/lt/shop/validate-credentials", &json!({}));
    for reply in [&english, &lithuanian] {
        reply.error(401, "AUTH_REQUIRED");
        assert_eq!(reply.json()["error_number"], json!(1010));
    }
    assert_eq!(message(&english), "Send X-API-Key and X-API-Secret, or a bearer token with Shop-ID");
    assert_eq!(message(&lithuanian), "Siųskite X-API-Key ir X-API-Secret arba prieigos žetoną (Bearer) su Shop-ID");
    assert_eq!(shape(&english.json()), shape(&lithuanian.json()));
}

#[test]
fn what_the_framework_refuses_speaks_the_language_too() {
    let shop = Shop::open();
    let unknown = shop.get("/lt/shop/nothing");
    unknown.error(404, "RESOURCE_NOT_FOUND");
    assert_eq!(message(&unknown), "Šiuo adresu nieko nėra");
    let wrong = shop.get("/lt/shop/validate-credentials");
    wrong.error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(message(&wrong), "Šiuo adresu toks metodas neleidžiamas");
}

#[test]
fn a_path_without_a_language_or_with_an_unknown_one_speaks_english() {
    let shop = Shop::open();
    for path in ["/nothing", "/api/nothing", "/xx/shop/health", "/LT/shop/health", "/ltx"] {
        let reply = shop.with("Accept-Language", "lt").get(path);
        reply.error(404, "RESOURCE_NOT_FOUND");
        assert_eq!(message(&reply), "There is nothing under this path", "{path}");
    }
    let reply = shop.post("/api/points/award", &json!({"card_id": "card_1", "points": 0}));
    reply.error(400, "INVALID_POINTS");
    assert_eq!(message(&reply), "must be a whole number greater than 0");
    assert_eq!(reply.about("reason"), "is required");
}

#[test]
fn the_health_check_describes_its_parts_in_the_language_of_its_path() {
    let shop = Shop::open();
    let said = |path: &str| shop.get(path).data(200)["components"]["jwt"]["message"].clone();
    assert_eq!(said("/health"), "customer sessions are not served");
    assert_eq!(said("/en/health"), "customer sessions are not served");
    assert_eq!(said("/lt/shop/system/health"), "klientų prisijungimai neaptarnaujami");
}

#[test]
fn too_many_requests_are_refused_in_the_language_of_the_path() {
    let shop = Shop::with(Default::default(), HttpConfig::default());
    let refused = |client: &Client, path: &str| {
        let replies = (0..200).map(|_| client.post(path, &json!({})));
        replies.into_iter().find(|reply| reply.status == 429).expect("a limit")
    };
    let reply = refused(&shop.client, "/lt/shop/validate-credentials");
    reply.error(429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(message(&reply), "Per daug užklausų: bandykite vėliau");
}

/// The names of all fields, and the values of those that no language changes.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let fields = object.iter().map(|(name, value)| match name.as_str() {
                "message" | "request_id" | "timestamp" => (name.clone(), Value::Null),
                _ => (name.clone(), shape(value)),
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => list.iter().map(shape).collect(),
        other => other.clone(),
    }
}
