//! `/audit/*`, verified with the auditor's own code, which shares nothing with the service.

mod balances;
mod books;
mod checkpoints;
mod events;
mod proofs;
mod receipt_codes;

use crate::support::{Client, Reply, Shop};
use counterfoil_replay::note::{Checkpoint, LogKey};
use serde_json::Value;

/// The log's key as the service names it.
pub(super) fn log_key(client: &Client) -> LogKey {
    let keys = client.get("/audit/keys").json();
    let last = keys["keys"].as_array().and_then(|keys| keys.last()).expect("a key");
    LogKey::parse(last["verifier_key"].as_str().expect("a text")).expect("a key")
}

/// A fresh checkpoint, believed.
pub(super) fn checkpoint(shop: &Shop) -> Checkpoint {
    let reply = shop.send("POST", "/audit/checkpoint", None);
    believed(shop, &reply)
}

#[track_caller]
fn believed(client: &Client, reply: &Reply) -> Checkpoint {
    assert!([200, 201].contains(&reply.status), "{}", text(reply));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    log_key(client).open(&text(reply)).expect("a checkpoint of this log")
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.raw.clone()).expect("text")
}

fn hash(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().expect("digits")).expect("hex").try_into().expect("32 bytes")
}

fn hashes(value: &Value) -> Vec<[u8; 32]> {
    value.as_array().expect("a list").iter().map(hash).collect()
}
