//! Measures `verify` against a bare scan of the same rows, on a synthetic but valid ledger.
//!
//!     cargo run --release -p counterfoil-replay --example measure -- 1000000 100000
//!
//! The arguments are how many movements over how many cards, and `rolling` for tiers by the points of twelve months. Read the ratio, not the rates: machines are noisy.

use anyhow::Context as _;
use counterfoil_replay::commands::rebuild::rebuild;
use counterfoil_replay::ledger::{COLUMNS, ChainHasher, Event, GENESIS, Hash, Location, commitment};
use counterfoil_replay::progress::Progress;
use counterfoil_replay::verify::verify;
use rusqlite::{Connection, params};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> anyhow::Result<()> {
    let rolling = std::env::args().nth(3).is_some_and(|text| text == "rolling");
    let mut arguments = std::env::args().skip(1).take(2).map(|text| text.parse::<i64>());
    let movements = arguments.next().transpose()?.unwrap_or(1_000_000);
    let cards = arguments.next().transpose()?.unwrap_or(100_000);
    let directory = tempfile::tempdir()?;
    let ledger = directory.path().join("ledger.db");
    let events = generate(&ledger, movements, cards, rolling)?;
    let mut out = std::io::stdout().lock();
    for round in 1..=2 {
        let scan = timed(|| scan(&ledger))?;
        let alone = Location { ledger: ledger.clone(), views: None };
        let checked = timed(|| sound(&alone))?;
        writeln!(out, "round {round}: bare scan {}/s, verify {}/s", rate(events, scan), rate(events, checked))?;
        writeln!(
            out,
            "         verify is {} hundredths of the scan",
            scan.as_micros() * 100 / checked.as_micros().max(1)
        )?;
    }
    let views = directory.path().join("views.db");
    let rebuilt = timed(|| {
        rebuild(&ledger, &views, &Progress::silent())?;
        Ok(())
    })?;
    let compared = timed(|| sound(&Location::of_data(directory.path())))?;
    writeln!(out, "rebuild {}/s, verify with projections {}/s", rate(events, rebuilt), rate(events, compared))?;
    Ok(())
}

fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn rate(events: i64, took: Duration) -> u128 {
    u128::from(events.unsigned_abs()) * 1_000_000 / took.as_micros().max(1)
}

fn sound(location: &Location) -> anyhow::Result<()> {
    let report = verify(location, &Progress::silent())?;
    anyhow::ensure!(report.ok(), "{}", report.to_json());
    Ok(())
}

/// Steps through every row and looks at every column, as any reader has to.
fn scan(ledger: &Path) -> anyhow::Result<()> {
    let connection = Connection::open(ledger)?;
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += Event::read(row)?.payload.len();
    }
    anyhow::ensure!(bytes > 0, "an empty ledger");
    Ok(())
}

struct Writer {
    connection: Connection,
    chain: ChainHasher,
    hash: Hash,
    seq: i64,
}

impl Writer {
    fn append(
        &mut self,
        stream: &str,
        version: i64,
        kind: &str,
        key: Option<&str>,
        payload: &str,
    ) -> anyhow::Result<()> {
        self.seq += 1;
        let print = key.map(|key| *blake3::hash(key.as_bytes()).as_bytes());
        let mut event = Event {
            seq: self.seq,
            command_seq: self.seq,
            recorded_at: 1_767_225_600_000_000 + self.seq,
            partner_id: 1,
            stream,
            version,
            kind,
            schema: 1,
            actor: if stream.starts_with("card:") { "key:1" } else { "cli" },
            idempotency_key: key,
            fingerprint: print.as_ref().map(<[u8; 32]>::as_slice),
            payload,
            hash: GENESIS,
        };
        event.hash = self.chain.hash(&self.hash, &event);
        self.hash = event.hash;
        self.connection
            .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")?
            .execute(params![
                event.seq,
                event.command_seq,
                event.recorded_at,
                event.partner_id,
                stream,
                version,
                kind,
                event.schema,
                event.actor,
                key,
                event.fingerprint,
                payload,
                event.hash
            ])?;
        Ok(())
    }

    /// Seals a record about `subject`; gives the JSON that names it.
    fn seal(&self, record: i64, subject: &str) -> anyhow::Result<String> {
        let (salt, body) = ([7; 32], format!("{{\"email\":\"person{record}@example.com\"}}"));
        self.connection
            .prepare_cached("INSERT INTO sealed_records VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![record, subject, salt, body])?;
        Ok(format!("{{\"record\":{record},\"commitment\":\"{}\"}}", hex::encode(commitment(&salt, &body))))
    }
}

#[derive(Clone, Default)]
struct Held {
    version: i64,
    lifetime: i64,
    balance: i64,
    /// Open lots that never expire: id and what remains, oldest first.
    lots: std::collections::VecDeque<(i64, i64)>,
}

/// Writes cards and then awards and redemptions of 1 point lots, three to one, each on a card picked at random.
fn generate(path: &Path, movements: i64, cards: i64, rolling: bool) -> anyhow::Result<i64> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")?;
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/sql/ledger");
    let mut files: Vec<_> = std::fs::read_dir(schema)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::path);
    for file in files {
        connection.execute_batch(&std::fs::read_to_string(file.path())?)?;
    }
    connection.execute_batch("BEGIN")?;
    let mut writer = Writer { connection, chain: ChainHasher::default(), hash: GENESIS, seq: 0 };
    let mut held = issue(&mut writer, cards, rolling)?;
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for number in 0..movements {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let card = i64::try_from(random % cards.unsigned_abs())? + 1;
        let mine = &mut held[usize::try_from(card - 1)?];
        mine.version += 1;
        let (stream, before) = (format!("card:{card}"), mine.balance);
        if number % 4 == 3 && !mine.lots.is_empty() {
            let (lot, remaining) = mine.lots.pop_front().context("a lot")?;
            mine.balance -= remaining;
            let key = format!("p1/s1/redeem/order/{number:08}");
            let payload = format!(
                "{{\"card\":{card},\"points\":-{remaining},\"shop\":1,\"order\":\"{number:08}\",\"taken\":[{{\"lot\":{lot},\"points\":{remaining}}}],\
                 \"balance_before\":{before},\"balance\":{}}}",
                mine.balance
            );
            writer.append(&stream, mine.version, "points.redeemed", Some(&key), &payload)?;
            continue;
        }
        (mine.balance, mine.lifetime) = (mine.balance + 1, mine.lifetime + 1);
        let key = format!("p1/s1/earn/order/{number:08}");
        let payload = format!(
            "{{\"card\":{card},\"points\":1,\"origin\":\"award\",\"shop\":1,\"order\":\"{number:08}\",\
             \"lot\":{{\"points\":1}},\"balance_before\":{before},\"balance\":{},\"lifetime\":{}}}",
            mine.balance, mine.lifetime
        );
        writer.append(&stream, mine.version, "points.awarded", Some(&key), &payload)?;
        mine.lots.push_back((writer.seq, 1));
    }
    writer.connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(writer.seq)
}

fn issue(writer: &mut Writer, cards: i64, rolling: bool) -> anyhow::Result<Vec<Held>> {
    let sealed = writer.seal(1, "partner:1")?;
    writer.append(
        "partner:1",
        1,
        "partner.created",
        None,
        &format!("{{\"partner\":1,\"currency\":\"EUR\",\"sealed\":{sealed}}}"),
    )?;
    let sealed = writer.seal(2, "template:1")?;
    let rules = "{\"auto_assign\":true,\"activation\":\"first_use\",\"points_enabled\":true,\"initial_bonus_points\":0,\
                 \"points_expiration_days\":null,\"points_per_currency\":\"10\",\"currency_amount\":\"1\",\"round_points_up\":false,\
                 \"min_points_per_purchase\":0,\"max_points_per_purchase\":null,\"points_per_visit\":0,\"points_redemption_enabled\":true,\
                 \"points_per_currency_redemption\":\"100\",\"currency_amount_redemption\":\"1\",\"min_points_for_redemption\":0,\
                 \"max_points_per_redemption\":null}";
    writer.append(
        "template:1",
        1,
        "template.created",
        None,
        &format!("{{\"template\":1,\"rules\":{rules},\"sealed\":{sealed}}}"),
    )?;
    let sealed = writer.seal(3, "shop:1")?;
    writer.append(
        "shop:1",
        1,
        "shop.opened",
        None,
        &format!("{{\"shop\":1,\"is_virtual\":false,\"sealed\":{sealed}}}"),
    )?;
    let sealed = writer.seal(4, "key:1")?;
    let key = format!(
        "{{\"key\":1,\"public_id\":\"pk_1\",\"form\":\"pair\",\"scopes\":[\"points:manage\"],\"allowed_ips\":[],\"sealed\":{sealed}}}"
    );
    writer.append("key:1", 1, "key.created", None, &key)?;
    if rolling {
        let sealed = writer.seal(5, "partner:1")?;
        let settings = "{\"multi_store_points\":true,\"point_sharing\":\"full\",\"unified_tiers\":false,\"refund_shortfall\":\"negative\",\
                        \"tiers\":{\"basis\":\"rolling_12_months\",\"levels\":[{\"tier\":\"bronze\",\"threshold\":0,\"multiplier\":\"1\"}]}}";
        let changed = format!("{{\"partner\":1,\"settings\":{settings},\"sealed\":{sealed}}}");
        writer.append("partner:1", 2, "partner.settings_changed", None, &changed)?;
    }
    let records = if rolling { 5 } else { 4 };
    for card in 1..=cards {
        let customer = format!("customer:{card}");
        let sealed = writer.seal(card + records, &customer)?;
        writer.append(
            &customer,
            1,
            "customer.registered",
            None,
            &format!("{{\"customer\":{card},\"sealed\":{sealed}}}"),
        )?;
        let payload = format!(
            "{{\"card\":{card},\"customer\":{card},\"template\":1,\"template_version\":1,\"number\":\"{}\",\"status\":\"active\",\"design\":\"default\"}}",
            number(card)
        );
        writer.append(&format!("card:{card}"), 1, "card.issued", None, &payload)?;
    }
    Ok(vec![Held { version: 1, ..Held::default() }; usize::try_from(cards)?])
}

/// A card number with its check digit.
fn number(card: i64) -> String {
    let digits = format!("{card:011}");
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit * 2) {
                (1, _) => digit,
                (_, double @ 0..=9) => double,
                (_, double) => double - 9,
            }
        })
        .sum();
    format!("LC{digits}{}", (10 - sum % 10) % 10)
}
