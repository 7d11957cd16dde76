"""The condition of a running exporter, as the doctor looks at it.

The pipeline goes in, with what its counters grew by since the start; a Condition comes out. It
changes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from exporter import metrics as m
from exporter.dialects import nearest
from exporter.dialects.nearest import Examples
from exporter.doctor import (
    CanaryCondition,
    Condition,
    Dropped,
    Listener,
    RouterCondition,
    Sample,
    Trouble,
)
from exporter.hosts.machines import Device
from exporter.metrics.series import Declaration
from exporter.pipeline import Pipeline
from exporter.reading.redaction import filled
from exporter.reading.unread import Form, Kind, Unread
from exporter.routers import Router

MOST_ROUTERS = 50  # most recently heard
# What only a router or firewall tells; an access point or a NAS has leases, joins and log-ins.
_ROUTES = ("accepted", "wan_up", "wan_down", "nat_fault", "conntrack_full", "port_mapping")
_OURS = ("late_reply", "p2p", "echo", "unknown")  # causes for which a device of ours may be behind
_NO_STATION = "00:00:00:00:00:00"  # of a neighbour that does not answer

Grown = Callable[[Declaration], Mapping[tuple[str, ...], float]]  # by labels, since the start


def of(
    pipeline: Pipeline,
    grown: Grown,
    now: float,
    *,
    version: str,
    started: float,
    ready: bool,
    scraped: float | None,
    syslog_port: int,
    address: str = "",
    expected: Collection[str] = (),
    troubles: Iterable[Trouble] = (),
    canary: CanaryCondition | None = None,
) -> Condition:
    """Return the condition at `now`; `scraped` is when the last scrape was.

    `expected` are the devices of the configuration, on which no agent can run.
    """
    stages = pipeline.stages
    heard = sorted(stages.routers.known(), key=lambda router: -router.last_message)
    numbers = _Numbers(grown)
    examples = nearest.examples(stages.reader.dialects)
    devices = [device for device in stages.hosts.devices() if device.is_agent]
    live = [device for device in devices if now <= device.current_until]
    decided, nobodys = _decided(grown)
    return Condition(
        version=version,
        up_seconds=max(0.0, now - started),
        ready=ready,
        syslog_port=syslog_port,
        address=address,
        listeners=tuple(
            Listener(name=name, messages=one.messages, seconds=max(0.0, now - one.last))
            for name, one in sorted(pipeline.arrived.items())
        ),
        dropped=_dropped(grown),
        routers=tuple(
            _router(pipeline, router, numbers, examples, now) for router in heard[:MOST_ROUTERS]
        ),
        unheard=tuple(sorted(stages.routers.rules.keys() - {router.name for router in heard})),
        agents=tuple(device.name for device in live),
        old_agents=tuple(device.name for device in devices if now > device.current_until),
        refused_reports=_refused(grown),
        silent_devices=tuple(_silent(live, pipeline, expected, now)),
        decided=decided,
        nobodys=nobodys,
        troubles=tuple(troubles),
        canary=canary,
        scraped=None if scraped is None else max(0.0, now - scraped),
    )


def _dropped(grown: Grown) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(listener=listener, reason=reason, messages=int(messages))
        for (listener, reason), messages in sorted(grown(m.DROPPED).items())
        if messages >= 1
    )


class _Numbers:
    """Messages and packets by router, since the start."""

    def __init__(self, grown: Grown) -> None:
        self.messages: dict[str, int] = {}
        self.not_understood: dict[str, int] = {}
        self.dialects: dict[str, dict[str, int]] = {}
        for (router, dialect, outcome), messages in grown(m.MESSAGES).items():
            _add(self.messages, router, messages)
            if dialect and messages:
                _add(self.dialects.setdefault(router, {}), dialect, messages)
            if outcome in ("unrecognised", "malformed"):
                _add(self.not_understood, router, messages)
        self.rejected: dict[str, int] = {}
        for labels, packets in grown(m.REJECTED).items():
            _add(self.rejected, labels[0], packets)
        events = grown(m.ROUTER_EVENTS)
        self.routing = {router for (router, event), n in events.items() if n and event in _ROUTES}

    def read_as(self, router: str) -> tuple[str, ...]:
        """The dialects of a router's lines, most lines first."""
        lines = self.dialects.get(router, {})
        return tuple(sorted(lines, key=lambda dialect: (-lines[dialect], dialect)))


def _decided(grown: Grown) -> tuple[int, int]:
    """How many packets were decided, and of how many a device of ours was missed."""
    decided = nobodys = 0.0
    for (*_, device, _process, cause, _evidence), packets in grown(m.ATTRIBUTED).items():
        decided += packets
        nobodys += packets if not device and cause in _OURS else 0.0
    return int(decided), int(nobodys)


def _refused(grown: Grown) -> int:
    outcomes = grown(m.REPORTS)
    return int(sum(outcomes.get((outcome,), 0.0) for outcome in ("refused", "invalid")))


def _silent(
    live: Iterable[Device], pipeline: Pipeline, expected: Collection[str], now: float
) -> Iterator[str]:
    """The devices beside those that report, where those reach the Internet; each once, named."""
    stages = pipeline.stages
    reports = [device.report for device in live]
    stations = {link.mac for report in reports for link in report.links}
    stations |= {gateway.mac for report in reports for gateway in report.gateways} | {_NO_STATION}
    places = {address for report in reports for address in report.addresses}
    places |= {gateway.ip for report in reports for gateway in report.gateways}
    places |= {sender for rule in stages.routers.rules.values() for sender in rule.senders}
    names = {name.casefold() for name in expected}
    names |= {device.name.casefold() for device in live}
    names |= {router.name.casefold() for router in stages.routers.known()}
    for report in reports:
        near = {gateway.interface for gateway in report.gateways}
        for one in report.neighbours:
            if one.mac in stations or one.ip in places or (near and one.interface not in near):
                continue
            name = stages.hosts.inventory.owner(one.ip, now) or one.ip
            stations.add(one.mac)
            if name.casefold() not in names:
                names.add(name.casefold())
                yield name


def _router(
    pipeline: Pipeline, router: Router, numbers: _Numbers, examples: Examples, now: float
) -> RouterCondition:
    unread = pipeline.unread.of(router.name)
    return RouterCondition(
        name=router.name,
        seconds=max(0.0, now - router.last_message),
        masked=router.masked,
        limited=router.plateau.limited(now),
        offset=router.clock.offset,
        lag=router.clock.lag,
        messages=numbers.messages.get(router.name, 0),
        not_understood=numbers.not_understood.get(router.name, 0),
        rejected=numbers.rejected.get(router.name, 0),
        no_verdict=unread.no_verdict,
        sample=_sample(unread, examples),
        unjudged=_newest(unread, ("no_verdict",))[0],
        configured=router.name in pipeline.stages.routers.rules,
        read_as=numbers.read_as(router.name),
        dialects=pipeline.stages.reader.only(router.name),
        routes=router.name in numbers.routing,
        packetlike=any(map(_is_packetlike, unread.newest)),
    )


def _sample(unread: Unread, examples: Examples) -> Sample | None:
    text, error = _newest(unread, ("unrecognised", "malformed"))
    if text is None:
        return None
    near = examples.nearest(filled(text)) if error is None else None
    return Sample(
        text=text,
        error=error,
        near=near and near.title,
        example=near and near.example,
    )


def _is_packetlike(form: Form) -> bool:
    """Whether a line that was not understood may be about a packet: it has two addresses."""
    return form.kind != "unrecognised" or form.text.count("<ip>") >= 2


def _newest(unread: Unread, kinds: Iterable[Kind]) -> tuple[str | None, str | None]:
    """The text and the error of the newest form of these kinds."""
    for form in unread.newest:
        if form.kind in kinds:
            return form.text, form.error
    return None, None


def _add(counts: dict[str, int], key: str, amount: float) -> None:
    counts[key] = counts.get(key, 0) + int(amount)
