//! The limits of `serve`: each has its own flag, and each flag its own limit.

use super::program::{Service, run};
use crate::support::{Client, Reply};
use serde_json::{Value, json};

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn each_limit_is_the_one_that_its_flag_names() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = run("init --json", dir.path()).json();
    let token = run("keys create --json --shop 1 --bearer", dir.path()).json();
    let limits =
        "--limit-pair 61/h --limit-partner 62/h --limit-bearer 63/h --limit-failed 64/min --limit-pictures 65/min";
    let service = Service::start(&format!("serve {limits} --limit-card 2/h"), dir.path());
    let anyone = Client::new(&format!("http://{}", service.address()));
    let pair =
        anyone.with("X-API-Key", text(&credentials["api_key"])).with("X-API-Secret", text(&credentials["api_secret"]));
    let bearer = anyone.with("Authorization", &format!("Bearer {}", text(&token["bearer_token"]))).with("Shop-ID", "1");
    for (client, path, limit) in [
        (&pair, "/api/loyalty-cards", "61"),
        (&pair, "/en/partners/shops", "62"),
        (&bearer, "/api/loyalty-cards", "63"),
        (&anyone, "/health", "64"),
        (&anyone, "/qr?data=x&size=64", "65"),
    ] {
        let reply = client.get(path);
        assert_eq!((reply.status, reply.header("x-ratelimit-limit")), (200, Some(limit)), "{path}");
    }
    let person = json!({"customer_email": "ann@example.com", "customer_name": "Ann"});
    let card = pair.post("/api/loyalty-cards", &person).data(201)["id"].clone();
    let award = || pair.post("/api/points/award", &json!({"card_id": card, "points": 1, "reason": "x"}));
    // One more than two hours' worth, lest the test begin where one ends.
    let answers: Vec<Reply> = (0..5).map(|_| award()).collect();
    let refused = answers.iter().find(|answer| answer.status != 201).expect("the limit is felt");
    refused.error(429, "TRANSACTION_LIMIT_EXCEEDED");
    assert_eq!(service.terminate().0, 0);
}
