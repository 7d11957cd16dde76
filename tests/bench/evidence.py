"""What a full store of evidence costs: `python -m tests.bench.evidence [ROWS]`.

A file is filled with as many rows as it may hold, spread over a week, with reasons and log lines
as they are. Printed are its size and, for each question that the page and the API ask, how long it
takes, of the wall and of a core, and the longest time for which the event loop stood still; then
the same for the writing of one minute of a flood. Printed are the best and the worst of several
runs: what else the machine does only adds to the best, and the worst is what somebody may meet.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from exporter.events import Attribution, Candidate, Cause, Decision, Network, Reason, Verdict
from exporter.evidence import Bounds, breakdown, sockets, suspects
from exporter.evidence.breakdown import Question
from exporter.evidence.store import MAX_GATHERED
from exporter.metrics import Metrics
from exporter.storage.archive import Archive
from exporter.storage.evidence_file import EvidenceFile
from tests.rejections import NOW, rejection

WEEK = 7 * 86_400.0
LOOK = 0.002  # seconds between looks at how late the loop is
TIMES = 5  # each question, and a write
LINE = (
    "<4>Nov 24 03:12:07 gate kernel: [UFW BLOCK] IN=eth0 OUT= MAC=00:00:5e:00:53:01"
    " SRC=198.51.100.7 DST=203.0.113.9 LEN=63 TOS=0x00 PREC=0x00 TTL=52 ID=53211 DF PROTO=UDP"
    " SPT=3478 DPT=51413"
)


def decision(chance: random.Random, received: float) -> Decision:
    """Return one decision of a home in which much goes on."""
    device = chance.choice(["", "", "ANNA-PC", "BEN", "NAS"])
    port = chance.choice([51413, 6881, 27015, chance.randrange(1024, 65536)])
    process = f"program-{chance.randrange(8)}" if device else ""
    values: dict[str, str | int | float] = {"device": device, "process": process}
    values |= {"transport": "udp", "port": port, "remote": "198.51.100.7"}
    reason = Reason("port_open", values | {"open_for": chance.randrange(9000), "closed_for": 0})
    asn = chance.randrange(400)
    candidate = Candidate(
        device=device, process=process, evidence="socket", confidence=0.99, reasons=(reason,)
    )
    whose = Attribution(
        device=device,
        process=process,
        evidence="socket" if device else "none",
        confidence=0.99 if device else 0.0,
        reasons=(reason,) if device else (Reason("no_match", {"agents": 3}),),
        candidates=(candidate,) if device else (),
    )
    verdict: Verdict = "benign" if device else "watch"
    return Decision(
        rejection=rejection(
            received=received,
            remote_ip=f"2001:db8::{chance.randrange(20_000):x}",
            our_port=port,
            source=Network(f"AS{64_500 + asn}", f"Network {asn}", "isp", "JP"),
            count=chance.randrange(1, 9),
            line=LINE,
        ),
        attribution=whose,
        cause=Cause(
            name=chance.choice(["p2p", "scan", "late_reply"]),
            verdict=verdict,
            confidence=0.9,
            reasons=(Reason("program_listens", values), Reason("peer_port")),
        ),
        last=received + 20,
    )


def filled(file: EvidenceFile, rows: int) -> None:
    """Store as many rows, spread over the week before now."""
    chance = random.Random(1)
    for number in range(rows):
        file.store.record(decision(chance, NOW - WEEK + WEEK * number / rows))
        if number % 5000 == 4999:
            file.store.write(file.store.take(), NOW)
    file.store.write(file.store.take(), NOW)


async def measured(work: Callable[[], Awaitable[Any]]) -> tuple[float, float, float]:
    """Return how long something takes, of the wall and of a core, and how late the loop was."""
    late, done = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal late
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(LOOK)
            late = max(late, time.perf_counter() - began - LOOK)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        await asyncio.sleep(10 * LOOK)
        began, busy = time.perf_counter(), time.process_time()
        await work()
        took, busy = time.perf_counter() - began, time.process_time() - busy
        done.set()
    return took, busy, late


async def told(
    name: str,
    work: Callable[[], Awaitable[Any]],
    before: Callable[[], Awaitable[Any]] | None = None,
) -> None:
    """Measure something several times, and print the best and the worst."""
    runs = []
    for _ in range(TIMES):
        if before is not None:
            await before()
        runs.append(await measured(work))
    took, busy, late = zip(*runs, strict=True)
    seconds = f"{min(took):7.3f} – {max(took):5.3f}{min(busy):9.3f}"
    print(f"{name:36}{seconds}{1000 * min(late):8.0f} – {1000 * max(late):.0f} ms")


def questions() -> dict[str, tuple[Any, ...]]:
    """Return what is asked: a function and its arguments."""
    tuesday = NOW - 3.3 * 86_400
    moment = Question(since=tuesday - 600, until=tuesday + 600)
    day = Question(since=tuesday - 86_400, until=tuesday + 86_400)
    week = Question(since=NOW - WEEK, until=NOW)
    of_device = Question(since=NOW - WEEK, until=NOW, device="ANNA-PC", our_port=51413)
    return {
        "suspects of the last hour": (suspects.between, NOW - 3600, NOW, 50),
        "suspects of the last day": (suspects.between, NOW - 86_400, NOW, 50),
        "suspects of all": (suspects.between, NOW - WEEK, NOW, 1000),
        "decisions at 03:12 on Tuesday": (breakdown.rows, moment),
        "how many they were": (breakdown.total, moment, 1),
        "who had which port then": (sockets.between, moment.since, moment.until),
        "decisions of two days, page 200": (breakdown.rows, day, 199 * breakdown.PAGE),
        "all by time": (breakdown.total, week, 84),
        "all by network": (breakdown.shares, week, "network"),
        "one device and port": (breakdown.rows, of_device),
    }


async def main(rows: int) -> None:
    """Fill, ask, print."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as writer:
        path = Path(folder) / "evidence.sqlite"
        file = EvidenceFile(path, Bounds(rows=rows, bytes=10**9))
        filled(file, rows)
        with ThreadPoolExecutor(1) as reader:
            archive = Archive(file.store, writer, reader, Metrics(), lambda: NOW)
            print(f"{rows:,} rows: {path.stat().st_size / 1e6:.0f} MB")
            print(f"{'':36}{'seconds':>15}{'of core':>9}{'loop stood still':>18}")
            await told("(nothing)", lambda: asyncio.sleep(0.5))
            for name, question in questions().items():
                await told(name, partial(archive.read, *question))
            chance = random.Random(2)

            async def flood() -> None:
                for number in range(MAX_GATHERED):
                    file.store.record(decision(chance, NOW + number / 1000))
                    if number % 50 == 0:
                        await asyncio.sleep(0)

            await told(f"a write of {MAX_GATHERED:,} rows", archive.write, flood)
        file.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else Bounds().rows))
