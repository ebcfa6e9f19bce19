//! A ledger in a directory of its own, with a manual clock and short names for commands.

use crate::support::verify;
use counterfoil::app::{Engine, EngineConfig};
use counterfoil::clock::Clock;
use counterfoil::domain::cards::{Block, BlockNote, Card, Issue, Unblock};
use counterfoil::domain::customers::{Erase, PersonRecord};
use counterfoil::domain::orders::{Purchase, Refund, RefundCause, Share};
use counterfoil::domain::points::{Adjust, Award, Expire, Note, Order, Particulars, Points, Redeem};
use counterfoil::domain::programme::{CreatePartner, CreateTemplate, OpenShop, TemplateRules};
use counterfoil::domain::{CardId, CustomerId, Event, Metadata, Money, PartnerId, ShopId, Timestamp};
use counterfoil::notary::Notary;
use counterfoil::ops::Secrets;
use counterfoil::projections;
use counterfoil::queries::Queries;
use counterfoil::sealing::Sealer;
use counterfoil::storage::{DataDir, open_reader};
use counterfoil::writer::{Actor, BuyerId, Command, Outcome, Refusal, Request};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The partner that every workshop founds first.
pub(crate) const PARTNER: PartnerId = PartnerId::new(1);
/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;

pub(crate) struct Workshop {
    engine: Option<Engine>,
    pub(crate) clock: Clock,
    pages_max: Arc<AtomicU32>,
    pub(crate) files: tempfile::TempDir,
    broken_on_purpose: bool,
}

impl Drop for Workshop {
    /// Whatever a test did, an auditor finds the books sound: unless the test broke them itself.
    fn drop(&mut self) {
        self.stop();
        if !self.broken_on_purpose && !std::thread::panicking() {
            verify(self.dir().path());
        }
    }
}

impl Workshop {
    /// One partner, one shop, one template with these rules.
    pub(crate) fn with_rules(rules: TemplateRules) -> Self {
        Self::founded(rules, START)
    }

    /// Like [`Workshop::new`], at another time.
    pub(crate) fn beginning(at: i64) -> Self {
        Self::founded(TemplateRules::default(), at)
    }

    fn founded(rules: TemplateRules, at: i64) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        let clock = Clock::manual(Timestamp::from_micros(at));
        let mut workshop = Self { engine: None, clock, pages_max: Arc::default(), files, broken_on_purpose: false };
        workshop.start();
        let partner = CreatePartner { name: "Corner Bakery".into(), currency: "EUR".into() };
        workshop.must(Command::CreatePartner(partner));
        workshop.must(Command::OpenShop(OpenShop::named("Old Town")));
        workshop.must(Command::CreateTemplate(CreateTemplate::titled(BTreeMap::new(), rules)));
        workshop
    }

    pub(crate) fn new() -> Self {
        Self::with_rules(TemplateRules::default())
    }

    pub(crate) fn dir(&self) -> DataDir {
        DataDir::new(self.files.path())
    }

    fn start(&mut self) {
        let config = EngineConfig {
            clock: self.clock.clone(),
            ledger_pages_max: self.pages_max.clone(),
            ..EngineConfig::new(self.dir())
        };
        self.engine = Some(Engine::start(config).expect("the engine starts"));
    }

    /// Somebody who signs for the log.
    pub(crate) fn notary(&self) -> Notary {
        let queries = Queries::new(self.dir(), Arc::clone(self.engine().live()));
        let secrets = Arc::new(Secrets::open(&self.dir()).expect("ops.db opens"));
        Notary::new(self.engine().writer().clone(), queries, secrets, self.clock.clone())
    }

    /// Somebody who seals balances.
    pub(crate) fn sealer(&self) -> Sealer {
        let queries = Queries::new(self.dir(), Arc::clone(self.engine().live()));
        Sealer::new(self.engine().writer().clone(), queries, self.notary(), self.clock.clone())
    }

    /// Spares the books the auditor's look at the end.
    pub(crate) fn break_on_purpose(&mut self) {
        self.broken_on_purpose = true;
    }

    pub(crate) fn stop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop();
        }
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// The same after somebody deleted views.db meanwhile: it is made anew from the log.
    pub(crate) fn restart_without_views(&mut self) {
        self.stop();
        std::fs::remove_file(self.dir().views()).expect("views.db");
        self.start();
    }

    /// Pretends that the disk has room for so many pages of ledger.db; 0 means all that are wanted.
    pub(crate) fn limit_pages(&self, pages: u32) {
        self.pages_max.store(pages, Ordering::SeqCst);
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("a workshop that runs")
    }

    pub(crate) fn set_time(&self, micros: i64) {
        self.clock.set(Timestamp::from_micros(micros));
    }

    pub(crate) fn request(command: Command) -> Request {
        Request { partner: PARTNER, actor: Actor::CommandLine, idempotency_key: None, command }
    }

    pub(crate) fn run(&self, command: Command) -> Result<Outcome, Refusal> {
        self.engine().writer().submit_blocking(Self::request(command))
    }

    pub(crate) fn must(&self, command: Command) -> Outcome {
        self.run(command).expect("a command that is accepted")
    }

    /// Issues a card with so many initial points.
    pub(crate) fn issue(&self, email: &str, initial: i64) -> (CardId, CustomerId) {
        let outcome = self.must(issue(email, initial));
        let card = outcome.card.expect("an issue answers its card");
        (card.id, card.customer)
    }

    /// The balance that a query would answer now.
    pub(crate) fn available(&self, card: CardId) -> i64 {
        self.card(card).available(self.clock.now()).get()
    }

    /// A card as it is now.
    pub(crate) fn card(&self, card: CardId) -> Card {
        // After a start, what is not in memory yet is as views.db has it.
        let read = || projections::load_card(&open_reader(&self.dir()).ok()?, card).ok()?;
        self.engine().live().card(card).or_else(read).expect("a card")
    }
}

pub(crate) fn issue(email: &str, initial: i64) -> Command {
    let person = PersonRecord { email: email.into(), name: Some("Ona".into()), ..PersonRecord::default() };
    Command::Issue(Issue {
        person,
        initial_points: Some(Points::new(initial)),
        design: "default".into(),
        activate: true,
        metadata: Metadata::new(),
        shop: None,
        happened_at: None,
    })
}

pub(crate) fn named(name: Option<Order>) -> Particulars {
    let note = Note { reason: Some("a reason".into()), ..Note::default() };
    Particulars { shop: None, name, note, past: None }
}

pub(crate) fn order(id: &str) -> Option<Order> {
    Some(Order::Id(id.into()))
}

pub(crate) fn award(card: CardId, points: i64, expires_at: Option<i64>, name: Option<Order>) -> Command {
    let expires_at = expires_at.map(Timestamp::from_micros);
    Command::Award(Award { card, points: Points::new(points), expires_at, particulars: named(name) })
}

pub(crate) fn redeem(card: CardId, points: i64, name: Option<Order>) -> Command {
    Command::Redeem(Redeem { card, points: Points::new(points), particulars: named(name) })
}

pub(crate) fn adjust(card: CardId, points: i64, name: Option<Order>) -> Command {
    Command::Adjust(Adjust { card, points: Points::new(points), particulars: named(name) })
}

pub(crate) fn expire(card: CardId, points: Option<i64>, before: Option<i64>) -> Command {
    let expires_before = before.map(Timestamp::from_micros);
    Command::Expire(Expire { card, points: points.map(Points::new), expires_before, particulars: named(None) })
}

pub(crate) fn block(card: CardId) -> Command {
    Command::Block(Block { card, note: BlockNote { reason: "lost".into(), note: None } })
}

pub(crate) fn unblock(card: CardId) -> Command {
    Command::Unblock(Unblock { card, note: BlockNote { reason: "found".into(), note: None } })
}

pub(crate) fn erase(customer: CustomerId) -> Command {
    Command::Erase(Erase { customer })
}

pub(crate) fn money(text: &str) -> Money {
    Money::new(text.parse().expect("a number")).expect("an amount")
}

/// What is bought in the first shop.
pub(crate) fn bought(order: &str, total: &str, redeem: i64) -> Purchase {
    Purchase {
        shop: Some(ShopId::new(1)),
        order: order.into(),
        total: money(total),
        currency: None,
        points: None,
        redeem: Points::new(redeem),
        discount: None,
        expires_at: None,
        note: Note { reason: Some("a purchase".into()), ..Note::default() },
        past: None,
    }
}

pub(crate) fn buy(card: CardId, order: &str, total: &str, redeem: i64) -> Command {
    Command::Purchase { buyer: BuyerId::Card(card), purchase: bought(order, total, redeem) }
}

/// A purchase by a customer, who may have no card yet.
pub(crate) fn buy_as(customer: CustomerId, order: &str, total: &str, redeem: i64) -> Command {
    let buyer = BuyerId::Customer { customer, template: None };
    Command::Purchase { buyer, purchase: bought(order, total, redeem) }
}

/// Refunds an order of the first shop there.
pub(crate) fn refund(order: &str, refund: Option<&str>, share: Share) -> Command {
    let shop = Some(ShopId::new(1));
    let note = Note { reason: Some("a refund".into()), ..Note::default() };
    let (order, refund, cause) = (order.into(), refund.map(Into::into), RefundCause::Refund);
    Command::Refund { order_shop: shop, refund: Refund { shop, order, refund, cause, share, note, past: None } }
}

pub(crate) fn cancel(order: &str) -> Command {
    let shop = Some(ShopId::new(1));
    let (order, refund, cause) = (order.into(), None, RefundCause::Cancellation);
    Command::Refund {
        order_shop: shop,
        refund: Refund { shop, order, refund, cause, share: Share::Rest, note: Note::default(), past: None },
    }
}

/// Submits commands that are decided in order and committed together.
pub(crate) fn all<const N: usize>(workshop: &Workshop, commands: [Command; N]) -> [Result<Outcome, Refusal>; N] {
    let requests = commands.map(Workshop::request).into();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let answers = runtime.block_on(workshop.engine().writer().submit_all(requests)).expect("a bulk that is taken");
    answers.try_into().expect("an answer to each")
}

/// Submits a command so many times at once; each is accepted.
pub(crate) fn together(workshop: &Workshop, times: usize, command: &Command) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..times).map(|_| scope.spawn(|| workshop.must(command.clone()))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).collect()
    })
}

/// The balance that the last movement of an outcome states.
pub(crate) fn stated_balance(outcome: &Outcome) -> Option<i64> {
    outcome.events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::PointsAwarded(event) => Some(event.balance.get()),
        Event::PointsRedeemed(event) => Some(event.balance.get()),
        Event::PointsAdjusted(event) => Some(event.balance.get()),
        Event::PointsExpired(event) => Some(event.balance.get()),
        Event::OrderRecorded(event) => Some(event.balance.get()),
        Event::PointsRefunded(event) => Some(event.balance.get()),
        Event::PointsReturned(event) => Some(event.balance.get()),
        _ => None,
    })
}
