//! What auditing costs: growing the tree for each event beside projecting one, and proofs and books from a log of a million events,
//! recorded over a year. `EVENTS=10000000 cargo bench --bench audit` takes as many as it says.
//!
//! Compare the first two groups with each other in one run.

mod shop;

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::clock::Clock;
use counterfoil::domain::points::Note;
use counterfoil::domain::programme::TemplateRules;
use counterfoil::domain::{Seq, Timestamp};
use counterfoil::event_log;
use counterfoil::projections::{StoredTiles, rebuild};
use counterfoil::queries::{BooksQuestion, Queries};
use counterfoil::storage::{DataDir, open_ledger, open_reader};
use counterfoil::tree::{Edge, consistency, inclusion, leaf_hash, root};
use counterfoil::writer::{BULK_MAX, Command, Request};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CARDS: i64 = 10_000;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;
const YEAR: i64 = 365 * 86_400_000_000;

/// How many events the log has.
fn events() -> i64 {
    std::env::var("EVENTS").map_or(1_000_000, |text| text.parse().expect("EVENTS is a number"))
}

fn award(number: i64) -> Request {
    let card = shop::card((number * 7_919) % CARDS);
    shop::request(Command::Award(shop::award(card, format!("order-{number}"), Note::default())))
}

fn log_of_a_year(files: &tempfile::TempDir) -> DataDir {
    let dir = DataDir::new(files.path());
    let clock = Clock::manual(Timestamp::from_micros(START));
    let config = EngineConfig { clock: clock.clone(), ..EngineConfig::new(dir.clone()) };
    let engine = Engine::start(config).expect("an engine");
    let rules = TemplateRules { points_expiration_days: Some(180), ..TemplateRules::default() };
    shop::found(&engine, rules);
    let mut requests = (0..CARDS).map(shop::issue).chain((0..events() - CARDS).map(award)).peekable();
    let mut at = START;
    while requests.peek().is_some() {
        let chunk: Vec<_> = requests.by_ref().take(BULK_MAX).collect();
        at += YEAR / events() * i64::try_from(chunk.len()).expect("a small number");
        clock.set(Timestamp::from_micros(at));
        shop::submit(&engine, chunk);
    }
    engine.stop();
    dir
}

fn audit(criterion: &mut Criterion) {
    let files = tempfile::tempdir().expect("a directory");
    let dir = log_of_a_year(&files);
    let ledger = open_ledger(&dir).expect("a ledger");
    let head = event_log::head(&ledger).expect("a head").seq;
    let size = head.get().unsigned_abs();

    let mut group = criterion.benchmark_group("for each event");
    group.sample_size(10).throughput(Throughput::Elements(size));
    let hashes = event_log::hashes(&ledger, "events", Seq::ZERO, head).expect("hashes");
    group.bench_function("grow the tree", |bencher| {
        bencher.iter(|| {
            let mut edge = Edge::default();
            hashes.iter().for_each(|hash| edge.append(leaf_hash(hash), |tile| drop(black_box(tile))));
            edge.root()
        });
    });
    let target = files.path().join("rebuilt.db");
    group.bench_function("rebuild all projections, the tree among them", |bencher| {
        bencher.iter(|| rebuild(&ledger, &target, None).expect("a rebuild"));
    });
    group.finish();

    let views = open_reader(&dir).expect("a reader");
    let mut place = 0;
    let mut next = || {
        place = (place + 618_033_989) % size;
        place
    };
    criterion.bench_function("prove that an event is in the log", |bencher| {
        bencher.iter_batched(
            &mut next,
            |index| inclusion(&mut StoredTiles::attached(&views), index, size).expect("a proof"),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("prove that the log continues what was before", |bencher| {
        bencher.iter_batched(
            &mut next,
            |from| consistency(&mut StoredTiles::attached(&views), from, size).expect("a proof"),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("root of a tree of any size", |bencher| {
        bencher.iter_batched(
            &mut next,
            |size| root(&mut StoredTiles::attached(&views), size).expect("a root"),
            BatchSize::SmallInput,
        );
    });
    books(criterion, &dir);
}

/// The books of a month, of the year, and of a period that begins and ends within a span.
fn books(criterion: &mut Criterion, dir: &DataDir) {
    let clock = Clock::manual(Timestamp::from_micros(START + YEAR));
    let engine = Engine::start(EngineConfig { clock, ..EngineConfig::new(dir.clone()) }).expect("an engine");
    let queries = Queries::new(dir.clone(), engine.live().clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let at = |text: &str| Timestamp::parse(text).expect("a time");
    for (name, from, to) in [
        ("books of a month", "2026-11-01", "2026-12-01"),
        ("books of a year", "2026-01-01", "2027-01-01"),
        ("books between two moments", "2026-03-05T10:20:30Z", "2026-11-12T13:14:15Z"),
    ] {
        let question = BooksQuestion { from: at(from), to: at(to), as_of: None, partner: None };
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(queries.books(question)).expect("an answer").expect("books"));
        });
    }
    engine.stop();
}

criterion_group!(benches, audit);
criterion_main!(benches);
