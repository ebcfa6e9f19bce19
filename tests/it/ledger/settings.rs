//! A partner's settings through the writer: tiers that count more than one card's lifetime, and sharing between shops.

use super::workshop::{
    DAY, PARTNER, START, Workshop, all, award, bought, buy, buy_as, cancel, money, refund, stated_balance,
};
use counterfoil::domain::cards::{CardIssued, CardNumber, Status, Tier};
use counterfoil::domain::orders::{Purchase, Refund, Share};
use counterfoil::domain::points::Points;
use counterfoil::domain::programme::{
    ChangeSettings, CreatePartner, OpenShop, PointSharing, RetireShop, Setting, Settings, SettingsRecord, ShopFacts,
    ShopRecord, Shortfall, TierBasis, TierLevel, TierPlan, TierRecord, UpdateShop,
};
use counterfoil::domain::{CardId, CustomerId, Event, PartnerId, Rejection, ShopId, TemplateId};
use counterfoil::event_log::{self, Entry, EventInsert};
use counterfoil::projections;
use counterfoil::storage::{open_ledger, open_reader};
use counterfoil::writer::{BuyerId, Command, Outcome, Refusal, Request};

/// Silver from 100 and twice the points, gold from 200 and thrice.
fn plan(basis: TierBasis) -> TierPlan {
    let level = |tier, threshold, multiplier: i64| TierLevel {
        tier,
        threshold: Points::new(threshold),
        multiplier: multiplier.into(),
    };
    TierPlan { basis, levels: vec![level(Tier::Bronze, 0, 1), level(Tier::Silver, 100, 2), level(Tier::Gold, 200, 3)] }
}

fn change(settings: Settings) -> Command {
    Command::ChangeSettings(ChangeSettings { based_on: None, settings, record: SettingsRecord::default() })
}

fn rolling() -> Settings {
    Settings { tiers: plan(TierBasis::Rolling), ..Settings::default() }
}

/// What the tier of a card was raised to, and the points that counted.
fn raised(outcome: &Outcome) -> Option<(Tier, i64)> {
    outcome.events.iter().find_map(|recorded| match &recorded.event {
        Event::CardTierChanged(event) => Some((event.to, event.lifetime.get())),
        _ => None,
    })
}

fn waits_for_projector(workshop: &Workshop) {
    assert!(workshop.engine().live().progress().caught_up_blocking(std::time::Duration::from_secs(30)));
}

#[test]
fn rolling_points_count_for_twelve_months_and_no_longer() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(change(rolling()));
    assert_eq!(raised(&workshop.must(award(card, 60, None, None))), None);
    workshop.set_time(START + 300 * DAY);
    assert_eq!(raised(&workshop.must(award(card, 39, None, None))), None);
    // To the microsecond: the first award counts no more.
    workshop.set_time(START + 365 * DAY + 1);
    assert_eq!(raised(&workshop.must(award(card, 60, None, None))), None, "99 in twelve months, 159 in all");
    assert_eq!(raised(&workshop.must(award(card, 1, None, None))), Some((Tier::Silver, 100)));
    workshop.must(buy(card, "1001", "1", 0));
    assert_eq!(workshop.card(card).lifetime.get(), 60 + 39 + 60 + 1 + 20, "a silver card earns twice the points");
}

#[test]
fn rolling_points_are_exact_within_a_batch_and_while_the_projector_is_behind() {
    for caught_up in [false, true] {
        let mut workshop = Workshop::new();
        let (card, _) = workshop.issue("ona@example.com", 0);
        let (other, _) = workshop.issue("jonas@example.com", 0);
        let pause = |workshop: &Workshop| {
            if caught_up {
                waits_for_projector(workshop);
            }
        };
        // Earned before anybody counted it, partly in the very batch that changes the settings.
        workshop.must(award(card, 10, None, None));
        pause(&workshop);
        let answers = all(
            &workshop,
            [award(card, 20, None, None), award(other, 99, None, None), change(rolling()), award(card, 30, None, None)],
        );
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|outcome| raised(outcome).is_none())));
        pause(&workshop);
        let answers = all(
            &workshop,
            [
                buy(card, "1001", "3", 0),
                refund("1001", None, Share::Amount(money("1"))),
                award(card, 19, None, None),
                award(card, 1, None, None),
            ],
        );
        let raises: Vec<_> = answers.iter().map(|answer| raised(answer.as_ref().unwrap())).collect();
        assert_eq!(raises, [None, None, None, Some((Tier::Silver, 100))], "caught up: {caught_up}");
        workshop.restart();
        assert_eq!(raised(&workshop.must(award(card, 99, None, None))), None);
        assert_eq!(raised(&workshop.must(award(card, 1, None, None))), Some((Tier::Gold, 200)));
        assert_eq!(raised(&workshop.must(award(other, 1, None, None))), Some((Tier::Silver, 100)));
    }
}

#[test]
fn what_counts_is_the_sum_by_the_log_however_commands_fall_into_batches() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let level = |tier, threshold| TierLevel { tier, threshold: Points::new(threshold), multiplier: 1.into() };
    // 999 points in whatever batches, one short of the threshold: a row lost or counted twice would show.
    workshop.must(change(Settings {
        tiers: TierPlan { basis: TierBasis::Rolling, levels: vec![level(Tier::Bronze, 0), level(Tier::Silver, 1_000)] },
        ..Settings::default()
    }));
    for round in 0..37 {
        let answers = all(&workshop, std::array::from_fn::<_, 9, _>(|_| award(card, 3, None, None)));
        assert!(answers.iter().all(|answer| raised(answer.as_ref().unwrap()).is_none()), "{round}");
    }
    assert_eq!(raised(&workshop.must(award(card, 1, None, None))), Some((Tier::Silver, 1_000)));
}

#[test]
fn unified_tiers_count_a_customer_who_has_one_card_like_that_card() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(change(Settings { unified_tiers: true, tiers: plan(TierBasis::Lifetime), ..Settings::default() }));
    let answers = all(&workshop, [award(card, 99, None, None), award(card, 1, None, None), buy(card, "1001", "5", 0)]);
    let raises: Vec<_> = answers.iter().map(|answer| raised(answer.as_ref().unwrap())).collect();
    assert_eq!(raises, [None, Some((Tier::Silver, 100)), Some((Tier::Gold, 200))]);
}

#[test]
fn unified_tiers_count_and_raise_all_cards_of_a_customer() {
    for basis in [TierBasis::Lifetime, TierBasis::Rolling] {
        let mut workshop = Workshop::new();
        let (first, customer) = workshop.issue("ona@example.com", 0);
        workshop.must(change(Settings { unified_tiers: true, tiers: plan(basis), ..Settings::default() }));
        workshop.stop();
        let second = append_card(&workshop, customer);
        workshop.restart();
        let answers = all(&workshop, [award(first, 60, None, None), award(second, 39, None, None)]);
        assert!(answers.iter().all(|answer| raised(answer.as_ref().unwrap()).is_none()));
        let outcome = workshop.must(award(second, 1, None, None));
        assert_eq!(outcome.events.len(), 3, "{outcome:?}");
        assert_eq!(raised(&outcome), Some((Tier::Silver, 100)));
        waits_for_projector(&workshop);
        let tier = |card| workshop.engine().live().card(card).unwrap().tier;
        assert_eq!((tier(first), tier(second)), (Tier::Silver, Tier::Silver));
        workshop.must(buy(first, "1001", "5", 0));
        assert_eq!((tier(first), tier(second)), (Tier::Gold, Tier::Gold), "100 points at twice the rate");
        workshop.stop();
        let dir = workshop.dir();
        let (ledger, views) = (open_ledger(&dir).unwrap(), open_reader(&dir).unwrap());
        let rebuilt = dir.path().join("rebuilt.db");
        projections::rebuild(&ledger, &rebuilt, None).unwrap();
        assert_eq!(projections::compare(&views, &rebuilt).unwrap(), []);
    }
}

/// A second card of a customer, as a log may hold it although no command gives one today.
fn append_card(workshop: &Workshop, customer: CustomerId) -> CardId {
    let ledger = open_ledger(&workshop.dir()).unwrap();
    let card = CardId::new(77);
    let event = Event::CardIssued(CardIssued {
        card,
        customer,
        template: TemplateId::new(1),
        template_version: 1,
        number: CardNumber::from_drawn(77),
        status: Status::Active,
        design: "default".into(),
        shop: None,
        happened_at: None,
        sealed: None,
    });
    let mut end = event_log::head(&ledger).unwrap();
    let (command_seq, at) = (end.seq.next(), end.recorded_at);
    let entry = Entry { command_seq, partner: PARTNER, version: 1, actor: "cli", claim: None, event: &event };
    end.append(&mut EventInsert::prepare(&ledger).unwrap(), &entry, at).unwrap();
    card
}

#[test]
fn the_settings_of_the_moment_decide_where_points_are_spent_and_what_a_refund_does() {
    let workshop = Workshop::new();
    workshop.must(Command::OpenShop(OpenShop::named("Station")));
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10", 0));
    let at_station = |order: &str| {
        let purchase = Purchase { shop: Some(ShopId::new(2)), ..bought(order, "0", 40) };
        Command::Purchase { buyer: BuyerId::Card(card), purchase }
    };
    let denied = |setting| Rejection::StoreAccessDenied { shop: ShopId::new(2), setting };
    let refused = workshop.run(at_station("1"));
    assert!(matches!(refused, Err(Refusal::Rejected(why)) if why == denied(Setting::MultiStorePoints)));
    let shared = Settings { multi_store_points: true, refund_shortfall: Shortfall::Block, ..Settings::default() };
    let apart = Settings { point_sharing: PointSharing::None, ..shared.clone() };
    let answers = all(&workshop, [change(shared), at_station("1"), change(apart), at_station("2")]);
    let [_, accepted, _, refused] = answers;
    assert_eq!(stated_balance(&accepted.unwrap()), Some(60));
    assert!(matches!(refused, Err(Refusal::Rejected(why)) if why == denied(Setting::PointSharing)));
    let blocked = workshop.run(refund("1001", None, Share::Rest));
    let (needed, available) = (Points::new(100), Points::new(60));
    assert!(
        matches!(blocked, Err(Refusal::Rejected(why)) if why == Rejection::InsufficientPoints { needed, available })
    );
}

#[test]
fn changes_of_the_programme_outlive_a_restart_and_a_rebuild_and_happen_once() {
    let mut workshop = Workshop::new();
    let friend = TierRecord { name: "Draugas".into(), benefits: vec!["bun".into()] };
    let record = SettingsRecord { tiers: [(Tier::Silver, friend)].into() };
    let settings = Command::ChangeSettings(ChangeSettings { based_on: None, settings: rolling(), record });
    let facts = ShopFacts { is_virtual: true, is_active: true, coordinates: None };
    let shop = ShopId::new(1);
    let update = Command::UpdateShop(UpdateShop { shop, based_on: None, record: ShopRecord::named("New Town"), facts });
    let retire = Command::RetireShop(RetireShop { shop });
    for command in [settings, update.clone(), retire] {
        assert_eq!(workshop.must(command.clone()).events.len(), 1);
        assert!(workshop.must(command.clone()).events.is_empty());
        workshop.restart();
        assert!(workshop.must(command).events.is_empty(), "the vault says that it is so already");
    }
    let known = workshop.engine().live().directory();
    assert_eq!(known.partners[&PARTNER].settings, rolling());
    assert!(known.shops[&shop].retired_at.is_some());
    assert_eq!(workshop.must(update).events.len(), 1, "an update opens it again");
    workshop.stop();
    let dir = workshop.dir();
    let (ledger, views) = (open_ledger(&dir).unwrap(), open_reader(&dir).unwrap());
    let rebuilt = dir.path().join("rebuilt.db");
    projections::rebuild(&ledger, &rebuilt, None).unwrap();
    assert_eq!(projections::compare(&views, &rebuilt).unwrap(), []);
}

#[test]
fn another_partners_shop_template_order_and_card_are_as_good_as_none() {
    let workshop = Workshop::new();
    let (card, customer) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10", 0));
    workshop.must(Command::CreatePartner(CreatePartner { name: "Rival".into(), currency: "EUR".into() }));
    let foreign = |command| {
        let request = Request { partner: PartnerId::new(2), ..Workshop::request(command) };
        match workshop.engine().writer().submit_blocking(request) {
            Err(Refusal::Rejected(rejection)) => rejection,
            other => panic!("{other:?}"),
        }
    };
    let nowhere = |command| match command {
        Command::Purchase { buyer, purchase } => {
            Command::Purchase { buyer, purchase: Purchase { shop: None, ..purchase } }
        }
        Command::Refund { refund, .. } => {
            Command::Refund { order_shop: Some(ShopId::new(1)), refund: Refund { shop: None, ..refund } }
        }
        other => other,
    };
    assert_eq!(foreign(nowhere(buy(card, "1001", "10", 0))), Rejection::CardNotFound { card });
    let by_customer = nowhere(buy_as(customer, "1001", "10", 0));
    assert_eq!(foreign(by_customer), Rejection::CustomerNotFound { customer });
    let refund = nowhere(cancel("1001"));
    assert_eq!(foreign(refund), Rejection::OrderNotFound { order: "1001".into() });
    let shop = ShopId::new(1);
    assert_eq!(foreign(Command::RetireShop(RetireShop { shop })), Rejection::ShopNotFound { shop });
}
