#!/usr/bin/env python3
"""Drives the official Python SDK against a real server.

Makes a virtual environment, installs the SDK from PyPI into it, starts the binary that COUNTERFOIL_BIN names on a new
ledger, and runs the tests of this folder, or those that are named:

    COUNTERFOIL_BIN=target/release/counterfoil tests/sdk/python/run.py
    COUNTERFOIL_BIN=target/release/counterfoil tests/sdk/python/run.py test_sdk.Cards -k balance

Everything is made in a temporary directory and goes with it; `--venv DIR` keeps the environment for the next run.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import venv

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS = 60
STOP_SECONDS = 60


def main():
    parser = argparse.ArgumentParser(description="Drives the official Python SDK against a real server.")
    parser.add_argument("--venv", type=pathlib.Path, metavar="DIR", help="make the environment here, and use it again")
    options, tests = parser.parse_known_args()
    binary = os.environ.get("COUNTERFOIL_BIN")
    if not binary:
        parser.error("COUNTERFOIL_BIN names no binary")
    with tempfile.TemporaryDirectory(prefix="counterfoil-sdk-") as scratch:
        scratch = pathlib.Path(scratch)
        python = install(options.venv or scratch / "venv")
        with Service(pathlib.Path(binary).resolve(), scratch) as service:
            status = run_tests(python, service.environment, tests)
            if status != 0:
                print(service.log(), file=sys.stderr)
    return status


def install(folder, requirements=HERE / "requirements.txt"):
    """The interpreter of an environment that holds what `requirements` lists, beside what was installed there before."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(requirements)], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)
    return python


def run_tests(python, environment, tests):
    environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-m", "unittest", *(tests or ["discover", "-v"])]
    return subprocess.run(command, cwd=HERE, env=environment).returncode


class Service:
    """The binary on a new ledger and a free port, until the end of the block."""

    def __init__(self, binary, scratch, *arguments):
        data = scratch / "data"
        # The programme of `init`: 10 points per 1.00, 100 points for a discount of 1.00, no bonus, no expiry.
        founding = [binary, "init", "--json", "--data", data, "--partner", "Corner Bakery", "--currency", "EUR"]
        founded = json.loads(subprocess.run(founding, check=True, stdout=subprocess.PIPE).stdout)
        self.log_file = scratch / "log"
        serving = [binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--rate-limit", "off", *arguments]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=log, text=True)
        self.environment = {f"COUNTERFOIL_{name.upper()}": str(value) for name, value in founded.items()}
        self.environment["COUNTERFOIL_URL"] = self.address()

    def address(self):
        """The address that the service prints once it takes requests."""
        impatient = threading.Timer(START_SECONDS, self.process.kill)
        impatient.start()
        try:
            for line in self.process.stdout:
                if "serves on http://" in line:
                    return "http://" + line.split("http://")[1].split()[0]
        finally:
            impatient.cancel()
        self.process.wait()
        raise SystemExit(f"the service did not start:\n{self.log()}")

    def log(self):
        return self.log_file.read_text(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
