//! Proofs, tiles and receipts, held against checkpoints by the auditor's code.

use super::{checkpoint, hash, hashes, log_key};
use crate::support::Shop;
use counterfoil_replay::merkle::{consistent, included, leaf};
use counterfoil_replay::note::LogKey;
use counterfoil_replay::receipt;
use serde_json::{Value, json};

#[test]
fn every_event_is_proved_to_be_in_every_checkpoint_after_it() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    let mut checkpoints = Vec::new();
    for round in 0..3 {
        (0..90).for_each(|_| drop(shop.award(&card, 1 + round)));
        checkpoints.push(checkpoint(&shop));
    }
    let events = shop.get("/audit/events?limit=1000").json();
    for last in &checkpoints {
        for seq in [1, 2, 7, 100, last.size] {
            if seq > last.size {
                continue;
            }
            let proof = shop.get(&format!("/audit/proof/inclusion?seq={seq}&size={}", last.size)).json();
            let event = &events["events"][usize::try_from(seq - 1).expect("a place")];
            assert_eq!(hash(&proof["leaf_hash"]), leaf(&hash(&event["hash"])));
            assert_eq!((&proof["leaf_index"], hash(&proof["root"])), (&json!(seq - 1), last.root));
            let path = hashes(&proof["hashes"]);
            assert!(
                included(&hash(&proof["leaf_hash"]), seq - 1, last.size, &path, &last.root),
                "{seq} of {}",
                last.size
            );
        }
        for first in &checkpoints {
            let path = format!("/audit/proof/consistency?from={}&to={}", first.size, last.size);
            if first.size > last.size {
                shop.get(&path).error(400, "VALIDATION_ERROR");
                continue;
            }
            let proof = shop.get(&path).json();
            assert!(consistent(first.size, &first.root, last.size, &last.root, &hashes(&proof["hashes"])));
        }
    }
    let smallest = shop.get("/audit/proof/inclusion?seq=3").json();
    assert_eq!(smallest["size"], json!(checkpoints[0].size), "the smallest checkpoint that covers it");
    let head = events["head"].as_u64().expect("a number");
    let live = shop.get(&format!("/audit/proof/inclusion?seq={head}&size={head}")).json();
    assert!(included(&hash(&live["leaf_hash"]), head - 1, head, &hashes(&live["hashes"]), &hash(&live["root"])));
    for (query, field) in [
        ("inclusion?size=5", "seq"),
        ("inclusion?seq=0&size=5", "seq"),
        ("inclusion?seq=9&size=8", "size"),
        ("inclusion?seq=1&size=99999", "size"),
        ("consistency?from=1", "to"),
        ("consistency?from=-1&to=2", "from"),
    ] {
        let reply = shop.get(&format!("/audit/proof/{query}"));
        reply.error(400, "VALIDATION_ERROR");
        assert!(!reply.about(field).is_empty(), "{query}");
    }
    shop.get(&format!("/audit/proof/inclusion?seq={head}")).error(404, "RESOURCE_NOT_FOUND");
}

#[test]
fn a_mirror_makes_the_same_root_from_tiles() {
    let shop = Shop::open();
    let card = shop.card("ona@example.com");
    (0..260).for_each(|_| drop(shop.award(&card, 1)));
    let last = checkpoint(&shop);
    let width = last.size - 256;
    let full = shop.get("/audit/tile/0/000");
    let partial = shop.get(&format!("/audit/tile/0/001.p/{width}"));
    assert_eq!(full.header("content-type"), Some("application/octet-stream"));
    assert_eq!(
        (full.status, full.raw.len(), partial.raw.len()),
        (200, 8_192, usize::try_from(width * 32).expect("a length"))
    );
    let entries = [shop.get("/audit/tile/entries/000"), shop.get(&format!("/audit/tile/entries/001.p/{width}"))];
    let bundled: Vec<String> = entries
        .iter()
        .flat_map(|bundle| bundle.raw.chunks(34))
        .map(|entry| hex::encode(entry.strip_prefix(&[0, 32]).expect("a length of 32")))
        .collect();
    let page = shop.get(&format!("/audit/events?limit={}", last.size));
    let page = page.json();
    let rows = page["events"].as_array().expect("events");
    let chain: Vec<&str> = rows.iter().map(|row| row["hash"].as_str().expect("a hash")).collect();
    assert_eq!(bundled, chain, "the entries are the chain's hashes");
    let leaves = [full.raw, partial.raw].concat();
    let mut growing = counterfoil_replay::merkle::Growing::default();
    let mut after_256 = None;
    for hash in leaves.as_chunks::<32>().0 {
        growing.push(*hash);
        if growing.leaves() == 256 {
            after_256 = Some(growing.root());
        }
    }
    assert_eq!(growing.root(), last.root);
    assert_eq!(shop.get("/audit/tile/1/000.p/1").raw, after_256.expect("a full tile").to_vec());
    for wrong in [
        "0/002",
        "0/001",
        "1/000",
        "1/000.p/2",
        "0/1",
        "9/000",
        "x",
        "0/x000/000",
        "entries/002",
        "entries/001",
        "entries/x",
    ] {
        shop.get(&format!("/audit/tile/{wrong}")).error(404, "RESOURCE_NOT_FOUND");
    }
}

fn genuine(receipt: &Value, key: &LogKey) -> bool {
    receipt::verify(&receipt.to_string(), key).is_ok()
}

#[test]
fn a_receipt_proves_its_event_to_whoever_has_the_key_alone() {
    let shop = Shop::open();
    let other = shop.other_partner();
    let card = shop.card("ona@example.com");
    let award =
        shop.post("/api/points/award", &json!({"card_id": card, "points": 25, "reason": "x", "order_id": "1001"}));
    let id = award.data(201)["transaction_id"].as_str().expect("an id").to_owned();
    shop.get(&format!("/audit/receipts/{id}")).error(404, "RESOURCE_NOT_FOUND");
    checkpoint(&shop);
    let receipt = shop.get(&format!("/audit/receipts/{id}")).json();
    let key = log_key(&shop);
    assert!(genuine(&receipt, &key), "{receipt:#}");
    assert!(receipt["event"]["payload"].as_str().expect("a text").contains("\"points\":25"));
    shop.award(&card, 1);
    checkpoint(&shop);
    assert_eq!(shop.get(&format!("/audit/receipts/{id}")).json(), receipt, "and stays as it is");

    // One character of anything, wherever it stands.
    let whole = receipt.to_string();
    let mut refused = 0;
    for place in 0..whole.len() {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] = match bytes[place] {
            b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => bytes[place] + 1,
            _ => continue,
        };
        let Ok(changed) = serde_json::from_slice::<Value>(&bytes) else { continue };
        assert!(!genuine(&changed, &key), "place {place}: {}", String::from_utf8_lossy(&bytes));
        refused += 1;
    }
    assert!(refused > 800, "{refused} places");
    for of_nobody in ["/audit/receipts/txn_999999", "/audit/receipts/x", "/audit/receipts/5"] {
        shop.get(of_nobody).error(404, "RESOURCE_NOT_FOUND");
    }
    assert!(genuine(&shop.get("/audit/receipts/2").json(), &key), "an event that is no transaction has one too");
    other.get(&format!("/audit/receipts/{id}")).error(404, "RESOURCE_NOT_FOUND");
}
