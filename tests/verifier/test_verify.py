"""schema/verify.py finds nothing in what the service wrote, and names seq and rule of whatever was changed in it."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import ledger

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "schema" / "verify.py"
sys.path.insert(0, str(SCRIPT.parent))

import verify  # noqa: E402 (to recompute the chain after a change, as a forger would)


def setUpModule():
    global MADE
    MADE = ledger.make()


def asked(question, *values):
    """Rows of the ledger as it was made."""
    with contextlib.closing(sqlite3.connect(MADE.ledger)) as rows:
        return rows.execute(question, values).fetchall()


class Verifier(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="counterfoil-verifier-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_script(self, *arguments, **environment):
        command = [sys.executable, SCRIPT, *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONIOENCODING": "utf-8", **environment})
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def written(self, name, text):
        file = self.folder / name
        file.write_text(text, "utf-8")
        return file

    def accepted(self, *arguments, **environment):
        status, said = self.run_script(*arguments, **environment)
        self.assertEqual(status, 0, said)
        return said

    def refused(self, *arguments, **environment):
        status, said = self.run_script(*arguments, **environment)
        self.assertEqual(status, 1, said)
        return said


class Untouched(Verifier):
    def test_nothing_is_found_in_the_ledger(self):
        said = self.accepted("log", MADE.ledger)
        self.assertIn("nothing found", said)
        self.assertNotIn("NOT", said)

    def test_the_ledger_holds_what_the_tests_are_about(self):
        kinds = {kind for kind, in asked("SELECT DISTINCT kind FROM events")}
        debts = len(asked("SELECT seq FROM events WHERE payload ->> 'debt' > 0"))
        self.assertLessEqual({"points.awarded", "points.redeemed", "points.refunded", "points.returned", "points.adjusted", "points.expired",
                              "customer.erased", "records.erased", "checkpoint.made", "checkpoint.cosigned", "checkpoint_key.retired"}, kinds)
        self.assertGreater(debts, 0)

    def test_a_running_service_is_verified_beside_it(self):
        self.accepted("log", pathlib.Path(ledger.DATA) / "ledger.db")

    def test_a_copy_without_the_vault_is_verified_and_says_so(self):
        self.assertIn("commitments were NOT compared", self.accepted("log", MADE.log_alone))

    def test_the_log_continues_a_checkpoint_that_was_kept(self):
        self.accepted("log", MADE.ledger, "--checkpoint", self.written("kept", MADE.note), "--key", MADE.key)

    def test_a_receipt_is_genuine(self):
        said = self.accepted("receipt", self.written("receipt", json.dumps(MADE.receipt)), "--key", MADE.key)
        self.assertIn("points.awarded", said)

    def test_without_cryptography_the_signatures_are_said_to_be_unverified(self):
        self.written("cryptography.py", "raise ImportError")
        without = {"PYTHONPATH": str(self.folder)}
        signatures = len(asked("SELECT seq FROM events WHERE kind IN ('checkpoint.made', 'checkpoint.cosigned') OR payload ->> 'handover' IS NOT NULL"))
        self.assertIn(f"{signatures} signatures were NOT verified", self.accepted("log", MADE.ledger, **without))
        receipt = self.written("receipt", json.dumps(MADE.receipt))
        self.assertIn("pip install cryptography", self.refused("receipt", receipt, "--key", MADE.key, **without))


class Changing(Verifier):
    def changed(self, *statements):
        """What the verifier says of a copy in which these statements were run, past the triggers."""
        self.file = self.folder / "ledger.db"
        shutil.copyfile(MADE.ledger, self.file)
        with contextlib.closing(sqlite3.connect(self.file)) as copy:
            copy.execute("PRAGMA ignore_check_constraints = ON")
            for name, in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                copy.execute(f"DROP TRIGGER {name}")
            for statement, *values in statements:
                self.assertEqual(copy.execute(statement, values).rowcount, 1, statement)
            self.after(copy)
            copy.commit()
        return self.refused("log", self.file)

    def after(self, copy):
        pass

    def event(self, kind, where="true"):
        """Seq and payload of the first event of the kind."""
        seq, payload = asked(f"SELECT seq, payload FROM events WHERE kind = ? AND {where} ORDER BY seq", kind)[0]
        return seq, json.loads(payload)


class Changed(Changing):
    """One thing is changed in a copy, and nothing else: the hashes stay."""

    def test_a_byte_of_a_payload(self):
        seq, payload = self.event("points.awarded")
        text = json.dumps({**payload, "points": payload["points"] + 1}, separators=(",", ":"))
        self.assertIn(f"seq {seq}: chain:", self.changed(("UPDATE events SET payload = ? WHERE seq = ?", text, seq)))

    def test_any_column(self):
        seq, _ = self.event("points.awarded", "idempotency_key IS NOT NULL")
        for column in verify.COLUMNS[1:]:
            with self.subTest(column):
                change = f"CASE WHEN typeof({column}) = 'integer' THEN {column} + 1 WHEN typeof({column}) = 'blob' THEN zeroblob(32) ELSE {column} || ' ' END"
                self.assertIn(f"seq {seq}: chain:", self.changed((f"UPDATE events SET {column} = {change} WHERE seq = ?", seq)))

    def test_a_hash(self):
        seq, _ = self.event("points.redeemed")
        said = self.changed(("UPDATE events SET hash = zeroblob(32) WHERE seq = ?", seq))
        self.assertIn(f"seq {seq}: chain:", said)
        self.assertIn("root: is not that of the first", said)

    def test_an_event_that_is_gone(self):
        seq, _ = self.event("points.redeemed")
        self.assertIn(f"seq {seq + 1}: seq: follows {seq - 1}", self.changed(("DELETE FROM events WHERE seq = ?", seq)))

    def test_a_text_in_the_vault(self):
        seq, payload = self.event("points.awarded")
        record = payload["sealed"]["record"]
        said = self.changed(("UPDATE sealed_records SET body = body || ' ' WHERE record = ?", record))
        self.assertIn(f"seq {seq}: vault: record {record} is not what", said)

    def test_a_subject_in_the_vault(self):
        seq, payload = self.event("points.awarded")
        said = self.changed(("UPDATE sealed_records SET subject = 'customer:999' WHERE record = ?", payload["sealed"]["record"]))
        self.assertIn(f"seq {seq}: vault:", said)

    def test_a_record_that_is_gone(self):
        seq, payload = self.event("points.awarded")
        record = payload["sealed"]["record"]
        self.assertIn(f"seq {seq}: vault: record {record} is missing", self.changed(("DELETE FROM sealed_records WHERE record = ?", record)))

    def test_a_record_emptied_without_an_erasure(self):
        seq, payload = self.event("points.awarded")
        said = self.changed(("UPDATE sealed_records SET salt = NULL, body = NULL WHERE record = ?", payload["sealed"]["record"]))
        self.assertIn(f"seq {seq}: erasure:", said)

    def test_a_record_back_after_an_erasure(self):
        erased, _ = self.event("customer.erased")
        seq, payload = self.event("points.awarded", f"payload ->> 'points' = 40 AND seq < {erased}")
        said = self.changed(("UPDATE sealed_records SET salt = zeroblob(32), body = '{}' WHERE record = ?", payload["sealed"]["record"]))
        self.assertIn(f"seq {seq}: erasure:", said)

    def test_a_file_that_is_no_ledger(self):
        self.assertIn("DatabaseError", self.refused("log", self.written("ledger.db", "no ledger " * 1000)))


class Rewritten(Changing):
    """The forger has recomputed the chain after the change: the rules still say what is wrong, and a signed root that it was rewritten."""

    def after(self, copy):
        previous = bytes(32)
        for values in copy.execute(f"SELECT {', '.join(verify.COLUMNS)} FROM events ORDER BY seq").fetchall():
            previous = verify.chained(previous, dict(zip(verify.COLUMNS, values)))
            copy.execute("UPDATE events SET hash = ? WHERE seq = ?", [previous, values[0]])

    def rewritten(self, seq, payload=None, **columns):
        """What is said after a change of this event that the chain does not show."""
        if payload:
            columns["payload"] = json.dumps(payload, separators=(",", ":"))
        said = self.changed(*((f"UPDATE events SET {column} = ? WHERE seq = ?", value, seq) for column, value in columns.items()))
        self.assertNotIn(": chain:", said)
        signed, = asked("SELECT max(payload ->> 'size') FROM events WHERE kind = 'checkpoint.made'")[0]
        self.assertEqual("root: is not that of the first" in said, seq <= signed)
        return said

    def test_a_byte_of_a_payload(self):
        seq, payload = self.event("points.awarded")
        self.assertIn(f"seq {seq}: balance:", self.rewritten(seq, {**payload, "points": payload["points"] + 1}))

    def test_a_balance(self):
        for kind in ["points.awarded", "points.redeemed", "points.refunded", "points.returned", "points.adjusted", "points.expired"]:
            for field in ["balance", "balance_before"]:
                with self.subTest(kind=kind, field=field):
                    seq, payload = self.event(kind)
                    self.assertIn(f"seq {seq}: balance:", self.rewritten(seq, {**payload, field: payload[field] + 1}))

    def test_a_debt(self):
        seq, payload = self.event("points.refunded", "payload ->> 'debt' > 0")
        self.assertIn(f"seq {seq}: balance:", self.rewritten(seq, {**payload, "debt": payload["debt"] - 1}))

    def test_a_lot_overdrawn(self):
        seq, payload = self.event("points.redeemed")
        taken = payload["taken"]
        taken[0]["points"] += 10_000
        self.assertIn(f"seq {seq}: lots:", self.rewritten(seq, {**payload, "taken": taken}))

    def test_a_payload_that_lacks_a_field(self):
        seq, payload = self.event("points.redeemed")
        del payload["balance"]
        self.assertIn(f"seq {seq}: payload:", self.rewritten(seq, payload))

    def test_a_payload_nested_beyond_all_reading(self):
        seq, _ = self.event("points.redeemed")
        deep = '{"card":' + "[" * 100_000 + "]" * 100_000 + "}"
        self.assertIn(f"seq {seq}: payload:", self.changed(("UPDATE events SET payload = ? WHERE seq = ?", deep, seq)))

    def test_a_number_that_is_not_whole(self):
        seq, payload = self.event("customer.registered")
        sealed = {**payload["sealed"], "record": float(payload["sealed"]["record"])}
        self.assertIn(f"seq {seq}: payload:", self.rewritten(seq, {**payload, "sealed": sealed}))

    def test_any_column(self):
        seq, key = asked("SELECT seq, idempotency_key FROM events WHERE idempotency_key IS NOT NULL ORDER BY seq DESC")[0]
        first, = asked("SELECT idempotency_key FROM events WHERE idempotency_key IS NOT NULL AND idempotency_key <> ?", key)[0]
        changes = {"version": 99, "command_seq": 1, "recorded_at": 0, "idempotency_key": first, "fingerprint": None}
        for column, value in changes.items():
            with self.subTest(column):
                self.assertIn(f"seq {seq}: {column}:", self.rewritten(seq, **{column: value}))

    def test_a_movement_on_another_card(self):
        seq, payload = self.event("points.awarded")
        self.assertIn(f"seq {seq}: card:", self.rewritten(seq, {**payload, "card": payload["card"] + 1}))

    def test_the_records_that_an_erasure_counts(self):
        seq, payload = self.event("customer.erased")
        self.assertIn(f"seq {seq}: erasure:", self.rewritten(seq, {**payload, "records": payload["records"] + 1}))

    def test_the_record_that_a_correction_erases(self):
        seq, payload = self.event("records.erased")
        wrong = [{"record": payload["records"][0]["record"] - 1}]
        self.assertIn(f"seq {seq}: erasure:", self.rewritten(seq, {**payload, "records": wrong}))

    def test_a_signature(self):
        for kind in ["checkpoint.made", "checkpoint.cosigned"]:
            with self.subTest(kind):
                seq, payload = self.event(kind)
                said = self.rewritten(seq, {**payload, "signature": "00" + payload["signature"][2:]})
                self.assertIn(f"seq {seq}: signature:", said)

    def test_what_the_old_key_signed_of_the_new_one(self):
        seq, payload = self.event("checkpoint_key.created", "json_extract(payload, '$.key') = 2")
        given = payload["handover"]
        for name, other, rule in [("signature", "00" + given["signature"][2:], "signature"), ("size", given["size"] - 1, "signature"),
                                  ("size", seq, "handover"), ("root", "00" * 32, "root")]:
            with self.subTest(name):
                said = self.rewritten(seq, {**payload, "handover": {**given, name: other}})
                self.assertIn(f"seq {seq}: {rule}:", said)
        unsigned = {name: value for name, value in payload.items() if name != "handover"}
        self.assertIn(f"seq {seq}: the log's key was rotated without", self.rewritten(seq, unsigned))

    def test_a_key_that_was_there_before(self):
        _, first = self.event("checkpoint_key.created", "json_extract(payload, '$.key') = 1")
        seq, payload = self.event("checkpoint_key.created", "json_extract(payload, '$.key') = 2")
        said = self.rewritten(seq, {**payload, "public_key": first["public_key"]})
        self.assertIn(f"seq {seq}: public_key:", said)

    def test_a_key_that_is_not_in_force(self):
        _, retired = self.event("checkpoint_key.retired")
        seq, payload = self.event("checkpoint.made", "seq > (SELECT seq FROM events WHERE kind = 'checkpoint_key.retired')")
        self.assertIn(f"seq {seq}: key:", self.rewritten(seq, {**payload, "key": retired["key"]}))

    def test_an_event_that_is_gone(self):
        seq, _ = self.event("points.redeemed")
        said = self.changed(("DELETE FROM events WHERE seq = ?", seq))
        self.assertIn(f"seq {seq + 1}: seq: follows {seq - 1}", said)
        self.assertIn("root: is not that of the first", said)

    def test_a_log_cut_off_before_a_checkpoint_that_was_kept(self):
        head, = asked("SELECT max(seq) FROM events")[0]
        size = int(MADE.note.split("\n")[1])
        self.changed(*(("DELETE FROM events WHERE seq = ?", seq) for seq in range(size, head + 1)))
        said = self.refused("log", self.file, "--checkpoint", self.written("kept", MADE.note), "--key", MADE.key)
        self.assertIn(f"size: is {size}, the log has {size - 1} events", said)


class ChangedReceipt(Verifier):
    def changed(self, receipt, key=None):
        return self.refused("receipt", self.written("receipt", json.dumps(receipt)), "--key", key or MADE.key)

    def test_an_event_in_it(self):
        event = MADE.receipt["event"]
        for column in event:
            with self.subTest(column):
                value = event[column]
                other = value + 1 if isinstance(value, int) else "00" * 32 if column in ("hash", "fingerprint") else f"{value} "
                self.assertIn("the hash is not that of the event", self.changed({**MADE.receipt, "event": {**event, column: other}}))

    def test_its_proof(self):
        proof = MADE.receipt["proof"]
        other = ["00" * 32, *proof["hashes"][1:]]
        self.assertIn("root", self.changed({**MADE.receipt, "proof": {**proof, "hashes": other}}))
        self.assertIn("too short", self.changed({**MADE.receipt, "proof": {**proof, "hashes": proof["hashes"][:-1]}}))
        self.assertIn("too long", self.changed({**MADE.receipt, "proof": {**proof, "hashes": [*proof["hashes"], "00" * 32]}}))
        self.assertIn("leaf_index", self.changed({**MADE.receipt, "proof": {**proof, "leaf_index": proof["leaf_index"] + 1}}))

    def test_what_is_no_hash_or_no_whole_number(self):
        proof = MADE.receipt["proof"]
        self.assertIn("32 bytes", self.changed({**MADE.receipt, "previous_hash": MADE.receipt["previous_hash"][:-2]}))
        self.assertIn("not a whole number", self.changed({**MADE.receipt, "proof": {**proof, "leaf_index": float(proof["leaf_index"])}}))

    def test_its_checkpoint(self):
        text, signatures = MADE.receipt["checkpoint"].split("\n\n")
        origin, size, root = text.split("\n")
        another = f"{origin}\n{int(size) + 1}\n{root}\n\n{signatures}"
        self.assertIn("signature does not fit", self.changed({**MADE.receipt, "checkpoint": another}))
        self.assertIn("has not signed", self.changed({**MADE.receipt, "checkpoint": f"{text}\n\n"}))

    def test_another_key(self):
        name = MADE.key.split("+")[0]
        key = b"\x01" + bytes.fromhex(os.environ["COUNTERFOIL_WITNESS_PUBLIC"])
        key_id = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        self.assertIn("has not signed", self.changed(MADE.receipt, f"{name}+{key_id}+{base64.b64encode(key).decode()}"))
        self.assertIn("id is not that", self.changed(MADE.receipt, f"{name}+00000000+{base64.b64encode(key).decode()}"))


if __name__ == "__main__":
    unittest.main()
