//! Operating a service: its figures, its Unix socket, its traces.

use super::program::{Service, command, eventually, run};
use crate::support::Client;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

#[test]
fn figures_are_served_on_a_listener_of_their_own_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = run("init --json --partner Bakery", dir.path()).json();
    let service = Service::start("serve --log json --metrics-listen 127.0.0.1:0", dir.path());
    let lines: Vec<Value> = service.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = lines.iter().find(|line| line["message"] == "figures and readiness are served").expect("it is logged");
    let operator = Client::of_operator(&format!("http://{}", told["address"].as_str().unwrap()));
    let till = Client::new(&format!("http://{}", service.address()))
        .with("X-API-Key", credentials["api_key"].as_str().unwrap())
        .with("X-API-Secret", credentials["api_secret"].as_str().unwrap());

    // The announcement comes first: requests wait in the listener from then on.
    eventually("it is ready", || operator.get("/ready").json() == json!({"ready": true}));
    let person = json!({"customer_email": "ann@private.example", "customer_name": "Ann"});
    let card = till.post("/api/loyalty-cards", &person).data(201)["id"].as_str().unwrap().to_owned();
    for points in [1, 2] {
        till.post("/api/points/award", &json!({"card_id": card, "points": points, "reason": "x"})).data(201);
    }
    for path in [format!("/en/shop/loyalty-cards/{card}"), format!("/lt/shop/loyalty-cards/{card}")] {
        till.get(&path).data(200);
    }
    till.bare().get("/api/loyalty-cards").error(401, "AUTH_REQUIRED");
    till.get("/private.example").error(404, "RESOURCE_NOT_FOUND");
    till.get("/metrics").error(404, "RESOURCE_NOT_FOUND");

    let reply = operator.get("/metrics");
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let page = String::from_utf8(reply.raw).unwrap();
    for line in [
        "counterfoil_ready 1",
        r#"counterfoil_http_requests_total{route="/api/points/award",method="POST",status="201"} 2"#,
        r#"counterfoil_http_requests_total{route="/{locale}/shop/loyalty-cards/{id}",method="GET",status="200"} 2"#,
        r#"counterfoil_http_requests_total{route="unknown",method="GET",status="404"} 2"#,
        r#"counterfoil_http_request_seconds_count{route="/api/points/award",method="POST"} 2"#,
        r#"counterfoil_http_errors_total{code="AUTH_REQUIRED"} 1"#,
        "counterfoil_writer_waiting_requests 0",
        "counterfoil_writer_failing 0",
        "counterfoil_writer_failed_commits_total 0",
        "counterfoil_cards_in_memory 1",
        r#"counterfoil_webhooks{state="disabled"} 0"#,
        r#"counterfoil_webhook_attempts_total{outcome="delivered"} 0"#,
        "counterfoil_webhook_lag_most_events 0",
        "# EOF",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
    for name in [
        "writer_batch_requests_count",
        "writer_commit_seconds_sum",
        "log_events",
        "projector_lag_events",
        "projector_lag_seconds",
        "file_bytes{file=\"ledger.db\"}",
        "disk_free_bytes",
        "checkpoint_uncovered_events",
        "expiry_age_seconds",
        "http_connections",
        "http_streams",
    ] {
        assert!(page.contains(&format!("\ncounterfoil_{name}")), "{name} is not in\n{page}");
    }
    for private in ["private", &card] {
        assert!(!page.contains(private), "{private} is in\n{page}");
    }
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_trace_stands_in_the_log_of_its_request_in_both_forms() {
    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    for form in ["text", "json"] {
        let dir = tempfile::tempdir().unwrap();
        run("init", dir.path()).ok();
        let service = Service::start(&format!("serve --log {form}"), dir.path());
        let client = Client::new(&format!("http://{}", service.address()));
        let reply = client.with("traceparent", &format!("00-{ID}-00f067aa0ba902b7-01")).get("/health");
        client.get("/health").data(200);
        let (_, log) = service.terminate();
        let answered: Vec<&str> = log.lines().filter(|line| line.contains("answered")).collect();
        let span = reply.header("traceresponse").unwrap().split('-').nth(2).unwrap().to_owned();
        assert!(answered[0].contains(ID) && answered[0].contains(&span), "{log}");
        assert!(answered[1].contains("trace_id") && !answered[1].contains(ID), "one of its own: {log}");
    }
}

#[test]
fn a_service_listens_on_a_unix_socket_for_whom_its_mode_lets_in() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let path = dir.path().join("http.sock");
    // As a service that was killed leaves it.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut serve = command(&format!("serve --listen unix:{} --socket-mode 600 --trusted-proxy unix", path.display()));
    let mut child = serve.arg("--data").arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let answer = || -> Option<String> {
        let mut stream = UnixStream::connect(&path).ok()?;
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    };
    eventually("it answers", || answer().is_some_and(|answer| answer.starts_with("HTTP/1.1 200")));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut second = command(&format!("serve --listen unix:{}", path.display()));
    let other = tempfile::tempdir().unwrap();
    run("init", other.path()).ok();
    let refused = second.arg("--data").arg(other.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "somebody listens there");
    let told = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
    let mut announcement = String::new();
    child.stdout.take().unwrap().read_to_string(&mut announcement).unwrap();
    assert_eq!(announcement.trim_end(), format!("counterfoil serves on unix:{}", path.display()));
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(!log.contains("is not watched"), "its end is seen to: {log}");
}
