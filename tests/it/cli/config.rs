//! Settings: a flag, else the environment, else the file, else the default.

use super::program::{Finished, Service, command, run, run_bare};
use counterfoil::note::{Algorithm, Signer, VerifierKey};
use serde_json::Value;
use std::path::Path;

fn file(dir: &Path, text: &str) -> String {
    let path = dir.join("settings.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The value of a setting and its source, as `config show` says.
fn shown(words: &str, environment: &[(&str, &str)], name: &str) -> (String, String) {
    let mut command = command(&format!("config show --json {words}"));
    let settings = Finished::from(command.envs(environment.iter().copied()).output().unwrap()).json();
    let of_name = |setting: &&Value| setting["name"] == name;
    let setting = settings.as_array().unwrap().iter().find(of_name).unwrap_or_else(|| panic!("{name}: {settings:#}"));
    let value = setting["value"].as_array().unwrap().iter().map(|value| value.as_str().unwrap());
    (value.collect::<Vec<_>>().join(" "), setting["source"].as_str().unwrap().to_owned())
}

#[test]
fn a_flag_goes_before_the_environment_that_before_the_file_and_that_before_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "data = \"/books\"\ncard-memory = 32\nwitness = []");
    let of = |words: &str, environment: &[(&str, &str)]| {
        shown(&format!("--config {path} {words}"), environment, "card-memory")
    };
    let variable = ("COUNTERFOIL_CARD_MEMORY", "64");
    assert_eq!(of("--card-memory 128", &[variable]), ("128".to_owned(), "--card-memory".to_owned()));
    assert_eq!(of("", &[variable]), ("64".to_owned(), variable.0.to_owned()));
    assert_eq!(of("", &[]), ("32".to_owned(), path.clone()));
    assert_eq!(shown("--data /books", &[], "card-memory"), ("192".to_owned(), "default".to_owned()));
    let named = [("COUNTERFOIL_CONFIG", path.as_str())];
    assert_eq!(shown("", &named, "data"), ("/books".to_owned(), path.clone()));
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let flags = "--data /books --limit-pair 5/h,2/min --environment staging";
    let text = run_bare(&format!("config show {flags}")).ok();
    assert!(text.contains("limit-pair = \"5/h,2/min\"  # --limit-pair"), "{text}");
    assert!(text.contains("# witness is not set"), "{text}");
    let path = file(dir.path(), &text);
    for name in ["data", "limit-pair", "environment", "listen"] {
        assert_eq!(shown(&format!("--config {path}"), &[], name).0, shown(flags, &[], name).0, "{name}");
    }
}

#[test]
fn a_file_that_says_nonsense_is_refused_by_the_name_of_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    for (text, parts) in [
        ("lisen = \"127.0.0.1:0\"", ["no setting lisen", "nearest one is listen"]),
        ("json = true", ["no setting json", "nearest"]),
        ("socket-mode = \"nine\"", ["nine", "settings.toml says: socket-mode"]),
        ("listen = 1.5", ["listen: must be", "settings.toml"]),
        ("listen =", ["line 1", "settings.toml"]),
    ] {
        let path = file(dir.path(), text);
        let complaint = run(&format!("config check --config {path}"), dir.path()).refused();
        for part in parts {
            assert!(complaint.contains(part), "{text}: {complaint}");
        }
    }
    let complaint = run("config check --config /nowhere.toml", dir.path()).refused();
    assert!(complaint.contains("/nowhere.toml"), "{complaint}");
}

#[test]
fn a_switch_and_a_list_may_stand_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "webhooks-allow-private = true\nwebhook-retry = [\"1s\", \"2s\"]");
    let shown = run(&format!("config show --config {path}"), dir.path()).ok();
    for line in [r#"webhooks-allow-private = "on""#, r#"webhook-retry = ["1s", "2s"]"#] {
        assert!(shown.contains(line), "{shown}");
    }
    run("config show --webhooks-allow-private", dir.path()).ok();
}

/// The values of a setting, as `config show` says.
fn values(words: &str, environment: &[(&str, &str)], name: &str) -> Vec<String> {
    let mut command = command(&format!("config show --json --data /books {words}"));
    let settings = Finished::from(command.envs(environment.iter().copied()).output().unwrap()).json();
    let setting = settings.as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap();
    setting["value"].as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_may_be_repeated_may_be_several_in_one_variable_too() {
    let dir = tempfile::tempdir().unwrap();
    let proxies = ["10.0.0.0/8", "2001:db8::1", "unix"];
    let path = file(dir.path(), &format!("trusted-proxy = {:?}", proxies.join(",")));
    let several = [("COUNTERFOIL_TRUSTED_PROXY", proxies.join(","))];
    for (words, environment) in [
        (String::new(), several.each_ref().map(|(name, value)| (*name, value.as_str())).as_slice()),
        (format!("--trusted-proxy {}", proxies.join(",")), &[]),
        (format!("--config {path}"), &[]),
    ] {
        assert_eq!(values(&words, environment, "trusted-proxy"), proxies, "{words}");
    }
    // A name may hold a comma, and no space.
    let key = |name: &str| VerifierKey::new(name, Algorithm::Cosignature, &Signer::public_key_of(&[7; 32])).unwrap();
    let witnesses = ["one.example,eu", "two.example"].map(|name| key(name).to_string());
    let variable = [("COUNTERFOIL_WITNESS", &*witnesses.join(" "))];
    assert_eq!(values("", &variable, "witness"), witnesses);
    let list = file(dir.path(), &format!("witness = {witnesses:?}"));
    assert_eq!(values(&format!("--config {list}"), &[], "witness"), witnesses);
    let half = command("config show --data /books").env("COUNTERFOIL_TRUSTED_PROXY", "unix,ten").output().unwrap();
    assert!(Finished::from(half).refused().contains("ten"));
}

#[test]
fn a_check_looks_for_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    run("config check", dir.path()).refused();
    run("init", dir.path()).ok();
    run("config check", dir.path()).ok();
}

#[test]
fn every_subcommand_finds_the_directory_that_the_file_names_and_a_service_goes_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let books = dir.path().join("books");
    run("init", &books).ok();
    let text = format!("data = {books:?}\nlog = \"json\"\ncheckpoint-every = 0\nlisten = \"[::1]:1\"");
    let path = file(dir.path(), &text);
    run_bare(&format!("keys list --config {path}")).ok();
    // The flags that the test adds, --listen and --data, go before the file's.
    let service = Service::start(&format!("serve --config {path}"), &books);
    let served = run_bare(&format!("status --json --config {path}")).json();
    assert_eq!(served["served"], true);
    let (code, log) = service.terminate();
    assert_eq!(code, 0);
    assert!(log.starts_with('{'), "{log}");
}
