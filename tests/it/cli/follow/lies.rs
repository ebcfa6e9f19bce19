//! A server that answers something else than its log says, and one that answers nothing that can be used.

use super::forger::Forger;
use super::liar::{Answer, Liar};
use super::scene::{Kept, Scene};
use crate::cli::program::{Service, run};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

/// A mirror of some books, and a liar between both from now on.
struct Deceived {
    scene: Scene,
    service: Service,
    liar: Liar,
    card: String,
}

impl Deceived {
    fn begin() -> Self {
        let scene = Scene::begin();
        let service = scene.serve();
        let card = scene.till(&service).card("ona@example.com");
        scene.till(&service).award(&card, 4);
        scene.checkpoint();
        let liar = Liar::before(service.address());
        assert_eq!(scene.follow(&liar.address, "").code, 0);
        scene.till(&service).award(&card, 4);
        scene.checkpoint();
        Self { scene, service, liar, card }
    }

    /// Follows once; the mirror keeps at least what it had.
    #[track_caller]
    fn alarm(&self) -> Value {
        let before = Kept::of(&self.scene.mirror());
        let finished = self.scene.follow(&self.liar.address, "");
        assert_eq!(finished.code, 3, "{finished:?}");
        let after = Kept::of(&self.scene.mirror());
        assert_eq!(after.checkpoint, before.checkpoint, "nothing more is verified");
        assert_eq!(after.rows[..before.rows.len()], before.rows);
        let alarms = self.scene.alarms();
        assert_eq!(alarms.len(), 1, "{alarms:#?}");
        std::fs::remove_dir_all(self.scene.mirror().join("alarms")).unwrap();
        alarms[0].clone()
    }

    /// With the truth everything goes on as if nothing had been.
    #[track_caller]
    fn recovers(&self) {
        self.liar.lie(|_, answer| answer);
        let finished = self.scene.follow(&self.liar.address, "");
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(self.scene.alarms(), Vec::<Value>::new());
    }
}

/// Alters the JSON of an answer to a path that begins so.
fn altered(
    begin: &'static str,
    alter: impl Fn(&mut Value) + Send + Sync,
) -> impl Fn(&str, Answer) -> Answer + Send + Sync {
    move |path, (status, body)| {
        if !path.starts_with(begin) {
            return (status, body);
        }
        let mut value: Value = serde_json::from_slice(&body).unwrap();
        alter(&mut value);
        (status, value.to_string().into_bytes())
    }
}

fn kind(alarm: &Value) -> &str {
    alarm["kind"].as_str().unwrap()
}

#[test]
fn a_proof_that_is_wrong_or_withheld_is_an_alarm() {
    let deceived = Deceived::begin();
    deceived.liar.lie(altered("/audit/proof", |proof| {
        proof["hashes"].as_array_mut().unwrap().pop();
    }));
    assert_eq!(kind(&deceived.alarm()), "proof");
    deceived.liar.lie(altered("/audit/proof", |proof| proof["hashes"][0] = json!("00".repeat(32))));
    assert_eq!(kind(&deceived.alarm()), "proof");
    deceived.liar.lie(altered("/audit/proof", |proof| proof["from"] = json!(1)));
    assert_eq!(kind(&deceived.alarm()), "proof");
    deceived.liar.lie(|path, answer| {
        if path.starts_with("/audit/proof") {
            let refusal = json!({"error_code": "RESOURCE_NOT_FOUND", "message": "no such proof"});
            return (404, refusal.to_string().into_bytes());
        }
        answer
    });
    let alarm = deceived.alarm();
    assert!(kind(&alarm) == "proof" && alarm["sentence"].as_str().unwrap().contains("no such proof"), "{alarm:#}");
    deceived.recovers();
}

#[test]
fn an_event_that_was_altered_left_out_or_put_in_on_the_way_is_named() {
    let deceived = Deceived::begin();
    let next = Kept::of(&deceived.scene.mirror()).rows.last().unwrap().0 + 2;
    let at = move |page: &mut Value| page["events"].as_array_mut().unwrap().iter().position(|row| row["seq"] == next);
    deceived.liar.lie(altered("/audit/events", move |page| {
        if let Some(place) = at(page) {
            page["events"][place]["payload"] = json!("{}");
        }
    }));
    let alarm = deceived.alarm();
    assert!(kind(&alarm) == "chain" && alarm["seq"] == next && alarm["event_shown"]["payload"] == "{}", "{alarm:#}");
    deceived.liar.lie(altered("/audit/events", move |page| {
        if let Some(place) = at(page) {
            page["events"].as_array_mut().unwrap().remove(place);
        }
    }));
    let alarm = deceived.alarm();
    assert!(kind(&alarm) == "chain" && alarm["seq"] == next, "{alarm:#}");
    deceived.liar.lie(altered("/audit/events", move |page| {
        if let Some(place) = at(page) {
            let twice = page["events"][place].clone();
            page["events"].as_array_mut().unwrap().insert(place, twice);
        }
    }));
    let alarm = deceived.alarm();
    assert!(kind(&alarm) == "chain" && alarm["seq"] == next + 1, "{alarm:#}");
    deceived.recovers();
}

#[test]
fn an_old_event_that_is_shown_otherwise_is_named() {
    let deceived = Deceived::begin();
    deceived.recovers();
    deceived.liar.lie(altered("/audit/events", |page| {
        for row in page["events"].as_array_mut().unwrap().iter_mut().filter(|row| row["seq"] == 3) {
            row["actor"] = json!("key:1");
        }
    }));
    let alarm = deceived.alarm();
    assert!(kind(&alarm) == "rewrite" && alarm["seq"] == 3, "{alarm:#}");
    deceived.liar.lie(altered("/audit/events", |page| {
        page["events"].as_array_mut().unwrap().retain(|row| row["seq"] != 4);
    }));
    let alarm = deceived.alarm();
    assert!(kind(&alarm) == "rewrite" && alarm["seq"] == 4 && alarm["event_shown"].is_null(), "{alarm:#}");
    deceived.recovers();
}

/// Answers with these notes instead of the newest checkpoint.
fn lie_with(deceived: &Deceived, note: String) {
    deceived
        .liar
        .lie(move |path, answer| if path == "/audit/checkpoint" { (200, note.clone().into_bytes()) } else { answer });
}

#[test]
fn a_note_that_the_log_does_not_bear_out_is_called_by_its_name() {
    let deceived = Deceived::begin();
    deceived.recovers();
    let mut forger = Forger::of(&deceived.scene.data());
    let size = Kept::of(&deceived.scene.mirror()).size();
    for (note, expected) in [
        // Of the same size, of an older one and of one that is not covered yet, each with a root of its own.
        (forger.signed(size, [1; 32]), "fork"),
        (forger.signed(size - 1, [1; 32]), "fork"),
        (forger.signed(size + 1, [1; 32]), "fork"),
        // True, and smaller than before.
        (forger.note(size - 1), "rollback"),
        // True, and nowhere in the log.
        (forger.note(size + 1), "unrecorded"),
        (forger.signed(size + 9, [1; 32]), "rollback"),
        (forger.note(size).replace("example.com/books\n", "example.com/other\n"), "key"),
        ("not a note".to_owned(), "key"),
    ] {
        lie_with(&deceived, note.clone());
        let alarm = deceived.alarm();
        assert_eq!((kind(&alarm), alarm["source_checkpoint"].as_str()), (expected, Some(note.as_str())), "{alarm:#}");
    }
    forger.seed = SigningKey::from_bytes(&[7; 32]);
    lie_with(&deceived, forger.note(size));
    assert_eq!(kind(&deceived.alarm()), "key");
    deceived.liar.lie(|path, answer| {
        let none = json!({"error_code": "RESOURCE_NOT_FOUND", "message": "no checkpoint"}).to_string().into_bytes();
        if path == "/audit/checkpoint" { (404, none) } else { answer }
    });
    assert_eq!(kind(&deceived.alarm()), "rollback");
    deceived.recovers();
}

#[test]
fn answers_that_cannot_be_used_are_no_alarm() {
    let deceived = Deceived::begin();
    let cases: [(u16, &str); 6] = [
        (500, "{}"),
        (502, "<html>bad gateway</html>"),
        (200, "<html>please log in</html>"),
        (404, "<html>not here</html>"),
        (302, ""),
        (200, "{\"events\":[{\"seq\":1}],\"head\":1}"),
    ];
    for (status, body) in cases {
        deceived.liar.lie(
            move |path, answer| {
                if path.starts_with("/audit/events") { (status, body.as_bytes().to_vec()) } else { answer }
            },
        );
        let finished = deceived.scene.follow(&deceived.liar.address, "--every 1ms");
        assert!(finished.stderr.contains("Asked again in"), "{status}: {finished:?}");
        finished.refused();
    }
    deceived.liar.stand_before(None);
    deceived.scene.follow(&deceived.liar.address, "--every 1ms").refused();
    deceived.liar.stand_before(Some(deceived.service.address()));
    deceived.recovers();
}

#[test]
fn a_source_that_is_silent_or_signs_nothing_is_told_of_and_is_an_alarm_on_request() {
    let deceived = Deceived::begin();
    deceived.recovers();
    deceived.scene.till(&deceived.service).award(&deceived.card, 1);
    let unsigned = deceived.scene.spawn(&deceived.liar.address, "--stale-after 500ms --stale-alarm").wait();
    assert!(unsigned.code == 3 && unsigned.stderr.contains("signs no checkpoint"), "{unsigned:?}");
    std::fs::remove_dir_all(deceived.scene.mirror().join("alarms")).unwrap();
    deceived.scene.checkpoint();
    deceived.recovers();
    deceived.liar.stand_before(None);
    let silent = deceived.scene.spawn(&deceived.liar.address, "--stale-after 500ms --stale-alarm").wait();
    assert!(silent.code == 3 && silent.stderr.contains("is silent"), "{silent:?}");
    assert_eq!(deceived.scene.alarms()[0]["kind"], "stale");
}

#[test]
fn a_credential_that_does_not_see_everything_is_refused_with_what_to_do() {
    let scene = Scene::begin();
    let service = scene.serve();
    scene.checkpoint();
    let made = run("keys create --json", &scene.data()).json();
    let pair = format!("{} {}", made["api_key"].as_str().unwrap(), made["api_secret"].as_str().unwrap());
    let file = scene.folder.path().join("token");
    std::fs::write(&file, format!("{pair}\n")).unwrap();
    let words = format!("--token-file {}", file.display());
    let complaint = scene.follow(service.address(), &words).refused();
    assert!(complaint.contains("--audit-all"), "{complaint}");
    std::fs::write(&file, "lty_nobody lts_nothing\n").unwrap();
    assert!(scene.follow(service.address(), &words).refused().contains("refuses the credential"));
    assert_eq!(scene.alarms(), Vec::<Value>::new());
    // A pair that sees everything will do.
    let made = run("keys create --audit-all --json", &scene.data()).json();
    let pair = format!("{} {}", made["api_key"].as_str().unwrap(), made["api_secret"].as_str().unwrap());
    std::fs::write(&file, pair).unwrap();
    assert_eq!(scene.follow(service.address(), &words).code, 0);
}
