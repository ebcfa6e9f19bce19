//! The ledger that the benchmarks in this process fill: one partner, one template, and what is asked of its writer.

use counterfoil::app::Engine;
use counterfoil::domain::cards::Issue;
use counterfoil::domain::customers::PersonRecord;
use counterfoil::domain::points::{Award, Note, Order, Particulars, Points};
use counterfoil::domain::programme::{CreatePartner, CreateTemplate, TemplateRules};
use counterfoil::domain::{CardId, Metadata, PartnerId};
use counterfoil::writer::{Actor, BULK_MAX, Command, LAG_FELT, Request};
use std::collections::BTreeMap;
use std::time::Duration;

/// The first partner of a ledger.
pub(crate) const PARTNER: PartnerId = PartnerId::new(1);

/// What is asked for that partner.
pub(crate) fn request(command: Command) -> Request {
    Request { partner: PARTNER, actor: Actor::CommandLine, idempotency_key: None, command }
}

/// Makes the partner and the template.
pub(crate) fn found(engine: &Engine, rules: TemplateRules) {
    let partner = CreatePartner { name: "Bench".to_owned(), currency: "EUR".to_owned() };
    let template = CreateTemplate::titled(BTreeMap::new(), rules);
    for command in [Command::CreatePartner(partner), Command::CreateTemplate(template)] {
        engine.writer().submit_blocking(request(command)).expect("a programme");
    }
}

/// A card for a customer of that number.
pub(crate) fn issue(number: i64) -> Request {
    request(Command::Issue(Issue {
        person: PersonRecord { email: format!("customer{number}@example.com"), ..PersonRecord::default() },
        initial_points: None,
        design: "default".to_owned(),
        activate: true,
        metadata: Metadata::new(),
        shop: None,
        happened_at: None,
    }))
}

/// The card that was issued as this one, from 0. Templates and cards share one sequence, in which the template comes first.
pub(crate) const fn card(number: i64) -> CardId {
    CardId::new(2 + number)
}

/// Five points for an order.
pub(crate) fn award(card: CardId, order: String, note: Note) -> Award {
    let particulars = Particulars { shop: None, name: Some(Order::Id(order)), note, past: None };
    Award { card, points: Points::new(5), expires_at: None, particulars }
}

/// Sends all that is asked, in as few commits as it takes.
pub(crate) fn submit(engine: &Engine, requests: impl IntoIterator<Item = Request>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut requests = requests.into_iter().peekable();
    while requests.peek().is_some() {
        // Faster than the projector in the long run: who waits for it is not refused.
        while engine.live().progress().lag() > LAG_FELT {
            std::thread::sleep(Duration::from_millis(1));
        }
        let chunk: Vec<_> = requests.by_ref().take(BULK_MAX).collect();
        let answers = runtime.block_on(engine.writer().submit_all(chunk)).expect("a place in the queue");
        assert!(answers.iter().all(Result::is_ok));
    }
}
