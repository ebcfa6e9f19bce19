//! Sealed balances: on random histories with clocks that jump over months, what is sealed of a card is what was answered at the
//! month's end, and nothing else can be proved.

use super::workshop::{
    DAY, PARTNER, START, Workshop, adjust, award, buy, cancel, erase, expire, issue, named, redeem, refund,
};
use counterfoil::domain::orders::Share;
use counterfoil::domain::points::{Award, Order, Past, Points, Redeem};
use counterfoil::domain::programme::CreatePartner;
use counterfoil::domain::seals::{Period, RecordSeal, SealRecord};
use counterfoil::domain::{Bytes, CardId, Event, Money, PartnerId, Rejection, Seq, Timestamp};
use counterfoil::projections::{compare, rebuild};
use counterfoil::queries::{MonthEnd, Queries, QueryError, SealView};
use counterfoil::sealing::{BalanceProof, Sealer, SealingError, prove};
use counterfoil::storage::{DataDir, open_ledger};
use counterfoil::writer::{Actor, Command, Refusal};
use counterfoil_replay::merkle::included;
use counterfoil_replay::seal::Closing;
use proptest::prelude::*;
use rusqlite::Connection;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

impl Workshop {
    fn queries(&self) -> Queries {
        Queries::new(self.dir(), Arc::clone(self.engine().live()))
    }

    fn seal_all(&self) -> Vec<String> {
        let sealed = self.sealer().seal_due(1_000, Actor::SealJob, &|| true).expect("seals");
        sealed.iter().map(|seal| format!("{}:{}", seal.partner, seal.period)).collect()
    }

    fn sealed(&self, period: Period) -> Option<SealView> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(self.queries().seal(PARTNER, period)).expect("views")
    }
}

/// By the auditor's code.
fn holds(seal: &SealView, proof: &BalanceProof) -> bool {
    let closing = Closing {
        card: proof.closing.card.get(),
        number: proof.closing.number.as_str().to_owned(),
        balance: proof.closing.balance.get(),
        available: proof.closing.available.get(),
    };
    let size = u64::try_from(seal.cards).expect("a size");
    included(&closing.leaf(&proof.salt), proof.index, size, &proof.hashes, &seal.root.0)
}

/// Every proof that differs from this one in one bit of something.
fn flipped(proof: &BalanceProof) -> Vec<BalanceProof> {
    let mut all = Vec::new();
    let mut changed = |change: &dyn Fn(&mut BalanceProof)| {
        let mut other = proof.clone();
        change(&mut other);
        all.push(other);
    };
    for bit in 0..63 {
        let flip = |points: Points| Points::new(points.get() ^ (1 << bit));
        changed(&|other| other.closing.balance = flip(other.closing.balance));
        changed(&|other| other.closing.available = flip(other.closing.available));
        changed(&|other| other.closing.card = CardId::new(other.closing.card.get() ^ (1 << bit)));
        changed(&|other| other.index ^= 1 << bit);
    }
    for bit in 0..256 {
        changed(&|other| other.salt[bit / 8] ^= 1 << (bit % 8));
        for place in 0..proof.hashes.len() {
            changed(&|other| other.hashes[place][bit / 8] ^= 1 << (bit % 8));
        }
    }
    all
}

#[derive(Debug, Clone)]
enum Step {
    Award { card: usize, points: i64, expires_in: Option<i64> },
    PastAward { card: usize, points: i64, ago: i64, expires_in: i64 },
    Redeem { card: usize, points: i64 },
    PastRedeem { card: usize, points: i64, ago: i64 },
    Adjust { card: usize, points: i64 },
    Expire { card: usize, points: i64 },
    WriteOff { card: usize },
    Buy { card: usize, redeem: i64 },
    Refund { order: usize, cents: i64 },
    Cancel { order: usize },
    Issue,
    Jump { days: i64 },
    ToMonthEnd { micros: i64 },
    Seal,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let card = || 0..4_usize;
    let step = prop_oneof![
        5 => (card(), 1..60_i64, proptest::option::of(1..70_i64))
            .prop_map(|(card, points, expires_in)| Step::Award { card, points, expires_in }),
        2 => (card(), 1..60_i64, 0..90_i64, 1..120_i64)
            .prop_map(|(card, points, ago, expires_in)| Step::PastAward { card, points, ago, expires_in }),
        3 => (card(), 1..50_i64).prop_map(|(card, points)| Step::Redeem { card, points }),
        1 => (card(), 1..30_i64, 0..90_i64).prop_map(|(card, points, ago)| Step::PastRedeem { card, points, ago }),
        2 => (card(), (-40..40_i64).prop_filter("not zero", |points| *points != 0))
            .prop_map(|(card, points)| Step::Adjust { card, points }),
        1 => (card(), 1..30_i64).prop_map(|(card, points)| Step::Expire { card, points }),
        1 => card().prop_map(|card| Step::WriteOff { card }),
        2 => (card(), prop_oneof![Just(0_i64), 1..30_i64]).prop_map(|(card, redeem)| Step::Buy { card, redeem }),
        2 => (0..6_usize, 1..900_i64).prop_map(|(order, cents)| Step::Refund { order, cents }),
        1 => (0..6_usize).prop_map(|order| Step::Cancel { order }),
        1 => Just(Step::Issue),
        3 => prop_oneof![1..50_i64, -20..0_i64].prop_map(|days| Step::Jump { days }),
        2 => (-1..2_i64).prop_map(|micros| Step::ToMonthEnd { micros }),
        2 => Just(Step::Seal),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..50)
}

/// A history with what was answered at each month's end.
struct History {
    workshop: Workshop,
    cards: Vec<CardId>,
    clock: i64,
    names: usize,
    orders: usize,
    answered: BTreeMap<Period, Vec<(CardId, i64, i64)>>,
}

impl History {
    fn new() -> Self {
        let workshop = Workshop::new();
        let cards = (0..3).map(|card| workshop.issue(&format!("c{card}@example.com"), 20).0).collect();
        Self { workshop, cards, clock: START, names: 0, orders: 0, answered: BTreeMap::new() }
    }

    /// The log's time.
    fn time(&self) -> Timestamp {
        self.workshop.engine().live().progress().time(Timestamp::from_micros(self.clock))
    }

    /// Goes to a moment, and on the way asks for every balance at each month's end.
    fn go_to(&mut self, target: i64) {
        let mut period = Period::of(self.time());
        while period.ends_at().micros() <= target {
            let last = period.last_moment();
            self.workshop.set_time(last.micros());
            let asked = self.cards.iter().map(|card| {
                let known = self.workshop.card(*card);
                (*card, known.balance().get(), known.available(last).get())
            });
            self.answered.insert(period, asked.collect());
            period = period.next();
        }
        self.clock = target;
        self.workshop.set_time(target);
        // Set back before anything was recorded: the month goes on, and is answered for anew.
        let now = self.time();
        self.answered.retain(|period, _| period.ends_at() <= now);
    }

    fn live(&mut self, step: &Step) {
        let card = |place: usize| self.cards[place % self.cards.len()];
        self.names += 1;
        let name = || Some(Order::Reference(format!("n{}", self.names)));
        let (now, time) = (self.clock, self.time().micros());
        let past = |ago: i64| Some(Past { at: Timestamp::from_micros(time - ago * DAY), endless: true });
        let command = match *step {
            Step::Award { card: place, points, expires_in } => {
                award(card(place), points, expires_in.map(|days| time + days * DAY), name())
            }
            Step::PastAward { card: place, points, ago, expires_in } => {
                let expires_at = Some(Timestamp::from_micros(time + (expires_in - ago) * DAY));
                let mut particulars = named(name());
                particulars.past = past(ago);
                Command::Award(Award { card: card(place), points: Points::new(points), expires_at, particulars })
            }
            Step::Redeem { card: place, points } => redeem(card(place), points, name()),
            Step::PastRedeem { card: place, points, ago } => {
                let mut particulars = named(name());
                particulars.past = past(ago);
                Command::Redeem(Redeem { card: card(place), points: Points::new(points), particulars })
            }
            Step::Adjust { card: place, points } => adjust(card(place), points, name()),
            Step::Expire { card: place, points } => expire(card(place), Some(points), None),
            Step::WriteOff { card: place } => Command::ExpireDue(card(place)),
            Step::Buy { card: place, redeem } => {
                self.orders += 1;
                buy(card(place), &format!("o{}", self.orders), "9.00", redeem)
            }
            Step::Refund { order, cents } => {
                let amount = Money::new(rust_decimal::Decimal::new(cents, 2)).expect("an amount");
                refund(&format!("o{order}"), Some(&format!("r{}", self.names)), Share::Amount(amount))
            }
            Step::Cancel { order } => cancel(&format!("o{order}")),
            Step::Issue => {
                let issued = self.workshop.issue(&format!("n{}@example.com", self.names), 5);
                return self.cards.push(issued.0);
            }
            Step::Jump { days } => return self.go_to(now + days * DAY),
            Step::ToMonthEnd { micros } => {
                let end = Period::of(self.time()).ends_at().micros();
                return self.go_to(end + micros);
            }
            Step::Seal => return drop(self.workshop.seal_all()),
            Step::Restart => return self.workshop.restart(),
        };
        // Many are refused, which changes nothing.
        if let Err(refusal) = self.workshop.run(command) {
            assert!(matches!(refusal, Refusal::Rejected(_) | Refusal::Conflict { .. }), "{step:?}: {refusal:?}");
        }
    }

    /// Everything that is over is sealed now, however long ago it was.
    fn check(mut self) {
        self.go_to(Period::of(self.time()).ends_at().micros() + DAY);
        self.workshop.seal_all();
        let queries = self.workshop.queries();
        assert!(!self.answered.is_empty());
        for (period, asked) in &self.answered {
            let seal = self.workshop.sealed(*period).expect("a month that is over is sealed");
            assert_eq!(seal.cards, i64::try_from(asked.len()).expect("few"));
            assert_eq!(seal.points.get(), asked.iter().map(|(_, balance, _)| balance).sum::<i64>(), "{period}");
            assert_eq!(seal.available.get(), asked.iter().map(|(.., available)| available).sum::<i64>(), "{period}");
            for (card, balance, available) in asked {
                let proof = prove(&queries, &seal, *card).expect("a proof").expect("the card was there");
                let sealed = (proof.closing.balance.get(), proof.closing.available.get());
                assert_eq!(sealed, (*balance, *available), "card {card} at the end of {period}");
                assert!(holds(&seal, &proof));
            }
            for later in self.cards.iter().skip(asked.len()) {
                assert_eq!(prove(&queries, &seal, *later).expect("an answer"), None, "it was issued later");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    // The auditor's tool looks at each of these workshops too, and makes every root anew.
    #[test]
    fn what_is_sealed_is_what_was_answered_at_the_months_end(steps in steps()) {
        let mut history = History::new();
        steps.iter().for_each(|step| history.live(step));
        history.check();
    }
}

#[test]
fn of_many_cards_each_is_proved_alone_and_nothing_that_differs_in_a_bit() {
    let workshop = Workshop::new();
    let mut cards = Vec::new();
    for group in 0..6 {
        let commands: Vec<_> =
            (0..100).map(|card| Workshop::request(issue(&format!("c{group}-{card}@example.com"), card))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let answers = runtime.block_on(workshop.engine().writer().submit_all(commands)).expect("a bulk");
        cards.extend(answers.into_iter().map(|answer| answer.expect("a card").card.expect("a card").id));
    }
    workshop.must(erase(workshop.card(cards[300]).customer));
    workshop.set_time(START + 31 * DAY);
    // Half of them have moved since, and are proved as they were.
    for card in cards.iter().step_by(50) {
        workshop.must(award(*card, 1_000, None, None));
    }
    assert_eq!(workshop.seal_all(), ["1:2026-01"]);
    let january = workshop.sealed(Period::parse("2026-01").expect("a month")).expect("a seal");
    assert_eq!((january.cards, january.points.get()), (600, 6 * 4_950));
    let queries = workshop.queries();
    for (place, card) in (0_u32..).zip(&cards) {
        let proof = prove(&queries, &january, *card).expect("a proof").expect("a card of then");
        assert_eq!((proof.index, proof.closing.balance.get()), (u64::from(place), i64::from(place % 100)));
        assert!(holds(&january, &proof), "{place}");
        if place % 199 == 1 {
            let others = flipped(&proof);
            assert!(others.len() > 1_000);
            assert!(others.iter().all(|other| !holds(&january, other)), "{place}");
        }
    }
}

#[test]
fn every_months_end_is_sealed_once_in_order_and_covered_by_a_checkpoint() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 10);
    assert_eq!(workshop.seal_all(), Vec::<String>::new(), "no month is over");
    let other = CreatePartner { name: "Other".into(), currency: "EUR".into() };
    workshop.set_time(START + 40 * DAY);
    workshop.must(Command::CreatePartner(other));
    workshop.set_time(START + 95 * DAY);
    let first = workshop.sealer().seal_due(2, Actor::SealJob, &|| true).expect("seals");
    assert_eq!(first.iter().map(|seal| seal.period.to_string()).collect::<Vec<_>>(), ["2026-01", "2026-02"]);
    workshop.restart();
    // The other partner has no February that is sealed, and no January at all.
    assert_eq!(workshop.seal_all(), ["2:2026-02", "1:2026-03", "2:2026-03"]);
    assert_eq!(workshop.seal_all(), Vec::<String>::new());
    let newest = workshop.queries().newest_seal().expect("views").expect("a seal");
    let covered = workshop.engine().live().directory().checkpoints.newest.clone().expect("a checkpoint");
    assert!(covered.size >= newest);

    // Whoever computed the same at the same time comes too late.
    let late = |period: &str, as_of: i64| {
        Command::RecordSeal(RecordSeal {
            period: Period::parse(period).expect("a month"),
            as_of: Seq::new(as_of),
            cards: 1,
            points: Points::new(10),
            available: Points::new(10),
            root: Bytes([0; 32]),
            record: SealRecord { secret: Bytes([0; 32]), firsts: Vec::new(), levels: Vec::new() },
        })
    };
    let refusal = |command| match workshop.run(command) {
        Err(Refusal::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refusal(late("2026-03", 5)), Rejection::PeriodNotNext { .. }));
    assert!(matches!(refusal(late("2026-05", 5)), Rejection::PeriodNotNext { .. }));
    assert!(matches!(refusal(late("2026-04", 5)), Rejection::PeriodNotEnded { .. }));
    workshop.must(award(card, 1, None, None));
    workshop.set_time(START + 121 * DAY);
    assert!(matches!(refusal(late("2026-04", 5)), Rejection::NotLastOfPeriod { .. }));
    assert_eq!(workshop.seal_all(), ["1:2026-04", "2:2026-04"]);
}

#[test]
fn the_clock_set_back_while_balances_are_read_makes_the_seal_begin_anew() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 10);
    let over = START + 31 * DAY;
    workshop.set_time(over);
    // The month is over when the pass begins; on its way somebody sets the clock back, and the month goes on.
    let once = Cell::new(true);
    let set_back = || {
        if once.replace(false) {
            workshop.set_time(over - 1);
            workshop.must(award(card, 5, None, None));
            workshop.set_time(over);
        }
        true
    };
    let refused = workshop.sealer().seal_due(1, Actor::SealJob, &set_back).expect_err("it was overtaken");
    assert!(matches!(refused, SealingError::Overtaken { .. }), "{refused}");
    assert_eq!(workshop.seal_all(), ["1:2026-01"]);
    let january = workshop.sealed(Period::parse("2026-01").expect("a month")).expect("a seal");
    assert_eq!(january.points.get(), 15);
    let stopped = workshop.sealer();
    workshop.set_time(over + 31 * DAY);
    let refused = stopped.seal_due(1, Actor::SealJob, &|| false).expect_err("it was told to stop");
    assert!(matches!(refused, SealingError::Stopped), "{refused}");
}

#[test]
fn nothing_is_sealed_of_views_that_lack_what_the_log_has() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 10);
    let progress = Arc::clone(workshop.engine().live());
    assert!(progress.progress().caught_up_blocking(Duration::from_secs(60)));
    // What a reader sees of views.db when the log has gone on since.
    let (behind, january) = (tempfile::tempdir().expect("a directory"), Period::parse("2026-01").expect("a month"));
    let copy = |from: PathBuf, name: &str| {
        let to = behind.path().join(name).to_string_lossy().into_owned();
        Connection::open(from).and_then(|from| from.execute("VACUUM INTO ?1", [to])).expect("a copy");
    };
    copy(workshop.dir().views(), "views.db");
    let seen = progress.progress().head();
    workshop.must(award(card, 5, None, None));
    copy(workshop.dir().ledger(), "ledger.db");
    workshop.set_time(START + 31 * DAY);

    let views = Queries::new(DataDir::new(behind.path()), progress);
    assert_eq!(views.last_before(january.ends_at()).expect("an answer"), Some(seen), "no further than the views");
    let end = MonthEnd { as_of: seen.next(), period: january };
    let page = views.closings(PARTNER, CardId::new(0), 10, end);
    assert!(matches!(page, Err(QueryError::Behind)), "{page:?}");
    let writer = workshop.engine().writer().clone();
    let sealer = Sealer::new(writer, views, workshop.notary(), workshop.clock.clone());
    let refused = sealer.seal_due(1, Actor::SealJob, &|| true).expect_err("the log goes on before the month's end");
    assert!(matches!(refused, SealingError::Overtaken { .. }), "{refused}");
    assert_eq!(workshop.seal_all(), ["1:2026-01"]);
    assert_eq!(workshop.sealed(january).expect("a seal").points.get(), 15);
}

#[test]
fn seals_belong_to_the_partner_and_a_rebuild_gives_the_same_rows() {
    let mut workshop = Workshop::new();
    workshop.issue("ona@example.com", 10);
    workshop.set_time(START + 70 * DAY);
    assert_eq!(workshop.seal_all(), ["1:2026-01", "1:2026-02"]);
    workshop.stop();
    let (dir, files) = (workshop.dir(), tempfile::tempdir().expect("a directory"));
    let ledger = open_ledger(&dir).expect("a ledger");
    let mut seen = Vec::new();
    let head = counterfoil::event_log::head(&ledger).expect("a head").seq;
    counterfoil::event_log::events_after(&ledger, Seq::ZERO, head, |stored| {
        if let Event::BalancesSealed(event) = &stored.event {
            seen.push((stored.partner, stored.actor.clone(), event.seal.get(), event.sealed.is_some()));
        }
        Ok::<_, counterfoil::event_log::LogError>(())
    })
    .expect("the log is read");
    let job = || "job:seal".to_owned();
    assert_eq!(seen, [(PartnerId::new(1), job(), 1, true), (PartnerId::new(1), job(), 2, true)]);
    let made = files.path().join("views.db");
    rebuild(&ledger, &made, None).expect("a rebuild");
    let views = Connection::open(dir.views()).expect("views");
    assert_eq!(compare(&views, &made).expect("both are read"), []);
    let other = Connection::open(&made).expect("the rebuild");
    other.execute_batch("UPDATE seals SET points = points + 1").expect("tampering");
    let found = compare(&views, &made).expect("both are read");
    assert_eq!(found.iter().map(|difference| difference.table).collect::<Vec<_>>(), ["seals"]);
}
