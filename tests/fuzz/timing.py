"""How long one message takes: processor seconds, with nothing remembered from before.

Bytes go in, seconds come out. `Stopwatch` measures in a process of its own, since a fuzzer's
instrumentation makes everything slower. Run as a module it is that process: a length and so many
bytes come in by standard input, a line with the seconds goes out.
"""

import signal
import subprocess
import sys
from contextlib import suppress
from functools import _lru_cache_wrapper
from time import process_time

from exporter.dialects import Malformed, table
from exporter.syslog import header, repeats
from exporter.syslog.repeats import RepeatError
from tests.golden import RECEIVED, ROOT

LIMIT = 0.05  # seconds for a message of any length
PATIENCE = 15  # seconds for all attempts; the fuzzer itself gives up after 30
ATTEMPTS = 8  # a busy machine is slow now and then, a slow line always


def seconds(data: bytes) -> float:
    """Return the best of some attempts to read one message; few when it is fast."""
    best = float("inf")
    for _ in range(ATTEMPTS):
        forget()
        start = process_time()
        read(data)
        best = min(best, process_time() - start)
        if best < LIMIT:
            break
    return best


def read(data: bytes) -> None:
    """Do what the pipeline does to find out what a message says."""
    message = header.read(data, RECEIVED)
    with suppress(Malformed, RepeatError):
        if repeat := repeats.read(message):
            message = repeat.message or message
        if dialect := table.recognise(message):
            dialect.parse(message)


def forget() -> None:
    """Empty every cache of the exporter."""
    for name, module in list(sys.modules.items()):
        if name.startswith("exporter"):
            for found in vars(module).values():
                if isinstance(found, _lru_cache_wrapper):
                    found.cache_clear()


class Stopwatch:
    """A process that measures; it ends when its standard input does."""

    def __init__(self) -> None:
        self._process = _started()

    def seconds(self, data: bytes) -> float:
        """Return how long a message takes there; for ever, when the process dies of it."""
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None
        assert told is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            asked.write(b"%d\n%b" % (len(data), data))
            asked.flush()
        if took := told.readline():
            return float(took)
        self.end()
        self._process = _started()
        return float("inf")

    def end(self) -> int:
        """End the process; return its status."""
        self._process.communicate()
        return self._process.returncode


def serve() -> None:
    """Answer a `Stopwatch`; the alarm ends the process when a message is read for ever."""
    asked = sys.stdin.buffer
    while length := asked.readline():
        data = asked.read(int(length))
        signal.alarm(PATIENCE)
        took = seconds(data)
        signal.alarm(0)
        print(took, flush=True)


def _started() -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "tests.fuzz.timing"]
    return subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


if __name__ == "__main__":
    serve()
