"""One run of a relay: the records that it makes, numbered, so that workers know a repeated one."""

import uuid
from collections.abc import Iterable

import msgspec

from exporter.fleet.records import Lines, Record, Report, decode, encode
from exporter.fleet.spool import Row
from exporter.fleet.subscribers import Place

REPORTER = "http"  # the listener of reports


class Session:
    """A run, and how many records it has made. Rows get their place in the order from others."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._made = 0

    def lines(
        self, place: Place, listener: str, sender: str, received: float, messages: list[bytes]
    ) -> Row:
        """Return messages of one sender as a record."""
        record = Lines(
            session=self.name,
            sequence=self._next(),
            region=place.region,
            received=received,
            listener=listener,
            sender=sender,
            messages=messages,
        )
        return Row(0, "lines", place.site, listener, len(messages), received, encode(record))

    def report(self, place: Place, received: float, body: bytes, *, of_itself: bool = False) -> Row:
        """Return a host's report as a record."""
        record = Report(
            session=self.name,
            sequence=self._next(),
            region=place.region,
            received=received,
            body=body,
            of_itself=of_itself,
        )
        return Row(0, "report", place.site, REPORTER, 0, received, encode(record))

    def again(self, record: Record) -> Record:
        """Return a record of another session as one of this."""
        return msgspec.structs.replace(record, session=self.name, sequence=self._next())

    def _next(self) -> int:
        self._made += 1
        return self._made


def renumbered(values: Iterable[bytes]) -> list[bytes]:
    """Return records as those of a session of their own, in the same order."""
    own = Session()
    return [encode(own.again(decode(value))) for value in values]
