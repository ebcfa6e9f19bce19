//! What a look into the past costs, by how many events the card has: folding it, and what is told of it then. Beside them the same
//! read of the present.

mod shop;

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::domain::points::Note;
use counterfoil::domain::programme::{OpenShop, TemplateRules};
use counterfoil::domain::{CardId, ShopId};
use counterfoil::queries::{Moment, Queries, Subject};
use counterfoil::storage::DataDir;
use counterfoil::writer::{Command, Request};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shop::PARTNER;
use std::hint::black_box;
use std::sync::Arc;

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many events each card has.
const EVENTS: [i64; 3] = [1, 100, 10_000];

fn award(card: CardId, number: i64) -> Request {
    let note = Note { reason: Some("Purchase".to_owned()), ..Note::default() };
    let mut award = shop::award(card, format!("{card}-{number}"), note);
    award.particulars.shop = Some(ShopId::new(1));
    shop::request(Command::Award(award))
}

/// A programme of one shop and template, and a card for each of [`EVENTS`].
fn programme(engine: &Engine) -> Vec<(i64, CardId)> {
    shop::found(engine, TemplateRules::default());
    let opened = engine.writer().submit_blocking(shop::request(Command::OpenShop(OpenShop::named("Old Town"))));
    opened.expect("a shop");
    let issued = |(number, events)| {
        let card = shop::card(number);
        engine.writer().submit_blocking(shop::issue(number)).expect("a card");
        // Its issue is the first of them; the tiers that it reaches come on top.
        shop::submit(engine, (1..events).map(|number| award(card, number)));
        (events, card)
    };
    (0..).zip(EVENTS).map(issued).collect()
}

fn past(criterion: &mut Criterion) {
    let files = tempfile::tempdir().expect("a directory");
    let dir = DataDir::new(files.path());
    let engine = Engine::start(EngineConfig::new(dir.clone())).expect("an engine");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let cards = programme(&engine);
    let queries = Queries::new(dir, Arc::clone(engine.live()));
    let head = engine.live().progress().head();

    let mut group = criterion.benchmark_group("a card of so many events");
    group.sample_size(20);
    for (events, card) in cards {
        group.throughput(Throughput::Elements(events.unsigned_abs()));
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
