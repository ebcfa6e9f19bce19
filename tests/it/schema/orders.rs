//! The layouts of orders and of the programme's changes, as the domain states them, against their schemas.

use super::{folder, read_json};
use counterfoil::domain::cards::{Card, CardIssued, CardNumber, Fresh, Status, Tier};
use counterfoil::domain::customers::{Customer, CustomerRegistered};
use counterfoil::domain::orders::{Buyer, PlacedOrder, Purchase, Refund, RefundCause, Share};
use counterfoil::domain::points::{Note, Points};
use counterfoil::domain::programme::{
    ChangeSettings, Coordinates, CreatePartner, CreateTemplate, Directory, OpenShop, RetireShop, RetireTemplate,
    Settings, SettingsRecord, ShopFacts, ShopRecord, TemplateRecord, TemplateRules, TierRecord, UpdateShop,
    UpdateTemplate,
};
use counterfoil::domain::{
    CardId, Commitment, CustomerId, Draft, Event, Money, PartnerId, RecordId, Sealed, Seq, ShopId, TemplateId,
    Timestamp,
};
use serde_json::Value;
use std::collections::BTreeSet;

const PARTNER: PartnerId = PartnerId::new(1);
const TEMPLATE: TemplateId = TemplateId::new(1);
const SHOP: ShopId = ShopId::new(1);
const CARD: CardId = CardId::new(17);
const CUSTOMER: CustomerId = CustomerId::new(9);
const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// What a ledger would hold, with every event checked on its way in.
#[derive(Default)]
struct Books {
    directory: Directory,
    card: Option<Card>,
    events: Vec<(Seq, Event)>,
    kinds: BTreeSet<&'static str>,
}

impl Books {
    fn record(&mut self, drafts: Vec<Draft>) {
        for Draft { mut event, secret } in drafts {
            if secret.is_some() {
                event.seal(Sealed { record: RecordId::new(1), commitment: Commitment([7; 32]) });
            }
            assert_valid(&event);
            let seq = Seq::new(i64::try_from(self.events.len()).expect("few events") + 1);
            self.directory.evolve(&event, PARTNER, seq, NOW);
            match (&mut self.card, &event) {
                (None, Event::CardIssued(issued)) => self.card = Some(Card::issued(issued, PARTNER, seq, NOW)),
                (Some(card), event) if !Directory::concerns(event) => card.evolve(event, seq, NOW),
                (Some(_) | None, _) => {}
            }
            self.kinds.insert(event.kind());
            self.events.push((seq, event));
        }
    }

    fn buy(&mut self, purchase: &Purchase) {
        let card = self.card.clone().expect("a card");
        let terms = self.directory.terms(PARTNER, TEMPLATE).expect("terms");
        let drafts = purchase.decide(&Buyer::Holder(&card), &terms, NOW).expect("a purchase that is accepted");
        self.record(drafts);
    }

    fn refund(&mut self, refund: &Refund) {
        let named = |event: &Event| event.payload().contains(&format!("\"order\":\"{}\"", refund.order));
        let events = self.events.iter().filter(|(_, event)| named(event)).map(|(seq, event)| (*seq, event));
        let order = PlacedOrder::of(events).expect("an order");
        let card = self.card.clone().expect("a card");
        let settings = &self.directory.partners[&PARTNER].settings;
        let drafts = refund.decide(&order, &card, settings, NOW).expect("a refund that is accepted");
        self.record(drafts);
    }
}

#[track_caller]
fn assert_valid(event: &Event) {
    let schema = read_json(&folder("events").join(format!("{}.v1.json", event.kind())));
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let payload: Value = serde_json::from_str(&event.payload()).expect("JSON");
    if let Err(error) = validator.validate(&payload) {
        panic!("{}: {error} at {}: {payload}", event.kind(), error.instance_path());
    }
    let decoded = Event::decode(event.kind(), event.schema(), &event.payload()).expect("a payload that is read");
    assert_eq!(&decoded, event);
    assert_eq!(decoded.payload(), event.payload(), "and would be written so again");
}

fn programme() -> Books {
    let mut books = Books::default();
    books.record(CreatePartner { name: "Corner Bakery".to_owned(), currency: "EUR".to_owned() }.decide(PARTNER));
    books.record(OpenShop::named("Old Town").decide(SHOP));
    let coordinates = Coordinates { latitude: "54.6872".parse().unwrap(), longitude: "-25.2797".parse().unwrap() };
    let facts = ShopFacts { is_virtual: true, is_active: false, coordinates: Some(coordinates) };
    let update = UpdateShop { shop: SHOP, based_on: None, record: ShopRecord::named("Old Town"), facts };
    books.record(update.decide(&books.directory, PARTNER, None).unwrap());
    books.record(RetireShop { shop: SHOP }.decide(&books.directory, PARTNER).unwrap());
    let rules = TemplateRules { points_per_visit: Points::new(5), ..TemplateRules::default() };
    let create = CreateTemplate::titled([("en".to_owned(), "Card".to_owned())].into(), rules.clone());
    books.record(create.decide(&books.directory, PARTNER, TEMPLATE).unwrap());
    books.record(RetireTemplate { template: TEMPLATE }.decide(&books.directory, PARTNER).unwrap());
    let rules = TemplateRules {
        initial_bonus_points: Points::new(200),
        max_points_per_purchase: Some(Points::new(500)),
        is_active: false,
        shop_ids: vec![SHOP],
        third_party: true,
        default_coupon_validity_days: Some(30),
        ..rules
    };
    let update = UpdateTemplate { template: TEMPLATE, based_on: None, record: TemplateRecord::default(), rules };
    books.record(update.decide(&books.directory, PARTNER, None).unwrap());
    let tiers = [(Tier::Gold, TierRecord { name: "Auksas".to_owned(), benefits: vec!["Coffee".to_owned()] })].into();
    let settings = Settings { multi_store_points: true, ..Settings::default() };
    let change = ChangeSettings { based_on: None, settings, record: SettingsRecord { tiers } };
    books.record(change.decide(&books.directory, PARTNER, None).unwrap());
    books
}

fn purchase(order: &str, total: &str, redeem: i64) -> Purchase {
    Purchase {
        shop: Some(SHOP),
        order: order.to_owned(),
        total: Money::new(total.parse().unwrap()).unwrap(),
        currency: None,
        points: None,
        redeem: Points::new(redeem),
        discount: None,
        expires_at: None,
        note: Note { reason: Some("Two rolls".to_owned()), ..Note::default() },
        past: None,
    }
}

fn refund(order: &str, share: Share) -> Refund {
    let note = Note { reason: Some("Stale".to_owned()), ..Note::default() };
    Refund {
        shop: Some(SHOP),
        order: order.to_owned(),
        refund: Some("r1".to_owned()),
        cause: RefundCause::Refund,
        share,
        note,
        past: None,
    }
}

#[test]
fn purchases_refunds_and_changes_of_the_programme_are_valid_by_their_schemas() {
    let mut books = programme();
    let customer = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
    let customer = Customer::registered(&customer, PARTNER, Seq::new(1), NOW);
    let fresh = Fresh { customer: CUSTOMER.next(), card: CARD, number: CardNumber::from_drawn(17) };
    let buyer = Buyer::Cardless { customer: &customer, fresh };
    let terms = books.directory.terms(PARTNER, TEMPLATE).unwrap();
    let drafts = purchase("1001", "15.50", 0).decide(&buyer, &terms, NOW).unwrap();
    books.record(drafts);
    books.buy(&purchase("1002", "0", 300));
    books.buy(&purchase("1003", "1000000", 10));
    books.refund(&refund("1003", Share::Amount(Money::new("333333.33".parse().unwrap()).unwrap())));
    books.refund(&refund("1002", Share::Rest));
    books.refund(&Refund { cause: RefundCause::Cancellation, refund: None, ..refund("1001", Share::Rest) });
    books.refund(&refund("1003", Share::Points(Points::new(1))));
    let expected = [
        "card.issued",
        "order.recorded",
        "partner.created",
        "partner.settings_changed",
        "points.awarded",
        "points.redeemed",
        "points.refunded",
        "points.returned",
        "shop.opened",
        "shop.retired",
        "shop.updated",
        "template.created",
        "template.retired",
        "template.updated",
    ];
    assert!(expected.iter().all(|kind| books.kinds.contains(kind)), "{:?}", books.kinds);
    for word in ["rolls", "Stale", "Auksas", "Coffee", "Old Town", "Corner"] {
        assert!(books.events.iter().all(|(_, event)| !event.payload().contains(word)), "{word}");
    }
}

#[test]
fn a_refund_that_leaves_a_debt_is_valid_by_its_schema() {
    let issued = CardIssued {
        card: CARD,
        customer: CUSTOMER,
        template: TEMPLATE,
        template_version: 1,
        number: CardNumber::from_drawn(17),
        status: Status::Active,
        design: "default".to_owned(),
        shop: None,
        happened_at: None,
        sealed: None,
    };
    let mut books = programme();
    books.card = Some(Card::issued(&issued, PARTNER, Seq::new(1), NOW));
    books.buy(&purchase("1001", "15.50", 0));
    books.buy(&purchase("1002", "0", 150));
    books.refund(&refund("1001", Share::Rest));
    assert_eq!(books.card.as_ref().map(|card| card.debt.get()), Some(150));
    books.refund(&refund("1002", Share::Rest));
    assert_eq!(books.card.map(|card| (card.debt.get(), card.balance().get())), Some((0, 0)));
}
