//! Webhooks in a log that somebody wrote: what the service would never have said is named.

use super::books::{Books, DAY, time_text};
use super::tampering::report;
use serde_json::{Value, json};

const HOUR: i64 = DAY / 24;

/// A ledger to which webhooks are added.
struct Hooks(Books);

impl Hooks {
    fn new() -> Self {
        Self(Books::with_card())
    }

    fn create(&mut self, mut payload: Value) -> i64 {
        payload["webhook"] = json!(1);
        payload["secret_id"] = json!("one");
        self.sealing("webhook.created", payload)
    }

    fn sealing(&mut self, kind: &str, mut payload: Value) -> i64 {
        payload["sealed"] = self.0.seal("webhook:1", json!({"url": "https://shop.example.com/"}));
        self.0.command("webhook:1", kind, None, payload)
    }

    fn disable(&mut self, actor: &'static str) -> i64 {
        let asked = std::mem::replace(&mut self.0.actor, actor);
        let seq = self.0.command("webhook:1", "webhook.disabled", None, json!({"webhook": 1, "reason": "gone"}));
        self.0.actor = asked;
        seq
    }

    fn rotate(&mut self, overlap: i64) -> i64 {
        let until = time_text(self.0.now + overlap);
        let rotated = json!({"webhook": 1, "secret_id": "two", "previous_until": until});
        self.0.command("webhook:1", "webhook.rotated", None, rotated)
    }

    #[track_caller]
    fn is_sound(&self) {
        let report = report(&self.0);
        assert_eq!(report["ok"], true, "{report:#}");
    }

    /// One problem alone, at this event.
    #[track_caller]
    fn names(&self, seq: i64, sentence: &str) {
        let report = report(&self.0);
        assert_eq!((&report["problems_found"], &report["problems"][0]["seq"]), (&json!(1), &json!(seq)), "{report:#}");
        let problem = report["problems"][0]["problem"].as_str().expect("text");
        assert!(problem.contains(sentence), "{problem}");
    }
}

#[test]
fn a_webhook_asks_for_events_that_there_are_each_once() {
    for events in [json!(["*"]), json!(["points.awarded", "points_awarded", "tier_upgraded", "*"])] {
        let mut hooks = Hooks::new();
        hooks.create(json!({"events": events, "shop_ids": [1]}));
        hooks.is_sound();
    }
    for (wishes, sentence) in [
        (json!({"events": []}), "wants no events"),
        (json!({"events": ["*", "points.awarded", "*"]}), "names an event twice"),
        (json!({"events": ["*"], "shop_ids": [1, 1]}), "names a shop twice"),
    ] {
        let mut hooks = Hooks::new();
        let seq = hooks.create(wishes.clone());
        hooks.names(seq, sentence);
        let mut hooks = Hooks::new();
        hooks.create(json!({"events": ["card.created"]}));
        let mut payload = wishes;
        payload["webhook"] = json!(1);
        let seq = hooks.sealing("webhook.updated", payload);
        hooks.names(seq, sentence);
    }
    for name in [json!("points.stolen"), json!("Points.Awarded"), json!(""), json!({"points.awarded": null})] {
        let mut hooks = Hooks::new();
        let seq = hooks.create(json!({"events": [name]}));
        let report = report(&hooks.0);
        assert_eq!((&report["ok"], &report["problems"][0]["seq"]), (&json!(false), &json!(seq)), "{name}: {report:#}");
    }
}

#[test]
fn the_sender_alone_stops_a_webhook_and_only_one_that_it_sends_to() {
    let mut hooks = Hooks::new();
    hooks.create(json!({"events": ["*"]}));
    hooks.disable("job:webhooks");
    hooks.sealing("webhook.updated", json!({"webhook": 1, "events": ["*"]}));
    hooks.disable("job:webhooks");
    hooks.is_sound();
    let again = hooks.disable("job:webhooks");
    hooks.names(again, "not active");

    for actor in ["cli", "key:1", "job:expiry"] {
        let mut hooks = Hooks::new();
        hooks.create(json!({"events": ["*"]}));
        let seq = hooks.disable(actor);
        hooks.names(seq, "job:webhooks");
    }
    let mut hooks = Hooks::new();
    hooks.create(json!({"events": ["*"], "is_active": false}));
    let seq = hooks.disable("job:webhooks");
    hooks.names(seq, "not active");
    let mut hooks = Hooks::new();
    hooks.create(json!({"events": ["*"]}));
    hooks.sealing("webhook.updated", json!({"webhook": 1, "events": ["*"], "is_active": false}));
    let seq = hooks.disable("job:webhooks");
    hooks.names(seq, "not active");
}

#[test]
fn the_secret_before_signs_for_a_week_at_most() {
    for (overlap, is_right) in [(0, true), (24 * HOUR, true), (168 * HOUR, true), (168 * HOUR + 1, false), (-1, false)]
    {
        let mut hooks = Hooks::new();
        hooks.create(json!({"events": ["*"]}));
        hooks.0.later(DAY);
        let seq = hooks.rotate(overlap);
        if is_right {
            hooks.is_sound();
        } else {
            hooks.names(seq, "within 168 hours");
        }
    }
}
