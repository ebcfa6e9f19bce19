//! A small programme in which everything happens that can: every kind of event, in every shape that it has.

use crate::ledger::workshop::{DAY, PARTNER, START, Workshop, bought, cancel, erase, money, order, refund};
use counterfoil::domain::cards::{Block, BlockNote, Issue, Tier, Unblock, UpdateCard};
use counterfoil::domain::customers::{PersonRecord, Register};
use counterfoil::domain::orders::{Purchase, Share};
use counterfoil::domain::points::{Adjust, Award, Expire, Note, Order, Particulars, Past, Points, Redeem};
use counterfoil::domain::programme::{
    Activation, ChangeSettings, Coordinates, CreateKey, CreateTemplate, KeyForm, OpenShop, RetireShop, RetireTemplate,
    RevokeKey, Scope, Settings, SettingsRecord, ShopFacts, ShopRecord, TemplateRecord, TemplateRules, TierRecord,
    UpdateShop, UpdateTemplate,
};
use counterfoil::domain::webhooks::{
    CreateWebhook, DisableWebhook, Disabled, EventName, RemoveWebhook, RotateWebhook, SkipBacklog, UpdateWebhook,
    WebhookCommand, WebhookFacts, WebhookRecord,
};
use counterfoil::domain::{CardId, Event, KeyId, Metadata, ShopId, TemplateId, Timestamp};
use counterfoil::note::{Algorithm, Cosignature, Signer, VerifierKey};
use counterfoil::storage::open_ledger;
use counterfoil::writer::{Actor, BuyerId, Command, Outcome, Request};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;

const EMAIL: &str = "Rasa.Unmistakable@example.com";
const NAME: &str = "Rasa Unmistakable";
const LAST_NAME: &str = "Unmistakable-Married";
const PHONE: &str = "+37060012345";
const OTHER_PHONE: &str = "+37060054321";
const HABIT: &str = "prefers oat milk";
const PURCHASE: &str = "two cinnamon rolls";
const STAFF: &str = "Vytautas at till four";
const DETAIL: &str = "paid with a torn note";
const GIFT: &str = "a coffee spilt";
const MISTAKE: &str = "counted wrong on Friday";
const FORGOTTEN: &str = "asked to forget the rest";
const LOST: &str = "card left on a bus";
const NOTE: &str = "suspects the neighbour";
const ADDRESS: &str = "Pilies 1, second door";
const TERMS: &str = "Taškai galioja metus";
const FRIEND: &str = "Auksinis draugas";
const BENEFIT: &str = "a free bun on Sundays";
const BASKET: &str = "rye bread and a candle";
const STALE: &str = "the bread was stale";
const ENDPOINT: &str = "https://hooks.example.com/in?token=sesame";
const PURPOSE: &str = "for the accountants";
const STRANGER: &str = "petras.unheard@example.com";

/// What people are called and what they typed: none of it may stand in the log.
pub(super) const PERSONAL: [&str; 23] = [
    EMAIL,
    NAME,
    LAST_NAME,
    PHONE,
    OTHER_PHONE,
    HABIT,
    PURCHASE,
    STAFF,
    DETAIL,
    GIFT,
    MISTAKE,
    FORGOTTEN,
    LOST,
    NOTE,
    ADDRESS,
    TERMS,
    FRIEND,
    BENEFIT,
    BASKET,
    STALE,
    STRANGER,
    ENDPOINT,
    PURPOSE,
];

/// A row of the log, as far as these tests read it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) kind: String,
    pub(super) schema: i64,
    pub(super) payload: Value,
    /// Every text of the row, as stored.
    pub(super) texts: Vec<String>,
}

/// The log of a whole life, and the vault as it was before the person was erased.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) rows: Vec<Row>,
    pub(super) sealed: Vec<Value>,
}

impl Life {
    pub(super) fn lived() -> Self {
        let mut life = Story::begin();
        life.credentials();
        life.webhooks();
        life.programme();
        life.issue();
        life.earn_and_spend();
        life.buy_and_return();
        life.import();
        life.correct_and_expire();
        life.block_and_change();
        life.state_and_witness();
        life.seal();
        life.end()
    }
}

struct Story {
    workshop: Workshop,
    card: CardId,
    /// What was sealed before it was corrected, and so erased.
    corrected: Vec<Value>,
}

impl Story {
    fn begin() -> Self {
        let rules = TemplateRules {
            activation: Activation::FirstUse,
            points_expiration_days: Some(30),
            max_points_per_purchase: Some(Points::new(5_000)),
            max_points_per_redemption: Some(Points::new(5_000)),
            ..TemplateRules::default()
        };
        let workshop = Workshop::with_rules(rules);
        let title = BTreeMap::from([("lt".to_owned(), "Kepyklos kortelė".to_owned())]);
        let rules = TemplateRules { auto_assign: false, ..TemplateRules::default() };
        workshop.must(Command::CreateTemplate(CreateTemplate::titled(title, rules)));
        Self { workshop, card: CardId::new(0), corrected: Vec::new() }
    }

    fn must(&self, command: Command) -> Outcome {
        self.workshop.must(command)
    }

    fn credentials(&self) {
        let pair = CreateKey {
            name: STAFF.to_owned(),
            public_id: "lty_pair".to_owned(),
            form: KeyForm::Pair,
            shop: None,
            scopes: Vec::new(),
            allowed_ips: Vec::new(),
            expires_at: None,
        };
        let bearer = CreateKey {
            public_id: "ltb_bearer".to_owned(),
            form: KeyForm::Bearer,
            shop: Some(ShopId::new(1)),
            scopes: Scope::ALL.to_vec(),
            allowed_ips: vec!["10.0.0.0/8".to_owned()],
            expires_at: Some(Timestamp::from_micros(START + 900 * DAY)),
            ..pair.clone()
        };
        self.must(Command::CreateKey(pair));
        self.must(Command::CreateKey(bearer));
        self.must(Command::RevokeKey(RevokeKey { key: KeyId::new(1) }));
    }

    /// Made, changed, given another secret, stopped and ended.
    fn webhooks(&self) {
        let events = ["points_awarded", "card.created"].map(|name| EventName::from_text(name).expect("a name"));
        let facts = WebhookFacts { events: events.to_vec(), shop_ids: vec![ShopId::new(1)], is_active: true };
        let record = WebhookRecord { url: ENDPOINT.to_owned(), description: Some(PURPOSE.to_owned()) };
        let secret_id = "first".to_owned();
        let create = CreateWebhook { facts: facts.clone(), record: record.clone(), secret_id };
        let created = self.must(Command::Webhook(WebhookCommand::Create(create)));
        let Event::WebhookCreated(created) = &created.events[0].event else { panic!("{created:?}") };
        let webhook = created.webhook;
        let secret_id = "second".to_owned();
        let rotate = RotateWebhook { webhook, secret_id, overlap_hours: 24 };
        let disable = DisableWebhook { webhook, reason: Disabled::Failing, based_on: 2 };
        let everything = EventName::from_text("*").expect("a name");
        let everything = WebhookFacts { events: vec![everything], is_active: false, ..facts };
        let update = UpdateWebhook { webhook, based_on: Some(3), facts: everything, record };
        for command in [
            WebhookCommand::Rotate(rotate),
            WebhookCommand::Disable(disable),
            WebhookCommand::Update(update),
            WebhookCommand::Skip(SkipBacklog { webhook }),
            WebhookCommand::Remove(RemoveWebhook { webhook }),
        ] {
            let is_found = matches!(command, WebhookCommand::Disable(_));
            let actor = if is_found { Actor::WebhookJob } else { Actor::CommandLine };
            let request = Request { actor, ..Workshop::request(Command::Webhook(command)) };
            self.workshop.engine().writer().submit_blocking(request).expect("a command that is accepted");
        }
    }

    fn programme(&self) {
        let friend = TierRecord { name: FRIEND.to_owned(), benefits: vec![BENEFIT.to_owned()] };
        let settings = Settings { multi_store_points: true, ..Settings::default() };
        let record = SettingsRecord { tiers: [(Tier::Gold, friend)].into() };
        self.must(Command::ChangeSettings(ChangeSettings { based_on: None, settings, record }));
        self.must(Command::OpenShop(OpenShop::named("Station Kiosk")));
        let coordinates = Coordinates {
            latitude: "54.6872".parse().expect("a number"),
            longitude: "-25.2797".parse().expect("a number"),
        };
        let facts = ShopFacts { is_virtual: true, is_active: false, coordinates: Some(coordinates) };
        let record = ShopRecord { address: Some(ADDRESS.to_owned()), ..ShopRecord::named("Station Kiosk") };
        let shop = ShopId::new(2);
        self.must(Command::UpdateShop(UpdateShop { shop, based_on: None, record, facts }));
        self.must(Command::RetireShop(RetireShop { shop }));
        let template = TemplateId::new(2);
        let terms_conditions = BTreeMap::from([("lt".to_owned(), TERMS.to_owned())]);
        let record = TemplateRecord { terms_conditions, ..TemplateRecord::default() };
        let rules = TemplateRules {
            auto_assign: false,
            shop_ids: vec![shop],
            third_party: true,
            default_coupon_validity_days: Some(30),
            ..TemplateRules::default()
        };
        self.must(Command::UpdateTemplate(UpdateTemplate { template, based_on: None, record, rules }));
        self.must(Command::RetireTemplate(RetireTemplate { template }));
    }

    fn buy_and_return(&self) {
        let by_card = BuyerId::Card(self.card);
        let about = |words: &str| self.about(words).note;
        let purchase = Purchase { note: about(BASKET), ..bought("2001", "15.50", 600) };
        self.must(Command::Purchase { buyer: by_card, purchase });
        let purchase = Purchase { note: about(BASKET), ..bought("2002", "0", 10) };
        self.must(Command::Purchase { buyer: by_card, purchase });
        let purchase = Purchase { note: Note::default(), ..bought("2003", "0", 0) };
        self.must(Command::Purchase { buyer: by_card, purchase });
        let person = PersonRecord { email: STRANGER.to_owned(), ..PersonRecord::default() };
        let registered = self.must(Command::Register(Register { person }));
        let Event::CustomerRegistered(registered) = &registered.events[0].event else { panic!("{registered:?}") };
        let buyer = BuyerId::Customer { customer: registered.customer, template: None };
        let purchase = Purchase { points: Some(Points::new(7)), note: Note::default(), ..bought("2004", "1", 0) };
        self.must(Command::Purchase { buyer, purchase });
        let Command::Refund { order_shop, refund: part } = refund("2001", Some("r1"), Share::Amount(money("5"))) else {
            unreachable!("a refund is one");
        };
        let part = counterfoil::domain::orders::Refund { note: about(STALE), ..part };
        self.must(Command::Refund { order_shop, refund: part });
        self.must(refund("2001", Some("r2"), Share::Points(Points::new(1))));
        self.must(cancel("2001"));
        self.must(cancel("2002"));
    }

    /// What another system recorded, long ago.
    fn import(&self) {
        let person = PersonRecord { email: "past@example.com".to_owned(), ..PersonRecord::default() };
        let at = |days: i64| Timestamp::from_micros(START - 1_000 * DAY + days * DAY);
        let past = |days| Some(Past { at: at(days), endless: true });
        let issue = Issue {
            person,
            initial_points: Some(Points::ZERO),
            design: "default".to_owned(),
            activate: true,
            metadata: words("previous_number", "OLD-7"),
            shop: None,
            happened_at: Some(at(0)),
        };
        let card = self.must(Command::Issue(issue)).card.expect("an issue answers its card").id;
        let named = |name: &str, days| Particulars {
            name: Some(Order::Reference(name.to_owned())),
            past: past(days),
            ..Particulars::default()
        };
        let buy = |order: &str, earned: i64, redeem: i64, days| {
            let purchase =
                Purchase { points: Some(Points::new(earned)), past: past(days), ..bought(order, "10", redeem) };
            self.must(Command::Purchase { buyer: BuyerId::Card(card), purchase });
        };
        let points = Points::new(100);
        let expires_at = Some(at(10));
        self.must(Command::Award(Award { card, points, expires_at, particulars: named("a", 1) }));
        self.must(Command::Redeem(Redeem { card, points: Points::new(10), particulars: named("r", 2) }));
        self.must(Command::Adjust(Adjust { card, points: Points::new(5), particulars: named("j", 20) }));
        let particulars = named("x", 21);
        self.must(Command::Expire(Expire { card, points: Some(Points::new(5)), expires_before: None, particulars }));
        buy("3001", 30, 0, 22);
        buy("3002", 0, 10, 23);
        for order in ["3001", "3002"] {
            let Command::Refund { order_shop, refund } = refund(order, Some("r1"), Share::Rest) else {
                unreachable!("a refund is one");
            };
            let refund = counterfoil::domain::orders::Refund { past: past(24), ..refund };
            self.must(Command::Refund { order_shop, refund });
        }
    }

    fn issue(&mut self) {
        let person = PersonRecord {
            email: EMAIL.to_owned(),
            name: Some(NAME.to_owned()),
            last_name: Some(LAST_NAME.to_owned()),
            phone: Some(PHONE.to_owned()),
            metadata: words("habit", HABIT),
            ..PersonRecord::default()
        };
        self.must(Command::Register(Register { person: person.clone() }));
        self.corrected = sealed(&open_ledger(&self.workshop.dir()).expect("a ledger"));
        let issue = Command::Issue(Issue {
            person: PersonRecord { phone: Some(OTHER_PHONE.to_owned()), ..person },
            initial_points: Some(Points::new(500)),
            design: "gold".to_owned(),
            activate: false,
            metadata: words("habit", HABIT),
            shop: Some(ShopId::new(1)),
            happened_at: None,
        });
        let request = Request { idempotency_key: Some("till-4-0001".to_owned()), ..Workshop::request(issue) };
        let outcome = self.workshop.engine().writer().submit_blocking(request).expect("an issue that is accepted");
        self.card = outcome.card.expect("an issue answers its card").id;
        // A card about which nothing is known but the email, and movements without a word.
        self.workshop.issue("jonas@example.com", 0);
    }

    fn earn_and_spend(&self) {
        let card = self.card;
        let reason = self.about(PURCHASE);
        let both = Some(Order::Both { id: "1001".to_owned(), reference: "spring".to_owned() });
        let particulars = Particulars { shop: Some(ShopId::new(1)), name: both, ..reason };
        let points = Points::new(300);
        let expires_at = Some(Timestamp::from_micros(START + DAY));
        self.must(Command::Award(Award { card, points, expires_at, particulars: particulars.clone() }));
        self.must(Command::Award(Award { card, points, expires_at: None, particulars: Particulars::default() }));
        self.must(Command::Redeem(Redeem { card, points: Points::new(20), particulars }));
        let particulars = Particulars { name: order("1002"), ..Particulars::default() };
        self.must(Command::Redeem(Redeem { card, points: Points::new(20), particulars }));
    }

    fn correct_and_expire(&self) {
        let card = self.card;
        for (points, words) in [(15, GIFT), (-15, MISTAKE)] {
            let particulars = self.about(words);
            self.must(Command::Adjust(Adjust { card, points: Points::new(points), particulars }));
            let particulars = Particulars { name: order(&format!("correction {points}")), ..Particulars::default() };
            self.must(Command::Adjust(Adjust { card, points: Points::new(points), particulars }));
        }
        let (points, particulars) = (Some(Points::new(5)), self.about(FORGOTTEN));
        self.must(Command::Expire(Expire { card, points, expires_before: None, particulars }));
        self.workshop.set_time(START + DAY);
        self.must(Command::ExpireDue(card));
    }

    fn block_and_change(&self) {
        let card = self.card;
        let note = BlockNote { reason: LOST.to_owned(), note: Some(NOTE.to_owned()) };
        self.must(Command::Block(Block { card, note: note.clone() }));
        self.must(Command::Unblock(Unblock { card, note }));
        let nothing = UpdateCard { card, email: None, name: None, phone: None, design: None, metadata: None };
        let design = Some("platinum".to_owned());
        self.must(Command::UpdateCard(UpdateCard { design, ..nothing.clone() }));
        self.must(Command::UpdateCard(UpdateCard { metadata: Some(words("detail", DETAIL)), ..nothing }));
    }

    /// A checkpoint, a witness's signature of it, and another key.
    fn state_and_witness(&self) {
        let notary = self.workshop.notary();
        let made = notary.checkpoint(Actor::CheckpointJob).expect("a checkpoint");
        let seed = [7; 32];
        let public_key = Signer::public_key_of(&seed);
        let witness = VerifierKey::new("witness.example.com/w1", Algorithm::Cosignature, &public_key).expect("a key");
        let (text, _) = made.note.split_once("\n\n").expect("a note");
        let signed = format!("cosignature/v1\ntime 1767225600\n{text}\n");
        let signature = Signer::new("witness", &seed).expect("a key").sign(&signed);
        let line = Cosignature { witness: witness.clone(), timestamp: 1_767_225_600, signature }.line().to_string();
        let cosigned = notary.cosign(made.size, &line, &[witness], Actor::CommandLine).expect("a cosignature");
        assert!(cosigned.fresh && cosigned.note.ends_with(&line), "{}", cosigned.note);
        notary.rotate_key(Actor::CommandLine).expect("a key");
    }

    /// The months until then, of which only the first has cards.
    fn seal(&self) {
        self.workshop.set_time(START + 40 * DAY);
        let sealed = self.workshop.sealer().seal_due(9, Actor::SealJob, &|| true).expect("seals");
        assert!(!sealed.is_empty());
    }

    fn end(mut self) -> Life {
        let customer = self.workshop.engine().live().card(self.card).expect("a card in memory").customer;
        let ledger = open_ledger(&self.workshop.dir()).expect("a ledger");
        let mut sealed = sealed(&ledger);
        sealed.append(&mut self.corrected);
        drop(ledger);
        self.must(erase(customer));
        self.workshop.stop();
        let ledger = open_ledger(&self.workshop.dir()).expect("a ledger");
        Life { rows: rows(&ledger), sealed }
    }

    fn about(&self, reason: &str) -> Particulars {
        let note = Note {
            reason: Some(reason.to_owned()),
            staff_member: Some(STAFF.to_owned()),
            metadata: words("detail", DETAIL),
        };
        Particulars { note, ..Particulars::default() }
    }
}

fn words(name: &str, text: &str) -> Metadata {
    Metadata::from_iter([(name.to_owned(), text.into())])
}

fn sealed(ledger: &Connection) -> Vec<Value> {
    let mut statement =
        ledger.prepare("SELECT body FROM sealed_records WHERE body IS NOT NULL ORDER BY record").expect("a query");
    let bodies = statement.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    bodies.map(|body| serde_json::from_str(&body.expect("a body")).expect("a JSON body")).collect()
}

fn rows(ledger: &Connection) -> Vec<Row> {
    let sql = "SELECT kind, schema, payload, stream, actor, coalesce(idempotency_key, '') FROM events WHERE partner_id IN (?1, 0) ORDER BY seq";
    let mut statement = ledger.prepare(sql).expect("a query");
    let rows = statement.query_map([PARTNER.get()], |row| {
        let text = |index| row.get::<_, String>(index);
        Ok((row.get(1)?, [text(0)?, text(2)?, text(3)?, text(4)?, text(5)?]))
    });
    rows.expect("rows")
        .map(|row| {
            let (schema, texts): (i64, [String; 5]) = row.expect("a row");
            let payload = serde_json::from_str(&texts[1]).expect("a JSON payload");
            Row { kind: texts[0].clone(), schema, payload, texts: texts.to_vec() }
        })
        .collect()
}
