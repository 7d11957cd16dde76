"""The agent's loop: look, report when it is due or something changed, keep what cannot be sent.

A report is complete and replaces the one before. While the server is away the newest few are kept;
each is sent with its true age, so that an old one never claims that its sockets are open now.
"""

import random
import signal
import sys
import time
from collections import deque
from collections.abc import Callable

from loguru import logger
from msgspec.structs import replace

from exporter import wire
from exporter.agent import host
from exporter.agent.portable import Portable
from exporter.agent.post import Post, ReportRefusedError, ServerAwayError, poster
from exporter.agent.snapshot import Collector
from exporter.agent.watch import Watch
from exporter.events import HostReport
from exporter.wire import WireError

KEPT_REPORTS = 20
LONGEST_PAUSE = 60.0  # seconds between two tries while the server is away
LOG_INTERVAL = 60.0  # seconds between two complaints
POLL = 1.5  # seconds; a change must have reached the server within 2
REST = 9.0  # times as long as a look took: thousands of sockets must not cost a whole core

_NEVER = float("-inf")


def run(
    server: str,
    *,
    device: str | None,
    token: str | None,
    interval: float,
    once: bool,
    print_only: bool,
) -> int:
    """Report this host to `server` until SIGTERM; return the exit code.

    `once` sends one report; `print_only` writes to standard output what would be sent.
    """
    about = HostReport(
        version=wire.VERSION,
        device=host.device_name() if device is None else device,
        machine_id=host.machine_id(),
        interval_seconds=float(interval),
        os=host.system()[: wire.MAX_LABEL],
        agent=host.agent(),
    )
    try:
        wire.decode(wire.encode(about))  # the server will judge by the same rules
        post = poster(server, token)
    except (WireError, ValueError) as error:
        logger.error("agent cannot start: {}", error)
        return 2
    agent = Agent(about, collector(), post, clock=host.uptime)
    if once or print_only:
        return _once(agent, _print if print_only else post)
    return _until_stopped(agent, server)


class Agent:
    """The reports that wait, when the next one is due, and when to try the server again."""

    def __init__(
        self,
        about: HostReport,
        collector: Collector,
        post: Post,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`about` is a report without lists; `jitter` returns numbers from 0 to 1."""
        self._about = about
        self._collector = collector
        self._post = post
        self._clock = clock
        self._jitter = jitter
        self._watch = Watch()
        self._pending: deque[tuple[float, HostReport]] = deque(maxlen=KEPT_REPORTS)
        self._due = self._retry_at = _NEVER
        self._failures = 0
        self._complained: dict[str, float] = {}  # about what, and when

    def step(self) -> float:
        """Look once, report what is due or changed, and send what waits if the server may be back.

        Returns how many seconds to wait before the next look.
        """
        now = self._clock()
        try:
            if now >= self._due or self._watch.changed(self._collector.listening()):
                self._pending.append((now, self.report()))
                self._due = now + self._about.interval_seconds
        except (OSError, ValueError) as error:  # ValueError: text that the system did not promise
            self._complain("the sockets of this host cannot be read: {}", error)
        taken = self._clock() - now
        if self._pending and now >= self._retry_at:
            self._send()
        return max(POLL, min(REST * taken, self._about.interval_seconds))

    def report(self) -> HostReport:
        """Return a complete report of this moment."""
        now = self._clock()
        seen = self._collector.snapshot()
        return replace(
            self._about,
            addresses=tuple(dict.fromkeys(seen.addresses))[: wire.MAX_ADDRESSES],
            sockets=tuple(self._watch.aged(seen.sockets, now)[: wire.MAX_SOCKETS]),
            neighbours=tuple(seen.neighbours[: wire.MAX_NEIGHBOURS]),
            links=tuple(
                replace(link, interface=link.interface[: wire.MAX_LABEL])
                for link in seen.links[: wire.MAX_LINKS]
            ),
        )

    def _send(self) -> None:
        """Send what waits, oldest first, until the server fails."""
        while self._pending:
            made, report = self._pending[0]
            age = round(self._clock() - made, 3)
            try:
                self._post(wire.encode(replace(report, age_seconds=age)))
            except ServerAwayError as error:
                self._failures += 1
                pause = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10))
                self._retry_at = self._clock() + pause * (0.5 + 0.5 * self._jitter())
                self._complain("server away, the newest reports are kept: {}", error)
                return
            except (ReportRefusedError, ValueError) as error:  # ValueError: it is not even text
                self._complain("report refused and dropped: {}", error)
            self._pending.popleft()
        if self._failures:
            logger.info("server is back after {} failed tries", self._failures)
        self._failures = 0

    def _complain(self, template: str, error: Exception) -> None:
        now = self._clock()
        if now >= self._complained.get(template, _NEVER) + LOG_INTERVAL:
            self._complained[template] = now
            logger.warning(template, error)


def collector() -> Collector:
    """Return the best way to look at this host."""
    if sys.platform == "linux":
        from exporter.agent.linux import Linux, works  # noqa: PLC0415 - pyroute2 is Linux only

        if works():
            return Linux()
        logger.info("netlink shows no sockets here, psutil is used")
    return Portable()


def _once(agent: Agent, post: Post) -> int:
    try:
        post(wire.encode(agent.report()))
    except (OSError, ValueError, ServerAwayError, ReportRefusedError) as error:
        logger.error("report not delivered: {}", error)
        return 1
    return 0


def _print(body: bytes) -> None:
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _until_stopped(agent: Agent, server: str) -> int:
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # A flag, not an Event: setting one inside a handler can meet its own lock and hang.
        signal.signal(number, lambda received, _: stop.append(received))
    logger.info("reporting this host to {}", server)
    while not stop:
        pause = agent.step()
        wake = host.uptime() + pause
        while not stop and (left := wake - host.uptime()) > 0:
            time.sleep(min(left, POLL))
    logger.info("stopped by signal {}", stop[0])
    return 0
