//! `counterfoil serve`: one process for a directory, and an orderly end.

use super::program::{Service, eventually, run};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let service = Service::start("serve", dir.path());
    let complaint = run("serve --listen 127.0.0.1:0", dir.path()).refused();
    assert!(complaint.contains("another process serves"), "{complaint}");
    run("keys list", dir.path()).ok();
    assert_eq!(service.terminate().0, 0);
    // The lock went with the process.
    assert_eq!(Service::start("serve", dir.path()).terminate().0, 0);
}

#[test]
fn the_control_socket_is_the_owners_alone_and_goes_with_the_service() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let socket = dir.path().join("control.sock");
    let service = Service::start("serve", dir.path());
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    service.terminate();
    assert!(!socket.exists());
}

#[test]
fn a_socket_that_a_killed_service_left_keeps_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let service = Service::start("serve", dir.path());
    service.signal("KILL");
    drop(service);
    assert!(dir.path().join("control.sock").exists());
    run("keys create", dir.path()).ok();
    let service = Service::start("serve", dir.path());
    run("keys create", dir.path()).ok();
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_service_that_does_not_answer_is_not_waited_for_in_vain() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    // Somebody listens who closes every connection: what was asked may have been done, and the command says so.
    let listener = UnixListener::bind(dir.path().join("control.sock")).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let complaint = run("keys list", dir.path()).refused();
    assert!(complaint.contains("did not answer"), "{complaint}");
}

#[test]
fn a_directory_whose_path_is_too_long_for_a_socket_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(100));
    run("init", &long).ok();
    let complaint = run("serve --listen 127.0.0.1:0", &long).refused();
    assert!(complaint.contains("shorter"), "{complaint}");
    run("keys create", &long).ok();
}

#[test]
fn an_address_that_is_taken_is_named() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let complaint = run(&format!("serve --listen {address}"), dir.path()).refused();
    assert!(complaint.contains(&address.to_string()), "{complaint}");
    run("keys list", dir.path()).ok();
}

#[test]
fn log_lines_are_json_when_asked_for_and_name_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = run("init --json --partner Bakery", dir.path()).json();
    let service = Service::start("serve --log json", dir.path());
    let created = run("keys create --json", dir.path()).json();
    let (code, log) = service.terminate();
    assert_eq!(code, 0);
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(line["level"].is_string());
    }
    for secret in [&credentials["api_secret"], &credentials["api_key"], &created["api_secret"]] {
        assert!(!log.contains(secret.as_str().unwrap()));
    }
    assert!(!log.contains("Bakery"));
}

#[test]
fn a_service_waits_for_a_command_that_is_being_executed() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let lock = counterfoil::storage::DataDir::new(dir.path()).lock().unwrap();
    let mut service = Service::spawn("serve", dir.path());
    eventually("it waits", || service.log().contains("waiting for a command"));
    drop(lock);
    service.await_announcement();
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_hangup_without_a_certificate_ends_nothing_neither_during_a_start_nor_after_it() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let lock = counterfoil::storage::DataDir::new(dir.path()).lock().unwrap();
    let mut service = Service::spawn("serve", dir.path());
    eventually("it starts", || service.log().contains("waiting for a command"));
    service.signal("HUP");
    eventually("it says so", || service.log().matches("nothing to read anew").count() == 1);
    drop(lock);
    service.await_announcement();
    service.signal("HUP");
    eventually("it says so again", || service.log().matches("nothing to read anew").count() == 2);
    let client = crate::support::Client::new(&format!("http://{}", service.address()));
    client.get("/health").data(200);
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn status_says_whether_a_service_runs_and_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let alone = run("status --json", dir.path()).json();
    assert_eq!((&alone["served"], &alone["events"], &alone["projected"]), (&false.into(), &5.into(), &5.into()));
    let service = Service::start("serve --checkpoint-every 0", dir.path());
    let beside = run("status --json", dir.path()).json();
    assert_eq!((&beside["served"], &beside["events"], &beside["writable"]), (&true.into(), &5.into(), &true.into()));
    assert_eq!(service.terminate().0, 0);
}
