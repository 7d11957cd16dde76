"""Messages of one sender that wait for each other, to become one record of the topic."""

from collections.abc import Iterator

from exporter.events import Batch
from exporter.fleet.session import Session
from exporter.fleet.spool import Row
from exporter.fleet.subscribers import Place

MESSAGES = 500  # of a record
BYTES = 256 * 1024
MOST_BYTES = 4 * 1024 * 1024  # that wait, of all senders

_Of = tuple[Place, str, str]  # listener, sender


class _Gathered:
    """The messages of a sender, and when the first came."""

    def __init__(self, received: float) -> None:
        self.received = received
        self.messages: list[bytes] = []
        self.bytes = 0


class Gathering:
    """What is gathered now; whoever owns it has to `flush` within a second."""

    def __init__(self, session: Session) -> None:
        self.messages = self.bytes = 0  # that wait
        self._session = session
        self._open: dict[_Of, _Gathered] = {}

    def add(self, place: Place, batch: Batch) -> Iterator[Row]:
        """Add what a sender of that place has sent; yield the records that are complete."""
        of = (place, batch.listener, batch.sender)
        for message in batch.messages:
            gathered = self._open.get(of)
            if gathered is None:
                gathered = self._open[of] = _Gathered(batch.received)
            elif gathered.bytes + len(message) > BYTES or len(gathered.messages) == MESSAGES:
                yield self._record(of)
                gathered = self._open[of] = _Gathered(batch.received)
            gathered.messages.append(message)
            gathered.bytes += len(message)
            self.messages += 1
            self.bytes += len(message)
        if self.bytes > MOST_BYTES:
            yield from self.flush()

    def flush(self) -> Iterator[Row]:
        """Yield all that is gathered."""
        for of in tuple(self._open):
            yield self._record(of)

    def _record(self, of: _Of) -> Row:
        gathered = self._open.pop(of)
        self.messages -= len(gathered.messages)
        self.bytes -= gathered.bytes
        return self._session.lines(*of, gathered.received, gathered.messages)
