"""Homes that are flooded, for comparison: seeded traffic, and all that becomes of it."""

import random
import sqlite3

import msgspec

from exporter import build
from exporter.attribution import Attributor
from exporter.events import Decision
from exporter.evidence import EvidenceStore
from exporter.hosts import Hosts
from exporter.inventory import Inventory
from exporter.metrics import Limits, Metrics, exposition
from exporter.pipeline import Pipeline
from exporter.routers import Routers
from exporter.settings import Config
from exporter.syslog import blocks

STAGES = build.stages(Config())
STATIONS = "00:00:5e:00:53:01:00:00:5e:00:53:02:08:00"
TIGHT = Limits(source_asn=8, destination_port=12, source_country=4, series_per_metric=60)
ROOMY = Limits(series_per_metric=400)
OTHER = (
    b"last message repeated 3 times",
    b"message repeated 2 times: [ UDP connection rejected from 23.45.67.89:53 to 203.0.113.9:53]",
    b"<30>Nov 10 23:04:06 gate dnsmasq[1]: query[A] x.example from 192.168.1.7",
    b"<30>Nov 10 23:04:07 gate dnsmasq[1]: reply x.example is 23.45.67.89",
    b"<30>Nov 10 23:04:08 gate miniupnpd[9]: addentry: no such line",
    b"UDP connection rejected from 192.168.1.4:5 to 203.0.113.9:9",
    b"<30>Nov 10 23:04:08 gate dnsmasq-dhcp[1]: DHCPACK(br0) 192.168.1.23 00:00:5e:00:53:01 pc",
    b"\xff\xfe what nobody knows",
    b"",
)


class Home:
    """A pipeline of its own, and what it decided."""

    def __init__(
        self,
        limits: Limits,
        *,
        tells: bool = False,
        keeps: bool = False,
        line_clock: float | None = None,
    ) -> None:
        """With `tells` it lists what it decides, with `keeps` there is evidence."""
        hosts = Hosts(inventory=Inventory({"192.168.1.23": "ANNA-PC"}))
        self.decisions: list[Decision] = []
        self.evidence = EvidenceStore(sqlite3.connect(":memory:"))
        stages = STAGES._replace(
            routers=Routers(),
            hosts=hosts,
            attributor=Attributor(hosts, build.port_kind(STAGES.knowledge)),
            metrics=Metrics(limits),
        )
        listed = self.decisions.append if tells else None
        self.pipe = Pipeline(
            stages,
            self.evidence.record if keeps else listed,
            self.evidence.record_each if keeps else None,
            line_clock=line_clock,
        )

    def state(self) -> dict[str, object]:
        """All that later lines, decisions, scrapes and restarts depend on."""
        pipe, stages = self.pipe, self.pipe.stages
        store, attributor = stages.metrics.store, stages.attributor
        nats = attributor.nats
        return {
            "exposition": exposition.text(exposition.take(stages.metrics, stages.networks)),
            "budgets": {
                label: (set(budget), budget._weights, budget._total, budget.pressed)
                for label, budget in store._budgets.items()
            },
            "waiting": pipe.waiting.groups(),
            "decisions": self.decisions,
            "evidence": list(self.evidence._rows.items()),
            "sockets": self.evidence._sockets,
            "routers": [
                (
                    *(router.name, router.last_message, router.sender, router.clock),
                    *(router.plateau._minutes, router.plateau._lines, router.plateau._sources),
                )
                for router in stages.routers.known()
            ],
            "nats": {
                router: (list(ports._ports), ports._sets) for router, ports in nats._ports.items()
            },
            "uplinks": pipe.stages.routers.uplinks._lines,
            "spread": [
                (half.packets, {key: list(v) for key, v in half.values.items()}, half.full)
                for tallies in (pipe.spread._ports, pipe.spread._sources)
                for half in (tallies._new, tallies._old)
            ],
            "streams": [
                (stream, list(minutes._ring), minutes._newest)
                for stream, minutes in pipe.bisection.streams._streams.items()
            ],
            "senders": [
                (key, sender.last, sender.router, sender.dialect and sender.dialect.name)
                for key, sender in pipe.intake._senders.items()
            ],
            "fronts": pipe._fronts._ways,
            "unread": [msgspec.structs.astuple(one) for one in pipe.unread.known()],
            "line_clock": pipe.line_clock,
        }


class Traffic:
    """Seeded batches: floods of one form, and what interrupts them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        blocks_of = chance.choice(((23, 45), (8, 104, 177), (185,)))
        self.sources = [
            f"{chance.choice(blocks_of)}.{chance.randrange(256)}.{chance.randrange(3)}.{n % 256}"
            for n in range(chance.choice((3, 40, 400)))
        ]
        self.ports = [
            chance.choice((0, 22, 53, 445, 1900, 6881, *range(40000, 40400)))
            for _ in range(chance.choice((1, 4, 60)))
        ]
        self.theirs = [53, 123, 443, 6881, *range(1024, 65536, chance.choice((1, 700)))]
        self.second = float(chance.randrange(50_000))
        self.other = chance.choice((OTHER, OTHER[:2], ()))
        self.step = chance.choice((0.0, 0.0, 0.02, 0.4, 3.0))

    def batch(self) -> list[bytes]:
        """What comes at once."""
        lines: list[bytes] = []
        for _ in range(self.chance.choice((1, 1, 2, 5))):
            form = self.chance.choice((self._sentence, self._packet, self._packet, self._forwarded))
            router = self.chance.choice(("gate", "gate", "attic"))
            protocol = self.chance.choice(("UDP", "UDP", "TCP"))
            for _ in range(self.chance.choice((3, blocks.MIN_LINES, 100, 600))):
                lines.append(form(router, protocol).encode())
                self.second += self.step
                if self.other and self.chance.random() < 0.004:
                    lines.append(self.chance.choice(self.other))
            if self.other and self.chance.random() < 0.5:
                lines.append(self.chance.choice(self.other))
        return lines

    def _header(self, router: str) -> str:
        second = int(self.second)
        if self.chance.random() < 0.003:
            second -= 700
        return (
            f"<4>Nov 10 {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02} {router} "
        )

    def _ends(self) -> tuple[str, int, int]:
        choice = self.chance.choice
        port = choice(self.ports)
        theirs = port if self.chance.random() < 0.02 else choice(self.theirs)
        if self.chance.random() < 0.0005:
            return choice(("192.168.1.9", "203.0.113.9", "224.0.0.1", "1.2.3")), theirs, port
        if self.chance.random() < 0.0005:
            return choice(self.sources), theirs, 70_000
        return choice(self.sources), theirs, port

    def _sentence(self, router: str, protocol: str) -> str:
        source, theirs, port = self._ends()
        return (
            f"{self._header(router)}kernel: {protocol} connection rejected from "
            f"{source}:{theirs} to 203.0.113.9:{port}"
        )

    def _forwarded(self, router: str, protocol: str) -> str:
        packet = self._packet(router, protocol)
        return packet.replace("OUT=", "OUT=br0").replace("203.0.113.9", "192.168.1.23")

    def _packet(self, router: str, protocol: str) -> str:
        source, theirs, port = self._ends()
        flags = "LEN=109" if protocol == "UDP" else "WINDOW=1024 RES=0x00 SYN URGP=0"
        return (
            f"{self._header(router)}kernel: [{self.second:.6f}] DROP IN=eth0 OUT= MAC={STATIONS} "
            f"SRC={source} DST=203.0.113.9 LEN={self.chance.randrange(28, 1500)} TOS=0x00 "
            f"PREC=0x00 TTL={self.chance.randrange(30, 128)} ID={self.chance.randrange(65536)} "
            f"PROTO={protocol} SPT={theirs} DPT={port} {flags}"
        )


def packet_by_packet(deciding, monkeypatch):
    """Have all packets decided one by one, and by all evidence, be there any or not."""
    attributor = deciding._stages.attributor

    def conclude_each(groups, now):
        for group in groups.all():
            seen = deciding._seen(group, now)
            finding = attributor.attribute(group.rejection, seen.ports_of_source)
            deciding._conclude(group, seen, finding, now)

    monkeypatch.setattr(attributor, "_is_silent", lambda packet: False)
    monkeypatch.setattr(deciding, "_need_no_telling_apart", lambda *asked: False)
    monkeypatch.setattr(deciding, "_conclude_each", conclude_each)
