//! One order, one award: at once, across restarts, rebuilt projections and shops.

use super::workshop::{PARTNER, Workshop, adjust, award, issue, order, redeem, stated_balance};
use counterfoil::domain::points::{Award, Note, Order, Particulars, Points};
use counterfoil::domain::programme::OpenShop;
use counterfoil::domain::{CardId, Rejection, ShopId};
use counterfoil::writer::{Command, Refusal, Request};

fn with_header(key: &str, command: Command) -> Request {
    Request { idempotency_key: Some(key.into()), ..Workshop::request(command) }
}

fn award_at_shop(shop: i64, card: CardId) -> Command {
    let particulars =
        Particulars { shop: Some(ShopId::new(shop)), name: order("1001"), note: Note::default(), past: None };
    Command::Award(Award { card, points: Points::new(5), expires_at: None, particulars })
}

#[test]
fn the_same_order_sent_a_hundred_times_at_once_awards_once() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..100).map(|_| scope.spawn(|| workshop.must(award(card, 10, None, order("1001"))))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(workshop.available(card), 10);
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.replayed).count(), 1);
    let first = outcomes[0].events[0].seq;
    assert!(outcomes.iter().all(|outcome| outcome.events[0].seq == first && stated_balance(outcome) == Some(10)));
}

#[test]
fn an_order_stays_awarded_after_a_restart_and_after_views_db_is_deleted() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let first = workshop.must(award(card, 10, None, order("1001")));
    workshop.restart();
    assert!(workshop.must(award(card, 10, None, order("1001"))).replayed);
    workshop.stop();
    std::fs::remove_file(workshop.dir().views()).unwrap();
    workshop.restart();
    let again = workshop.must(award(card, 10, None, order("1001")));
    assert!(again.replayed);
    assert_eq!((again.events[0].seq, &again.events[0].event), (first.events[0].seq, &first.events[0].event));
}

#[test]
fn one_order_is_never_awarded_to_two_cards() {
    let workshop = Workshop::new();
    let (first, _) = workshop.issue("ona@example.com", 0);
    let (second, _) = workshop.issue("jonas@example.com", 0);
    workshop.must(award(first, 10, None, order("1001")));
    let refused = workshop.run(award(second, 10, None, order("1001")));
    assert!(matches!(refused, Err(Refusal::Conflict { events }) if events.len() == 1));
    assert!(matches!(workshop.run(award(first, 11, None, order("1001"))), Err(Refusal::Conflict { .. })));
}

#[test]
fn earning_and_redeeming_under_one_order_id_are_two_things() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(award(card, 100, None, order("1001")));
    assert_eq!(stated_balance(&workshop.must(redeem(card, 40, order("1001")))), Some(60));
    assert!(workshop.must(redeem(card, 40, order("1001"))).replayed);
}

#[test]
fn two_shops_may_both_have_an_order_1001() {
    let workshop = Workshop::new();
    workshop.must(Command::OpenShop(OpenShop::named("Station")));
    let (card, _) = workshop.issue("ona@example.com", 0);
    for shop in [1, 2] {
        assert!(!workshop.must(award_at_shop(shop, card)).replayed, "shop {shop}");
    }
    assert_eq!(workshop.available(card), 10);
    let foreign = workshop.run(award_at_shop(9, card));
    assert!(matches!(foreign, Err(Refusal::Rejected(Rejection::ShopNotFound { .. }))));
}

#[test]
fn a_reference_counts_once_for_each_card_and_operation() {
    let workshop = Workshop::new();
    let birthday = || Some(Order::Reference("birthday".into()));
    let (first, _) = workshop.issue("ona@example.com", 0);
    let (second, _) = workshop.issue("jonas@example.com", 0);
    workshop.must(award(first, 10, None, birthday()));
    assert!(!workshop.must(award(second, 10, None, birthday())).replayed);
    assert!(workshop.must(award(first, 10, None, birthday())).replayed);
    assert!(!workshop.must(adjust(first, 1, birthday())).replayed);
    assert_eq!((workshop.available(first), workshop.available(second)), (11, 10));
}

#[test]
fn a_refused_command_claims_no_key() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 5);
    assert!(workshop.run(redeem(card, 10, order("1001"))).is_err());
    workshop.must(award(card, 5, None, None));
    assert!(!workshop.must(redeem(card, 10, order("1001"))).replayed, "mended and sent again");
}

#[test]
fn a_header_makes_an_issue_happen_once_and_compares_the_email_with_the_vault() {
    let workshop = Workshop::new();
    let writer = workshop.engine().writer();
    let first = writer.submit_blocking(with_header("k1", issue("ona@example.com", 5))).unwrap();
    let again = writer.submit_blocking(with_header("k1", issue("Ona@Example.com", 5))).unwrap();
    assert!(again.replayed);
    assert_eq!(again.card.unwrap().id, first.card.unwrap().id);
    let other = writer.submit_blocking(with_header("k1", issue("jonas@example.com", 5)));
    assert!(matches!(other, Err(Refusal::Conflict { .. })), "the same key for another person");
    let other = writer.submit_blocking(with_header("k1", issue("ona@example.com", 6)));
    assert!(matches!(other, Err(Refusal::Conflict { .. })), "the same key for other points");
}

#[test]
fn a_fingerprint_never_holds_an_email() {
    let mut workshop = Workshop::new();
    let writer = workshop.engine().writer();
    writer.submit_blocking(with_header("k1", issue("ona@example.com", 5))).unwrap();
    writer.submit_blocking(with_header("k2", issue("jonas@example.com", 5))).unwrap();
    workshop.stop();
    let ledger = counterfoil::storage::open_ledger(&workshop.dir()).unwrap();
    let sql = "SELECT count(DISTINCT fingerprint) FROM events WHERE idempotency_key LIKE 'p1/issue/header/%' AND partner_id = ?1";
    let distinct: i64 = ledger.query_row(sql, [PARTNER.get()], |row| row.get(0)).unwrap();
    assert_eq!(distinct, 1, "two people, one fingerprint: it says nothing about either");
}

#[test]
fn within_one_bulk_request_an_order_awards_once() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let requests = (0..3).map(|_| Workshop::request(award(card, 10, None, order("1001")))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answers = runtime.block_on(workshop.engine().writer().submit_all(requests)).unwrap();
    let replayed: Vec<bool> = answers.into_iter().map(|answer| answer.unwrap().replayed).collect();
    assert_eq!(replayed, [false, true, true]);
    assert_eq!(workshop.available(card), 10);
}
