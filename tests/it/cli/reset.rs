//! What a directory is for, and `counterfoil reset`.

use super::program::{Service, any_file_holds, command, events, run};
use crate::support::{Receiver, verify};
use counterfoil::ops::Secrets;
use counterfoil::storage::DataDir;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::process::Stdio;
use std::time::Instant;

#[test]
fn a_staging_directory_is_emptied_and_its_programme_works_on() {
    let dir = tempfile::tempdir().unwrap();
    Service::start("demo", dir.path()).terminate();
    let key = run("keys create --json", dir.path()).json();
    run("keys revoke --key 1", dir.path()).ok();
    let of_programme = |(kind, _, _): &(String, String, Value)| {
        ["partner.", "shop.", "template.", "key."].iter().any(|thing| kind.starts_with(thing))
    };
    let programme: Vec<_> = events(dir.path()).into_iter().filter(of_programme).collect();
    assert!(programme.len() < events(dir.path()).len());
    let keys = run("keys list --json", dir.path()).json();
    let complaint = run("reset", dir.path()).refused();
    let (_, name) = complaint.trim_end().rsplit_once("--confirm ").unwrap();
    assert!(complaint.contains("events of the log counterfoil/"), "{complaint}");
    run("reset --confirm counterfoil/other", dir.path()).refused();
    assert!(any_file_holds(dir.path(), "ona@example.com"));
    run(&format!("reset --confirm {name}"), dir.path()).ok();
    assert!(!any_file_holds(dir.path(), "ona@example.com"));
    assert_eq!(events(dir.path()), programme);
    assert_eq!(run("keys list --json", dir.path()).json(), keys, "with their numbers, times and scopes");
    let secrets = Secrets::open(&DataDir::new(dir.path())).unwrap();
    assert!(secrets.verify(key["api_key"].as_str().unwrap(), key["api_secret"].as_str().unwrap()));
    drop(secrets);
    run("checkpoint", dir.path()).ok();
    let standing = run("status --json", dir.path()).json();
    assert_eq!(standing["environment"], "staging");
    verify(dir.path());
    let service = Service::start("serve --environment staging", dir.path());
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn webhooks_stay_with_their_secrets_and_nothing_of_what_they_were_told() {
    let dir = tempfile::tempdir().unwrap();
    run("init --environment staging --origin example.com/trial", dir.path()).ok();
    let receiver = Receiver::obliging();
    let serve = "serve --webhooks-allow-private";
    let service = Service::start(serve, dir.path());
    let create = format!("webhooks create --json --url {} --events card.created", receiver.url);
    let secret = run(&create, dir.path()).json()["secret"].as_str().unwrap().to_owned();
    let import = |id: &str| {
        let customers = dir.path().join("customers.csv");
        std::fs::write(&customers, format!("id;name;email;card_number\n{id};Ona;ona{id}@example.com;OLD-{id}\n"))
            .unwrap();
        run(&format!("import --customers {}", customers.display()), dir.path()).ok();
    };
    import("7");
    receiver.expect(1);
    assert_eq!(service.terminate().0, 0);
    run("reset --confirm example.com/trial", dir.path()).ok();
    let service = Service::start(serve, dir.path());
    import("8");
    let told = &receiver.expect(2)[1];
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&told.raw);
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(told.header("x-loyalty-signature"), expected, "the secret is the one that it had");
    let (code, log) = service.terminate();
    assert_eq!(code, 0);
    assert!(!log.contains("not the one that receivers were told of"), "{log}");
    let ops = rusqlite::Connection::open(dir.path().join("ops.db")).unwrap();
    let told = "SELECT count(*) FROM webhook_deliveries";
    assert_eq!(ops.query_row(told, [], |row| row.get::<_, i64>(0)).unwrap(), 1, "the one since");
}

#[test]
fn production_is_not_reset() {
    let dir = tempfile::tempdir().unwrap();
    run("init --origin example.com/books", dir.path()).ok();
    let before = events(dir.path());
    for words in ["reset", "reset --confirm example.com/books"] {
        let complaint = run(words, dir.path()).refused();
        assert!(complaint.contains("made for production: nothing resets it"), "{complaint}");
    }
    assert_eq!(events(dir.path()), before);
}

#[test]
fn a_directory_is_served_as_what_it_was_made_for() {
    let dir = tempfile::tempdir().unwrap();
    let (staging, production) = (dir.path().join("staging"), dir.path().join("production"));
    assert!(run("init --environment staging", &staging).ok().contains("for staging"));
    run("init", &production).ok();
    for (books, made_for, other) in [(&staging, "staging", "production"), (&production, "production", "staging")] {
        let complaint = run(&format!("serve --listen 127.0.0.1:0 --environment {other}"), books).refused();
        assert!(complaint.contains(&format!("made for {made_for}, and is not served as {other}")), "{complaint}");
        let service = Service::start("serve", books);
        let health = crate::support::Client::new(&format!("http://{}", service.address())).get("/health").json();
        assert_eq!(health["data"]["environment"], made_for, "{health}");
        assert_eq!(service.terminate().0, 0);
    }
}

#[test]
fn a_reset_is_refused_beside_a_service_and_killed_at_any_instant_it_has_happened_or_not() {
    let dir = tempfile::tempdir().unwrap();
    run("init --environment staging --origin example.com/trial", dir.path()).ok();
    let service = Service::start("serve", dir.path());
    let complaint = run("reset --confirm example.com/trial", dir.path()).refused();
    assert!(complaint.contains("another process serves"), "{complaint}");
    assert_eq!(service.terminate().0, 0);
    let reset = "reset --confirm example.com/trial";
    let begun = Instant::now();
    run(reset, dir.path()).ok();
    let whole = begun.elapsed();
    let customers = dir.path().join("customers.csv");
    std::fs::write(&customers, "id;name;email;card_number\n7;Ona;ona@example.com;OLD-0007\n").unwrap();
    let mut seen = [false; 2];
    for round in 0..10 {
        run(&format!("import --customers {}", customers.display()), dir.path()).ok();
        let before = events(dir.path());
        assert!(before.len() > 4);
        let mut resetting = command(reset).arg("--data").arg(dir.path()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * round / 8);
        drop(resetting.kill());
        resetting.wait().unwrap();
        run("status", dir.path()).ok();
        let held = events(dir.path());
        let emptied = held.len() == 4;
        assert!(emptied || held == before, "round {round}: {held:?}");
        verify(dir.path());
        seen[usize::from(emptied)] = true;
    }
    assert_eq!(seen, [true; 2], "the first kill came at once, the last one after the end");
    run("keys create", dir.path()).ok();
}
