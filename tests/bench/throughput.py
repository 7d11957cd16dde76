"""How many lines a second one core takes: `python -m tests.bench.throughput [LINES] [TIMES]`.

Floods of 3,000 senders to 205 ports go through `replay`, from header to counters, and the same
files through mtail with a program that counts the packets of each port, in turns. Then each
dialect's own lines, made from its examples. All figures are processor time without start-up: the
median of the runs, and from least to most. mtail comes from Debian: `apt-get install mtail`.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter import build
from exporter.commands import replay
from exporter.dialects.table import DIALECTS
from exporter.settings import Config
from tests.bench.lines import NOW, Template, rejected
from tests.bench.tables import Table, figure, runs

SENDERS, PORTS = 3000, 205
LINES_OF_DIALECT = 100_000
STATIONS = "00:00:5e:00:53:01:00:00:5e:00:53:02:08:00"
REJECT = (
    "kernel: [{n}.123456] REJECT IN=eth0 OUT= MAC="
    + STATIONS
    + " SRC={source} DST=203.0.113.9 LEN=129 TOS=0x00 PREC=0x00 TTL=52 ID={id} PROTO=UDP "
    "SPT={theirs} DPT={port} LEN=109"
)
REJECT_TCP = REJECT.replace("UDP", "TCP").replace(" LEN=109", " WINDOW=1024 RES=0x00 SYN URGP=0")
FLOODS = {  # of lines of one form, or of one chosen anew for each
    "netfilter": (REJECT,),
    "netfilter, TCP and UDP of two rules": tuple(
        text.replace("REJECT", rule)
        for text in (REJECT, REJECT_TCP)
        for rule in ("REJECT", "FORWARD REJECT")
    ),
    "founding format": (
        "kernel: UDP connection rejected from {source}:{theirs} to 203.0.113.9:{port}",
    ),
}
NETFILTER = r"""counter rejected by port, proto
/REJECT IN=\S* .*SRC=(?P<src>\S+) DST=\S+ .*PROTO=(?P<proto>\w+) SPT=\d+ DPT=(?P<port>\d+)/ {
  rejected[$port][$proto]++
}
"""
PROGRAMS = {
    **dict.fromkeys((name for name in FLOODS if name.startswith("netfilter")), NETFILTER),
    "founding format": r"""counter rejected by port
/UDP connection rejected from (?P<src>[\d.]+):\d+ to [\d.]+:(?P<port>\d+)/ {
  rejected[$port]++
}
""",
}


class Ends:
    """Who knocks where."""

    def __init__(self) -> None:
        self._chance = random.Random(7)
        nets = (23, 45, 80, 104, 118, 177)
        self.sources = [
            ".".join(str(self._chance.randrange(1, 255)) for _ in range(3)) for _ in range(SENDERS)
        ]
        self.sources = [f"{self._chance.choice(nets)}.{rest}" for rest in self.sources]
        self.ports = [22, 23, 445, 3389, 5060]
        self.ports += [self._chance.randrange(1024, 65536) for _ in range(PORTS - 5)]

    def draw(self) -> tuple[str, int, int]:
        """A sender, its port, and ours."""
        choice = self._chance.choice
        return choice(self.sources), self._chance.randrange(1024, 65536), choice(self.ports)


def tables(lines: int, times: int) -> list[Table]:
    """Measure so many times: floods of that many lines, and each dialect."""
    mtail = shutil.which("mtail")
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "lines.log"
        floods, norm = _floods(file, mtail, lines, times)
        rows = []
        for dialect in DIALECTS:
            if template := rejected(dialect):
                file.write_text("\n".join(_like(template)) + "\n")
                ours = [_ours(file, LINES_OF_DIALECT) for _ in range(times)]
                rows.append((dialect.name, _figure(ours), _ratio(norm, ours)))
    note = f"Microseconds of processor time a line, start-up excluded. {runs(times)}"
    columns = ("dialect", "a line", "mtail's netfilter ÷ ours")
    return [
        Table(
            f"Floods of {lines:,} lines", ("lines", "mtail", "knockwatch", "ratio"), floods, note
        ),
        Table(f"Each dialect, {LINES_OF_DIALECT:,} lines", columns, rows, note),
    ]


def _floods(
    file: Path, mtail: str | None, lines: int, times: int
) -> tuple[list[tuple[str, ...]], list[float]]:
    """The rows of floods, and mtail's figures for netfilter lines."""
    rows: list[tuple[str, ...]] = []
    norm = list[float]()
    for name, forms in FLOODS.items():
        program = file.with_name("program.mtail")
        file.write_text("".join(f"{line}\n" for line in _flood(forms, lines)))
        program.write_text(PROGRAMS[name])
        ours, theirs = list[float](), list[float]()
        for _ in range(times):
            if mtail:
                theirs.append(_mtail(mtail, program, file, lines))
            ours.append(_ours(file, lines))
        norm = norm or theirs
        beside = _figure(theirs) if theirs else "not installed"
        rows.append((name, beside, _figure(ours), _ratio(theirs, ours)))
    return rows, norm


def _figure(values: list[float]) -> str:
    return figure(values, "{:.1f}".format)


def _ratio(theirs: list[float], ours: list[float]) -> str:
    return f"{statistics.median(theirs) / statistics.median(ours):.2f}" if theirs else ""


def _flood(forms: Sequence[str], lines: int) -> Iterator[str]:
    ends, chance = Ends(), random.Random(8)
    for n in range(lines):
        source, theirs, port = ends.draw()
        second = n // 1000
        stamp = f"Nov 25 {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        form = chance.choice(forms)
        text = form.format(n=n, id=n % 65536, source=source, theirs=theirs, port=port)
        yield f"<4>{stamp} router {text}"


def _like(template: Template) -> Iterator[str]:
    """Lines like one, from other senders to other ports where it tells them."""
    ends = Ends()
    for n in range(LINES_OF_DIALECT):
        second = n // 1000
        stamp = f"Nov 25 00:{second // 60:02}:{second % 60:02}"
        yield f"<4>{stamp} router {template.line(*ends.draw())}"


def _ours(file: Path, lines: int) -> float:
    """Microseconds that a line of a file costs us."""
    command = [sys.executable, "-m", "tests.bench.throughput", "--replay", str(file)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(told.split()[-1]) / lines * 1e6


def _mtail(mtail: str, program: Path, file: Path, lines: int) -> float:
    """Microseconds that a line of a file costs mtail, which starts once more for nothing."""
    empty = file.with_name("empty.log")
    empty.write_bytes(b"")
    spent = []
    for log in (file, empty):
        before = os.times()
        command = [mtail, "-one_shot", "-progs", str(program), "-logs", str(log)]
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        spent.append(sum(after[2:4]) - sum(before[2:4]))
    return (spent[0] - spent[1]) / lines * 1e6


def _replay(file: str) -> None:
    """Replay a file, and tell the processor time on standard error."""
    stages = build.stages(Config())
    begun = time.process_time()
    replay.run([file], stages, router=None, now=NOW, events=False)
    print(time.process_time() - begun, file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--replay"]:
        _replay(sys.argv[2])
    else:
        given = [int(argument) for argument in sys.argv[1:]]
        for table in tables(*(given + [1_000_000, 5][len(given) :])):
            print(table.markdown(), end="\n\n")
