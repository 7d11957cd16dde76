"""Headless Chromium, driven over its own pipe (Chrome DevTools Protocol): no driver, no port.

A window cannot be as narrow as a phone, an emulated screen can; and scripts of the page can be
switched off while questions to it still work.
"""

import base64
import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.parts.process import found, started

# File descriptors 3 and 4 are where --remote-debugging-pipe reads and writes.
LAUNCH = ("bash", "-c", 'i=$1 o=$2; shift 2; exec "$@" 3<&"$i" 4>&"$o"', "launch")
FLAGS = (
    "--headless",
    "--no-sandbox",  # root has no sandbox; the only page is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


class Screen(NamedTuple):
    """A viewport in CSS pixels."""

    width: int
    height: int
    mobile: bool = False


TABLET = Screen(1280, 800)
PHONE = Screen(390, 844, mobile=True)
WALL = Screen(1920, 1200)


class Browser:
    """One page of one browser. Commands go out and answers come in as JSON, each ended by NUL."""

    def __init__(self, commands: int, answers: int) -> None:
        self.commands = commands
        self.answers = answers
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.session: str | None = None

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command; return its result; other messages are passed over."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self.receive()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def receive(self) -> dict[str, Any]:
        """Return the next message of the browser."""
        while b"\0" not in self.buffer:
            data = os.read(self.answers, 1 << 20)
            if not data:
                raise RuntimeError("chromium ended")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded

    def attach(self) -> None:
        """Open the page that all other commands are about."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        self.call("Page.enable")

    def open(self, url: str, screen: Screen, *, scripts: bool = True) -> None:
        """Load a page on a screen of that size and wait until it is complete."""
        self.show_on(screen)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        failure = self.call("Page.navigate", url=url).get("errorText")
        if failure:
            raise RuntimeError(f"{url}: {failure}")
        self.wait_for_page()

    def show_on(self, screen: Screen, *, dark: bool = False) -> None:
        """Show the page on a screen of that size, of somebody who likes it light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=screen.width,
            height=screen.height,
            deviceScaleFactor=1,
            mobile=screen.mobile,
        )
        liked = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[liked])

    def wait_for_page(self) -> None:
        """Wait until the page that comes next is complete."""
        while self.receive().get("method") != "Page.loadEventFired":
            pass

    def submit(self, action: str, **fields: str) -> None:
        """Fill in the form that goes to that path, send it, and wait for the answer."""
        self.evaluate(
            f"""(() => {{
                const form = document.querySelector('form[action^="{action}"]');
                for (const [name, value] of Object.entries({json.dumps(fields)}))
                    form.elements[name].value = value;
                setTimeout(() => form.requestSubmit(), 0);
            }})()"""
        )
        self.wait_for_page()

    def press(self, key: str) -> None:
        """Press and release a key: "Tab", "Enter"."""
        code = {"Tab": 9, "Enter": 13}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page, once it is known."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def text(self) -> str:
        """Return what a person can read on the page."""
        return str(self.evaluate("document.body.innerText"))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        wide = "document.documentElement.scrollWidth"
        return int(self.evaluate(f"{wide} - document.documentElement.clientWidth"))

    def screenshot(self, file: Path) -> None:
        """Write what the screen shows as PNG."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Run a browser with a profile of its own."""
    reads_commands, commands = os.pipe()
    answers, writes_answers = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        argv = [*LAUNCH, reads_commands, writes_answers, found("chromium"), *FLAGS]
        argv += [f"--user-data-dir={profile}", "about:blank"]
        keep = (reads_commands, writes_answers)
        try:
            with started(argv, folder / "chromium.log", pass_fds=keep):
                os.close(keep[0])
                os.close(keep[1])
                browser = Browser(commands, answers)
                browser.attach()
                yield browser
        finally:
            os.close(commands)
            os.close(answers)
