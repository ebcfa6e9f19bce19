#!/usr/bin/env python3
"""The shortest way to verify a Counterfoil ledger by schema/event-log.md: its chain, its tree, its signed checkpoints and rotations.

    pip install blake3 cryptography
    schema/verify_chain.py ledger.db [KEPT.note]     a checkpoint that was kept elsewhere: the log must continue it

Ends with 0 where everything fits, and at the first thing that does not with 1, its seq and rule. A key that the key before it did not sign for is listed:
nobody vouches for it. `verify.py` checks balances, vault and receipts too, and that each key signs only while it is in force.
"""
import base64, hashlib, json, pathlib, sqlite3, struct, sys
from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def field(value):
    if value is None: return b"\xff\xff\xff\xff"
    if isinstance(value, int): return struct.pack(">q", value)
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(raw)) + raw

def node(left, right): return hashlib.sha256(b"\x01" + left + right).digest()

def root(subtrees):
    whole = subtrees[-1]
    for left in reversed(subtrees[:-1]): whole = node(left, whole)
    return whole

def require(fits, seq, rule):
    if not fits: sys.exit(f"seq {seq}: {rule}")

def signed(public_key, signature, message):
    try: return Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message) is None
    except (InvalidSignature, ValueError): return False

def note(key, size, of): return f"{key['origin']}\n{size}\n{base64.b64encode(of).decode()}\n".encode()

def named(key):
    raw = b"\x01" + bytes.fromhex(key["public_key"])
    return f"{key['origin']}+{hashlib.sha256(key['origin'].encode() + bytes([10]) + raw).hexdigest()[:8]}+{base64.b64encode(raw).decode()}"

def rotation(old, new, size, of):
    return f"counterfoil key rotation v1\n{new['origin']}\n{named(old)}\n{named(new)}\n{size}\n{base64.b64encode(of).decode()}\n".encode()

def verify(ledger, kept_size):
    """Checks every row; gives the head, the roots at the sizes that were signed and at the one that was kept, the keys, and rotations that nobody signed."""
    ledger.execute("BEGIN")
    sizes = "SELECT coalesce(payload ->> 'size', payload ->> '$.handover.size') FROM events WHERE kind IN ('checkpoint.made', 'checkpoint_key.created')"
    stated = {size for size, in ledger.execute(sizes)}
    last, seq, subtrees, roots, keys, signed_sizes, retired, unsigned = bytes(32), 0, [], {}, {}, set(), (None, 0), []
    columns = "seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, idempotency_key, fingerprint, payload, hash"
    for *row, hash in ledger.execute(f"SELECT {columns} FROM events ORDER BY seq"):
        seq, expected, kind, payload = seq + 1, seq, row[6], json.loads(row[11])
        require(row[0] == seq, row[0], f"seq: follows {expected}")
        last = blake3(last + b"".join(map(field, row)), derive_key_context="counterfoil event v1").digest()
        require(hash == last, seq, "chain: the hash is not that of this row after the row before")
        subtrees.append(hashlib.sha256(b"\x00" + last).digest())  # one subtree for each bit that is set in the size
        for _ in range((seq & -seq).bit_length() - 1): subtrees[-2:] = [node(*subtrees[-2:])]
        if seq in stated or seq == kept_size: roots[seq] = root(subtrees)
        if kind == "checkpoint_key.retired":
            require(payload["key"] == list(keys)[-1] != retired[0], seq, "key: was not in force")
            retired = payload["key"], row[1]
        if kind == "checkpoint_key.created":
            if "handover" in payload:
                given, size, (old, command) = payload["handover"], payload["handover"]["size"], retired
                require(command == row[1], seq, "handover: by a key that was not retired in the same command")
                require(max(signed_sizes, default=1) <= size < row[1], seq, "handover: its tree is not between the newest checkpoint and this command")
                require(roots[size].hex() == given["root"], seq, "root: is not that of the events before")
                by, signature = bytes.fromhex(keys[old]["public_key"]), bytes.fromhex(given["signature"])
                require(signed(by, signature, rotation(keys[old], payload, size, roots[size])), seq, "signature: the key before did not sign for this one")
            elif keys: unsigned.append(seq)
            keys[payload["key"]] = payload
        if kind in ("checkpoint.made", "checkpoint.cosigned"):
            key, size, made = keys[payload["key"]], payload["size"], kind == "checkpoint.made"
            require(size in roots and (roots[size].hex() == payload["root"] if made else size in signed_sizes), seq, "root: is not that of the events before")
            time = b"" if made else f"cosignature/v1\ntime {payload['timestamp']}\n".encode()
            by, signature = bytes.fromhex((key if made else payload)["public_key"]), bytes.fromhex(payload["signature"])
            require(signed(by, signature, time + note(key, size, roots[size])), seq, "signature: does not fit")
            if made: signed_sizes.add(size)
    return seq, last, roots, keys, unsigned

if __name__ == "__main__":
    kept = pathlib.Path(sys.argv[2]).read_bytes().partition(b"\n\n") if len(sys.argv) > 2 else None
    size = int(kept[0].split(b"\n")[1]) if kept else None
    seq, head, roots, keys, unsigned = verify(sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True), size)
    if kept:
        text = kept[0] + b"\n"
        require(any(size in roots and text == note(key, size, roots[size]) for key in keys.values()), size, "the log does not continue the checkpoint")
        lines = [base64.b64decode(line.split(b" ")[2]) for line in kept[2].splitlines()]
        by = [bytes.fromhex(key["public_key"]) for key in keys.values()]
        require(any(signed(key, line[4:], text) for line in lines for key in by), size, "signature: no key of this log signed the checkpoint")
    for rotated in unsigned: print(f"seq {rotated}: the log's key was rotated without the signature of the key before it: ask the operator whether that is so")
    print(f"{seq} events, {len(roots)} trees signed: everything fits; head {head.hex()}")
