//! Purchases: what one command redeems, earns and issues, and what it refuses.

use super::*;
use crate::domain::cards::{CardNumber, Status, Tier};
use crate::domain::customers::CustomerRegistered;
use crate::domain::orders::Bound;
use crate::domain::points::Lot;
use crate::domain::programme::{Settings, Standing, TemplateRules, TierBasis, TierLevel, TierPlan};
use crate::domain::samples::{
    CARD, CUSTOMER, DAY, NOW, Programme, after, at, card, kinds, lasting, lot, owing, programme, taken,
};
use crate::domain::{CardId, PartnerId, TemplateId};

fn money(text: &str) -> Money {
    Money::new(text.parse().unwrap()).unwrap()
}

fn purchase(total: &str) -> Purchase {
    Purchase {
        shop: None,
        order: "1001".to_owned(),
        total: money(total),
        currency: None,
        points: None,
        redeem: Points::ZERO,
        discount: None,
        expires_at: None,
        note: Note::default(),
        past: None,
    }
}

fn redeeming(total: &str, points: i64) -> Purchase {
    Purchase { redeem: Points::new(points), ..purchase(total) }
}

fn decide(purchase: &Purchase, card: &Card, programme: &Programme) -> Result<Vec<Draft>, Rejection> {
    purchase.decide(&Buyer::Holder(card), &programme.terms(), NOW)
}

#[track_caller]
fn awarded(drafts: &[Draft]) -> &PointsAwarded {
    let found = drafts
        .iter()
        .rev()
        .find_map(|draft| if let Event::PointsAwarded(event) = &draft.event { Some(event) } else { None });
    found.unwrap_or_else(|| panic!("{drafts:?}"))
}

#[track_caller]
fn redeemed(drafts: &[Draft]) -> &PointsRedeemed {
    let [Draft { event: Event::PointsRedeemed(event), .. }, ..] = drafts else { panic!("{drafts:?}") };
    event
}

/// 10 points per 1.00, 5 for each visit, as in the seed.
fn seed() -> Programme {
    programme(TemplateRules { points_per_visit: Points::new(5), round_points_up: true, ..lasting(Some(365)) })
}

#[test]
fn a_purchase_earns_by_the_formula_and_the_event_says_how() {
    let before = card(&[lot(2, 40, None)]);
    let drafts = decide(&purchase("15.50"), &before, &seed()).unwrap();
    assert_eq!(kinds(&drafts), ["points.awarded"]);
    let event = awarded(&drafts);
    assert_eq!((event.points.get(), event.balance_before.get(), event.balance.get()), (160, 40, 200));
    assert_eq!((event.order.as_deref(), event.lot.unwrap().expires_at), (Some("1001"), Some(at(365 * DAY))));
    assert_eq!(
        serde_json::to_string(&event.purchase).unwrap(),
        r#"{"order_total":"15.50","currency":"EUR","template":1,"template_version":1,"formula":{"base":"155","multiplier":"1","whole":155,"visit_bonus":5}}"#
    );
    assert_eq!(after(&before, &drafts).balance(), event.balance);
}

#[test]
fn the_redemption_comes_first_and_both_happen_in_one_decision() {
    let before = card(&[lot(2, 150, None), lot(3, 100, Some(DAY))]);
    let drafts = decide(&redeeming("14.00", 150), &before, &seed()).unwrap();
    assert_eq!(kinds(&drafts), ["points.redeemed", "points.awarded"]);
    let (spent, earned) = (redeemed(&drafts), awarded(&drafts));
    assert_eq!(taken(&spent.taken), [(3, 100), (2, 50)]);
    assert_eq!((spent.balance_before.get(), spent.balance.get()), (250, 100));
    assert_eq!(spent.discount.as_ref().unwrap().amount, money("1.50"));
    assert_eq!((earned.balance_before.get(), earned.points.get(), earned.balance.get()), (100, 145, 245));
    assert_eq!(after(&before, &drafts).balance(), earned.balance);
}

#[test]
fn a_purchase_does_not_spend_what_it_earns() {
    let refused = decide(&redeeming("1000", 101), &card(&[lot(2, 100, None)]), &seed());
    let (needed, available) = (Points::new(101), Points::new(100));
    assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
}

#[test]
fn an_order_of_nothing_earns_nothing_and_is_recorded_all_the_same() {
    let before = card(&[lot(2, 100, None)]);
    let drafts = decide(&purchase("0"), &before, &seed()).unwrap();
    let [Draft { event: Event::OrderRecorded(event), .. }] = &drafts[..] else { panic!("{drafts:?}") };
    assert_eq!((event.order.as_str(), event.balance.get(), &event.purchase.formula), ("1001", 100, &None));
    let card = after(&before, &drafts);
    assert_eq!((card.balance().get(), card.movements, card.lots.len()), (100, 1, 1));

    let drafts = decide(&redeeming("0.00", 100), &before, &seed()).unwrap();
    assert_eq!(kinds(&drafts), ["points.redeemed", "order.recorded"], "paid with points alone");
    assert_eq!(after(&before, &drafts).balance(), Points::ZERO);
}

#[test]
fn a_purchase_too_small_for_a_point_is_recorded_with_its_steps() {
    let drafts = decide(&purchase("0.01"), &card(&[]), &programme(lasting(None))).unwrap();
    let [Draft { event: Event::OrderRecorded(event), .. }] = &drafts[..] else { panic!("{drafts:?}") };
    let formula = event.purchase.formula.as_ref().unwrap();
    assert_eq!((formula.base.to_string(), formula.whole), ("0.1".to_owned(), Points::ZERO));
}

#[test]
fn stated_points_replace_the_formula_but_not_the_bounds_of_one_operation() {
    let stated = |points| Purchase { points: Some(Points::new(points)), ..purchase("15.50") };
    let drafts = decide(&stated(7), &card(&[]), &seed()).unwrap();
    assert_eq!((awarded(&drafts).points.get(), &awarded(&drafts).purchase.as_ref().unwrap().formula), (7, &None));
    assert_eq!(kinds(&decide(&stated(0), &card(&[]), &seed()).unwrap()), ["order.recorded"]);
    let bounded = TemplateRules { max_points_per_purchase: Some(Points::new(5)), ..lasting(None) };
    assert!(decide(&stated(1_000_000_000), &card(&[]), &programme(bounded)).is_ok());
    let refused = decide(&stated(1_000_000_001), &card(&[]), &seed());
    assert_eq!(refused, Err(Rejection::TooManyPoints { points: Points::new(1_000_000_001) }));
}

#[test]
fn an_order_in_another_currency_is_refused() {
    let order = |currency: &str| Purchase { currency: Some(currency.to_owned()), ..purchase("15.50") };
    assert!(decide(&order("EUR"), &card(&[]), &seed()).is_ok());
    let (given, expected) = ("USD".to_owned(), "EUR".to_owned());
    assert_eq!(decide(&order("USD"), &card(&[]), &seed()), Err(Rejection::CurrencyMismatch { given, expected }));
}

#[test]
fn a_clients_discount_is_kept_where_the_points_are_worth_it() {
    let before = card(&[lot(2, 500, None)]);
    let with = |discount, points| Purchase { discount: Some(money(discount)), ..redeeming("10", points) };
    let drafts = decide(&with("1.51", 150), &before, &seed()).unwrap();
    let discount = redeemed(&drafts).discount.as_ref().unwrap();
    assert_eq!((discount.amount, discount.exact), (money("1.51"), money("1.50")));
    let (asked, exact) = (money("1.52"), money("1.50"));
    let refused = decide(&with("1.52", 150), &before, &seed());
    assert_eq!(refused, Err(Rejection::DiscountTooLarge { asked, exact }));
    let refused = decide(&with("1", 0), &before, &seed());
    assert_eq!(refused, Err(Rejection::DiscountTooLarge { asked: money("1"), exact: Money::ZERO }));
    assert!(decide(&with("0", 0), &before, &seed()).is_ok());
}

#[test]
fn a_card_that_does_not_earn_makes_no_till_fail() {
    let rules = || TemplateRules { points_enabled: false, ..lasting(None) };
    let drafts = decide(&purchase("15.50"), &card(&[]), &programme(rules())).unwrap();
    assert_eq!(kinds(&drafts), ["order.recorded"]);
    let stated = Purchase { points: Some(Points::new(7)), ..purchase("15.50") };
    assert_eq!(decide(&stated, &card(&[]), &programme(rules())), Err(Rejection::EarningDisabled));
}

#[test]
fn what_is_earned_pays_debt_first() {
    let drafts = decide(&purchase("15.50"), &owing(100), &seed()).unwrap();
    let event = awarded(&drafts);
    assert_eq!((event.debt_paid, event.lot.map(|lot| lot.points)), (Some(Points::new(100)), Some(Points::new(60))));
}

#[test]
fn what_is_past_its_time_is_written_off_first_and_an_inactive_card_wakes() {
    let before = Card { status: Status::Inactive, ..card(&[lot(2, 40, Some(0)), lot(3, 100, None)]) };
    let drafts = decide(&redeeming("15.50", 100), &before, &seed()).unwrap();
    assert_eq!(kinds(&drafts), ["points.expired", "card.activated", "points.redeemed", "points.awarded"]);
    assert_eq!(after(&before, &drafts).balance().get(), 160);
    let blocked = Card { status: Status::Blocked, ..card(&[]) };
    assert_eq!(decide(&purchase("15.50"), &blocked, &seed()), Err(Rejection::CardBlocked { card: CARD }));
}

#[test]
fn a_redemption_names_the_shops_whose_points_it_took() {
    let (here, there) = (ShopId::new(4), ShopId::new(5));
    let lots =
        [Lot { shop: Some(here), ..lot(2, 50, None) }, lot(3, 50, None), Lot { shop: Some(there), ..lot(4, 50, None) }];
    let shared = Settings { multi_store_points: true, ..Settings::default() };
    let drafts = decide(&redeeming("10", 150), &card(&lots), &seed().with_settings(shared)).unwrap();
    assert_eq!(redeemed(&drafts).lot_shops, [Some(here), None, Some(there)]);
    let drafts = decide(&redeeming("10", 50), &card(&lots[1..2]), &seed()).unwrap();
    assert!(!drafts[0].event.payload().contains("lot_shops"), "{}", drafts[0].event.payload());
}

fn plan(basis: TierBasis) -> TierPlan {
    let level = |(tier, threshold, multiplier): (Tier, i64, &str)| TierLevel {
        tier,
        threshold: Points::new(threshold),
        multiplier: multiplier.parse().unwrap(),
    };
    let levels = [(Tier::Bronze, 0, "1"), (Tier::Silver, 100, "1.1"), (Tier::Gold, 1_000, "2")];
    TierPlan { basis, levels: levels.map(level).to_vec() }
}

fn tiered(unified_tiers: bool, basis: TierBasis) -> Programme {
    seed().with_settings(Settings { unified_tiers, tiers: plan(basis), ..Settings::default() })
}

#[test]
fn the_purchase_that_crosses_a_threshold_changes_the_tier_and_the_next_one_is_multiplied() {
    let programme = tiered(false, TierBasis::Lifetime);
    let drafts = decide(&purchase("15.50"), &card(&[]), &programme).unwrap();
    assert_eq!(kinds(&drafts), ["points.awarded", "card.tier_changed"]);
    assert_eq!(awarded(&drafts).points.get(), 160, "the multiplier of the tier before");
    let silver = after(&card(&[]), &drafts);
    assert_eq!(silver.tier, Tier::Silver);
    let drafts = decide(&purchase("15.50"), &silver, &programme).unwrap();
    assert_eq!(awarded(&drafts).points.get(), 176, "170.5, rounded up, and 5 for the visit");
}

#[test]
fn rolling_tiers_count_what_was_earned_lately() {
    let programme = tiered(false, TierBasis::Rolling);
    assert!(programme.partner.settings.counts_more_than_the_card());
    let old = Card { lifetime: Points::new(10_000), ..card(&[]) };
    for (lately, expected) in [(0, Tier::Silver), (839, Tier::Silver), (840, Tier::Gold)] {
        let standing = Standing { counted: Some(Points::new(lately)), others: &[] };
        let drafts = purchase("15.50").decide(&Buyer::Holder(&old), &programme.terms().with(standing), NOW).unwrap();
        assert_eq!(after(&old, &drafts).tier, expected, "{lately}");
    }
}

#[test]
fn with_unified_tiers_all_cards_of_a_customer_rise_together() {
    let programme = tiered(true, TierBasis::Lifetime);
    let others = [(CardId::new(18), Tier::Bronze), (CardId::new(19), Tier::Gold)];
    let standing = Standing { counted: Some(Points::new(900)), others: &others };
    let drafts = purchase("15.50").decide(&Buyer::Holder(&card(&[])), &programme.terms().with(standing), NOW).unwrap();
    let raised: Vec<_> = drafts
        .iter()
        .filter_map(|draft| {
            let Event::CardTierChanged(event) = &draft.event else { return None };
            Some((event.card.get(), event.from, event.to, event.lifetime.get()))
        })
        .collect();
    assert_eq!(raised, [(17, Tier::Bronze, Tier::Gold, 1_060), (18, Tier::Bronze, Tier::Gold, 1_060)]);
}

fn cardless() -> Customer {
    let registered = CustomerRegistered { customer: CUSTOMER, happened_at: None, sealed: None };
    Customer::registered(&registered, PartnerId::new(1), Seq::new(1), NOW)
}

fn newcomer(purchase: &Purchase, customer: &Customer, bonus: i64) -> Result<Vec<Draft>, Rejection> {
    let rules = TemplateRules { initial_bonus_points: Points::new(bonus), ..seed().template.rules };
    let fresh = Fresh { customer: CUSTOMER.next(), card: CARD, number: CardNumber::from_drawn(17) };
    purchase.decide(&Buyer::Cardless { customer, fresh }, &programme(rules).terms(), NOW)
}

#[test]
fn a_known_customer_without_a_card_gets_one_with_its_bonus_in_the_same_command() {
    let shop = Some(ShopId::new(4));
    let drafts = newcomer(&Purchase { shop, ..purchase("15.50") }, &cardless(), 50).unwrap();
    assert_eq!(kinds(&drafts), ["card.issued", "points.awarded", "points.awarded"]);
    let Event::CardIssued(issued) = &drafts[0].event else { panic!("{drafts:?}") };
    assert_eq!((issued.customer, issued.card, issued.shop), (CUSTOMER, CARD, shop));
    assert_eq!((issued.template, issued.status), (TemplateId::new(1), Status::Active));
    let event = awarded(&drafts);
    assert_eq!((event.balance_before.get(), event.points.get(), event.balance.get()), (50, 160, 210));
    assert_eq!((event.lifetime.get(), event.order.as_deref()), (210, Some("1001")));
    let card = Card::issued(issued, PartnerId::new(1), Seq::new(100), NOW);
    assert_eq!(after(&card, &drafts[1..]).balance(), event.balance);
}

#[test]
fn a_new_cards_bonus_counts_towards_its_tier_but_cannot_be_spent_by_the_purchase_that_issues_it() {
    let drafts = newcomer(&purchase("15.50"), &cardless(), 400).unwrap();
    assert_eq!(kinds(&drafts), ["card.issued", "points.awarded", "points.awarded", "card.tier_changed"]);
    let refused = newcomer(&redeeming("15.50", 10), &cardless(), 400);
    let (needed, available) = (Points::new(10), Points::ZERO);
    assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
    let erased = Customer { erased_at: Some(NOW), ..cardless() };
    assert_eq!(newcomer(&purchase("15.50"), &erased, 0), Err(Rejection::CustomerErased { customer: CUSTOMER }));
}

#[test]
fn what_was_typed_is_sealed_with_each_event() {
    let note = Note { reason: Some("Two rolls".to_owned()), ..Note::default() };
    let before = card(&[lot(2, 100, None)]);
    let drafts = decide(&Purchase { note, ..redeeming("14.00", 100) }, &before, &seed()).unwrap();
    for draft in &drafts {
        assert_eq!(draft.secret.as_ref().unwrap().body, r#"{"reason":"Two rolls"}"#);
        assert!(!draft.event.payload().contains("rolls"));
    }
}

#[test]
fn no_spelling_changes_what_a_purchase_is() {
    let content = |purchase: &Purchase| purchase.content(CUSTOMER, "EUR");
    let with = |total, discount| Purchase { discount: Some(money(discount)), ..redeeming(total, 100) };
    assert_eq!(content(&with("15.50", "1.0")), content(&with("15.5", "1.00")));
    let first = with("15.50", "1");
    for other in [
        with("15.51", "1"),
        with("15.50", "0.99"),
        Purchase { discount: None, ..first.clone() },
        Purchase { redeem: Points::new(101), ..first.clone() },
        Purchase { points: Some(Points::ZERO), ..first.clone() },
        Purchase { currency: Some("USD".to_owned()), ..first.clone() },
    ] {
        assert_ne!(content(&other), content(&first), "{other:?}");
    }
    let said = Purchase { currency: Some("EUR".to_owned()), ..first.clone() };
    assert_eq!(content(&said), content(&first), "the partner's own currency, said or not");
    let typed = Note { reason: Some("Two rolls".to_owned()), ..Note::default() };
    assert_eq!(content(&Purchase { note: typed, ..first.clone() }), content(&first));
    assert_ne!(first.content(CUSTOMER.next(), "EUR"), content(&first));
}

#[test]
fn a_new_card_of_a_customer_with_other_cards_begins_with_their_tier() {
    let programme = tiered(true, TierBasis::Lifetime);
    let (customer, others) = (cardless(), [(CardId::new(18), Tier::Gold)]);
    let fresh = Fresh { customer: CUSTOMER.next(), card: CARD, number: CardNumber::from_drawn(17) };
    let standing = Standing { counted: Some(Points::new(1_000)), others: &others };
    let buyer = Buyer::Cardless { customer: &customer, fresh };
    let drafts = purchase("15.50").decide(&buyer, &programme.terms().with(standing), NOW).unwrap();
    assert_eq!(kinds(&drafts), ["card.issued", "card.tier_changed", "points.awarded"]);
    assert_eq!(awarded(&drafts).points.get(), 315, "twice, for gold, and 5 for the visit");
}

#[test]
fn the_bound_that_decided_stands_in_the_event() {
    let rules = TemplateRules { max_points_per_purchase: Some(Points::new(100)), ..seed().template.rules };
    let drafts = decide(&purchase("15.50"), &card(&[]), &programme(rules)).unwrap();
    let formula = awarded(&drafts).purchase.as_ref().unwrap().formula.clone().unwrap();
    assert_eq!((awarded(&drafts).points.get(), formula.bound), (100, Some(Bound::Maximum)));
}

#[test]
fn a_purchase_that_earns_nothing_may_spend_where_the_card_does_not_earn() {
    let home = Card { shop: Some(ShopId::new(1)), ..card(&[lot(2, 100, None)]) };
    let settings = Settings {
        multi_store_points: true,
        point_sharing: crate::domain::programme::PointSharing::RedemptionOnly,
        ..Settings::default()
    };
    let away = |purchase: Purchase| Purchase { shop: Some(ShopId::new(2)), ..purchase };
    let decide = |rules, purchase| decide(&away(purchase), &home, &programme(rules).with_settings(settings.clone()));
    let paid = decide(TemplateRules::default(), redeeming("0", 100)).unwrap();
    assert_eq!(kinds(&paid), ["points.redeemed", "order.recorded"]);
    let nothing = Purchase { points: Some(Points::ZERO), ..redeeming("5", 100) };
    assert!(decide(TemplateRules::default(), nothing).is_ok());
    let rules = TemplateRules { points_enabled: false, ..TemplateRules::default() };
    assert!(decide(rules, redeeming("5", 100)).is_ok());
    let refused = decide(TemplateRules::default(), redeeming("5", 100)).unwrap_err();
    assert!(matches!(refused, Rejection::StoreAccessDenied { .. }), "{refused:?}");
}
