//! The books that the service states from its kept sums, against those that the auditor's tool reads from the log alone: table for
//! table and cell for cell, over random histories, periods, and events as of which they are asked for.

use super::workshop::{
    DAY, PARTNER, START, Workshop, adjust, award, block, buy, cancel, expire, issue, named, order, redeem, refund,
    unblock,
};
use counterfoil::domain::orders::Share;
use counterfoil::domain::points::{Award, Order, Past, Points, Redeem};
use counterfoil::domain::programme::{
    CreatePartner, CreateTemplate, OpenShop, RetireShop, RetireTemplate, TemplateRecord, TemplateRules, UpdateTemplate,
};
use counterfoil::domain::{CardId, Money, PartnerId, Seq, ShopId, TemplateId, Timestamp};
use counterfoil::projections::{BookError, changes_between, compare, rebuild};
use counterfoil::queries::{BooksQuestion, Queries, QueryError};
use counterfoil::storage::{open_ledger, open_reader};
use counterfoil::writer::{Actor, Command, Request};
use counterfoil_replay::instant::Instant;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::report::{Period, report};
use counterfoil_statements::Statement;
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::path::Path;
use std::sync::Arc;

const OTHER: PartnerId = PartnerId::new(2);

#[derive(Debug, Clone)]
enum Step {
    Award { card: usize, points: i64, expires_in: Option<i64>, order: u8 },
    Redeem { card: usize, points: i64 },
    Buy { card: usize, cents: i64, redeem: i64, order: u8 },
    Refund { order: u8, cents: Option<i64> },
    Adjust { card: usize, points: i64 },
    Expire { card: usize, points: i64 },
    WriteOff { card: usize },
    Import { card: usize, points: i64, ago: i64 },
    Block { card: usize, undo: bool },
    Rules { days: Option<u32>, price: i64 },
    Programme(u8),
    Issue { other: bool, points: i64 },
    Jump(i64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let card = 0..4_usize;
    let expires =
        || prop_oneof![Just(None), (1..90 * DAY).prop_map(Some), (1..90_i64).prop_map(|days| Some(days * DAY))];
    let step = prop_oneof![
        6 => (card.clone(), 1..60_i64, expires(), any::<u8>())
            .prop_map(|(card, points, expires_in, order)| Step::Award { card, points, expires_in, order }),
        4 => (card.clone(), 1..80_i64).prop_map(|(card, points)| Step::Redeem { card, points }),
        4 => (card.clone(), 0..900_i64, prop_oneof![Just(0_i64), 1..40_i64], 0..9_u8)
            .prop_map(|(card, cents, redeem, order)| Step::Buy { card, cents, redeem, order }),
        3 => (0..9_u8, proptest::option::of(1..600_i64)).prop_map(|(order, cents)| Step::Refund { order, cents }),
        2 => (card.clone(), -30..30_i64).prop_map(|(card, points)| Step::Adjust { card, points }),
        1 => (card.clone(), 1..20_i64).prop_map(|(card, points)| Step::Expire { card, points }),
        2 => card.clone().prop_map(|card| Step::WriteOff { card }),
        2 => (card.clone(), -20..50_i64, 1..200_i64).prop_map(|(card, points, ago)| Step::Import { card, points, ago }),
        1 => (card, any::<bool>()).prop_map(|(card, undo)| Step::Block { card, undo }),
        1 => (proptest::option::of(1..60_u32), 1..300_i64).prop_map(|(days, price)| Step::Rules { days, price }),
        1 => (0..4_u8).prop_map(Step::Programme),
        1 => (any::<bool>(), 0..30_i64).prop_map(|(other, points)| Step::Issue { other, points }),
        5 => prop_oneof![1..DAY, Just(DAY), DAY..40 * DAY].prop_map(Step::Jump),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 5..70)
}

/// A history of two partners.
struct History {
    workshop: Workshop,
    cards: Vec<(PartnerId, CardId)>,
    now: i64,
    names: u32,
}

impl History {
    fn new() -> Self {
        let workshop = Workshop::new();
        let mut history = Self { workshop, cards: Vec::new(), now: START, names: 0 };
        let other = CreatePartner { name: "Fish Market".into(), currency: "JPY".into() };
        history.of(OTHER, Command::CreatePartner(other));
        history.of(OTHER, Command::OpenShop(OpenShop::named("Harbour")));
        history.of(OTHER, Command::CreateTemplate(CreateTemplate::titled([].into(), TemplateRules::default())));
        for other in [false, false, true, true] {
            history.live(&Step::Issue { other, points: 0 });
        }
        history
    }

    fn of(&self, partner: PartnerId, command: Command) -> Option<counterfoil::writer::Outcome> {
        let request = Request { partner, actor: Actor::CommandLine, idempotency_key: None, command };
        // What is refused leaves no event, and no mark in the books.
        self.workshop.engine().writer().submit_blocking(request).ok()
    }

    fn card(&self, card: usize) -> (PartnerId, CardId) {
        self.cards[card % self.cards.len()]
    }

    fn on(&self, card: usize, command: impl FnOnce(CardId) -> Command) {
        let (partner, card) = self.card(card);
        self.of(partner, command(card));
    }

    fn live(&mut self, step: &Step) {
        match *step {
            Step::Award { card, points, expires_in, order: name } => {
                let expires_at = expires_in.map(|later| self.now + later);
                self.on(card, |card| award(card, points, expires_at, order(&format!("o{name}"))));
            }
            Step::Redeem { card, points } => self.on(card, |card| redeem(card, points, None)),
            Step::Buy { card, cents, redeem, order } => {
                let total = Decimal::new(cents, 2).to_string();
                let name = format!("b{order}");
                let (partner, card) = self.card(card);
                let partner = if partner == PARTNER { partner } else { PARTNER };
                self.of(partner, buy(card, &name, &total, redeem));
            }
            Step::Refund { order, cents: Some(cents) } => {
                self.names += 1;
                let share = Share::Amount(Money::new(Decimal::new(cents, 2)).expect("an amount"));
                self.of(PARTNER, refund(&format!("b{order}"), Some(&format!("r{}", self.names)), share));
            }
            Step::Refund { order, cents: None } => drop(self.of(PARTNER, cancel(&format!("b{order}")))),
            Step::Adjust { card, points } => self.on(card, |card| adjust(card, points, None)),
            Step::Expire { card, points } => self.on(card, |card| expire(card, Some(points), None)),
            Step::WriteOff { card } => self.on(card, Command::ExpireDue),
            Step::Import { card, points, ago } => {
                self.names += 1;
                let mut particulars = named(Some(Order::Reference(format!("row-{}", self.names))));
                particulars.past =
                    Some(Past { at: Timestamp::from_micros(self.now - ago * DAY), endless: ago % 2 == 0 });
                let points_of = Points::new(points.abs().max(1));
                self.on(card, |card| {
                    if points < 0 {
                        Command::Redeem(Redeem { card, points: points_of, particulars })
                    } else {
                        Command::Award(Award { card, points: points_of, expires_at: None, particulars })
                    }
                });
            }
            Step::Block { card, undo } => self.on(card, if undo { unblock } else { block }),
            Step::Rules { days, price } => {
                let rules = TemplateRules {
                    points_expiration_days: days,
                    points_per_currency_redemption: Decimal::new(price, 1),
                    ..TemplateRules::default()
                };
                let (template, record) = (TemplateId::new(1), TemplateRecord::default());
                self.of(PARTNER, Command::UpdateTemplate(UpdateTemplate { template, based_on: None, record, rules }));
            }
            Step::Programme(0) => drop(self.of(PARTNER, Command::OpenShop(OpenShop::named("Pier")))),
            Step::Programme(1) => drop(self.of(PARTNER, Command::RetireShop(RetireShop { shop: ShopId::new(3) }))),
            Step::Programme(2) => {
                self.of(PARTNER, Command::RetireTemplate(RetireTemplate { template: TemplateId::new(1) }));
            }
            Step::Programme(_) => {
                let new = CreateTemplate::titled([].into(), TemplateRules::default());
                self.of(PARTNER, Command::CreateTemplate(new));
            }
            Step::Issue { other, points } => {
                self.names += 1;
                let partner = if other { OTHER } else { PARTNER };
                let outcome = self.of(partner, issue(&format!("c{}@example.com", self.names), points));
                self.cards.extend(outcome.and_then(|outcome| outcome.card).map(|card| (partner, card.id)));
            }
            Step::Jump(micros) => {
                self.now += micros;
                self.workshop.set_time(self.now);
            }
            Step::Restart => self.workshop.restart(),
        }
    }

    fn books(&self, question: BooksQuestion) -> Result<Option<Statement>, QueryError> {
        let queries = Queries::new(self.workshop.dir(), Arc::clone(self.workshop.engine().live()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(queries.books(question))
    }

    fn head(&self) -> i64 {
        let ledger = rusqlite::Connection::open(self.workshop.dir().ledger()).expect("there is a ledger");
        ledger.query_row("SELECT max(seq) FROM events", [], |row| row.get(0)).expect("a head")
    }

    /// The log as it was after an event.
    fn cut(&self, seq: i64, file: &Path) {
        let _ = std::fs::remove_file(file);
        let ledger = rusqlite::Connection::open(self.workshop.dir().ledger()).expect("there is a ledger");
        ledger.execute("VACUUM INTO ?1", [file.to_str().expect("a path")]).expect("a copy");
        let copy = rusqlite::Connection::open(file).expect("a copy");
        let guards: Vec<String> = {
            let mut names = copy.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").expect("a schema");
            let names = names.query_map([], |row| row.get(0)).expect("names");
            names.collect::<Result<_, _>>().expect("names")
        };
        guards.iter().for_each(|name| copy.execute_batch(&format!("DROP TRIGGER {name}")).expect("no guard"));
        copy.execute("DELETE FROM events WHERE seq > ?1", [seq]).expect("a shorter log");
    }
}

fn earned(points: i64) -> Step {
    Step::Adjust { card: 0, points }
}

fn from_the_log(ledger: &Path, question: &BooksQuestion) -> Option<Statement> {
    let period = Period::new(Instant::from_micros(question.from.micros()), Instant::from_micros(question.to.micros()));
    let partner = question.partner.map(PartnerId::get);
    report(ledger, period.expect("a period"), partner, &Progress::silent()).ok()
}

#[track_caller]
fn same(served: Option<&Statement>, read: Option<&Statement>, about: &str) {
    let (Some(served), Some(read)) = (served, read) else {
        assert_eq!(served.is_some(), read.is_some(), "{about}");
        return;
    };
    for table in served.tables() {
        let other = read.table(table.name()).expect("the tool has it");
        assert_eq!(table.columns(), other.columns(), "{about}: {}", table.name());
        assert_eq!(table.rows(), other.rows(), "{about}: {}", table.name());
    }
    assert_eq!(served.tables().len() + 1, read.tables().len(), "the tool has its checks besides, and nothing else");
    assert!(served.ok(), "{about}");
}

/// A moment of the history: at midnight, or within a day.
fn moment(history: &History, share: (u32, bool)) -> Timestamp {
    let (first, last) = (START - 5 * DAY, history.now + 50 * DAY);
    let at = first + (last - first) / 1_000 * i64::from(share.0 % 1_000);
    Timestamp::from_micros(if share.1 { at.div_euclid(DAY) * DAY } else { at })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_service_states_the_books_that_the_auditor_reads(
        steps in steps(),
        periods in proptest::collection::vec(((any::<u32>(), any::<bool>()), (any::<u32>(), any::<bool>()), 0..4_i64), 6),
        cuts in proptest::collection::vec(any::<u32>(), 2),
    ) {
        let mut history = History::new();
        steps.iter().for_each(|step| history.live(step));
        let (ledger, short) = (history.workshop.dir().ledger(), history.workshop.files.path().join("short.db"));
        let questions: Vec<_> = periods
            .iter()
            .map(|(one, other, partner)| {
                let (one, other) = (moment(&history, *one), moment(&history, *other));
                let to = Timestamp::from_micros(one.max(other).micros() + i64::from(one == other));
                let partner = Some(PartnerId::new(*partner)).filter(|partner| partner.get() > 0);
                BooksQuestion { from: one.min(other), to, as_of: None, partner }
            })
            .collect();
        for question in &questions {
            let served = history.books(*question).expect("an answer");
            same(served.as_ref(), from_the_log(&ledger, question).as_ref(), &format!("{question:?}"));
        }
        for cut in cuts {
            let seq = i64::from(cut) % history.head() + 1;
            history.cut(seq, &short);
            for question in &questions {
                let asked = BooksQuestion { as_of: Some(Seq::new(seq)), ..*question };
                let served = history.books(asked).expect("an answer");
                same(served.as_ref(), from_the_log(&short, question).as_ref(), &format!("{asked:?}"));
            }
        }
        std::fs::remove_file(&short).expect("it was there");
        history.workshop.stop();
        rebuilt_alike(&history.workshop);
    }
}

/// The kept sums come out row for row however the log is cut into batches.
fn rebuilt_alike(workshop: &Workshop) {
    let dir = workshop.dir();
    let (ledger, again) = (open_ledger(&dir).expect("the ledger"), dir.path().join("again.db"));
    rebuild(&ledger, &again, None).expect("a rebuild");
    let followed = open_reader(&dir).expect("the views");
    assert_eq!(compare(&followed, &again).expect("a comparison"), []);
    std::fs::remove_file(again).expect("it was there");
}

#[test]
fn a_partner_who_did_not_exist_yet_has_no_books_and_nobody_has_any_beyond_the_head() {
    let history = History::new();
    let at = |micros| Timestamp::from_micros(micros);
    let question = |partner| BooksQuestion { from: at(START), to: at(START + DAY), as_of: None, partner };
    assert!(history.books(question(Some(PartnerId::new(9)))).expect("an answer").is_none());
    let beyond = BooksQuestion { as_of: Some(Seq::new(history.head() + 1)), ..question(None) };
    assert!(matches!(history.books(beyond), Err(QueryError::Beyond { head }) if head.get() == history.head()));
    let before = BooksQuestion { from: at(START - DAY), to: at(START), ..question(None) };
    let nothing = history.books(before).expect("an answer").expect("books");
    assert_eq!((nothing.summary().events, nothing.summary().as_of_seq, nothing.ok()), (0, 0, true));
}

/// More events than a span has seqs: the books end in the middle of the second span of a day.
#[test]
fn a_day_of_more_than_one_span_is_stated_to_the_event() {
    let mut history = History::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for round in 0..18_i64 {
        history.live(&Step::Jump(60_000_000));
        let requests = (0..1_000_i64).map(|number| {
            let (partner, card) = history.card(usize::try_from(number).expect("a small number"));
            let command = if number % 3 == 2 {
                redeem(card, 3 + number % 2, None)
            } else {
                award(card, 5, Some(START + (1 + (round + number) % 3) * DAY / 2 + 7), None)
            };
            Request { partner, actor: Actor::CommandLine, idempotency_key: None, command }
        });
        let answers = runtime.block_on(history.workshop.engine().writer().submit_all(requests.collect()));
        answers.expect("a bulk that is taken");
    }
    history.live(&Step::Jump(DAY));
    (0..4).for_each(|card| history.live(&Step::WriteOff { card }));
    let ledger = history.workshop.dir().ledger();
    for (from, to) in [
        (START, START + DAY),
        (START + 5 * 60_000_000, START + 17 * 60_000_000 + 30_000_000),
        (START + 17 * 60_000_000, START + DAY / 2 + 8),
        (START + DAY, START + DAY + DAY / 2 + 7),
    ] {
        let (from, to) = (Timestamp::from_micros(from), Timestamp::from_micros(to));
        let question = BooksQuestion { from, to, as_of: None, partner: None };
        let served = history.books(question).expect("an answer");
        same(served.as_ref(), from_the_log(&ledger, &question).as_ref(), &format!("{question:?}"));
    }
}

/// How many lots events added, and how many points in them, where so many movements may be read to tell.
fn lots(history: &History, until: i64, most: i64) -> Result<(i128, i128), BookError> {
    // An answer means that the views have come to the head.
    let (from, to) = (Timestamp::from_micros(START), Timestamp::from_micros(START + DAY));
    history.books(BooksQuestion { from, to, as_of: None, partner: None }).expect("an answer");
    let reader = open_reader(&history.workshop.dir()).expect("the views");
    let changes = changes_between(&reader, (Seq::new(0), Seq::new(until)), None, most)?;
    Ok(changes.lots.values().fold((0, 0), |(lots, points), it| (lots + it.lots, points + it.points)))
}

#[test]
fn which_lots_were_open_is_told_on_the_shorter_way_and_within_a_bound() {
    let mut history = History::new();
    let act = |history: &mut History, redeemed: bool| {
        let points = if redeemed { Step::Redeem { card: 0, points: 4 } } else { earned(4) };
        history.live(&points);
        history.head()
    };
    act(&mut history, false);
    let whole = act(&mut history, true);
    assert_eq!(lots(&history, whole, 0).expect("nothing has happened since"), (0, 0));
    history.live(&earned(5));
    let part = act(&mut history, true);
    assert_eq!(lots(&history, part, 0).expect("what is open now tells"), (1, 1));
    history.live(&Step::Redeem { card: 0, points: 1 });
    assert!(matches!(lots(&history, part, 0), Err(BookError::TooWide { most: 0 })), "one has been taken from since");
    assert_eq!(lots(&history, part, 1).expect("it is read"), (1, 1));
    // Now the way from the lots' own events on is the shorter one.
    (0..9).for_each(|_| assert!(act(&mut history, false) > part));
    assert!(matches!(lots(&history, part, 3), Err(BookError::TooWide { most: 3 })));
    assert_eq!(lots(&history, part, 4).expect("two awards and two redemptions"), (1, 1));
    assert_eq!(lots(&history, whole, 4).expect("the same"), (0, 0));
}

/// A period that ends within the day on which lots end, while they are written off at any time later, and others that ended on that
/// day are put in later still.
#[test]
fn what_is_due_within_a_day_is_told_whatever_happened_since() {
    let mut history = History::new();
    let noon = START + 3 * DAY + DAY / 2;
    let lasting = |history: &mut History, card: usize, points: i64, until: i64| {
        history.names += 1;
        let (partner, card) = history.card(card);
        let name = format!("lot-{}", history.names);
        assert!(history.of(partner, award(card, points, Some(until), order(&name))).is_some(), "{name}");
    };
    for card in 0..4 {
        for (points, later) in [(10, -DAY / 4), (20, 0), (30, 1), (40, DAY / 4), (50, DAY / 2), (60, DAY)] {
            lasting(&mut history, card, points, noon + later);
        }
    }
    let jump_to = |history: &mut History, moment: i64| history.live(&Step::Jump(moment - history.now));
    jump_to(&mut history, noon - 1);
    history.live(&Step::Redeem { card: 0, points: 35 });
    jump_to(&mut history, noon + 2);
    history.live(&Step::WriteOff { card: 1 });
    history.live(&Step::Redeem { card: 1, points: 7 });
    jump_to(&mut history, noon + DAY / 2 + 5);
    history.live(&Step::WriteOff { card: 2 });
    jump_to(&mut history, noon + 9 * DAY);
    for ago in [5, 6, 7] {
        history.live(&Step::Rules { days: Some(u32::try_from(9 - ago).expect("a few")), price: 10 });
        history.live(&Step::Import { card: 3, points: 11, ago });
    }
    history.live(&Step::WriteOff { card: 3 });
    let ledger = history.workshop.dir().ledger();
    for to in [noon - 1, noon, noon + 1, noon + 2, noon + DAY / 4, noon + DAY / 2 - 1, noon + DAY, noon + 9 * DAY] {
        for partner in [None, Some(PARTNER), Some(OTHER)] {
            let to = Timestamp::from_micros(to);
            let question = BooksQuestion { from: Timestamp::from_micros(START), to, as_of: None, partner };
            let served = history.books(question).expect("an answer");
            same(served.as_ref(), from_the_log(&ledger, &question).as_ref(), &format!("{question:?}"));
        }
    }
}
