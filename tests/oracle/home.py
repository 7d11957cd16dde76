"""A home with one `knockwatch serve`, which lives again and again with the same state.

The state lies on a file system of its own that can be full, and the program's clock can be set:
libfaketime answers in place of the system's, for this process alone.
"""

import os
import random
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme

from tests.oracle import inputs
from tests.oracle.inputs import Sent
from tests.oracle.ledger import INPUTS, Broken, Ledger
from tests.system.parts import knockwatch, web
from tests.system.parts.exposition import Samples, samples
from tests.system.parts.process import Process

STATE_BYTES = "6m"
CLOCKS = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
SETTLE_SECONDS = 30.0
QUESTION = f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: {web.OPENMETRICS}\r\n\r\n".encode()


class Home:
    """The program, what is sent to it, and what is known of it. Made by `home`."""

    def __init__(self, folder: Path, dice: random.Random, *, clock: bool) -> None:
        self.dice = dice
        self.ledger = Ledger()
        self.sent = 0  # messages, by all inputs
        self.log = inputs.Log(folder / "log")
        self.state = folder / "state"
        self.output = folder / "serve.log"
        self.port, self.tls_port, self._syslog_port = (knockwatch.free_port() for _ in range(3))
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: Process | None = None
        self.exact: Collection[str] = ()  # inputs of which the last end can have lost nothing
        self._clock = folder / "clock" if clock and CLOCKS else None
        self._context, certificate = _certificate(folder)
        self._config = knockwatch.configuration(
            folder,
            http=self.port,
            syslog=self._syslog_port,
            more=f'allowed_senders = ["127.0.0.1/32"]\nreceive_buffer_bytes = 60000\n'
            f'tls_port = {self.tls_port}\ntls_certificate = "{certificate}"\n'
            f'files = ["{self.log.path}", "-"]\n',
        )
        self.set_clock(0)

    # --- its life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the program, and hold its first scrape against the ledger."""
        argv = [*knockwatch.COMMAND, "serve", "--config", self._config, "--state-dir", self.state]
        with self.output.open("ab") as output:
            popen = subprocess.Popen(
                [*map(str, argv)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=knockwatch.ROOT,
                env=os.environ | self._environment(),
            )
        self.process = Process(popen, self.output)
        server = knockwatch.Server(self.process, self.url, self._syslog_port)
        knockwatch.ready(server)
        self.ledger.begin(self._scrape(), self.exact)
        self.exact = ()

    def refuses_to_start(self) -> str:
        """Start it where it cannot run; return what it says. "" when it runs all the same."""
        before = len(self.output.read_bytes())
        try:
            self.start()
        except RuntimeError:
            assert self.process is not None
            if self.process.popen.wait(10) != 1:
                raise
            return self.words(before)
        return ""

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self._gone()

    def stop(self) -> None:
        """End it with SIGTERM: what the kernel had taken is stored, or it says that it is not."""
        assert self.process is not None
        since = len(self.output.read_bytes())
        if (status := self.process.stop()) != 0:
            raise Broken(f"exit status {status} after SIGTERM")
        self._gone()
        words = self.words(since)
        if "everything that waited is decided and stored" in words:
            self.exact = ("udp", "reports")
        elif "what came last is not stored" not in words:
            raise Broken(f"it does not say whether all is stored: {words}")

    def _gone(self) -> None:
        assert self.process is not None
        assert self.process.popen.stdin is not None
        self.process.popen.stdin.close()
        self.process = None
        self.check_output()

    def words(self, since: int) -> str:
        """What it printed behind so many bytes."""
        return self.output.read_bytes()[since:].decode("utf-8", "replace")

    def check_output(self) -> None:
        """Hold against it what it printed."""
        if "Traceback" in (text := self.output.read_text("utf-8", "replace")):
            raise Broken(f"it failed:\n{text[-3000:]}")

    # --- what is sent and shown ------------------------------------------------------------------

    def send(self, name: str, most: int = 60) -> None:
        """Send a burst by one input."""
        dice = self.dice
        if name == "udp":
            self.note(name, inputs.datagrams(self._syslog_port, dice, most))
            if dice.random() < 0.2:
                self.note(name, inputs.strange_datagrams(self._syslog_port, dice))
        elif name == "tcp":
            self.note(name, inputs.stream(self._syslog_port, dice, name, most))
        elif name == "tls":
            self.note(name, inputs.stream(self.tls_port, dice, name, most, self._context))
        elif name == "file":
            self.note(name, self.log.write(dice, 4 * most))
        elif name == "stdin":
            self._to_stdin(inputs.lines(dice, name, most))
        else:
            post = inputs.paste if dice.random() < 0.3 else inputs.report
            self.note(name, post(self.url, dice))

    def note(self, name: str, sent: Sent) -> None:
        self.sent += sent.messages
        self.ledger.sent[name] += sent.messages
        self.ledger.rejected[name] += sent.rejected

    def _to_stdin(self, burst: inputs.Lines) -> None:
        assert self.process is not None
        assert self.process.popen.stdin is not None
        self.process.popen.stdin.write(burst.data)
        self.process.popen.stdin.flush()
        self.note("stdin", burst.sent)

    def scrape(self) -> Samples:
        """Scrape it as Prometheus does, and hold what it shows against the laws."""
        found = self._scrape()
        self.ledger.check(found)
        return found

    def _scrape(self) -> Samples:
        return samples(web.get(f"{self.url}/metrics", accept=web.OPENMETRICS).text)

    def ask(self) -> socket.socket:
        """Ask for the metrics, and do not wait for the answer."""
        asked = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        asked.sendall(QUESTION)
        return asked

    def settle(self, names: Collection[str] = INPUTS) -> None:
        """Wait until everything that was sent is counted, and every packet decided."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            found = self.scrape()
            undecided = found.get(("knockwatch_undecided_packets", frozenset()), 0.0)
            if self.ledger.settled(found, names) and not undecided:
                return
            if time.monotonic() > deadline:
                missing = self.ledger.missing(found)
                raise Broken(f"never counted: {missing}, never decided: {undecided:g}")
            time.sleep(0.1)

    # --- its clock and its disk ------------------------------------------------------------------

    def set_clock(self, seconds: float) -> None:
        """Set the program's clock so far ahead of ours."""
        if self._clock is not None:
            new = self._clock.with_suffix(".new")
            new.write_text(f"{seconds:+g}\n")
            new.replace(self._clock)

    @property
    def has_clock(self) -> bool:
        return self._clock is not None

    def fill_disk(self) -> None:
        """Leave no byte on the file system of the state."""
        with (self.state / "filler").open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                return

    def free_disk(self) -> None:
        (self.state / "filler").unlink(missing_ok=True)

    @property
    def full(self) -> bool:
        return (self.state / "filler").exists()

    def _environment(self) -> dict[str, str]:
        if self._clock is None:
            return {}
        return {
            "LD_PRELOAD": str(CLOCKS[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # files keep their times
        }


@contextmanager
def home(folder: Path, dice: random.Random, *, clock: bool) -> Iterator[Home]:
    """Make a home in a folder; needs root, for the file system of its state."""
    with ExitStack() as undo:
        state = folder / "state"
        state.mkdir()
        argv = ["mount", "-t", "tmpfs", "-o", f"size={STATE_BYTES},mode=700", "knockwatch", state]
        subprocess.run([*map(str, argv)], check=True)
        undo.callback(subprocess.run, ["umount", "--lazy", str(state)], check=True)
        made = Home(folder, dice, clock=clock)
        undo.callback(_end, made)
        yield made


def _end(made: Home) -> None:
    if made.process is not None:
        made.process.popen.send_signal(signal.SIGCONT)
        made.process.kill()
        if made.process.popen.stdin is not None:
            made.process.popen.stdin.close()


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    file = folder / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(file))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context, file
