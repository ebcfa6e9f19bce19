//! Checkpoints: made, found again, cosigned, rotated, and never of a log that is not what was signed.

use super::{believed, checkpoint, log_key, text};
use crate::support::{NewKey, Shop, verify};
use counterfoil::domain::programme::{Scope, TemplateRules};
use counterfoil::http::HttpConfig;
use counterfoil::note::{Algorithm, Cosignature, Signer, VerifierKey};
use serde_json::json;

const SEED: [u8; 32] = [9; 32];

fn witness() -> VerifierKey {
    let key = Signer::public_key_of(&SEED);
    VerifierKey::new("witness.example.com/w1", Algorithm::Cosignature, &key).expect("a key")
}

fn witnessed() -> HttpConfig {
    HttpConfig { rate_limits: None, witnesses: vec![witness()], ..HttpConfig::default() }
}

/// The witness's line for a note.
fn line(note: &str, timestamp: u64) -> String {
    let (body, _) = note.split_once("\n\n").expect("a note");
    let signature =
        Signer::new("any", &SEED).expect("a key").sign(&format!("cosignature/v1\ntime {timestamp}\n{body}\n"));
    Cosignature { witness: witness(), timestamp, signature }.line().to_string()
}

#[test]
fn a_checkpoint_is_made_of_what_is_there_and_stays_as_it_was() {
    let shop = Shop::open();
    shop.get("/audit/checkpoint").error(404, "RESOURCE_NOT_FOUND");
    let made = shop.send("POST", "/audit/checkpoint", None);
    let first = believed(&shop, &made);
    assert_eq!(made.status, 201);
    assert_eq!(first.size, 5, "partner, shop, template, key, and the key that signs");
    assert!(first.origin.starts_with("counterfoil/"), "{}", first.origin);
    let again = shop.send("POST", "/audit/checkpoint", None);
    assert_eq!((again.status, again.raw), (200, made.raw.clone()), "nothing has happened but the checkpoint");

    let card = shop.card("ona@example.com");
    shop.award(&card, 10);
    let second = checkpoint(&shop);
    assert!(second.size > first.size);
    assert_eq!(shop.get("/audit/checkpoint/5").raw, made.raw);
    assert_eq!(believed(&shop, &shop.get("/audit/checkpoint")), second);
    shop.get("/audit/checkpoint/6").error(404, "RESOURCE_NOT_FOUND");
    shop.get("/audit/checkpoint/x").error(400, "VALIDATION_ERROR");

    let listed = shop.get("/audit/checkpoints?limit=1").json();
    assert_eq!((&listed["checkpoints"][0]["note"], &listed["next_after"]), (&json!(text(&made)), &json!(5)));
    let rest = shop.get("/audit/checkpoints?after=5").json();
    assert_eq!((&rest["checkpoints"][0]["size"], &rest["next_after"]), (&json!(second.size), &json!(null)));

    let shop = shop.restarted(&HttpConfig { rate_limits: None, ..HttpConfig::default() });
    assert_eq!(shop.get("/audit/checkpoint/5").raw, made.raw, "after a restart");
    verify(shop.server.files.path());
}

#[test]
fn a_witness_signs_a_checkpoint_once_and_only_what_verifies_is_taken() {
    let shop = Shop::with(TemplateRules::default(), witnessed());
    let made = shop.send("POST", "/audit/checkpoint", None);
    let size = believed(&shop, &made).size;
    let path = format!("/audit/checkpoint/{size}/cosignatures");
    let good = line(&text(&made), 1_767_225_600);
    for (wrong, why) in [
        (json!({}), "signature"),
        (json!({"signature": "no line"}), "must be"),
        (json!({"signature": good.replace("w1", "w2")}), "not of a witness"),
        (json!({"signature": line(&text(&made).replace('5', "6"), 1_767_225_600)}), "does not verify"),
    ] {
        let reply = shop.post(&path, &wrong);
        reply.error(400, "VALIDATION_ERROR");
        assert!(why == "signature" || reply.about("signature").contains(why), "{}", reply.about("signature"));
    }
    shop.post("/audit/checkpoint/4/cosignatures", &json!({"signature": good})).error(404, "RESOURCE_NOT_FOUND");
    let taken = shop.post(&path, &json!({"signature": good}));
    assert_eq!((taken.status, text(&taken)), (201, format!("{}{good}", text(&made))));
    believed(&shop, &taken);
    let again = shop.post(&path, &json!({"signature": line(&text(&made), 1_767_225_999)}));
    assert_eq!((again.status, &again.raw), (200, &taken.raw), "one signature of a witness is enough");
    assert_eq!(shop.get(&format!("/audit/checkpoint/{size}")).raw, taken.raw);
    assert_eq!(shop.send("POST", "/audit/checkpoint", None).raw, taken.raw, "a cosignature makes nothing due");
    verify(shop.server.files.path());
}

#[test]
fn a_key_without_the_scope_sees_nothing_of_it() {
    let shop = Shop::open();
    let till = shop.keyed(NewKey { scopes: vec![Scope::PointsManage, Scope::LoyaltyRead], ..NewKey::default() });
    let auditor = shop.keyed(NewKey { scopes: vec![Scope::Audit], ..NewKey::default() });
    checkpoint(&shop);
    for path in [
        "/audit/checkpoint",
        "/audit/checkpoint/5",
        "/audit/checkpoints",
        "/audit/keys",
        "/audit/proof/inclusion?seq=1",
        "/audit/proof/consistency?from=1&to=2",
        "/audit/tile/0/000.p/5",
        "/audit/events",
        "/audit/receipts/1",
        "/audit/receipts/1/qr",
    ] {
        till.get(path).error(403, "INSUFFICIENT_PERMISSIONS");
        shop.bare().get(path).error(401, "AUTH_REQUIRED");
        let status = auditor.get(path).status;
        assert!([200, 404].contains(&status), "{path}: {status}");
    }
    till.get("/audit/events/stream").error(403, "INSUFFICIENT_PERMISSIONS");
    till.send("POST", "/audit/checkpoint", None).error(403, "INSUFFICIENT_PERMISSIONS");
    auditor.get("/api/loyalty-cards").error(403, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(auditor.send("POST", "/audit/checkpoint", None).status, 200, "nothing has happened since");
    assert!(!log_key(&auditor).name().is_empty());
}
