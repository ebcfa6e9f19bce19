//! What following the log costs: the projector applies the same number of awards to a young log and to one of three million events.
//! `EVENTS=10000000 cargo bench --bench follow` makes it as long as it says.
//!
//! Compare the two with each other in one run: the cost of an event is not to grow with the log.

mod shop;

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::domain::Seq;
use counterfoil::domain::points::Note;
use counterfoil::domain::programme::TemplateRules;
use counterfoil::event_log;
use counterfoil::projections::{Projector, rebuild};
use counterfoil::storage::{DataDir, open_ledger, open_views};
use counterfoil::writer::{Command, Request};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use std::time::{Duration, Instant};

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CARDS: i64 = 100_000;
/// How many events are followed at a time: what comes in two seconds of a busy service.
const BATCH: i64 = 25_000;
const FOLLOWED: i64 = 4 * BATCH;
/// The young log: nearly an era of the projections' indexes, where what is new goes to the most pages.
const YOUNG: i64 = 900_000;
/// The old one is longer by whole eras, so that both are at the same place of one.
const ERA: i64 = 1 << 20;

/// How many events the log has.
fn events() -> i64 {
    std::env::var("EVENTS").map_or(3_100_000, |text| text.parse().expect("EVENTS is a number"))
}

fn award(number: i64) -> Request {
    // Spread over all cards and over all names, as orders are.
    let spread = number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let card = shop::card(i64::try_from(spread % CARDS.unsigned_abs()).unwrap_or(0));
    shop::request(Command::Award(shop::award(card, format!("{spread:016x}"), Note::default())))
}

fn long_log(files: &tempfile::TempDir) -> DataDir {
    let dir = DataDir::new(files.path());
    let engine = Engine::start(EngineConfig::new(dir.clone())).expect("an engine");
    shop::found(&engine, TemplateRules::default());
    shop::submit(&engine, (0..CARDS).map(shop::issue).chain((0..events() - 2 * CARDS).map(award)));
    engine.stop();
    dir
}

/// How long the projector takes for the events after those that the views at `before` reflect.
fn follow(dir: &DataDir, before: &Path, copy: &Path) -> Duration {
    std::fs::copy(before, copy).expect("a copy");
    let views = open_views(copy).expect("views");
    let from = counterfoil::projections::watermark(&views).expect("a watermark").get();
    let mut projector =
        Projector::new(views, open_ledger(dir).expect("a ledger"), Seq::new(from)).expect("a projector");
    let start = Instant::now();
    for batch in 1..=FOLLOWED / BATCH {
        let reached = projector.advance(Seq::new(from + batch * BATCH)).expect("a batch");
        assert_eq!(reached.get(), from + batch * BATCH);
    }
    start.elapsed()
}

fn following(criterion: &mut Criterion) {
    let files = tempfile::tempdir().expect("a directory");
    let dir = long_log(&files);
    let ledger = open_ledger(&dir).expect("a ledger");
    let head = event_log::head(&ledger).expect("a head").seq.get();
    let mut group = criterion.benchmark_group(format!("follow {FOLLOWED} awards"));
    group.sample_size(10).throughput(Throughput::Elements(FOLLOWED.unsigned_abs()));
    for after in [YOUNG, YOUNG + (head - FOLLOWED - YOUNG) / ERA * ERA] {
        let (before, copy) = (files.path().join("before.db"), files.path().join("copy.db"));
        rebuild(&ledger, &before, Some(Seq::new(after))).expect("a rebuild");
        group.bench_function(format!("after {after} events"), |bencher| {
            bencher.iter_custom(|rounds| (0..rounds).map(|_| follow(&dir, &before, &copy)).sum());
        });
    }
    group.finish();
}

criterion_group!(benches, following);
criterion_main!(benches);
