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

    def test_the_notes(self):
        for checkpoint in examples("tree.json")["checkpoints"]:
            size, root = verify.opened(checkpoint["note"], checkpoint["verifier_key"])
            self.assertEqual((size, root.hex()), (checkpoint["size"], checkpoint["root"]))
