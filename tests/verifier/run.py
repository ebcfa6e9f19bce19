#!/usr/bin/env python3
"""Holds schema/verify.py against a ledger that the real server wrote.

Makes a virtual environment with what verify.py needs from PyPI, starts the binary that COUNTERFOIL_BIN names on a new ledger,
and runs the tests of this folder, or those that are named:

    COUNTERFOIL_BIN=target/release/counterfoil tests/verifier/run.py
    COUNTERFOIL_BIN=target/release/counterfoil tests/verifier/run.py test_verify.Rewritten

Everything is made in a temporary directory and goes with it; `--venv DIR` keeps the environment, which may be that of the
SDK's tests.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sdk" / "python"))
sys.dont_write_bytecode = True

from run import Service, install  # noqa: E402 (of the SDK's tests: the environment and the server are started alike)

# The first key pair of RFC 8032, 7.1: as a witness's it is as good as any.
WITNESS = "witness.example"
WITNESS_SECRET = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
WITNESS_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def main():
    parser = argparse.ArgumentParser(description="Holds schema/verify.py against a ledger that the real server wrote.")
    parser.add_argument("--venv", type=pathlib.Path, metavar="DIR", help="make the environment here, and use it again")
    options, tests = parser.parse_known_args()
    if not os.environ.get("COUNTERFOIL_BIN"):
        parser.error("COUNTERFOIL_BIN names no binary")
    binary = pathlib.Path(os.environ["COUNTERFOIL_BIN"]).resolve()
    with tempfile.TemporaryDirectory(prefix="counterfoil-verifier-") as scratch:
        scratch = pathlib.Path(scratch)
        python = install(options.venv or scratch / "venv", HERE / "requirements.txt")
        with Service(binary, scratch, "--witness", witness()) as service:
            told = {"COUNTERFOIL_BIN": str(binary), "COUNTERFOIL_DATA": str(scratch / "data"), "COUNTERFOIL_WITNESS": witness(),
                    "COUNTERFOIL_WITNESS_SECRET": WITNESS_SECRET, "COUNTERFOIL_WITNESS_PUBLIC": WITNESS_PUBLIC}
            environment = {**os.environ, **service.environment, **told, "PYTHONDONTWRITEBYTECODE": "1"}
            command = [python, "-m", "unittest", *(tests or ["discover", "-v"])]
            status = subprocess.run(command, cwd=HERE, env=environment).returncode
            if status != 0:
                print(service.log(), file=sys.stderr)
    return status


def witness():
    """The witness's key as text: name, key id, and type 4 with the public key."""
    key = b"\x04" + bytes.fromhex(WITNESS_PUBLIC)
    key_id = hashlib.sha256(WITNESS.encode() + b"\n" + key).digest()[:4]
    return f"{WITNESS}+{key_id.hex()}+{base64.b64encode(key).decode()}"


if __name__ == "__main__":
    sys.exit(main())
