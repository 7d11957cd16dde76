"""What arrives, read: header and dialect, which router it is from, and when it happened.

The messages of a batch go in, one by one or as blocks of lines that are alike; out comes what each
says. Remembered are the senders, so that a repeat finds what it repeats, and the clock of the lines
where time is theirs.
"""

from collections.abc import Iterator

import msgspec

from exporter.events import Batch, Event, Reading, SyslogMessage
from exporter.reading import Reader, Sender, forms
from exporter.reading.forms import Said
from exporter.routers import Routers
from exporter.syslog import header, stamps
from exporter.syslog.blocks import MIN_LINES, Block, Form, Forms, Trials
from exporter.syslog.columns import runs

MAX_SENDERS = 1000  # whose dialect and last event are remembered
MAX_FLOODS = 64  # senders whose lines' forms are remembered
_LIVE = frozenset({"udp", "tcp", "tls"})  # listeners whose senders speak of now, as a rule


class Arrived(msgspec.Struct):
    """What a listener handed over since the start."""

    messages: int = 0
    last: float = 0.0


class Taken(msgspec.Struct, frozen=True, gc=False):
    """One message, read."""

    reading: Reading
    message: SyslogMessage
    sender: Sender
    happened: float
    now: float


class Intake:
    """Reads what arrives."""

    def __init__(
        self,
        routers: Routers,
        reader: Reader,
        *,
        router: str | None = None,
        line_clock: float | None = None,
    ) -> None:
        """`router` names all messages' router. With `line_clock` the time is that of the lines."""
        self._routers = routers
        self._reader = reader
        self._router = router
        self.line_clock = line_clock  # what time it is, by the lines
        self._senders: dict[tuple[str, str | None], Sender] = {}
        self._newest: dict[str, Sender] = {}  # the one whose message came last, by address
        self._forms: dict[str, Forms] = {}  # of its lines, by address
        self._trials = Trials()

    def use(self, reader: Reader) -> None:
        """Read in another way; senders are known by the names that routers have now."""
        self._reader = reader
        self._forms.clear()
        for (address, hostname), sender in self._senders.items():
            sender.dialect, sender.by_tag = None, {}
            if self._router is None:
                sender.router = self._routers.name(address, hostname)

    def pieces(self, batch: Batch) -> Iterator[bytes | Block]:
        """The messages in their order; as blocks, once it is known how the sender's are read.

        To be taken before the next one is asked for: its sender may not be known before.
        """
        if len(batch.messages) < MIN_LINES:
            yield from batch.messages
            return
        begin = 0
        while batch.sender not in self._newest and begin < len(batch.messages):
            yield batch.messages[begin]
            begin += 1
        newest, rest = self._newest.get(batch.sender), batch.messages[begin:]
        if newest is None or not self._reader.takes_blocks(newest.router):
            yield from rest
            return

        def read(text: str) -> Said:
            message = header.read(text.encode(), batch.received)
            sender = Sender(dialect=newest.dialect)
            return Said(message.hostname, message.time, self._reader.read(message, sender))

        def find(line: bytes) -> Form | None:
            return forms.find(line.decode(errors="replace"), read, batch.received)

        known = self._forms.pop(batch.sender, None) or Forms(self._trials)
        if len(self._forms) >= MAX_FLOODS:
            del self._forms[next(iter(self._forms))]
        self._forms[batch.sender] = known
        yield from known.cut(rest, find, within_stamp=self.stamps_tell(batch))

    def stamps_tell(self, batch: Batch) -> bool:
        """Whether a stamp tells when it happened, or how late the lines behind it are."""
        return self.line_clock is not None or batch.listener != "udp"

    def take(self, batch: Batch, data: bytes) -> Taken:
        """Read one message."""
        message = header.read(data, batch.received)
        now = self._now(message.time, message.received)
        sender = self._sender(batch.sender, message.hostname)
        router = sender.router
        read = self._reader.read(message, sender, router, self._newest.get(batch.sender))
        if read.router is None:
            self._newest[batch.sender] = sender
        else:
            router = read.router
        happened = self._heard(batch, router, message.time, now)
        reading = Reading(
            router=router,
            dialect=read.dialect,
            outcome=read.outcome,
            event=read.event,
            error=read.error,
        )
        return Taken(reading, message, sender, happened, now)

    def follow(self, batch: Batch, block: Block, first: Taken) -> list[float] | None:
        """What time it was at each line of a block, of which the first is taken.

        Notes that the router was heard so often, and what a repeat would repeat. None, and nothing
        is noted, where the lines must be taken one by one.
        """
        router, times = first.reading.router, _times(batch, block, first)
        if times is None or not self._reader.takes_blocks(router):
            return None
        if not self._is_now(batch) and (len(times) > 1 or first.happened != first.now):
            return None
        if first.reading.event != _said(first, block, 0, times):
            return None
        for at in (len(block.lines) // 2, -1):
            message = header.read(block.lines[at], batch.received)
            read = self._reader.read(message, first.sender, router)
            if read.event != _said(first, block, at, times):
                return None
        moments: list[float] = []
        for stamp, lines in runs(block.stamps):  # once more with the same stamp tells no more
            now = self._now(times[stamp], batch.received)
            self._heard(batch, router, times[stamp], now)
            moments += [now] * lines
        return moments

    def _heard(self, batch: Batch, router: str, stamp: float | None, now: float) -> float:
        """Note that a router spoke; return when what it says happened.

        A datagram is never late. What a relay, a file or a broker keeps may be: then it is asked
        who had which port at that time, not now.
        """
        kept = batch.listener not in _LIVE
        heard = self._routers.heard(router, batch.sender, now, stamp, in_file=kept)
        return now if self._is_now(batch) else heard.clock.happened(now)

    def _is_now(self, batch: Batch) -> bool:
        return self.line_clock is not None or batch.listener == "udp"

    def _now(self, stamp: float | None, received: float) -> float:
        if self.line_clock is None:
            return received
        if stamp is not None:
            self.line_clock = max(self.line_clock, stamp)
        return self.line_clock

    def _sender(self, address: str, hostname: str | None) -> Sender:
        """What is remembered of a sender; the least recently heard is forgotten."""
        key = (address, hostname)
        sender = self._senders.pop(key, None)
        if sender is None:
            named = self._router
            router = self._routers.name(address, hostname) if named is None else named
            sender = Sender(router=router)
        if len(self._senders) >= MAX_SENDERS:
            forgotten = next(iter(self._senders))
            del self._senders[forgotten]
            self._newest.pop(forgotten[0], None)
        self._senders[key] = sender
        return sender


def _times(batch: Batch, block: Block, first: Taken) -> dict[str, float | None] | None:
    """The time of each stamp; None if one is none, or not what the message bears."""
    times: dict[str, float | None] = {"": first.message.time}
    if block.stamps[0]:
        times = {}
        for text in {text for text, _ in runs(block.stamps)}:
            stamp = stamps.at_start(f"{text} ", batch.received)
            if stamp is None or stamp.time is None or stamp.end != len(text):
                return None
            times[text] = stamp.time
    return times if times[block.stamps[0]] == first.message.time else None


def _said(first: Taken, block: Block, at: int, times: dict[str, float | None]) -> Event | None:
    """What a line should say, by what the first says."""
    event = first.reading.event
    if event is None:
        return None
    return msgspec.structs.replace(
        event,
        source_ip=block.sources[at],
        source_port=int(block.source_ports[at]),
        destination_port=int(block.ports[at]),
        time=times[block.stamps[at]],
    )
