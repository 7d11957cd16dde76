"""What fuzzing found: the shortest input of each broken promise, and why it is one.

Inputs come in one by one; files go out, `<name>` with the input and `<name>.why` with the reason.
A finding does not end the fuzzing, so that one fault does not hide the next.
"""

import hashlib
import random
import sys
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import NamedTuple

from exporter.syslog.framing import MAX_MESSAGE
from tests.fuzz.mutation import stretched
from tests.fuzz.promises import Broken
from tests.fuzz.timing import LIMIT

REASON = ".why"
STRETCHED = 40  # one message of so many is tried at full length, too


class Finding(NamedTuple):
    """An input and what is wrong with it."""

    data: bytes
    why: str


class Findings:
    """Writes down the shortest input for each thing that is wrong."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._shortest: dict[str, int] = {}

    def add(self, data: bytes, error: Exception) -> None:
        """Write an input down, unless a shorter one is known for the same."""
        wrong = _wrong(error)
        if len(data) >= self._shortest.get(wrong, sys.maxsize):
            return
        if wrong not in self._shortest:
            print(f"FINDING {wrong}: {error}", file=sys.stderr, flush=True)
        self._shortest[wrong] = len(data)
        path = self._folder / hashlib.sha256(wrong.encode()).hexdigest()[:12]
        path.write_bytes(data)
        told = "".join(traceback.format_exception(error, limit=-2))
        path.with_suffix(REASON).write_text(f"{wrong}\n{told}", "utf-8", "backslashreplace")


def read(folder: Path) -> list[Finding]:
    """Return what was found; libFuzzer's own, a hang or a crash, have a name for a reason."""
    inputs = sorted(path for path in folder.iterdir() if path.suffix != REASON)
    reasons = [path.with_suffix(REASON) for path in inputs]
    return [
        Finding(path.read_bytes(), reason.read_text("utf-8") if reason.exists() else path.name)
        for path, reason in zip(inputs, reasons, strict=True)
    ]


def watched(
    check: Callable[[bytes], None],
    findings: Findings,
    seconds: Callable[[bytes], float] | None = None,
) -> Callable[[bytes], None]:
    """Return a check that writes down instead of failing.

    With `seconds`, which measures where nothing is instrumented, it asks how long that takes which
    seemed slow, and now and then a message that was made as long as one may be.
    """

    def once(data: bytes) -> None:
        start = process_time()
        try:
            check(data)
            if seconds is not None:
                number = zlib.crc32(data)
                is_slow = process_time() - start > LIMIT
                if number % STRETCHED == 0:
                    is_slow, data = True, stretched(data, random.Random(number), MAX_MESSAGE)
                if is_slow and (took := seconds(data)) > LIMIT:
                    raise Broken(f"a message takes at most {LIMIT} s", took)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            findings.add(data, error)

    return once


def _wrong(error: Exception) -> str:
    """Return what all inputs have in common that show the same fault."""
    if isinstance(error, Broken):
        return error.promise
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
