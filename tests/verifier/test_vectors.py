"""schema/verify.py computes what the worked examples of schema/vectors state."""

import json
import pathlib
import sys
import unittest

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
sys.path.insert(0, str(SCHEMA))

import verify  # noqa: E402


def examples(name):
    return json.loads((SCHEMA / "vectors" / name).read_text("utf-8"))


class Vectors(unittest.TestCase):
    def test_the_chain(self):
        previous = bytes(32)
        for row in examples("chain.json")["events"]:
            fingerprint = row["fingerprint"] and bytes.fromhex(row["fingerprint"])
            previous = verify.chained(previous, {**row, "fingerprint": fingerprint})
            self.assertEqual(previous.hex(), row["hash"], row["seq"])

    def test_the_vault(self):
        for record in examples("vault.json")["records"]:
            self.assertEqual(verify.committed(bytes.fromhex(record["salt"]), record["body"]), record["commitment"])

    def test_the_roots(self):
        example, tree = examples("tree.json"), verify.Tree()
        roots = {stated["size"]: stated["root"] for stated in example["roots"]}
        self.assertEqual(tree.root().hex(), roots.pop(0))
        for leaf in example["leaves"]:
            tree.add(bytes.fromhex(leaf))
            self.assertEqual(tree.root().hex(), roots.pop(tree.size, tree.root().hex()), tree.size)
        self.assertEqual(roots, {})

    def test_the_audit_paths(self):
        example = examples("tree.json")
        roots = {stated["size"]: stated["root"] for stated in example["roots"]}
        for proof in example["inclusion"]:
            path = [bytes.fromhex(sibling) for sibling in proof["hashes"]]
            root = verify.root_by_path(proof["index"], proof["size"], bytes.fromhex(proof["leaf_hash"]), path)
            self.assertEqual(root.hex(), roots[proof["size"]], proof)

    def test_the_statement(self):
        example = examples("seals.json")
        statement, key = example["statement"], example["verifier_key"]
        self.assertIn("card 9 (LC000000000042) had 640 points available", verify.verified(statement, key))
        for name, other in [("balance", 1001), ("available", 641), ("card", 10), ("number", "LC000000000034"), ("salt", "00" * 32),
                            ("period", "2026-11"), ("previous_hash", "00" * 32), ("format", "counterfoil receipt v2")]:
            with self.subTest(name), self.assertRaises(ValueError):
                verify.verified({**statement, name: other}, key)
        place = statement["sealed"]
        for name, other in [("leaf_index", 2), ("size", 6), ("hashes", place["hashes"][1:])]:
            with self.subTest(name), self.assertRaises(ValueError):
                verify.verified({**statement, "sealed": {**place, name: other}}, key)
        # A receipt of another event seals nothing, whatever stands beside it.
        as_receipt = {**statement, "format": "counterfoil receipt v1"}
        self.assertIn("balances.sealed", verify.verified(as_receipt, key))

    def test_the_notes(self):
        for checkpoint in examples("tree.json")["checkpoints"]:
            size, root = verify.opened(checkpoint["note"], checkpoint["verifier_key"])
            self.assertEqual((size, root.hex()), (checkpoint["size"], checkpoint["root"]))

    def test_the_rotations(self):
        for rotation in examples("tree.json")["rotations"]:
            old, new, root = (bytes.fromhex(rotation[name]) for name in ["old_public_key", "new_public_key", "root"])
            text = verify.rotation_text(rotation["origin"], old, new, rotation["size"], root)
            self.assertEqual(text.decode(), rotation["text"])
            self.assertTrue(verify.signed(old, bytes.fromhex(rotation["signature"]), text))
            self.assertFalse(verify.signed(new, bytes.fromhex(rotation["signature"]), text))
