"""One site of a fleet: its own pipeline, and what is remembered of the relays that speak for it.

Records go in, in the order of the partition. Homes have the same addresses, so nothing of a site is
ever looked up in another. Times are Unix seconds; `appended` is when the broker took a record, by
its own clock, `received` when the relay did.
"""

from collections.abc import Mapping

import msgspec

from exporter import wire
from exporter.attribution import MAX_GRACE
from exporter.events import Batch
from exporter.fleet.records import Lines, Record, RecordError, Report
from exporter.host_report import HostReport
from exporter.hosts.machines import Conflict
from exporter.pipeline import Pipeline
from exporter.stages import Stages
from exporter.storage import remembered

LATE = 30.0  # seconds between relay and broker; what comes later was spooled
AHEAD = 5.0  # seconds that a relay's clock may be ahead of the broker's
OLDEST = 6 * 86_400.0  # seconds in a spool; what seems older comes from a relay without a clock
MAX_SESSIONS = 32  # of relays, whose spools may come yet
_META = "site"  # the part that is not the pipeline's


class Meta(msgspec.Struct, frozen=True, array_like=True):
    """What is stored of a site besides its pipeline."""

    region: str
    appended: float
    received: float
    sequences: dict[str, int]


_meta = msgspec.msgpack.Decoder(Meta)


class Site:
    """A site as one shard knows it."""

    def __init__(self, name: str, region: str, stages: Stages) -> None:
        """With a `region` its counters are the region's, and bear no router."""
        self.name, self.region = name, region
        self.pipeline = Pipeline(stages, router="" if region else None)
        self.appended = 0.0  # when its last record was
        self._received = 0.0
        self._sequences: dict[str, int] = {}  # the last of each session, the newest session last

    @property
    def label(self) -> str:
        """Under which it is counted."""
        return self.region or self.name

    def is_news(self, record: Record) -> bool:
        """Whether a record was not taken before: relays send again what may not have arrived."""
        return record.sequence > self._sequences.get(record.session, 0)

    def process(self, record: Record, appended: float) -> None:
        """Take a record in.

        Raises RecordError for a report that cannot be read, and what a defect raised once all is
        done that can be.
        """
        received = self._heard(record, appended)
        if isinstance(record, Lines):
            self.pipeline.process(_batch(record, received))
        else:
            self._report(record, received)

    def recall(self, record: Report, appended: float) -> None:
        """Take in a report that was taken before, for the sockets of then."""
        try:
            self.pipeline.recall(_told(record), _received(record, appended))
        except (Conflict, wire.WireError):
            return  # it was counted when it came

    def finish(self) -> None:
        """Decide everything that waits."""
        self.pipeline.finish(self._received)

    def now(self, now: float) -> float:
        """What time it is for a site: that of its last record while its relay catches up.

        So nothing is decided before the reports are read that explain it.
        """
        late = self.appended - self._received > LATE and now - self.appended < MAX_GRACE
        return self._received if late else now

    def parts(self, now: float) -> dict[str, bytes]:
        """What is remembered over a move, besides the counters."""
        own = {_META: msgspec.msgpack.encode(self.meta)}
        return remembered.parts(self.pipeline, self.now(now)) | own

    def restore(self, parts: Mapping[str, bytes], meta: Meta, now: float) -> dict[str, str]:
        """Take back what `parts` gave; return what is wrong with what is lost."""
        self.follow(meta)
        return remembered.restore(self.pipeline, parts, self.now(now))

    def follow(self, meta: Meta) -> None:
        """Know what was known of the relays."""
        self.appended, self._received = meta.appended, meta.received
        self._sequences = dict(meta.sequences)

    @property
    def meta(self) -> Meta:
        """What is known of the relays."""
        return Meta(self.region, self.appended, self._received, self._sequences)

    def _heard(self, record: Record, appended: float) -> float:
        """Note a record; return when it was received."""
        self._sequences.pop(record.session, None)
        self._sequences[record.session] = record.sequence
        while len(self._sequences) > MAX_SESSIONS:
            del self._sequences[next(iter(self._sequences))]
        self.appended = appended
        self._received = _received(record, appended)
        return self._received

    def _report(self, record: Report, received: float) -> None:
        metrics = self.pipeline.stages.metrics
        try:
            self.pipeline.report(_told(record), received)
        except wire.WireError as error:
            raise RecordError(f"bears a report that cannot be read: {error}") from None
        except Conflict:
            metrics.report("refused", received)
        else:
            metrics.report("accepted", received)


def _told(record: Report) -> HostReport:
    """Read a report. Raises WireError."""
    return msgspec.structs.replace(wire.decode(record.body), of_itself=record.of_itself)


def meta_of(parts: Mapping[str, bytes]) -> Meta:
    """What is stored of a site. Raises msgspec.DecodeError."""
    return _meta.decode(parts.get(_META, b""))


def _received(record: Record, appended: float) -> float:
    """When the relay had it; where its clock cannot be right, when the broker did."""
    is_sensible = appended - OLDEST <= record.received <= appended + AHEAD
    return record.received if is_sensible else appended


def _batch(lines: Lines, received: float) -> Batch:
    return Batch(
        received=received, sender=lines.sender, listener=lines.listener, messages=lines.messages
    )
