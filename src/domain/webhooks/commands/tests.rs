use super::*;
use crate::domain::programme::CreatePartner;
use crate::domain::samples::{NOW, kinds};
use crate::domain::webhooks::{EventName, WebhookTerms};
use crate::domain::{Seq, ShopId};

const PARTNER: PartnerId = PartnerId::new(1);
const WEBHOOK: WebhookId = WebhookId::new(1);

fn facts() -> WebhookFacts {
    let events = vec![EventName::from_text("points_awarded").unwrap()];
    WebhookFacts { events, shop_ids: Vec::new(), is_active: true }
}

fn record() -> WebhookRecord {
    WebhookRecord { url: "https://shop.example.com/hook?token=t0p".to_owned(), description: None }
}

fn create() -> WebhookCommand {
    WebhookCommand::Create(CreateWebhook { facts: facts(), record: record(), secret_id: "one".to_owned() })
}

fn update(facts: WebhookFacts) -> WebhookCommand {
    WebhookCommand::Update(UpdateWebhook { webhook: WEBHOOK, based_on: None, facts, record: record() })
}

fn disable(based_on: i64) -> WebhookCommand {
    WebhookCommand::Disable(DisableWebhook { webhook: WEBHOOK, reason: Disabled::Gone, based_on })
}

fn remove() -> WebhookCommand {
    WebhookCommand::Remove(RemoveWebhook { webhook: WEBHOOK })
}

fn skip() -> WebhookCommand {
    WebhookCommand::Skip(SkipBacklog { webhook: WEBHOOK })
}

fn rotate(secret_id: &str) -> WebhookCommand {
    WebhookCommand::Rotate(RotateWebhook { webhook: WEBHOOK, secret_id: secret_id.to_owned(), overlap_hours: 24 })
}

/// A programme in which these were decided one after the other.
struct Told {
    directory: Directory,
    seq: i64,
}

impl Told {
    fn new() -> Self {
        let mut told = Self { directory: Directory::default(), seq: 0 };
        let founded = CreatePartner { name: "Bakery".to_owned(), currency: "EUR".to_owned() }.decide(PARTNER);
        told.apply(&founded);
        told
    }

    fn apply(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            self.seq += 1;
            let mut event = draft.event.clone();
            if draft.secret.is_some() {
                let commitment = crate::domain::Commitment([0; 32]);
                event.seal(crate::domain::Sealed { record: crate::domain::RecordId::new(self.seq), commitment });
            }
            self.directory.evolve(&event, PARTNER, Seq::new(self.seq), NOW);
        }
    }

    fn decide(&self, command: &WebhookCommand) -> Result<Vec<Draft>, Rejection> {
        let known = self.directory.webhook_of(PARTNER, WEBHOOK).map(|_| record());
        command.decide(&self.directory, PARTNER, WEBHOOK, known.as_ref(), NOW)
    }

    fn tell(&mut self, command: &WebhookCommand) -> Vec<Draft> {
        let drafts = self.decide(command).unwrap();
        self.apply(&drafts);
        drafts
    }

    fn webhook(&self) -> &Webhook {
        &self.directory.webhooks[&WEBHOOK]
    }
}

#[test]
fn the_log_says_what_is_wanted_and_the_vault_where_it_leads() {
    let mut told = Told::new();
    let drafts = told.tell(&create());
    let payload = drafts[0].event.payload();
    assert_eq!(payload, r#"{"webhook":1,"events":["points_awarded"],"secret_id":"one"}"#);
    assert!(drafts[0].secret.as_ref().unwrap().body.contains("token=t0p"));
    assert_eq!((told.webhook().is_live(), told.webhook().terms.since), (true, Seq::new(2)));
}

#[test]
fn two_secrets_sign_until_the_older_ones_time_is_over() {
    let mut told = Told::new();
    told.tell(&create());
    told.tell(&rotate("two"));
    let ids = |now| told.webhook().secret_ids(now).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((ids(NOW), ids(NOW.plus_days(1))), (vec!["two".to_owned(), "one".to_owned()], vec!["two".to_owned()]));
    told.tell(&rotate("three"));
    assert_eq!(told.webhook().secret_ids(NOW).collect::<Vec<_>>(), ["three", "two"], "never more than two");
}

#[test]
fn what_the_service_stopped_an_update_starts_again() {
    let mut told = Told::new();
    told.tell(&create());
    assert_eq!(told.decide(&disable(2)), Err(Rejection::ChangedMeanwhile { version: 1 }));
    assert_eq!(kinds(&told.tell(&disable(1))), ["webhook.disabled"]);
    assert_eq!((told.webhook().is_live(), told.webhook().terms.disabled), (false, Some(Disabled::Gone)));
    assert_eq!(told.decide(&disable(2)), Ok(vec![]), "it is so already");
    told.tell(&update(facts()));
    assert_eq!((told.webhook().is_live(), told.webhook().terms.disabled), (true, None));
    assert_eq!(told.decide(&update(facts())), Ok(vec![]), "what is so already is not recorded again");
}

#[test]
fn who_skips_what_waits_begins_after_it_and_stays_as_it_was_otherwise() {
    let mut told = Told::new();
    told.tell(&create());
    told.tell(&disable(1));
    let before = told.webhook().terms.clone();
    let drafts = told.tell(&skip());
    assert_eq!((kinds(&drafts), drafts[0].event.payload().as_str()), (vec!["webhook.skipped"], r#"{"webhook":1}"#));
    assert_eq!(told.webhook().terms, WebhookTerms { since: Seq::new(4), ..before });
}

#[test]
fn a_removed_webhook_and_another_partners_are_as_good_as_none() {
    let mut told = Told::new();
    told.tell(&create());
    let other = remove().decide(&told.directory, PartnerId::new(2), WEBHOOK, None, NOW);
    assert_eq!(other, Err(Rejection::WebhookNotFound { webhook: WEBHOOK }));
    told.tell(&remove());
    assert!(!told.webhook().is_live());
    for command in [update(facts()), rotate("two"), disable(2), skip(), remove()] {
        assert_eq!(told.decide(&command), Err(Rejection::WebhookNotFound { webhook: WEBHOOK }));
    }
}

#[test]
fn a_webhook_wants_something_of_shops_that_there_are() {
    let told = Told::new();
    let with = |facts| WebhookCommand::Create(CreateWebhook { facts, record: record(), secret_id: "x".to_owned() });
    let foreign = with(WebhookFacts { shop_ids: vec![ShopId::new(4)], ..facts() });
    assert_eq!(told.decide(&foreign), Err(Rejection::ShopNotFound { shop: ShopId::new(4) }));
    let nothing = with(WebhookFacts { events: Vec::new(), ..facts() });
    assert_eq!(told.decide(&nothing), Err(Rejection::RuleOutOfBounds { rule: "events" }));
}

#[test]
fn a_partner_has_so_many_and_a_removed_one_makes_room() {
    let mut told = Told::new();
    for number in 1..=50 {
        let drafts = create().decide(&told.directory, PARTNER, WebhookId::new(number), None, NOW).unwrap();
        told.apply(&drafts);
    }
    assert_eq!(told.decide(&create()), Err(Rejection::TooManyWebhooks { most: WEBHOOKS_MAX }));
    told.tell(&remove());
    assert!(told.decide(&create()).is_ok());
}

#[test]
fn what_is_wished_twice_is_stated_once() {
    let named = |names: &[&str]| names.iter().map(|name| EventName::from_text(name).unwrap()).collect();
    let shops = |ids: &[i64]| ids.iter().copied().map(ShopId::new).collect();
    let facts = |names, ids| WebhookFacts { events: named(names), shop_ids: shops(ids), is_active: true };
    let asked = facts(&["*", "points.awarded", "*", "points_awarded"], &[2, 1, 2]);
    assert_eq!(asked.each_once(), facts(&["*", "points.awarded", "points_awarded"], &[1, 2]));
    let mut told = Told::new();
    told.tell(&create());
    let twice = facts(&["points_awarded", "points_awarded"], &[]);
    assert!(told.tell(&update(twice)).is_empty(), "it wishes that already");
}

#[test]
fn the_secret_before_signs_for_a_week_at_most_from_when_it_is_recorded() {
    let mut told = Told::new();
    told.tell(&create());
    let rotate = |overlap_hours| {
        let secret_id = "two".to_owned();
        WebhookCommand::Rotate(RotateWebhook { webhook: WEBHOOK, secret_id, overlap_hours })
    };
    for hours in [-1, OVERLAP_HOURS_MAX + 1, i64::MAX] {
        assert_eq!(told.decide(&rotate(hours)), Err(Rejection::RuleOutOfBounds { rule: "overlap_hours" }));
    }
    let drafts = told.decide(&rotate(OVERLAP_HOURS_MAX)).unwrap();
    let crate::domain::Event::WebhookRotated(rotated) = &drafts[0].event else { panic!("{drafts:?}") };
    assert_eq!(rotated.previous_until, NOW.plus_days(7));
}
