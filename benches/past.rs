//! What a look into the past costs, by how many events the card has: folding it, and what is told of it then. Beside them the same
//! read of the present.

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::domain::cards::Issue;
use counterfoil::domain::customers::PersonRecord;
use counterfoil::domain::points::{Award, Note, Order, Particulars, Points};
use counterfoil::domain::programme::{CreatePartner, CreateTemplate, OpenShop, TemplateRules};
use counterfoil::domain::{CardId, Metadata, PartnerId, ShopId};
use counterfoil::queries::{Moment, Queries, Subject};
use counterfoil::storage::DataDir;
use counterfoil::writer::{Actor, BULK_MAX, Command, Request};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTNER: PartnerId = PartnerId::new(1);
/// How many events each card has.
const EVENTS: [u32; 3] = [1, 100, 10_000];

fn request(command: Command) -> Request {
    Request { partner: PARTNER, actor: Actor::CommandLine, idempotency_key: None, command }
}

fn issue(number: u32) -> Request {
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

fn award(card: CardId, number: u32) -> Request {
    let name = Some(Order::Id(format!("{card}-{number}")));
    let note = Note { reason: Some("Purchase".to_owned()), ..Note::default() };
    let particulars = Particulars { shop: Some(ShopId::new(1)), name, note, past: None };
    request(Command::Award(Award { card, points: Points::new(5), expires_at: None, particulars }))
}

/// A programme of one shop and template, and a card for each of [`EVENTS`].
fn programme(engine: &Engine, runtime: &tokio::runtime::Runtime) -> Vec<(u32, CardId)> {
    let partner = CreatePartner { name: "Bench".to_owned(), currency: "EUR".to_owned() };
    let template = CreateTemplate::titled(BTreeMap::new(), TemplateRules::default());
    let shop = OpenShop::named("Old Town");
    for command in [Command::CreatePartner(partner), Command::OpenShop(shop), Command::CreateTemplate(template)] {
        engine.writer().submit_blocking(request(command)).expect("a programme");
    }
    let mut cards = Vec::new();
    for events in EVENTS {
        let outcome = engine.writer().submit_blocking(issue(events)).expect("a card");
        let card = outcome.card.expect("an issue answers its card").id;
        // Its issue is the first of them; the tiers that it reaches come on top.
        let mut awards = (1..events).map(|number| award(card, number)).peekable();
        while awards.peek().is_some() {
            let chunk = awards.by_ref().take(BULK_MAX).collect();
            let answers = runtime.block_on(engine.writer().submit_all(chunk)).expect("a place in the queue");
            assert!(answers.iter().all(Result::is_ok));
        }
        cards.push((events, card));
    }
    cards
}

fn past(criterion: &mut Criterion) {
    let files = tempfile::tempdir().expect("a directory");
    let dir = DataDir::new(files.path());
    let engine = Engine::start(EngineConfig::new(dir.clone())).expect("an engine");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let cards = programme(&engine, &runtime);
    let queries = Queries::new(dir, Arc::clone(engine.live()));
    let head = engine.live().progress().head();

    let mut group = criterion.benchmark_group("a card of so many events");
    group.sample_size(20);
    for (events, card) in cards {
        group.throughput(Throughput::Elements(events.into()));
        group.bench_function(format!("{events}: shown now"), |bencher| {
            bencher.iter(|| {
                black_box(runtime.block_on(queries.card_view(PARTNER, card)).expect("a view"));
            });
        });
        group.bench_function(format!("{events}: shown as of the head"), |bencher| {
            bencher.iter(|| {
                let asked = queries.past(PARTNER, Some(Subject::Card(card)), Moment::After(head));
                let told = runtime.block_on(async {
                    let past = asked.await.expect("a past");
                    past.queries.card_view(PARTNER, card).await.expect("a view")
                });
                black_box(told.expect("a card"));
            });
        });
    }
    group.finish();
    engine.stop();
}

criterion_group!(benches, past);
criterion_main!(benches);
