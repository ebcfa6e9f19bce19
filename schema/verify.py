#!/usr/bin/env python3
"""Verifies a Counterfoil ledger, a receipt or a statement by schema/event-log.md alone: it shares no code with Counterfoil.

    pip install blake3 cryptography
    schema/verify.py log ledger.db                                         the whole log
    schema/verify.py log ledger.db --checkpoint KEPT.note --key VKEY       and that it continues a checkpoint kept elsewhere
    schema/verify.py receipt FILE --key VKEY                               one event, or one card's balance at a month's end,
                                                                           with nothing but the log's key

Says a sentence for each finding, with seq and rule, and ends with 0 (nothing found) or 1. Without `cryptography`
a log is verified but for its signatures, which is said; a receipt, a statement or a kept checkpoint then cannot be verified.

Verified: the chain, seq, commands, times, versions, idempotency keys, the vault, the balance of every card after every event
that states one, every checkpoint's and every rotation's place, root and signature. Not verified: prices, tiers, the order of spending and expiry, sealed balances,
and whether a retention rule let an erasure happen (which rule, when, of whose inactivity); `counterfoil-replay verify` does that.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import pathlib
import sqlite3
import struct
import sys
from collections import Counter

from blake3 import blake3

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

# The columns of `events` in the order of the table, which is that of the hash. The column `hash` comes last.
COLUMNS = ["seq", "command_seq", "recorded_at", "partner_id", "stream", "version", "kind", "schema", "actor",
           "idempotency_key", "fingerprint", "payload"]
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError, struct.error)


# --- "The chain" and "The vault": what is hashed, and how -----------------------------------------------------------

def encoded(value):
    if value is None:
        return b"\xff\xff\xff\xff"
    if type(value) is int:
        return struct.pack(">q", value)
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    return struct.pack(">I", len(value)) + value


def chained(previous, row):
    message = previous + b"".join(encoded(row[column]) for column in COLUMNS)
    return blake3(message, derive_key_context="counterfoil event v1").digest()


def committed(salt, body):
    return blake3(salt + encoded(body), derive_key_context="counterfoil vault v1").hexdigest()


def require(fits, sentence):
    if not fits:
        raise ValueError(sentence)


def unhex(text):
    raw = bytes.fromhex(text)
    require(raw.hex() == text, f"{text!r} is not lower-case hex")
    return raw


def unhashed(text):
    raw = unhex(text)
    require(len(raw) == 32, f"{text!r} is not of 32 bytes")
    return raw


def whole(number):
    require(type(number) is int, f"{number!r} is not a whole number")
    return number


# --- The log, event by event -----------------------------------------------------------------------------------------

class Log:
    def __init__(self):
        self.findings = []
        self.last = {"seq": 0, "command_seq": 0, "recorded_at": -2**63, "hash": bytes(32)}
        self.versions = Counter()       # stream: events so far
        self.idempotency_keys = {}      # key: seq
        self.customers = {}             # card's stream: customer's stream
        self.cards = {}                 # card's stream: its books
        self.records = {}               # record of the vault: (seq of the event that names it, subject, commitment)
        self.unerased = Counter()       # subject: records named since its last erasure
        self.erased = {}                # subject: seq of its last erasure
        self.forgotten = {}             # record: (seq of the event that erased it by a rule, whose it is)
        self.checkpoints = Checkpoints(self.check)

    def check(self, fits, seq, rule, sentence):
        if not fits:
            self.findings.append(f"seq {seq}: {rule}: {sentence}")

    def read(self, row):
        self.chain(row)
        self.checkpoints.hashes.append(row["hash"])
        try:
            payload = json.loads(row["payload"])
            require(isinstance(payload, dict), "not a JSON object")
            self.sealed(row, payload)
            if row["kind"].startswith("points."):
                self.movement(row["seq"], row["stream"], payload)
            elif row["kind"] == "order.recorded":
                self.movement(row["seq"], row["stream"], {**payload, "points": 0, "balance_before": payload["balance"]})
            self.checkpoints.read(row, payload)
        except MALFORMED as cause:
            self.check(False, row["seq"], "payload", f"is not as the page says ({type(cause).__name__}: {cause})")
        self.last = row

    def chain(self, row):
        seq, last, first = row["seq"], self.last, row["command_seq"] == row["seq"]
        key, fingerprint = row["idempotency_key"], row["fingerprint"]
        self.versions[row["stream"]] += 1
        self.check(row["hash"] == chained(last["hash"], row), seq, "chain", "the hash is not that of this row after the row before")
        self.check(seq == last["seq"] + 1, seq, "seq", f"follows {last['seq']}")
        self.check(first or row["command_seq"] == last["command_seq"], seq, "command_seq", "is neither the seq nor that of the row before")
        self.check(row["recorded_at"] >= last["recorded_at"], seq, "recorded_at", "is before that of the row before")
        self.check(first or row["recorded_at"] == last["recorded_at"], seq, "recorded_at", "is not that of its command")
        self.check(row["version"] == self.versions[row["stream"]], seq, "version", f"{row['version']} of {row['stream']} is out of order")
        self.check(key is None or first, seq, "idempotency_key", "is not on the first event of its command")
        self.check(key is None or self.idempotency_keys.setdefault(key, seq) == seq, seq, "idempotency_key", "was claimed before")
        self.check((fingerprint and len(fingerprint)) == (key and 32), seq, "fingerprint", "and idempotency key do not stand together")

    def sealed(self, row, payload):
        seq, stream = row["seq"], row["stream"]
        if row["kind"] == "card.issued":
            self.customers[stream] = f"customer:{payload['customer']}"
        if "sealed" in payload:
            record, commitment = whole(payload["sealed"]["record"]), payload["sealed"]["commitment"]
            subject = self.customers[stream] if stream.startswith("card:") else stream
            self.check(record == len(self.records) + 1, seq, "vault", f"names record {record}, not the next one")
            self.records[record] = (seq, subject, commitment)
            self.unerased[subject] += 1
        if row["kind"] == "records.erased":
            for item in payload["records"]:
                record = whole(item["record"])
                named, subject, _ = self.records.get(record, (seq, "-", None))
                self.check(subject == stream and named < seq, seq, "erasure", f"erases record {record}, which is about {subject}")
                self.check(record not in self.forgotten and self.erased.get(stream, 0) < named, seq, "erasure", f"erases record {record} again")
                self.check(whole(item.get("event", named)) == named, seq, "erasure", f"record {record} is named by event {named}")
                self.forgotten[record] = (seq, stream)
                self.unerased[stream] -= 1
        if row["kind"] == "customer.erased":
            records = self.unerased.pop(stream, 0)
            self.check(whole(payload["records"]) == records, seq, "erasure", f"counts {payload['records']} records, events name {records}")
            self.erased[stream] = seq

    def movement(self, seq, stream, payload):
        """Sum of the card's movements = the balance stated = its open lots less its debt."""
        self.check(stream == f"card:{payload['card']}" and stream in self.customers, seq, "card", "is not the stream's, or was not issued")
        card = self.cards.setdefault(stream, {"sum": 0, "debt": 0, "lots": {}})
        before, balance = whole(payload["balance_before"]), whole(payload["balance"])
        self.check(before == card["sum"], seq, "balance", f"before it is stated as {before}, movements sum up to {card['sum']}")
        card["sum"] += whole(payload["points"])
        card["debt"] += whole(payload.get("debt", 0)) - whole(payload.get("debt_paid", 0))
        lots = card["lots"]
        if "lot" in payload:
            lots[seq] = whole(payload["lot"]["points"])
            self.check(lots[seq] > 0, seq, "lots", f"a lot is opened with {lots[seq]}")
        for taken in payload.get("taken", []):
            lot, points = taken["lot"], whole(taken["points"])
            lots[lot] = lots.get(lot, 0) - points
            self.check(points > 0 and lots[lot] >= 0, seq, "lots", f"of lot {lot} {points} are taken, it held {lots[lot] + points}")
        card["lots"] = {lot: points for lot, points in lots.items() if points != 0}
        held = sum(card["lots"].values()) - card["debt"]
        self.check(balance == card["sum"] == held and card["debt"] >= 0, seq, "balance",
                   f"is stated as {balance}, movements sum up to {card['sum']}, open lots less a debt of {card['debt']} to {held}")

    def vault(self, rows):
        """The rows (record, subject, salt, body), which a copy for an auditor lacks, against what the events name."""
        missing = dict(self.records)
        for record, subject, salt, body in rows:
            seq, named, commitment = missing.pop(record, ("-", subject, None))
            erased = seq != "-" and (self.erased.get(named, 0) > seq or record in self.forgotten)
            kept = salt is not None and body is not None
            fits = len(salt) == 32 and committed(salt, body) == commitment if kept else salt is body is None
            self.check(subject == named, seq, "vault", f"record {record} is about {named}, in the vault about {subject}")
            self.check(kept != erased, seq, "erasure", f"record {record} of {named} is {'there after' if erased else 'gone without'} an erasure")
            self.check(fits, seq, "vault", f"record {record} is not what an event committed to")
        for record, (seq, _, _) in missing.items():
            self.check(False, seq, "vault", f"record {record} is missing")


# --- "The tree and its checkpoints" ----------------------------------------------------------------------------------

def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(event_hash):
    return hashlib.sha256(b"\x00" + event_hash).digest()


class Tree:
    """The roots of the complete subtrees, the largest first: one for each bit that is set in the size."""

    def __init__(self):
        self.size, self.subtrees = 0, []

    def add(self, event_hash):
        self.subtrees.append(leaf(event_hash))
        self.size += 1
        bits = self.size
        while bits % 2 == 0:
            self.subtrees[-2:] = [node(*self.subtrees[-2:])]
            bits //= 2

    def root(self):
        if not self.subtrees:
            return hashlib.sha256().digest()
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = node(left, root)
        return root


def signed(public_key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def note_text(origin, size, root):
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def key_text(name, public_key):
    key = b"\x01" + public_key
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(key).decode()}"


def rotation_text(origin, old, new, size, root):
    keys = f"{key_text(origin, old)}\n{key_text(origin, new)}"
    return f"counterfoil key rotation v1\n{origin}\n{keys}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


class Checkpoints:
    def __init__(self, check):
        self.check = check
        self.hashes = []                # of the events, by seq - 1
        self.keys = {}                  # key: (origin, public key)
        self.public_keys = set()        # that were ever in force
        self.in_force = None
        self.retired = (None, None)     # the key that was retired last, and its command
        self.unsigned = []              # the events of rotations that the key before did not sign
        self.made = {}                  # size: (key, root)
        self.newest = 0                 # the largest size so far
        self.claims = []                # (size, root, seq of the event that states it)
        self.signatures = 0

    def read(self, row, payload):
        seq, kind = row["seq"], row["kind"]
        if kind.startswith("checkpoint"):
            key = payload["key"]
            self.check(row["stream"] == f"checkpoint_key:{key}", seq, "key", f"{key} is not that of {row['stream']}")
        if kind == "checkpoint_key.created":
            origin, origins = payload["origin"], {origin for origin, _ in self.keys.values()}
            self.check(self.in_force is None, seq, "key", f"{key} begins while {self.in_force} is in force")
            self.check(origins <= {origin}, seq, "origin", f"{origin} is not that of the keys before")
            if "handover" in payload:
                self.handed_over(row, payload, payload["handover"])
            elif self.keys:
                self.unsigned.append(seq)
            self.keys[key] = (origin, unhex(payload["public_key"]))
            self.check(self.keys[key][1] not in self.public_keys, seq, "public_key", "is that of a key before")
            self.public_keys.add(self.keys[key][1])
            self.in_force = key
        elif kind == "checkpoint_key.retired":
            self.check(self.in_force == key, seq, "key", f"{key} is retired and was not in force")
            self.in_force, self.retired = None, (key, row["command_seq"])
            if lost := payload.get("signed"):       # a tree of the log that was there before an older copy took its place
                self.check(payload.get("cause") == "restored", seq, "cause", "is missing beside a tree that was signed")
                size, root = whole(lost["size"]), unhex(lost["root"])
                self.check(size >= 1, seq, "signed", f"has the size {size}")
                self.check(self.made.get(size, (None, None))[1] != root, seq, "signed", "is a tree of this log")
        elif kind == "checkpoint.made":
            size, root = whole(payload["size"]), unhex(payload["root"])
            self.check(key == self.in_force, seq, "key", f"{key} signs and is not in force")
            self.check(self.newest < size < seq, seq, "size", f"{size} is not above those before it and below the seq")
            self.made[size], self.newest = (key, root), max(self.newest, size)
            self.claims.append((size, root, seq))
            origin, public_key = self.keys[key]
            self.signature(seq, public_key, payload, note_text(origin, size, root))
        elif kind == "checkpoint.cosigned":
            size = whole(payload["size"])
            by, root = self.made.get(size, (None, bytes(32)))
            self.check(by == key, seq, "cosignature", f"no event before it records size {size} of key {key}")
            said = f"cosignature/v1\ntime {whole(payload['timestamp'])}\n".encode()
            self.signature(seq, unhex(payload["public_key"]), payload, said + note_text(self.keys[key][0], size, root))

    def handed_over(self, row, payload, handover):
        seq, size, root = row["seq"], whole(handover["size"]), unhex(handover["root"])
        old, command = self.retired
        self.check(command == row["command_seq"], seq, "handover", "by a key that was not retired in the same command")
        self.check(max(self.newest, 1) <= size < row["command_seq"], seq, "handover", f"size {size} is no less than that of the newest checkpoint and below the command's seq")
        self.claims.append((size, root, seq))
        if old in self.keys:
            new = unhex(payload["public_key"])
            text = rotation_text(payload["origin"], self.keys[old][1], new, size, root)
            self.signature(seq, self.keys[old][1], handover, text)

    def signature(self, seq, public_key, payload, message):
        self.signatures += 1
        fits = not Ed25519PublicKey or signed(public_key, unhex(payload["signature"]), message)
        self.check(fits, seq, "signature", "does not fit the key and what is signed")

    def roots(self):
        tree = Tree()
        for size, root, seq in sorted(self.claims, key=lambda claim: claim[0]):
            covered = 1 <= size <= len(self.hashes)
            while covered and tree.size < size:
                tree.add(self.hashes[tree.size])
            self.check(covered, seq, "size", f"is {size}, the log has {len(self.hashes)} events")
            self.check(not covered or tree.root() == root, seq, "root", f"is not that of the first {size} events")


# --- Notes and receipts: what does not fit is refused with a ValueError -----------------------------------------------

def unbase64(text):
    raw = base64.b64decode(text, validate=True)
    require(base64.b64encode(raw).decode() == text, f"{text!r} is not base64 as it is written")
    return raw


def opened(note, verifier_key):
    """Size and root of the checkpoint, if the log's key has signed it."""
    require(Ed25519PublicKey, "signatures cannot be verified: pip install cryptography")
    name, key_id, key = verifier_key.strip().split("+", 2)
    key = unbase64(key)
    require(len(key) == 33 and key[0] == 1, "the key is not an Ed25519 key of a log")
    expected_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    require(key_id == expected_id.hex(), "the key's id is not that of its name and its bytes")
    text, _, signature_lines = note.partition("\n\n")
    origin, size, root = text.split("\n")
    require(origin == name, f"the checkpoint is of the log {origin!r}, the key of {name!r}")
    require(size == str(int(size)), "the checkpoint's size is not a decimal number")
    for line in signature_lines.splitlines():
        dash, signer, signature = line.split(" ")
        signature = unbase64(signature)
        if dash == "—" and signer == name and signature[:4] == expected_id:
            require(signed(key[1:], signature[4:], f"{text}\n".encode()), "the checkpoint's signature does not fit")
            return int(size), unbase64(root)
    raise ValueError("the log's key has not signed the checkpoint")


def root_by_path(index, size, root, path):
    """RFC 9162, 2.1.3.2."""
    require(0 <= index < size, "the tree has no such leaf")
    last = size - 1
    for sibling in path:
        require(last > 0, "the proof is too long")
        if index % 2 or index == last:
            root = node(sibling, root)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            root = node(root, sibling)
        index, last = index // 2, last // 2
    require(last == 0, "the proof is too short")
    return root


def verified(file, verifier_key):
    """What a receipt or a statement shows."""
    kinds = {"counterfoil receipt v1": verify_receipt, "counterfoil balance v1": verify_statement}
    require(file["format"] in kinds, f"the format is none of {', '.join(kinds)}")
    return kinds[file["format"]](file, verifier_key)


def verify_statement(statement, verifier_key):
    shown, event = verify_receipt(statement, verifier_key), statement["event"]
    require(event["kind"] == "balances.sealed" and event["schema"] == 1, "the event seals no balances")
    seal, place = json.loads(event["payload"]), statement["sealed"]
    require(seal["period"] == statement["period"], "the event seals another period")
    require(whole(seal["cards"]) == whole(place["size"]), "the event seals another number of cards")
    card, number, balance, available = (statement[name] for name in ("card", "number", "balance", "available"))
    require(isinstance(number, str) and all(type(value) is int for value in (card, balance, available)), "card and balances are not whole numbers, or number is no text")
    said = b"".join(encoded(value) for value in (card, number, balance, available))
    hashed = hashlib.sha256(b"\0" + unhashed(statement["salt"]) + said).digest()
    path = [unhashed(sibling) for sibling in place["hashes"]]
    root = root_by_path(whole(place["leaf_index"]), place["size"], hashed, path)
    require(root == unhex(seal["root"]), "the balance is not among those that were sealed")
    return f"card {card} ({number}) had {available} points available at the end of {seal['period']}, {balance} by the books\n{shown}"


def verify_receipt(receipt, verifier_key):
    event, proof = receipt["event"], receipt["proof"]
    row = {**event, "fingerprint": event["fingerprint"] and unhex(event["fingerprint"])}
    event_hash = unhex(event["hash"])
    require(chained(unhashed(receipt["previous_hash"]), row) == event_hash, "the hash is not that of the event")
    size, root = opened(receipt["checkpoint"], verifier_key)
    require(whole(proof["size"]) == size, "proof and checkpoint are of different sizes")
    require(whole(proof["leaf_index"]) == event["seq"] - 1, "leaf_index is not seq - 1")
    path = [unhashed(sibling) for sibling in proof["hashes"]]
    require(root_by_path(proof["leaf_index"], size, leaf(event_hash), path) == root, "the proof does not lead to the checkpoint's root")
    return f"genuine: seq {event['seq']}, {event['kind']} on {event['stream']}, is in the log {verifier_key.split('+')[0]}\n{event['payload']}"


# --- The command line ------------------------------------------------------------------------------------------------

def verify_log(file, kept):
    """What there is to say about the log, and the findings. `kept`: (size, root) of a checkpoint kept elsewhere, or None."""
    log = Log()
    with contextlib.closing(sqlite3.connect(file.resolve().as_uri() + "?mode=ro", uri=True, isolation_level=None)) as ledger:
        ledger.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        ledger.execute("BEGIN")  # one state of the ledger throughout, also beside a running service
        columns = [*COLUMNS, "hash"]
        for values in ledger.execute(f"SELECT {', '.join(columns)} FROM events ORDER BY seq"):
            log.read(dict(zip(columns, values)))
        remarks = [f"{len(log.checkpoints.hashes)} events, head {log.last['hash'].hex()}"]
        remarks.append(f"{len(log.cards)} cards with points, {len(log.records)} vault records, {len(log.checkpoints.made)} checkpoints")
        if ledger.execute("SELECT count(*) FROM sealed_records").fetchone()[0]:
            log.vault(ledger.execute("SELECT record, subject, salt, body FROM sealed_records ORDER BY record"))
        elif log.records:
            remarks.append("the vault's rows are not in this copy: commitments were NOT compared")
    if kept:
        log.checkpoints.claims.append((*kept, "-"))
    log.checkpoints.roots()
    for seq in log.checkpoints.unsigned:
        remarks.append(f"seq {seq}: the log's key was rotated without the signature of the key before it: ask the operator whether that is so")
    if log.checkpoints.signatures and not Ed25519PublicKey:
        remarks.append(f"{log.checkpoints.signatures} signatures were NOT verified: pip install cryptography")
    return remarks, log.findings


def main():
    parser = argparse.ArgumentParser(description="Verifies a Counterfoil ledger, a receipt or a statement by schema/event-log.md alone.")
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("log", help="verify a ledger.db")
    command.add_argument("file", type=pathlib.Path, metavar="LEDGER")
    command.add_argument("--checkpoint", type=pathlib.Path, metavar="NOTE", help="a checkpoint that was kept: the log must continue it")
    command.add_argument("--key", metavar="VKEY", help="the log's key, for --checkpoint")
    command = commands.add_parser("receipt", help="verify a receipt or a statement")
    command.add_argument("file", type=pathlib.Path, metavar="FILE")
    command.add_argument("--key", metavar="VKEY", required=True, help="the log's key")
    options = parser.parse_args()
    if options.command == "log" and bool(options.checkpoint) != bool(options.key):
        parser.error("--checkpoint and --key need each other")
    try:
        if options.command == "receipt":
            print(verified(json.loads(options.file.read_text("utf-8")), options.key))
            return 0
        kept = options.checkpoint and opened(options.checkpoint.read_text("utf-8"), options.key)
        remarks, findings = verify_log(options.file, kept)
    except (*MALFORMED, OSError, sqlite3.Error) as cause:
        print(f"{options.file}: {type(cause).__name__}: {cause}")
        return 1
    print("\n".join([*remarks, *findings]))
    print(f"{len(findings)} findings" if findings else "nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
