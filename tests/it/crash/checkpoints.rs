//! kill -9 while checkpoints are made: none that was answered is lost, and no size is ever signed for two roots.

use super::process::{Process, Till, init};
use crate::support::verify;
use rand::Rng as _;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

const ROUNDS: usize = 6;

#[test]
fn no_answered_checkpoint_is_lost_or_contradicted_by_kill_9() {
    let files = tempfile::tempdir().unwrap();
    let data = files.path().join("books");
    let credentials = init(&data);
    let card = Till::new(&Process::serve(&data), &credentials).issue("ona@example.com");
    let answered: Mutex<BTreeMap<u64, String>> = Mutex::default();
    for round in 0..ROUNDS {
        let mut process = Process::serve(&data);
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let till = Till::new(&process, &credentials);
                let (answered, card) = (&answered, &card);
                scope.spawn(move || {
                    for order in 0.. {
                        if till.award(card, &format!("{round}-{thread}-{order}")).is_none() {
                            break;
                        }
                        let Some(note) = till.checkpoint() else { break };
                        let size = note.lines().nth(1).unwrap().parse().unwrap();
                        let mut answered = answered.lock().unwrap();
                        let before = answered.insert(size, note.clone());
                        assert!(before.is_none_or(|before| before == note), "two checkpoints of size {size}");
                    }
                });
            }
            std::thread::sleep(Duration::from_micros(rand::rng().random_range(50_000..400_000)));
            process.kill();
        });
        verify(&data);
    }
    let process = Process::serve(&data);
    let till = Till::new(&process, &credentials);
    let answered = answered.into_inner().unwrap();
    assert!(answered.len() > ROUNDS, "checkpoints were made");
    for (size, note) in answered {
        assert_eq!(till.checkpoint_of(size), note, "size {size}");
    }
}
