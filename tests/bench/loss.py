"""How many datagrams are lost, and known to be: `python -m tests.bench.loss [SECONDS] [RUNS]`.

Another process sends syslog over the loopback to a `serve` that shows 10,000 series, is scraped
and stores its state every five seconds, and gets a host's report as often. Each row is one rate,
length of message and receive buffer. The law: sent = counted + known to be lost. Five runs of 30
seconds take 45 minutes of sending, and three of all else.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

from tests.bench import server as bench
from tests.bench.tables import Table, figure, runs
from tests.system.parts.knockwatch import Server
from tests.system.parts.process import until

COMMON = 212_992  # bytes; what Linux grants at most where nobody raised net.core.rmem_max
ASKED = 8 * 1024 * 1024
RATES = (5_000, 10_000, 25_000, 50_000, 100_000, 150_000)
OF_COMMON = (5_000, 10_000, 25_000)
SIZES = (100, 500)
SERIES = 10_000
QUIET = "[canary]\nevery_seconds = 0"

Counts = tuple[float, ...]


class Account(NamedTuple):
    """What became of the messages of one flood."""

    rate: float  # a second, really sent
    sent: int
    counted: int
    kernel: int  # dropped by it, and exported
    inbox: int  # dropped for want of room there, and exported
    longest: float  # seconds for which the sender was held up
    busy: float  # share of a core

    @property
    def unknown(self) -> int:
        """Messages of which nobody knows what became; below 0: counted twice."""
        return self.sent - self.counted - self.kernel - self.inbox


def accounts(
    server: Server, rate: float, seconds: float, size: int, times: int
) -> Iterator[Account]:
    """Send floods one after another, and see what becomes of each."""
    before = _counts(server)
    for _ in range(times):
        found, before = _account(server, before, rate, seconds, size)
        yield found


def _account(
    server: Server, before: Counts, rate: float, seconds: float, size: int
) -> tuple[Account, Counts]:
    cpu = bench.cpu_seconds(server.process.pid)
    with bench.watched(server):
        said = bench.flood(server, rate, seconds, size)
    busy = (bench.cpu_seconds(server.process.pid) - cpu) / said["seconds"]
    after = _settled(server)
    counted, kernel, inbox = (int(now - then) for now, then in zip(after, before, strict=True))
    sent = int(said["sent"])
    found = Account(sent / said["seconds"], sent, counted, kernel, inbox, said["longest"], busy)
    return found, after


def _settled(server: Server) -> Counts:
    """The counts, once nothing comes to them any more."""
    last: list[Counts] = [()]

    def same() -> bool:
        last.append(_counts(server))
        return last[-1] == last[-2]

    until(same, "end of what waits", seconds=60)
    return last[-1]


def _counts(server: Server) -> Counts:
    lines, dropped = bench.shown(server), "knockwatch_dropped_messages_total"
    return (
        bench.count(lines, "knockwatch_messages_total"),
        bench.count(lines, dropped, 'listener="udp"', 'reason="kernel_buffer"'),
        bench.count(lines, dropped, 'listener="udp"', 'reason="queue_full"'),
    )


def tables(seconds: float = 30.0, times: int = 1) -> list[Table]:
    """Measure all rows."""
    rows = []
    for buffer, rates in ((COMMON, OF_COMMON), (ASKED, RATES)):
        with ExitStack() as stack:
            listen = f"receive_buffer_bytes = {buffer}\nsender_messages_per_second = 0"
            # The kernel may drop a datagram of its own, which is not among those that are sent.
            server = stack.enter_context(bench.serving(listen=listen, more=QUIET))
            bench.fill(server, SERIES)
            granted = server.process.output().split("receive buffer ")[1].split()[0]
            for size in SIZES:
                for rate in rates:
                    found = list(accounts(server, rate, seconds, size, times))
                    rows.append(_row(found, rate, size, f"{int(granted):,} of {buffer:,}"))
                    print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    notes = (
        f"{runs(times)} {seconds:g} seconds each, over the loopback, by sendmmsg from another"
        " process on the same machine, while 10,000 series are scraped and stored, and a host"
        " reports, every 5 seconds, and `sender_messages_per_second` is 0. `Buffer` is what the"
        " kernel granted of what was asked for."
        " What a loaded machine kept the sender from sending in time it did not send later."
    )
    return [Table("UDP: what is lost, and known to be", COLUMNS, rows, notes)]


COLUMNS = (
    *("Asked, /s", "Bytes", "Buffer", "Sent, /s", "Sent", "Counted", "Lost"),
    *("known: kernel", "known: inbox", "not accounted for", "Share of a core"),
)


def _row(found: list[Account], rate: int, size: int, buffer: str) -> tuple[str, ...]:
    return (
        *(f"{rate:,}", f"{size}", buffer),
        figure(one.rate for one in found),
        figure(one.sent for one in found),
        figure(one.counted for one in found),
        figure(one.sent - one.counted for one in found),
        figure(one.kernel for one in found),
        figure(one.inbox for one in found),
        figure(one.unknown for one in found),
        figure((one.busy for one in found), "{:.0%}".format),
    )


if __name__ == "__main__":
    _seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    for _table in tables(_seconds, int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        print(_table.markdown())
