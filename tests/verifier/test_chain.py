"""schema/verify_chain.py accepts what the service wrote and stops at the first row, root or signature that does not fit."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import ledger

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
SCRIPT = SCHEMA / "verify_chain.py"
sys.path.insert(0, str(SCHEMA))

import verify  # noqa: E402 (to recompute the chain after a change, as a forger would)


def setUpModule():
    global MADE
    MADE = ledger.make()


class Chain(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="counterfoil-verifier-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "ledger.db"
        self.note = pathlib.Path(folder.name) / "kept.note"
        self.note.write_text(MADE.note, "utf-8")

    def said(self, file, *kept):
        done = subprocess.run([sys.executable, SCRIPT, file, *kept], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={"PYTHONIOENCODING": "utf-8"})
        return done.returncode, done.stdout + done.stderr

    def refused(self, change, *kept, chained=False):
        """What is said of a copy that was changed past the triggers, with its chain made anew if so asked."""
        shutil.copyfile(MADE.ledger, self.file)
        with contextlib.closing(sqlite3.connect(self.file)) as copy:
            copy.execute("PRAGMA ignore_check_constraints = ON")
            for name, in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                copy.execute(f"DROP TRIGGER {name}")
            self.assertGreater(copy.execute(*change).rowcount, 0)
            previous = bytes(32)
            for values in copy.execute(f"SELECT {', '.join(verify.COLUMNS)} FROM events ORDER BY seq").fetchall() if chained else []:
                previous = verify.chained(previous, dict(zip(verify.COLUMNS, values)))
                copy.execute("UPDATE events SET hash = ? WHERE seq = ?", [previous, values[0]])
            copy.commit()
        status, said = self.said(self.file, *kept)
        self.assertEqual(status, 1, said)
        self.assertNotIn("Traceback", said)
        return said

    def first(self, kind, where="true"):
        with contextlib.closing(sqlite3.connect(MADE.ledger)) as rows:
            seq, payload = rows.execute(f"SELECT seq, payload FROM events WHERE kind = ? AND {where} ORDER BY seq", [kind]).fetchone()
        return seq, json.loads(payload)

    def values(self, sql):
        with contextlib.closing(sqlite3.connect(MADE.ledger)) as rows:
            return rows.execute(sql).fetchone()

    def test_it_is_as_short_as_the_page_says(self):
        lines = [line for line in SCRIPT.read_text("utf-8").splitlines() if line.strip()]
        self.assertLessEqual(len(lines), 80)

    def test_what_the_service_wrote_fits(self):
        for file in [MADE.ledger, MADE.log_alone, pathlib.Path(ledger.DATA) / "ledger.db"]:
            with self.subTest(file):
                status, said = self.said(file, self.note)
                self.assertEqual(status, 0, said)
                self.assertIn("everything fits", said)

    def test_any_column_of_an_event(self):
        seq, _ = self.first("points.awarded", "idempotency_key IS NOT NULL")
        for column in verify.COLUMNS[1:]:
            with self.subTest(column):
                change = f"CASE WHEN typeof({column}) = 'integer' THEN {column} + 1 WHEN typeof({column}) = 'blob' THEN zeroblob(32) ELSE {column} || ' ' END"
                self.assertIn(f"seq {seq}: chain:", self.refused((f"UPDATE events SET {column} = {change} WHERE seq = ?", [seq])))

    def test_an_event_that_is_gone(self):
        seq, _ = self.first("points.redeemed")
        self.assertIn(f"seq {seq + 1}: seq: follows {seq - 1}", self.refused(("DELETE FROM events WHERE seq = ?", [seq])))

    def test_a_chain_made_anew_does_not_lead_to_the_signed_root(self):
        seq, payload = self.first("points.awarded")
        made, _ = self.first("checkpoint.made", f"payload ->> 'size' >= {seq}")
        text = json.dumps({**payload, "points": payload["points"] + 1}, separators=(",", ":"))
        said = self.refused(("UPDATE events SET payload = ? WHERE seq = ?", [text, seq]), chained=True)
        self.assertIn(f"seq {made}: root:", said)

    def test_a_signature(self):
        for kind in ["checkpoint.made", "checkpoint.cosigned"]:
            with self.subTest(kind):
                seq, payload = self.first(kind)
                text = json.dumps({**payload, "signature": "00" * 64}, separators=(",", ":"))
                self.assertIn(f"seq {seq}: signature:", self.refused(("UPDATE events SET payload = ? WHERE seq = ?", [text, seq]), chained=True))

    def test_a_forged_handover(self):
        seq, payload = self.first("checkpoint_key.created", "payload ->> 'handover' IS NOT NULL")
        given = payload["handover"]
        stranger = Ed25519PrivateKey.generate()
        public_key = stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        old = bytes.fromhex(self.first("checkpoint_key.created")[1]["public_key"])
        by_a_stranger = stranger.sign(verify.rotation_text(payload["origin"], old, public_key, given["size"], bytes.fromhex(given["root"]))).hex()
        elsewhere, = self.values("SELECT payload ->> 'size' FROM events WHERE kind = 'checkpoint.made' ORDER BY seq LIMIT 1")
        for rule, change in [
            ("signature", {"handover": {**given, "signature": "00" * 64}}),
            ("signature", {"public_key": public_key.hex()}),                    # the old key signed for another
            ("signature", {"public_key": public_key.hex(), "handover": {**given, "signature": by_a_stranger}}),
            ("root", {"handover": {**given, "root": "00" * 32}}),
            ("handover", {"handover": {**given, "size": seq}}),
            ("handover", {"handover": {**given, "size": elsewhere - 1}}),
        ]:
            with self.subTest(rule, **change):
                text = json.dumps({**payload, **change}, separators=(",", ":"))
                self.assertIn(f"seq {seq}: {rule}:", self.refused(("UPDATE events SET payload = ? WHERE seq = ?", [text, seq]), chained=True))
        said = self.refused(("UPDATE events SET command_seq = seq WHERE seq = ?", [seq]), chained=True)
        self.assertIn(f"seq {seq}: handover: by a key that was not retired in the same command", said)

    def test_a_key_that_is_not_in_force_hands_nothing_over(self):
        seq, payload = self.first("checkpoint_key.retired")
        text = json.dumps({**payload, "key": payload["key"] + 7}, separators=(",", ":"))
        said = self.refused(("UPDATE events SET payload = ? WHERE seq = ?", [text, seq]), chained=True)
        self.assertIn(f"seq {seq}: key: was not in force", said)
        # It is retired a second time, by a row that said something else.
        later, = self.values(f"SELECT seq FROM events WHERE seq > {seq + 1} ORDER BY seq LIMIT 1")
        change = "UPDATE events SET kind = 'checkpoint_key.retired', payload = ? WHERE seq = ?"
        said = self.refused((change, [json.dumps(payload, separators=(",", ":")), later]), chained=True)
        self.assertIn(f"seq {later}: key: was not in force", said)

    def test_a_rotation_after_the_key_was_lost_is_listed(self):
        listed = "the log's key was rotated without the signature of the key before it"
        self.assertNotIn(listed, self.said(MADE.ledger)[1], "the key before signed")
        lost = self.file.parent / "lost"
        ledger.command("audit-key", "rotate", "--key-lost", data=ledger.restored(MADE.ledger.parent, lost))
        with contextlib.closing(sqlite3.connect(lost / "ledger.db")) as rows:
            rotations = rows.execute("SELECT seq FROM events WHERE kind = 'checkpoint_key.created' AND payload ->> 'handover' IS NULL ORDER BY seq").fetchall()
        status, said = self.said(lost / "ledger.db", self.note)
        self.assertEqual(status, 0, said)
        self.assertEqual([line.split(":")[0] for line in said.splitlines() if listed in line], [f"seq {seq}" for seq, in rotations[1:]])
        self.assertGreaterEqual(len(rotations), 2, "the first key has nobody before it")

    def test_a_log_that_was_rewritten_with_its_checkpoints_gone_does_not_continue_the_one_that_was_kept(self):
        size = int(MADE.note.split("\n")[1])
        self.assertIn(f"seq {size}: the log does not continue", self.refused(("DELETE FROM events WHERE seq >= ?", [size]), self.note))

    def test_a_kept_note_that_the_log_never_signed(self):
        self.note.write_text(MADE.note.split("\n\n")[0] + "\n\n" + "— somebody " + "A" * 92 + "\n", "utf-8")
        status, said = self.said(MADE.ledger, self.note)
        self.assertEqual(status, 1, said)
        self.assertIn("no key of this log signed", said)


if __name__ == "__main__":
    unittest.main()
