"""One partition: its sites, their counters, and up to where they are counted.

Records of the partition go in, in their order; out come the exposition (see `exposition`) and what
the changelog is to hold. Whatever a record holds, nothing is raised: it is counted as dropped, and
the next one goes on. Everything runs on the event loop, nothing here reads a clock or a socket.
Times are Unix seconds.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from hashlib import blake2b

import msgspec
from loguru import logger

from exporter import build
from exporter.fleet import changelog, records
from exporter.fleet.changelog import Row
from exporter.fleet.due import Due
from exporter.fleet.pseudonyms import Pseudonyms
from exporter.fleet.records import Lines, Record, RecordError, Report
from exporter.fleet.relay_keys import RelayKeys
from exporter.fleet.site import Site, meta_of
from exporter.metrics import Metrics
from exporter.settings import Config
from exporter.stages import Stages
from exporter.transports import OncePerMinute

LISTENER = "kafka"  # the label of `dropped_messages_total`
NOBODYS = ""  # the name under which is counted what is no site's
IDLE = 7 * 86_400.0  # seconds after which a site may be forgotten, and its series with it
LOOK = 10.0  # seconds between looks at budgets and at idle sites


class Shard:
    """The state of one partition."""

    def __init__(
        self,
        partition: int,
        config: Config,
        like: Stages,
        *,
        keys: RelayKeys | None = None,
        pseudonyms: Pseudonyms | None = None,
        failed: Callable[[Exception], object] = logger.exception,
    ) -> None:
        """`like` has the stages that all sites share. Without `keys` every relay is believed.

        `failed` is told of each defect that was survived.
        """
        self.partition = partition
        self.position: int | None = None  # the offset of the next record; None: none was counted
        self.appended = 0.0  # when the last record was
        self.sites: dict[str, Site] = {}
        self.metrics: dict[str, Metrics] = {NOBODYS: Metrics(config.fleet.budgets)}  # by label
        self.undecided: dict[str, int] = {}  # packets by label, as of what is stored
        self.pseudonyms = pseudonyms or Pseudonyms()
        self._config, self._like, self._keys, self._failed = config, like, keys, failed
        self._limits = config.fleet
        self._digests: dict[tuple[str, str], bytes] = {}  # of the parts as they are stored
        self._due = Due()
        self._taken = Due()  # of that, what is being stored
        self._say = OncePerMinute()
        self._looked = 0.0

    # --- what goes in ----------------------------------------------------------------------------

    def restore(self, rows: Iterable[Row], now: float) -> None:
        """Take back what the changelog holds, in an empty shard. Raises ChangelogError."""
        stored = changelog.read(rows)
        self.position = stored.position
        for label, series in stored.series.items():
            store = self._of_label(label).store
            for (metric, labels), of_series in series.items():
                store.restore(metric, labels, of_series)
        for name, parts in stored.parts.items():
            try:
                meta = meta_of(parts)
            except msgspec.DecodeError as error:
                logger.error("what is stored of site {!r} is lost: {}", name, error)
                continue
            for part, wrong in self._new(name, meta.region).restore(parts, meta, now).items():
                logger.error("what is stored as {} of site {!r} is lost: {}", part, name, wrong)
            self._digests |= {(name, part): _digest(data) for part, data in parts.items()}
        self.undecided = self._waiting()
        self.appended = max((site.appended for site in self.sites.values()), default=0.0)

    def recall(
        self, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes], appended: float
    ) -> None:
        """Take in a report that was counted before, for the sockets of then."""
        if headers.get("kind") != b"report":
            return
        try:
            name, record = self._read(key, value, headers)
        except RecordError:
            return
        site = self.sites.get(name)
        if site is not None and site.region == record.region and isinstance(record, Report):
            site.recall(record, appended)

    def process(
        self,
        offset: int,
        appended: float,
        key: bytes | None,
        value: bytes | None,
        headers: Mapping[str, bytes],
    ) -> None:
        """Count the record at an offset, which the broker took at `appended`."""
        self.position, self.appended = offset + 1, max(appended, self.appended)
        try:
            name, record = self._read(key, value, headers)
        except RecordError as error:
            self._drop(error.reason, 1, offset, str(error))
            return
        messages = len(record.messages) if isinstance(record, Lines) else 1
        site = self._site(name, record.region)
        if site is None:
            self._drop("site_limit", messages, offset, f"site {name!r} finds no place")
        elif not site.is_news(record):
            self._drop("duplicate", messages, offset)
        else:
            self._touch(site)
            try:
                site.process(record, appended)
            except RecordError as error:
                self._drop(error.reason, messages, offset, str(error))
            except Exception as error:  # noqa: BLE001 - it did what it could, and the rest goes on
                self._failed(error)

    def tick(self, now: float, *, caught_up: bool) -> None:
        """Decide what has waited long enough; behind the partition's end it is earlier."""
        if not (caught_up or self.appended):
            return  # nothing was counted yet, and it has no time
        now = now if caught_up else min(now, self.appended)
        for site in self.sites.values():
            if site.pipeline.waiting:
                self._touch(site)
            try:
                site.pipeline.tick(site.now(now))
            except Exception as error:  # noqa: BLE001 - the others go on
                self._failed(error)
        if not 0 <= now - self._looked < LOOK:
            self._looked = now
            used = self._used()
            if used or len(self.sites) >= 0.9 * self._limits.sites_per_shard:
                self._forget(now)
            self._limit(used=used)

    # --- what is stored --------------------------------------------------------------------------

    def changes(self, now: float) -> list[Row]:
        """What the changelog does not hold yet, and the position; `saved` says that it does now."""
        self._due.put_back(self._taken)  # what was to be stored and is not
        taken = self._taken = self._due
        self._due = Due()
        taken.undecided = self._waiting()
        rows = list(taken.removals)
        for label in taken.labels & self.metrics.keys():
            store = self.metrics[label].store
            changes, removed = store.changes(), list(store.removed)
            taken.changes[label] = changes, removed
            rows += [changelog.series(label, key, None) for key in removed]
            rows += [changelog.series(label, key, values) for key, values in changes.items()]
        for name in taken.sites & self.sites.keys():
            for part, data in self.sites[name].parts(now).items():
                if self._digests.get((name, part)) != (digest := _digest(data)):
                    taken.digests[name, part] = digest
                    rows.append(changelog.part(name, part, data))
        if self.position is not None:
            rows.append(changelog.position(self.position))
        return rows

    def saved(self) -> None:
        """Note that what `changes` gave last is stored, and may be shown."""
        taken, self._taken = self._taken, Due()
        self._digests |= taken.digests
        self.undecided = taken.undecided
        for label, (changes, removed) in taken.changes.items():
            if label in self.metrics:
                self.metrics[label].store.saved(changes, removed)

    def _waiting(self) -> dict[str, int]:
        packets = dict.fromkeys(self.metrics, 0)
        for site in self.sites.values():
            packets[site.label] += site.pipeline.waiting.packets
        return packets

    # --- sites -----------------------------------------------------------------------------------

    def _read(
        self, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]
    ) -> tuple[str, Record]:
        name, record = records.site_of(key), records.decode(value)
        relay, signature = headers.get("relay", b""), headers.get("signature", b"")
        by = relay.decode(errors="replace")
        if self._keys is not None and not self._keys.may_write(
            by, name, record.region, value or b"", signature
        ):
            raise records.Forged(f"is not signed by a relay of site {name!r}: {by!r}")
        return name, record

    def _site(self, name: str, region: str) -> Site | None:
        """The site of that name; None when there are too many."""
        known = self.sites.get(name)
        if known is not None and known.region == region:
            return known
        if known is None and len(self.sites) >= self._limits.sites_per_shard:
            return None
        site = self._new(name, region)
        if known is not None:  # counted elsewhere from now on
            known.finish()
            self._touch(known)
            site.follow(known.meta)
        return site

    def _new(self, name: str, region: str) -> Site:
        metrics = self._of_label(region or name)
        shown = partial(self.pseudonyms.of, name)
        stages = build.of_another_site(self._like, self._config, metrics.with_devices(shown))
        site = self.sites[name] = Site(name, region, stages)
        return site

    def _of_label(self, label: str) -> Metrics:
        if label not in self.metrics:
            self.metrics[label] = Metrics(self._limits.budgets)
        return self.metrics[label]

    def _touch(self, site: Site) -> None:
        self._due.sites.add(site.name)
        self._due.labels.add(site.label)

    def _drop(self, reason: str, messages: int, offset: int, why: str = "") -> None:
        self.metrics[NOBODYS].dropped(LISTENER, reason, messages, self.appended)
        self._due.labels.add(NOBODYS)
        if why and self._say(self.appended, reason):
            logger.warning("record {} of partition {} {}", offset, self.partition, why)

    def _forget(self, now: float) -> None:
        """Forget the sites that were idle for long, where others need their place."""
        for name in [n for n, site in self.sites.items() if now - site.appended > IDLE]:
            label = self.sites.pop(name).label
            for place in [place for place in self._digests if place[0] == name]:
                del self._digests[place]
                self._due.removals.append(changelog.part(*place, None))
            if label not in {site.label for site in self.sites.values()}:
                gone = self.metrics.pop(label).store.series
                keys = [(metric, labels) for metric, series in gone.items() for labels in series]
                self._due.removals += [changelog.series(label, key, None) for key in keys]

    def _limit(self, *, used: bool) -> None:
        """While the fleet's budget is used up, only who has less than a fair share gets more."""
        cap = self._limits.budgets.series_per_metric
        if used:
            cap = min(cap, max(self._limits.series_per_shard // len(self.metrics), 1))
        for metrics in self.metrics.values():
            metrics.store.cap = cap

    def _used(self) -> bool:
        """Whether a metric has as many series as the shard may have of it."""
        stores = [metrics.store.series for metrics in self.metrics.values()]
        most = max(sum(len(series[name]) for series in stores) for name in stores[0])
        return most >= self._limits.series_per_shard


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
