#!/usr/bin/env python3
"""Uses the explorer of the API as a person would: opens it, authorises, awards points, and reads the answer.

Starts the binary that COUNTERFOIL_BIN names with its demo, and Chromium without a window:

    COUNTERFOIL_BIN=target/release/counterfoil tests/explorer/run.py --pictures /tmp/pictures

The balance is then asked for over HTTP. Nothing may leave this machine, and the browser may have nothing to complain of.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True

from browser import Browser  # noqa: E402 (no bytecode is written for it)

START_SECONDS = 60
POINTS = 42
# The part of the dialog that is about one credential.
PART = """[...document.querySelectorAll(".auth-container h4 code")].find(code => code.textContent === "{}")?.closest("h4").parentElement"""


def main():
    parser = argparse.ArgumentParser(description="Uses the explorer of the API as a person would.")
    parser.add_argument("--pictures", type=pathlib.Path, metavar="DIR", help="keep pictures of what was seen")
    options = parser.parse_args()
    if not os.environ.get("COUNTERFOIL_BIN"):
        parser.error("COUNTERFOIL_BIN names no binary")
    binary = pathlib.Path(os.environ["COUNTERFOIL_BIN"]).resolve()
    with tempfile.TemporaryDirectory(prefix="counterfoil-explorer-") as scratch:
        scratch = pathlib.Path(scratch)
        pictures = options.pictures or scratch
        pictures.mkdir(parents=True, exist_ok=True)
        with Demo(binary, scratch) as demo, Browser(scratch / "profile") as browser:
            explore(browser, demo, pictures)
    print("the explorer works")


def explore(browser, demo, pictures):
    before = demo.balance()
    browser.open(f"{demo.url}/docs")
    browser.until('document.querySelectorAll(".opblock-tag-section").length > 5')
    browser.picture(pictures / "1-opened.png")

    browser.click('document.querySelector(".auth-wrapper .authorize")')
    for name in ("key", "secret", "shop", "token"):
        browser.until(f'({PART.format(name)})?.querySelector("input")?.type')
    for name, value in (("key", demo.key), ("secret", demo.secret)):
        browser.type(f'({PART.format(name)}).querySelector("input")', value)
        browser.click(f'({PART.format(name)}).closest("form").querySelector(".authorize")')
        # The field goes once it is taken.
        browser.until(f'!({PART.format(name)}).querySelector("input")')
    browser.picture(pictures / "2-authorised.png")
    browser.click('document.querySelector(".auth-btn-wrapper .btn-done")')

    browser.click('document.querySelector("#operations-tag-Points")')
    operation = 'document.querySelector("#operations-Points-post-api-points-award")'
    browser.click(f'{operation}.querySelector(".opblock-summary-control")')
    body = {"card_id": demo.card, "points": POINTS, "reason": "Seen in the explorer", "order_id": "explorer-1"}
    browser.type(f'{operation}.querySelector("textarea.body-param__text")', json.dumps(body))
    browser.click(f'{operation}.querySelector("button.execute")')
    live = f'{operation}.querySelector(".live-responses-table .response")'
    status = browser.until(f'{live}?.querySelector(".response-col_status")?.textContent')
    answer = browser.until(f'{live}?.querySelector(".highlight-code code, .highlight-code pre")?.textContent')
    browser.run(f'{live}.scrollIntoView({{ block: "center" }})')
    browser.picture(pictures / "3-awarded.png")

    assert status.strip().startswith("201"), status
    shown = json.loads(answer)
    assert shown["data"]["new_balance"] == before + POINTS, shown
    assert demo.balance() == before + POINTS, "the balance is what the answer said"
    elsewhere = [url for url in browser.requests if not is_own(url, demo.url)]
    assert not elsewhere, f"asked somebody else: {elsewhere}"
    assert any(url.endswith("/openapi.json") for url in browser.requests), "requests are seen at all"
    assert not browser.complaints, browser.complaints


def is_own(url, base):
    return urllib.parse.urlsplit(url).scheme in ("data", "blob", "about") or url.startswith(base + "/")


class Demo:
    """The demo on a free port, until the end of the block."""

    def __init__(self, binary, scratch):
        self.log = (scratch / "log").open("w+b")
        command = [binary, "demo", "--data", scratch / "demo", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        impatient = threading.Timer(START_SECONDS, self.process.kill)
        impatient.start()
        for line in self.process.stdout:
            if line.startswith("curl ") and "/api/points/award" in line:
                # Its line is the one that the README shows.
                self.url = line.split("/api/")[0].split()[-1]
                self.key = line.split("X-API-Key: ")[1].split("'")[0]
                self.secret = line.split("X-API-Secret: ")[1].split("'")[0]
                self.card = line.split('"card_id":"')[1].split('"')[0]
            if "serves on http://" in line:
                break
        impatient.cancel()
        if self.process.poll() is not None or not hasattr(self, "secret"):
            self.log.seek(0)
            raise SystemExit(f"the demo did not start:\n{self.log.read().decode()}")

    def balance(self):
        request = urllib.request.Request(f"{self.url}/api/points/balance/{self.card}")
        request.add_header("X-API-Key", self.key)
        request.add_header("X-API-Secret", self.secret)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]["current_balance"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()
        self.log.close()


if __name__ == "__main__":
    sys.exit(main())
