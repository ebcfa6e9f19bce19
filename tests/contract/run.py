#!/usr/bin/env python3
"""Holds a real server against its own document: Schemathesis makes requests of every operation, good ones and bad ones.

Makes a virtual environment, installs Schemathesis from PyPI into it, starts the binary that COUNTERFOIL_BIN names on a new ledger
with a little in it, and looks for answers that are not as documented:

    COUNTERFOIL_BIN=target/release/counterfoil tests/contract/run.py
    COUNTERFOIL_BIN=target/release/counterfoil tests/contract/run.py --include-path /api/points/award

Everything is made in a temporary directory and goes with it; `--venv DIR` keeps the environment. The seed is fixed, so that what
was found is found again.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sdk" / "python"))
sys.dont_write_bytecode = True

from run import Service, install  # noqa: E402 (of the SDK's tests: the environment and the server are started alike)

SEED = "20260131"
# Made up for each operation and phase; more take longer and have found nothing else.
EXAMPLES = "12"

LEFT_OUT = {
    # A stream of events has no end.
    "--exclude-path": ["/audit/events/stream"],
    # The same handlers as under /{locale}/shop and /{locale}/partners. And a webhook's test, which is sent to an address that
    # somebody made up: nothing here may leave this machine.
    "--exclude-path-regex": [r"^(/\{locale\}/shop/shop|/api/partners)/|/webhooks/\{[a-z]+\}/test$"],
    "--exclude-checks": [
        # What a till sends is read generously, as docs/api.md says: numbers as text, unknown parameters of a query are ignored,
        # and a body that is read by a rule of the business is refused by 422 or 404.
        "negative_data_rejection",
        # Ids are made up: an answer is then 404, or 422 where a rule forbids it.
        "positive_data_acceptance",
        # No header is required that is not a credential, and those have tests of their own.
        "missing_required_header",
        # Points at what is gone for another reason than that it was deleted: a closed shop is still shown.
        "use_after_free",
        "ensure_resource_availability",
    ],
}


def main():
    parser = argparse.ArgumentParser(description="Holds a real server against its own document.")
    parser.add_argument("--venv", type=pathlib.Path, metavar="DIR", help="make the environment here, and use it again")
    options, more = parser.parse_known_args()
    if not os.environ.get("COUNTERFOIL_BIN"):
        parser.error("COUNTERFOIL_BIN names no binary")
    binary = pathlib.Path(os.environ["COUNTERFOIL_BIN"]).resolve()
    with tempfile.TemporaryDirectory(prefix="counterfoil-contract-") as scratch:
        scratch = pathlib.Path(scratch)
        python = install(options.venv or scratch / "venv", HERE / "requirements.txt")
        # Dormant: nothing is sent to an address that somebody made up.
        with Service(binary, scratch, "--dormant") as service:
            fill(service.environment)
            status = hold(python, scratch, service.environment, more)
            log = service.log()
    failed = [line for line in log.splitlines() if "panicked" in line]
    if status or failed:
        print("\n".join(failed[-20:]), file=sys.stderr)
    return status or bool(failed)


def hold(python, scratch, environment, more):
    command = [
        python.parent / "schemathesis", "run", f"{environment['COUNTERFOIL_URL']}/openapi.json",
        "--url", environment["COUNTERFOIL_URL"],
        "--header", f"X-API-Key: {environment['COUNTERFOIL_API_KEY']}",
        "--header", f"X-API-Secret: {environment['COUNTERFOIL_API_SECRET']}",
        "--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED,
        "--generation-deterministic", "--continue-on-failure", "--request-timeout", "20",
        "--warnings", "off", "--no-color",
    ]
    for option, values in LEFT_OUT.items():
        command += [option, ",".join(values)]
    return subprocess.run([*map(str, command), *more], cwd=scratch).returncode


def fill(environment):
    """Something to be found under the ids that are made up first."""
    def post(path, body):
        request = urllib.request.Request(f"{environment['COUNTERFOIL_URL']}{path}", json.dumps(body).encode())
        request.add_header("X-API-Key", environment["COUNTERFOIL_API_KEY"])
        request.add_header("X-API-Secret", environment["COUNTERFOIL_API_SECRET"])
        with urllib.request.urlopen(request) as answer:
            return json.load(answer) if "json" in answer.headers["Content-Type"] else None

    for number in range(3):
        card = {"customer_email": f"customer{number}@example.com", "customer_name": f"Customer {number}", "initial_points": 500}
        card = post("/api/loyalty-cards", card)["data"]["id"]
        order = {"type": "purchase", "card_id": card, "order_id": f"order-{number}", "order_total": 12.5}
        post("/en/shop/transactions/create", order)
    post("/en/partners/exports", {"type": "customers"})
    post("/audit/checkpoint", {})


if __name__ == "__main__":
    sys.exit(main())
