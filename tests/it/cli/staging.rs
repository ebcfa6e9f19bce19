//! A service of a staging directory: whoever speaks with it sees that nothing counts.

use super::program::{Service, run};
use crate::support::{Client, Receiver};
use serde_json::json;

#[test]
fn health_the_check_of_credentials_and_webhooks_say_staging() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = run("init --json --environment staging", dir.path()).json();
    let receiver = Receiver::obliging();
    let service = Service::start("serve --webhooks-allow-private --rate-limit off", dir.path());
    let client = Client::new(&format!("http://{}", service.address()))
        .with("X-API-Key", credentials["api_key"].as_str().unwrap())
        .with("X-API-Secret", credentials["api_secret"].as_str().unwrap());
    assert_eq!(client.get("/health").data(200)["environment"], "staging");
    let valid = client.post("/en/shop/validate-credentials", &json!({})).data(200);
    assert_eq!(valid["environment"], "staging");

    run(&format!("webhooks create --url {} --events card.created", receiver.url), dir.path()).ok();
    let person = json!({"customer_email": "ann@example.com", "customer_name": "Ann"});
    client.post("/api/loyalty-cards", &person).data(201);
    receiver.expect(1);
    run("webhooks test --webhook 1", dir.path()).ok();
    client.post("/en/partners/webhooks/1/test", &json!({})).data(200);
    let told = receiver.expect(3);
    for message in &told {
        assert_eq!(message.body()["environment"], "staging", "{:#}", message.body());
    }
    let tests = told.iter().filter(|message| message.body()["test"] == true).count();
    assert_eq!((told.len(), tests), (3, 2), "the event, and a test of either kind");
    assert_eq!(service.terminate().0, 0);
}
