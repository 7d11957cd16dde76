"""One partition of a topic, the changelog beside it, and the worker that reads it."""

import itertools
from typing import Any

from exporter import build, wire
from exporter.fleet import records
from exporter.fleet.records import Lines, Report
from exporter.fleet.relay_keys import sign
from exporter.fleet.shard import Shard
from exporter.host_report import HostReport, Socket
from exporter.metrics.series import Declaration
from exporter.settings import Config

NOW = 1_790_000_000.0
CONFIG = Config()
LIKE = build.stages(CONFIG)
SECRET = "s" * 32


class Topic:
    """One partition, and the changelog of its shard."""

    def __init__(self, config: Config = CONFIG, **options: Any) -> None:
        self.options = {"config": config, "like": LIKE, **options}
        self.records: list[tuple[Any, ...]] = []
        self.changelog: list[tuple[bytes, bytes | None]] = []
        self.shard = self.new()
        self.sequence = itertools.count(1)

    def new(self) -> Shard:
        def failed(error: Exception) -> None:
            raise error

        return Shard(3, failed=failed, **self.options)

    def write(self, site: str, record: records.Record, appended: float, relay: str = "") -> None:
        value = records.encode(record)
        kind = b"report" if isinstance(record, Report) else b"lines"
        headers = {"kind": kind}
        if relay:
            headers |= {"relay": relay.encode(), "signature": sign(SECRET.encode(), site, value)}
        self.raw(site.encode(), value, headers, appended)

    def raw(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: dict[str, bytes] | None = None,
        appended: float = NOW,
    ) -> None:
        self.records.append((len(self.records), appended, key, value, headers or {}))

    def lines(
        self, site: str, *messages: bytes, at: float = NOW, late: float = 0, **other: Any
    ) -> None:
        more = {"relay": other.pop("relay", "")}
        fields: dict[str, Any] = {
            "session": "a1",
            "sequence": next(self.sequence),
            "region": "",
            "received": at,
            "listener": "udp",
            "sender": "192.168.1.1",
            "messages": list(messages),
        }
        self.write(site, Lines(**(fields | other)), at + late, **more)

    def report(self, site: str, device: str, port: int, *, at: float = NOW, **other: Any) -> None:
        socket = Socket(
            transport="udp", local_ip="0.0.0.0", local_port=port, process="p2p", age_seconds=500.0
        )
        report = HostReport(version=1, device=device, interval_seconds=15.0, sockets=(socket,))
        fields: dict[str, Any] = {
            "session": "a1",
            "sequence": next(self.sequence),
            "region": "",
            "received": at,
        }
        late = other.pop("late", 0)
        body = wire.encode(report)
        self.write(site, Report(**(fields | {"body": body} | other)), at + late)

    def read(self, *, commit: bool = True) -> Shard:
        """Process what is new, and store it."""
        for record in self.records[self.shard.position or 0 :]:
            self.shard.process(*record)
        if commit:
            self.changelog += self.shard.changes(NOW)
            self.shard.saved()
        return self.shard

    def move(self, since: int = 0) -> Shard:
        """Another worker takes over from what is stored."""
        self.shard = self.new()
        self.shard.restore(self.changelog, NOW)
        for _, appended, key, value, headers in self.records[since : self.shard.position or 0]:
            self.shard.recall(key, value, headers, appended)
        return self.shard


def line(remote: str = "198.51.100.7", port: int = 51413) -> bytes:
    return f"UDP connection rejected from {remote}:3478 to 203.0.113.9:{port}".encode()


def values(shard: Shard, label: str, metric: Declaration) -> dict[tuple[str, ...], float]:
    series = shard.metrics[label].store.series[metric.name]
    return {labels: one.value for labels, one in series.items()}


def total(shard: Shard, metric: Declaration) -> float:
    return sum(sum(values(shard, label, metric).values()) for label in shard.metrics)


def state(shard: Shard) -> dict[str, Any]:
    """All counters, created times included, and all parts."""
    counters = {
        (label, name, labels): (one.value, one.created)
        for label, metrics in shard.metrics.items()
        for name, series in metrics.store.series.items()
        for labels, one in series.items()
    }
    parts = {name: site.parts(NOW) for name, site in shard.sites.items()}
    return {"counters": counters, "parts": parts, "position": shard.position}
