//! `schema/vectors`, on the service's side. The auditor's tool runs the same files with code of its own.

use super::{folder, list, read_json};
use counterfoil::domain::cards::{Card, Status};
use counterfoil::domain::points::Lot;
use counterfoil::domain::{Bytes, Event, PartnerId, RecordId, Seq, ShopId, Timestamp};
use counterfoil::event_log::{Row, ZERO_HASH};
use counterfoil::note::{Checkpoint, Cosignature, Rotation, Signer, VerifierKey};
use counterfoil::tree::{Edge, NodeHash, Tiles, consistency, inclusion, leaf_hash, root};
use counterfoil::vault::commitment;
use serde_json::{Value, json};

fn vector(name: &str) -> Value {
    read_json(&folder("vectors").join(name))
}

#[track_caller]
fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("{name} is a number"))
}

#[track_caller]
fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} is text"))
}

#[test]
fn every_hash_of_the_worked_chain_comes_out() {
    let (mut previous, mut scratch) = (ZERO_HASH, Vec::new());
    let vector = vector("chain.json");
    for event in list(&vector, "events") {
        let fingerprint = event["fingerprint"].as_str().map(|digits| hex::decode(digits).expect("hex"));
        let row = Row {
            seq: number(event, "seq"),
            command_seq: number(event, "command_seq"),
            recorded_at: number(event, "recorded_at"),
            partner_id: number(event, "partner_id"),
            stream: text(event, "stream"),
            version: number(event, "version"),
            kind: text(event, "kind"),
            schema: number(event, "schema"),
            actor: text(event, "actor"),
            idempotency_key: event["idempotency_key"].as_str(),
            fingerprint: fingerprint.as_deref(),
            payload: text(event, "payload"),
        };
        previous = row.hash(&previous, &mut scratch);
        assert_eq!(hex::encode(previous), text(event, "hash"), "event {}", row.seq);
    }
}

/// The leaves of the worked tree.
struct Worked(Vec<[u8; 32]>);

impl Tiles for Worked {
    type Error = std::convert::Infallible;

    fn tile(&mut self, level: u8, index: u64, width: usize) -> Result<Vec<NodeHash>, Self::Error> {
        let place = usize::try_from(index).expect("an index") * 256;
        if level == 0 {
            return Ok(self.0[place..place + width].iter().map(leaf_hash).collect());
        }
        assert_eq!((level, index, width), (1, 0, 1), "a tree of 300 leaves has one full tile");
        let mut edge = Edge::default();
        self.0[..256].iter().for_each(|leaf| edge.append(leaf_hash(leaf), drop));
        Ok(vec![edge.root()])
    }
}

fn bytes<const N: usize>(row: &Value, name: &str) -> [u8; N] {
    hex::decode(text(row, name)).expect("hex").try_into().expect("so many bytes")
}

fn hashes(row: &Value) -> Vec<[u8; 32]> {
    list(row, "hashes").iter().map(|digits| Bytes::parse(digits.as_str().expect("digits")).expect("hex").0).collect()
}

fn size(row: &Value, name: &str) -> u64 {
    row[name].as_u64().unwrap_or_else(|| panic!("{name} is a size"))
}

#[test]
fn every_root_and_proof_of_the_worked_tree_comes_out() {
    let vector = vector("tree.json");
    let leaves: Vec<[u8; 32]> =
        list(&vector, "leaves").iter().map(|leaf| Bytes::parse(leaf.as_str().unwrap()).unwrap().0).collect();
    let chain = read_json(&folder("vectors").join("chain.json"));
    for (leaf, event) in leaves.iter().zip(list(&chain, "events")) {
        assert_eq!(hex::encode(leaf), text(event, "hash"));
    }
    let mut tiles = Worked(leaves);
    for case in list(&vector, "roots") {
        assert_eq!(root(&mut tiles, size(case, "size")), Ok(bytes(case, "root")), "{case}");
    }
    for case in list(&vector, "inclusion") {
        let index = size(case, "index");
        assert_eq!(inclusion(&mut tiles, index, size(case, "size")), Ok(hashes(case)), "{case}");
        assert_eq!(leaf_hash(&tiles.0[usize::try_from(index).unwrap()]), bytes(case, "leaf_hash"));
    }
    for case in list(&vector, "consistency") {
        assert_eq!(consistency(&mut tiles, size(case, "from"), size(case, "to")), Ok(hashes(case)), "{case}");
    }
}

#[test]
fn every_worked_checkpoint_is_signed_and_written_byte_for_byte() {
    let signer = Signer::new("example.com/books", &std::array::from_fn(|place| u8::try_from(place).unwrap())).unwrap();
    for case in list(&vector("tree.json"), "checkpoints") {
        let checkpoint =
            Checkpoint { origin: text(case, "origin").to_owned(), size: size(case, "size"), root: bytes(case, "root") };
        assert_eq!(signer.verifier().to_string(), text(case, "verifier_key"));
        assert_eq!(checkpoint.sign(&signer), bytes(case, "signature"));
        let cosignature = case.get("cosignature").map(|given| {
            let witness = VerifierKey::parse(text(given, "verifier_key")).unwrap();
            assert_eq!(witness.public_key(), bytes(given, "public_key"));
            Cosignature { witness, timestamp: size(given, "timestamp"), signature: bytes(given, "signature") }
        });
        let cosignatures: Vec<_> = cosignature.into_iter().collect();
        for given in &cosignatures {
            assert_eq!(Cosignature::verify(&given.line(), &given.witness, &checkpoint).as_ref(), Ok(given));
        }
        assert_eq!(checkpoint.note(signer.verifier(), &bytes(case, "signature"), &cosignatures), text(case, "note"));
    }
}

#[test]
fn every_worked_rotation_is_signed_byte_for_byte() {
    let old = Signer::new("example.com/books", &std::array::from_fn(|place| u8::try_from(place).unwrap())).unwrap();
    for case in list(&vector("tree.json"), "rotations") {
        let new = VerifierKey::parse(text(case, "new_verifier_key")).unwrap();
        assert_eq!(
            (old.verifier().to_string().as_str(), new.public_key()),
            (text(case, "old_verifier_key"), bytes(case, "new_public_key"))
        );
        let rotation = Rotation { old: old.verifier(), new: &new, size: size(case, "size"), root: bytes(case, "root") };
        assert_eq!((rotation.text().as_str(), rotation.sign(&old)), (text(case, "text"), bytes(case, "signature")));
    }
}

#[test]
fn every_commitment_of_the_worked_vault_comes_out() {
    let vector = vector("vault.json");
    for record in list(&vector, "records") {
        let salt: [u8; 32] = hex::decode(text(record, "salt")).expect("hex").try_into().expect("32 bytes");
        let found = commitment(&salt, text(record, "body"));
        assert_eq!(hex::encode(found.0), text(record, "commitment"));
    }
}

#[test]
fn every_worked_fold_comes_out() {
    let vector = vector("fold.json");
    for case in list(&vector, "cases") {
        let name = text(case, "name");
        let card = folded(list(case, "events"));
        assert_eq!(row(&card), case["card"], "{name}");
        let mut lots: Vec<Lot> = card.lots.iter().collect();
        lots.sort_by_key(|lot| lot.id);
        let lots: Vec<Value> = lots.into_iter().map(|lot| lot_row(&card, &lot)).collect();
        assert_eq!(&lots, list(case, "lots"), "{name}");
        for expected in list(case, "available") {
            let at = Timestamp::from_micros(number(expected, "at"));
            assert_eq!(card.available(at).get(), number(expected, "points"), "{name}, at {at}");
        }
    }
}

/// The card that events of its stream lead to.
fn folded(events: &[Value]) -> Card {
    let mut folded: Option<Card> = None;
    for row in events {
        let (seq, at) = (Seq::new(number(row, "seq")), Timestamp::from_micros(number(row, "recorded_at")));
        let payload = row["payload"].to_string();
        let event = Event::decode(text(row, "kind"), number(row, "schema"), &payload).expect("a known event");
        assert_eq!(event.stream().to_string(), text(row, "stream"));
        match (&mut folded, &event) {
            (None, Event::CardIssued(issued)) => {
                folded = Some(Card::issued(issued, PartnerId::new(number(row, "partner_id")), seq, at));
            }
            (Some(card), event) => card.evolve(event, seq, at),
            (None, other) => panic!("a card begins with its issue, not with {}", other.kind()),
        }
        assert_eq!(folded.as_ref().map(|card| card.version), Some(number(row, "version")));
    }
    folded.expect("a card")
}

/// The card as the table `cards` has it.
fn row(card: &Card) -> Value {
    let last = card.last;
    json!({
        "card": card.id,
        "partner": card.partner,
        "customer": card.customer,
        "template": card.template,
        "number": card.number,
        "status": card.status.name(),
        "status_before_block": card.status_before_block.map(Status::name),
        "design": card.design,
        "shop": card.shop.map(ShopId::get),
        "tier": card.tier.name(),
        "balance": card.balance(),
        "debt": card.debt,
        "lifetime": card.lifetime,
        "redeemed": card.redeemed,
        "expired": card.expired,
        "adjusted": card.adjusted,
        "movements": card.movements,
        "last_seq": last.map(|last| last.seq.get()),
        "last_type": last.map(|last| last.movement.name()),
        "last_points": last.map(|last| last.points.get()),
        "last_at": last.map(|last| last.at.micros()),
        "issued_at": card.issued_at.micros(),
        "updated_at": card.updated_at.micros(),
        "last_activity": card.last_activity.micros(),
        "blocked_at": card.blocked_at.map(Timestamp::micros),
        "block_record": card.block_record.map(RecordId::get),
        "metadata_record": card.metadata_record.map(RecordId::get),
        "version": card.version,
        "as_of": card.as_of,
    })
}

/// A lot as the table `lots` has it.
fn lot_row(card: &Card, lot: &Lot) -> Value {
    json!({
        "card": card.id,
        "lot": lot.id,
        "points": lot.points,
        "remaining": lot.remaining,
        "shop": lot.shop.map(ShopId::get),
        "expires_at": lot.expires_at.map(Timestamp::micros),
    })
}
