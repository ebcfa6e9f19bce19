"""A ledger with something of everything that verify.py looks at, made over HTTP and by the command line."""

import base64
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections import namedtuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

URL = os.environ["COUNTERFOIL_URL"]
BINARY = os.environ["COUNTERFOIL_BIN"]
DATA = os.environ["COUNTERFOIL_DATA"]
PAIR = {"X-API-Key": os.environ["COUNTERFOIL_API_KEY"], "X-API-Secret": os.environ["COUNTERFOIL_API_SECRET"]}

# ledger: the file; log_alone: the copy for an auditor; note: the checkpoint before the last; key: the log's key that signed it;
# receipt: of an award, by that key.
Made = namedtuple("Made", "ledger log_alone note key receipt")


@functools.cache
def make():
    move_points()
    key = command("audit-key", "list")[0]["verifier_key"]
    auditor = {"Authorization": f"Bearer {command('keys', 'create', '--audit-all', '--bearer')['bearer_token']}"}
    award = call("POST", "/api/points/award", {"card_id": issue("last"), "points": 7, "reason": "a bun", "reference": "bun-1"})["data"]["transaction_id"]
    note = call("POST", "/audit/checkpoint", {}, auditor)
    cosign(note, auditor)
    receipt = call("GET", f"/audit/receipts/{award}", None, auditor)
    command("audit-key", "rotate")
    call("POST", "/audit/checkpoint", {}, auditor)
    issue("after the checkpoints")
    copies = pathlib.Path(tempfile.mkdtemp(dir=pathlib.Path(DATA).parent))  # goes with the data directory
    command("backup", "--to", str(copies / "whole"))
    command("backup", "--to", str(copies / "log"), "--for-auditor")
    return Made(copies / "whole" / "ledger.db", copies / "log" / "ledger.db", note, key, receipt)


def move_points():
    """An award, a purchase that spends and earns, a refund that leaves a debt and one that pays some, and an erasure, twice."""
    card = issue("buyer", initial_points=30)
    award = {"card_id": card, "points": 500, "reason": "welcome", "order_id": "1"}
    call("POST", "/api/points/award", award)
    call("POST", "/api/points/award", award)
    bought = {"type": "purchase", "loyalty_card_id": int(card.removeprefix("card_")), "order_id": "2", "order_total": "20.00",
              "points_redeemed": 100, "points_discount_amount": "1.00"}
    call("POST", "/en/shop/transactions/create", bought)
    call("POST", "/api/points/redeem", {"card_id": card, "points": 600, "reason": "a cake", "order_id": "3"})
    call("POST", "/en/shop/transactions/create", {"type": "refund", "order_id": "2", "order_total": "15.00", "refund_id": "r1"})
    call("POST", "/en/shop/transactions/create", {"type": "cancellation", "order_id": "2"})
    call("POST", "/api/points/award", {"card_id": card, "points": 300, "reason": "paid back", "expires_at": "2999-01-01T00:00:00Z"})
    call("POST", "/api/points/adjust", {"card_id": card, "points": -20, "reason": "mistyped"})
    call("POST", "/api/points/expire", {"card_id": card, "points": 5})
    other = issue("erased")
    call("PUT", f"/api/loyalty-cards/{other}", {"customer_name": "corrected"})
    call("POST", "/api/points/award", {"card_id": other, "points": 40, "reason": "for Ona"})
    customer = call("GET", "/api/customers?email=erased@example.org")["data"]["customers"][0]["id"]
    command("erase", "--customer", customer)
    call("POST", f"/api/loyalty-cards/{other}/block", {"reason": "erased"})
    command("erase", "--customer", customer)


def issue(name, **more):
    body = {"customer_email": f"{name.replace(' ', '.')}@example.org", "customer_name": name, **more}
    return call("POST", "/api/loyalty-cards", body)["data"]["id"]


def cosign(note, auditor):
    """Signs the note as the witness does, and hands the signature in."""
    witness, key_id, _ = os.environ["COUNTERFOIL_WITNESS"].split("+", 2)
    secret = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(os.environ["COUNTERFOIL_WITNESS_SECRET"]))
    text, now = note.split("\n\n")[0] + "\n", int(time.time())
    signature = secret.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
    line = base64.b64encode(bytes.fromhex(key_id) + now.to_bytes(8, "big") + signature).decode()
    size = text.split("\n")[1]
    call("POST", f"/audit/checkpoint/{size}/cosignatures", {"signature": f"— {witness} {line}"}, auditor)


def call(method, path, body=None, credentials=PAIR):
    headers = {"Content-Type": "application/json", **credentials}
    request = urllib.request.Request(URL + path, method=method, headers=headers, data=body and json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
            return json.loads(text) if answer.headers["Content-Type"].startswith("application/json") else text
    except urllib.error.HTTPError as refusal:
        raise AssertionError(f"{method} {path}: {refusal.read().decode()}") from refusal


def restored(copy, data):
    """A ledger of its own, from a backup."""
    command("restore", "--from", str(copy), data=data)
    return data


def command(*arguments, data=DATA):
    told = subprocess.run([BINARY, *arguments, "--data", data, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(told.stdout)
