"""Write down what the corpus means today: `python -m tests.golden`. A person reads the diff."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from exporter.dialects import Malformed, table
from exporter.events import SyslogMessage
from exporter.syslog import header, repeats
from exporter.syslog.repeats import RepeatError

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
EXPOSITION = ROOT / "tests" / "golden" / "exposition.prom"
RECEIVED = 1_794_322_000.0  # 2026-11-10, 14:46 UTC


def reading(line: bytes) -> dict[str, Any]:
    """Return what becomes of one message."""
    message = header.read(line, RECEIVED)
    try:
        repeat = repeats.read(message)
        if repeat and repeat.message is None:
            return _reading(None, "event", {"kind": "repeat", "count": repeat.times})
        if repeat and repeat.message:
            return _read(repeat.message, count=repeat.times)
        return _read(message)
    except (Malformed, RepeatError) as error:
        dialect = table.recognise(message)
        return _reading(dialect.name if dialect else None, "malformed", None) | {
            "error": str(error)
        }


def corpus() -> list[Path]:
    """Return the corpus, one file of lines for each case."""
    return sorted(CORPUS.glob("*/*.log"))


def lines(case: Path) -> list[bytes]:
    """Return the lines of a case, one message each."""
    return case.read_bytes().removesuffix(b"\n").split(b"\n")


def exposition() -> bytes:
    """Return what `knockwatch replay` prints for the whole corpus; stamps are those of UTC."""
    argv = [sys.executable, "-m", "exporter", "replay", "--now", str(RECEIVED), *map(str, corpus())]
    environment = os.environ | {"TZ": "UTC", "KNOCKWATCH_CONFIG": ""}
    return subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, check=True).stdout


def _read(message: SyslogMessage, count: int | None = None) -> dict[str, Any]:
    dialect = table.recognise(message)
    if dialect is None:
        return _reading(None, "unrecognised", None)
    event = dialect.parse(message)
    if event is None:
        return _reading(dialect.name, "ignored", None)
    if count is not None:
        event = msgspec.structs.replace(event, count=count)
    return _reading(
        dialect.name, "event", msgspec.to_builtins(msgspec.structs.replace(event, signal=None))
    )


def _reading(dialect: str | None, outcome: str, event: dict[str, Any] | None) -> dict[str, Any]:
    return {"dialect": dialect, "outcome": outcome, "event": event}


if __name__ == "__main__":
    for case in corpus():
        readings = [json.dumps(reading(line), ensure_ascii=False) for line in lines(case)]
        case.with_suffix(".jsonl").write_text("\n".join(readings) + "\n", encoding="utf-8")
    EXPOSITION.parent.mkdir(exist_ok=True)
    EXPOSITION.write_bytes(exposition())
