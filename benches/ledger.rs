//! The parts of the way of an award: the decision, appending events at several batch sizes, awarding in bulk through the writer, importing,
//! scanning the log, checking its chain, rebuilding the projections.
//!
//! Compare the groups with each other in one run: bulk awards and the import against bare appends, verify and rebuild against the bare scan.

mod shop;

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::domain::cards::{Card, CardIssued, CardNumber, Status};
use counterfoil::domain::points::{Award, Note, OpenedLot, Origin, Points, PointsAwarded};
use counterfoil::domain::programme::{CreatePartner, CreateTemplate, Directory, TemplateRules};
use counterfoil::domain::{CardId, Commitment, CustomerId, Event, RecordId, Sealed, Seq, TemplateId, Timestamp};
use counterfoil::event_log::{self, Appender, Claim, Entry, EventInsert, Fingerprint};
use counterfoil::storage::{DataDir, open_ledger};
use counterfoil::writer::Command;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shop::{PARTNER, submit};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CARDS: i64 = 100_000;
const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

// A multiplication spreads neighbours over all cards.
const fn card_of(number: i64) -> CardId {
    shop::card((number * 7_919) % CARDS)
}

fn award_of(number: i64) -> Award {
    let note = Note { reason: Some("Purchase reward".to_owned()), ..Note::default() };
    shop::award(card_of(number), format!("order-{number}"), note)
}

fn decide(criterion: &mut Criterion) {
    let issued = CardIssued {
        card: CardId::new(2),
        customer: CustomerId::new(1),
        template: TemplateId::new(1),
        template_version: 1,
        number: CardNumber::from_drawn(1),
        status: Status::Active,
        design: "default".to_owned(),
        shop: None,
        happened_at: None,
        sealed: None,
    };
    let card = Card::issued(&issued, PARTNER, Seq::new(1), NOW);
    let (partner, template) = (PARTNER, TemplateId::new(1));
    let mut directory = Directory::default();
    let founded = CreatePartner { name: "Bench".to_owned(), currency: "EUR".to_owned() }.decide(partner);
    let create = CreateTemplate::titled(BTreeMap::new(), TemplateRules::default());
    let created = create.decide(&directory, partner, template).expect("rules within their bounds");
    for draft in founded.iter().chain(&created) {
        directory.evolve(&draft.event, partner, Seq::new(1), NOW);
    }
    let (terms, award) = (directory.terms(partner, template).expect("terms"), award_of(0));
    criterion.bench_function("decide an award", |bencher| {
        bencher.iter(|| black_box(&award).decide(black_box(&card), &terms, NOW));
    });
}

fn bare_award() -> Event {
    Event::from(PointsAwarded {
        card: CardId::new(2),
        points: Points::new(5),
        origin: Origin::Award,
        shop: None,
        order: Some("order-12345678".to_owned()),
        reference: None,
        purchase: None,
        debt_paid: None,
        lot: Some(OpenedLot { points: Points::new(5), expires_at: None }),
        balance_before: Points::new(100),
        balance: Points::new(105),
        lifetime: Points::new(105),
        happened_at: None,
        // The row that an award writes, and nothing else of it: the vault's own row is left out.
        sealed: Some(Sealed { record: RecordId::new(1), commitment: Commitment([7; 32]) }),
    })
}

fn append_batch(ledger: &rusqlite::Connection, end: &mut Appender, event: &Event, batch: u64) {
    ledger.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    let mut insert = EventInsert::prepare(ledger).expect("a statement");
    for _ in 0..batch {
        let seq = end.seq.next();
        let claim = Claim::new(format!("p1/s-/earn/order/{seq}"), Fingerprint::of(&[]));
        let entry = Entry {
            command_seq: seq,
            partner: PARTNER,
            version: seq.get(),
            actor: "key:1",
            claim: Some(&claim),
            event,
        };
        end.append(&mut insert, &entry, NOW).expect("an append");
    }
    ledger.execute_batch("COMMIT").expect("a commit");
}

fn append(criterion: &mut Criterion) {
    let event = bare_award();
    let mut group = criterion.benchmark_group("append bare event rows, one commit a batch");
    for batch in [1_u64, 8, 64, 512] {
        let files = tempfile::tempdir().expect("a directory");
        let ledger = open_ledger(&DataDir::new(files.path())).expect("a ledger");
        let mut end = Appender::empty();
        group.throughput(Throughput::Elements(batch));
        group.bench_function(BenchmarkId::from_parameter(batch), |bencher| {
            bencher.iter(|| append_batch(&ledger, &mut end, &event, batch));
        });
    }
    group.finish();
}

fn engine(files: &tempfile::TempDir) -> Engine {
    let engine = Engine::start(EngineConfig::new(DataDir::new(files.path()))).expect("an engine");
    shop::found(&engine, TemplateRules::default());
    submit(&engine, (0..CARDS).map(shop::issue));
    engine
}

fn bulk(criterion: &mut Criterion) {
    let files = tempfile::tempdir().expect("a directory");
    let engine = engine(&files);
    let mut number = 0;
    let mut group = criterion.benchmark_group("award in bulk through the writer");
    group.throughput(Throughput::Elements(512));
    group.bench_function(BenchmarkId::from_parameter(512), |bencher| {
        bencher.iter_batched(
            || {
                number += 512;
                (number - 512..number).map(|number| shop::request(Command::Award(award_of(number)))).collect()
            },
            |requests: Vec<_>| submit(&engine, requests),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    engine.stop();
}

fn read(criterion: &mut Criterion) {
    const AWARDS: i64 = 100_000;
    let files = tempfile::tempdir().expect("a directory");
    let engine = engine(&files);
    submit(&engine, (0..AWARDS).map(|number| shop::request(Command::Award(award_of(number)))));
    engine.stop();
    let ledger = open_ledger(&DataDir::new(files.path())).expect("a ledger");
    let head = event_log::head(&ledger).expect("a head").seq;
    let mut group = criterion.benchmark_group("read the whole log");
    group.sample_size(10).throughput(Throughput::Elements(head.get().unsigned_abs()));
    group.bench_function("bare scan", |bencher| bencher.iter(|| scan(&ledger)));
    group.bench_function("check the chain", |bencher| {
        bencher.iter(|| event_log::check_chain(&ledger, Seq::ZERO, head).expect("a whole chain"));
    });
    let target = files.path().join("rebuilt.db");
    group.bench_function("rebuild all projections", |bencher| {
        bencher.iter(|| counterfoil::projections::rebuild(&ledger, &target, None).expect("a rebuild"));
    });
    group.finish();
}

fn scan(ledger: &rusqlite::Connection) -> usize {
    let mut statement = ledger.prepare_cached("SELECT * FROM events").expect("a statement");
    let mut rows = statement.query([]).expect("rows");
    let mut bytes = 0;
    while let Some(row) = rows.next().expect("a row") {
        for column in 0..13 {
            bytes += match row.get_ref(column).expect("a column") {
                rusqlite::types::ValueRef::Text(value) | rusqlite::types::ValueRef::Blob(value) => value.len(),
                rusqlite::types::ValueRef::Null
                | rusqlite::types::ValueRef::Integer(_)
                | rusqlite::types::ValueRef::Real(_) => 8,
            };
        }
    }
    bytes
}

/// The import beside bulk awards and bare appends: as many of each, one after the other, and the ratios.
///
/// The import is the binary's own: the file is read and its rows are checked, sent, decided and committed. Its start and the last
/// catching up of views.db are left out, as they are of the others; what it writes are purchases, which say more than awards.
fn import(_criterion: &mut Criterion) {
    const ROWS: i64 = 300_000;
    let (files, bare_files) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let engine = engine(&files);
    let start = Instant::now();
    submit(&engine, (0..ROWS).map(|number| shop::request(Command::Award(award_of(number)))));
    let awards = start.elapsed();
    engine.stop();
    let ledger = open_ledger(&DataDir::new(bare_files.path())).expect("a ledger");
    let (event, mut end) = (bare_award(), Appender::empty());
    let start = Instant::now();
    for _ in 0..ROWS / 512 {
        append_batch(&ledger, &mut end, &event, 512);
    }
    let appends = start.elapsed();
    let history = files.path().join("history.csv");
    let mut rows = String::from("order_id,type,happened_at,card_id,amount,points_earned\n");
    for number in 0..ROWS {
        let (card, second) = (card_of(number), number % 60);
        rows += &format!("past-{number},purchase,2024-05-01T12:00:{second:02}Z,{card},0.50,5\n");
    }
    std::fs::write(&history, rows).expect("a file of rows");
    let binary = std::process::Command::new(env!("CARGO_BIN_EXE_counterfoil"))
        .args(["import", "--json", "--data"])
        .arg(files.path())
        .arg("--transactions")
        .arg(&history)
        .output()
        .expect("the binary runs");
    let report: serde_json::Value = serde_json::from_slice(&binary.stdout).expect("a report");
    assert_eq!(report["transactions"]["written"], ROWS, "{report}");
    let imported = Duration::from_millis(report["acknowledged_milliseconds"].as_u64().expect("a time"));
    let rate = |took: Duration| u128::from(ROWS.unsigned_abs()) * 1_000_000 / took.as_micros().max(1);
    let percent = |of: Duration| of.as_micros() * 100 / imported.as_micros().max(1);
    #[expect(clippy::print_stdout, reason = "what the benchmark says")]
    {
        println!(
            "import: {}/s; bulk awards: {}/s, of which it is {} %; bare appends: {}/s, of which it is {} %",
            rate(imported),
            rate(awards),
            percent(awards),
            rate(appends),
            percent(appends)
        );
    }
}

criterion_group!(benches, decide, append, bulk, import, read);
criterion_main!(benches);
