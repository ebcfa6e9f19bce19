//! What the service's own log says of requests: enough to find one, and nothing about anybody.

use super::program::{Service, command, run};
use crate::support::Client;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_request_leaves_one_line_with_its_route_and_id_and_nothing_personal() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = run("init --json --partner Bakery", dir.path()).json();
    let (key, secret) = (credentials["api_key"].as_str().unwrap(), credentials["api_secret"].as_str().unwrap());
    let service = Service::start("serve --log json --rate-limit off", dir.path());
    let bare = Client::new(&format!("http://{}", service.address()));
    let client = bare.with("X-API-Key", key).with("X-API-Secret", secret);

    let person = json!({"customer_email": "ann@private.example", "customer_name": "Private Ann", "customer_phone": "+37060099999"});
    let created = client.post("/api/loyalty-cards", &person);
    let card = created.data(201)["id"].as_str().unwrap().to_owned();
    let award = json!({"card_id": card, "points": 5, "reason": "Private reason", "metadata": {"note": "Private note"}});
    client.with("Idempotency-Key", "private-key").post("/api/points/award", &award).data(201);
    client.post("/api/loyalty-cards", &person).error(409, "DUPLICATE_CUSTOMER");
    client.get("/api/customers?email=ann@private.example&search=private").data(200);
    client.get("/api/loyalty-cards/ann@private.example").error(404, "CARD_NOT_FOUND");
    client.get("/ann@private.example").error(404, "RESOURCE_NOT_FOUND");
    client.send("POST", "/api/customers", Some(b"{\"email\": \"ann@private.example\"")).error(400, "VALIDATION_ERROR");
    bare.with("X-API-Key", key)
        .with("X-API-Secret", "private-guess")
        .get("/api/customers")
        .error(401, "INVALID_CREDENTIALS");
    let (code, log) = service.terminate();

    assert_eq!(code, 0, "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let answered: Vec<&Value> = lines.iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), 8, "{log}");
    assert_eq!(answered[0]["request_id"].as_str(), created.header("x-request-id"));
    assert_eq!((&answered[0]["method"], &answered[0]["route"]), (&json!("POST"), &json!("/api/loyalty-cards")));
    assert_eq!((&answered[0]["status"], &answered[0]["key"]), (&json!(201), &json!(1)));
    assert!(answered.iter().all(|line| line["micros"].is_u64()));
    assert_eq!(answered[4]["route"], "/api/loyalty-cards/{id}");
    assert_eq!(answered[5]["route"], "unknown");
    for private in ["private", "37060099999", secret, key] {
        assert!(!log.to_lowercase().contains(&private.to_lowercase()), "{private}: {log}");
    }
}

#[test]
fn a_service_whose_log_nobody_reads_any_more_goes_on_and_ends_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = run("init --json --partner Bakery", dir.path()).json();
    let (key, secret) = (credentials["api_key"].as_str().unwrap(), credentials["api_secret"].as_str().unwrap());
    let mut command = command("serve --rate-limit off --listen 127.0.0.1:0 --data");
    let mut service =
        command.arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    // As `serve 2>&1 | head -1` does.
    drop(service.stderr.take());
    let mut announcement = String::new();
    BufReader::new(service.stdout.take().expect("stdout is piped")).read_line(&mut announcement).unwrap();
    let address = announcement.trim().rsplit(' ').next().expect("the address comes last");
    let client = Client::new(address).with("X-API-Key", key).with("X-API-Secret", secret);
    let person = json!({"customer_email": "ann@example.com", "customer_name": "Ann"});
    client.post("/api/loyalty-cards", &person).data(201);
    let kill = format!("kill -TERM {}", service.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert!(service.wait().unwrap().success());
}
