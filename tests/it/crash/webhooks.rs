//! kill -9 while receivers are told: each that listens gets every event, those of a card in order, and none twice but for a kill.

use super::process::{Process, Till, init};
use crate::support::{Reaction, Received, Receiver, verify, wait_for};
use rand::Rng as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CARDS: usize = 50;
/// Longer than any of it takes.
const LONG: Duration = Duration::from_secs(3_600);
/// Awards of one request.
const BULK: usize = 200;

/// How many events there are. `COUNTERFOIL_WEBHOOK_EVENTS` asks for more.
fn events() -> usize {
    std::env::var("COUNTERFOIL_WEBHOOK_EVENTS").ok().and_then(|events| events.parse().ok()).unwrap_or(4_000)
}

fn serve(data: &Path) -> Process {
    // So many that nothing is given up while the receiver is dead, however long the test takes.
    let retries = ["50ms", "100ms", "200ms"].into_iter().chain(std::iter::repeat_n("1s", 3_600)).collect::<Vec<_>>();
    let retries = retries.join(",");
    // An answer that takes longer than allowed, on a busy machine, would be a message twice.
    Process::serve_with(data, &["--webhooks-allow-private", "--webhook-retry", &retries, "--webhook-timeout", "30s"])
}

fn create(till: &Till, receiver: &Receiver) -> i64 {
    let body = json!({"url": receiver.url, "events": ["points.awarded"]});
    let (status, answer) = till.post("/en/partners/webhooks", &body).expect("the service answers");
    assert_eq!(status, 201, "{answer}");
    answer["data"]["id"].as_i64().expect("an id")
}

/// A receiver that takes nothing until it is brought to life.
struct Dead {
    receiver: Receiver,
    is_alive: Arc<AtomicBool>,
    /// What it took since.
    taken: Arc<Mutex<Vec<Received>>>,
}

impl Dead {
    fn start() -> Self {
        let (is_alive, taken) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Vec<Received>>>::default());
        let (lives, takes) = (Arc::clone(&is_alive), Arc::clone(&taken));
        let receiver = Receiver::start(move |message| {
            if lives.load(Ordering::SeqCst) {
                takes.lock().unwrap().push(message.clone());
                return Reaction::Answer(200);
            }
            if message.sequence() % 10 != 0 {
                return Reaction::Answer(500);
            }
            // Some hang until there is life again.
            wait_for("life", LONG, || lives.load(Ordering::SeqCst));
            Reaction::Close
        });
        Self { receiver, is_alive, taken }
    }
}

#[test]
fn kill_9_loses_no_message_and_skips_none() {
    let files = tempfile::tempdir().unwrap();
    let data = files.path().join("books");
    let credentials = init(&data);
    let (well, slow) = (Receiver::obliging(), Receiver::start(|_| Reaction::AfterWhile(Duration::from_millis(1))));
    let dead = Dead::start();
    let mut process = serve(&data);
    let till = Till::new(&process, &credentials);
    let cards: Vec<String> = (0..CARDS).map(|card| till.issue(&format!("c{card}@example.com"))).collect();
    for receiver in [&well, &slow] {
        create(&till, receiver);
    }
    let of_dead = create(&till, &dead.receiver);
    let total = events();
    let rounds = (total / BULK).max(1);
    let kill_every = (rounds / 8).max(1);
    let mut sent = BTreeSet::new();
    for round in 0..rounds {
        let till = Till::new(&process, &credentials);
        for transaction in award(&till, &cards, round) {
            assert!(sent.insert(transaction), "each award is one event");
        }
        if round % kill_every == kill_every - 1 {
            wait_for("notes of what failed", LONG, || till.pending(of_dead) > 0);
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(0..150)));
            process.kill();
            // What the killed process had begun to send has come by then; what follows is another's.
            std::thread::sleep(Duration::from_millis(50));
            [&well, &slow, &dead.receiver].iter().for_each(|receiver| receiver.next_epoch());
            process = serve(&data);
        }
    }
    let patience = Duration::from_secs(60 + u64::try_from(sent.len()).unwrap_or_default() / 300);
    assert!(Till::new(&process, &credentials).pending(of_dead) > 0, "it waited over the last kill");
    dead.is_alive.store(true, Ordering::SeqCst);
    for receiver in [&well, &slow] {
        let came = || receiver.all().iter().map(Received::sequence).collect::<BTreeSet<_>>();
        wait_for("messages", patience, || receiver.count() >= sent.len());
        wait_for("messages about every award", patience, || came() == sent);
        check(&receiver.all());
    }
    wait_for("messages that waited", patience, || dead.taken.lock().unwrap().len() >= sent.len());
    let pending = || Till::new(&process, &credentials).pending(of_dead);
    wait_for("end of what waits", patience, || pending() == 0);
    let taken = dead.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), sent.len(), "no kill, none twice");
    assert_eq!(taken.iter().map(Received::sequence).collect::<BTreeSet<_>>(), sent);
    check(&taken);
    drop(process);
    verify(&data);
}

/// So many awards, each an event of its own; answers where they stand in the log.
fn award(till: &Till, cards: &[String], round: usize) -> Vec<i64> {
    let award = |place: usize| {
        let card = &cards[(round * BULK + place) % cards.len()];
        json!({"type": "award", "card_id": card, "points": 1, "reason": "purchase", "order_id": format!("{round}-{place}")})
    };
    let body = json!({"transactions": (0..BULK).map(award).collect::<Vec<_>>()});
    let (status, answer) = till.post("/api/points/bulk", &body).expect("the service answers");
    assert!(status < 300, "{answer}");
    let results = answer["data"]["results"].as_array().expect("results");
    let number = |result: &Value| {
        let transaction = result["transaction_id"].as_str().unwrap_or_else(|| panic!("an id: {result}"));
        transaction.trim_start_matches("txn_").parse().expect("a place in the log")
    };
    results.iter().map(number).collect()
}

/// Between two kills, each card's messages come in order and once.
fn check(received: &[Received]) {
    let mut last: BTreeMap<(usize, String), i64> = BTreeMap::new();
    for message in received {
        let (epoch, card) = (message.epoch, message.body()["data"]["card_id"].to_string());
        let before = last.insert((epoch, card), message.sequence()).unwrap_or(0);
        assert!(before < message.sequence(), "{before} came before {}", message.sequence());
    }
}
