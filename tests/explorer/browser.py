"""Chromium without a window, driven over a pipe: the standard library is all that it takes."""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
)
PATIENCE = 60


def find():
    """Where Chromium is. It is installed where it is missing and that is allowed."""
    named = os.environ.get("COUNTERFOIL_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "--quiet", *command], check=True, stdout=subprocess.DEVNULL)
        return shutil.which("chromium")
    raise SystemExit("this test needs Chromium: install it, or name it in COUNTERFOIL_CHROMIUM")


class Browser:
    """A browser with one page, until the end of the block."""

    def __init__(self, profile):
        for_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()
        # It reads from its descriptor 3 and writes to 4.
        command = [find(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{for_browser} 4>&{from_browser}', "sh", *command],
            pass_fds=(for_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(for_browser)
        os.close(from_browser)
        self.number, self.waiting, self.session = 0, b"", None
        self.requests, self.complaints = [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=1280, height=1600, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.commands)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.answers)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for answer in self.messages(end - time.monotonic()):
                if answer.get("id") == self.number:
                    if "error" in answer:
                        raise RuntimeError(f"{method}: {answer['error']}")
                    return answer["result"]
        raise TimeoutError(f"{method} was not answered")

    def messages(self, seconds):
        """What has come in; what nobody asked for is noted."""
        if not select.select([self.answers], [], [], max(seconds, 0))[0]:
            return
        read = os.read(self.answers, 1 << 20)
        if not read:
            raise RuntimeError("the browser ended")
        *whole, self.waiting = (self.waiting + read).split(b"\0")
        for text in whole:
            message = json.loads(text)
            self.note(message.get("method"), message.get("params", {}))
            yield message

    def note(self, method, told):
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
            self.complaints.append(str(told["args"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(str(told["entry"]))

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, script):
        """The first value of an expression that says something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        raise TimeoutError(f"never true: {script}")

    def open(self, url):
        self.ask("Page.navigate", url=url)

    def click(self, element):
        """Clicks what an expression finds, as a person would: where it is on the screen."""
        script = f"""(() => {{
            const found = {element};
            if (!found) return null;
            found.scrollIntoView({{ block: "center", behavior: "instant" }});
            const place = found.getBoundingClientRect();
            return place.width ? [place.x + place.width / 2, place.y + place.height / 2] : null;
        }})()"""
        x, y = self.until(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, element, text):
        """Puts a text in the place of what stands in a field."""
        self.click(element)
        self.run(f"({element}).select()")
        self.ask("Input.insertText", text=text)
        self.until(f"({element}).value === {json.dumps(text)}")

    def picture(self, path):
        shown = self.ask("Page.captureScreenshot", format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(shown["data"]))
