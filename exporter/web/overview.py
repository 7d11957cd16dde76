"""What the page says, as plain values: the stages' state and the suspects go in, a view comes out.

Pure, so that "never a stale green" is tested without a browser. Templates only lay it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from exporter.access.acknowledged import Pair, pair
from exporter.evidence import Suspect
from exporter.evidence.breakdown import Bars
from exporter.explanation import Language
from exporter.hosts.alone import OTHERS
from exporter.hosts.machines import Device
from exporter.pipeline import Pipeline
from exporter.web import not_understood
from exporter.web.bisected import bisected
from exporter.web.culprits import Culprit, culprits
from exporter.web.periods import HOUR, Period
from exporter.web.trends import Trend, trend

SILENT = 3600.0  # seconds without a line, after which nothing is known about now
WORTH_A_LOOK = 0.1  # of the packets: what nobody is named for may stay unexplained below it

# What the first line says. `waiting`: no router has ever sent anything.
State = Literal["waiting", "silent", "unread", "act", "look", "quiet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One device that reports, or did."""

    name: str
    is_agent: bool
    is_current: bool
    taken: float
    sockets: int
    os: str
    access_point: str  # "" when none said that it joined
    lacks_programs: bool = False  # of others than the agent's own user
    is_of_itself: bool = False  # what it told of other devices did not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the page shows."""

    state: State
    now: float
    period: Period
    packets: int  # rejected in the period, and decided
    undecided: int
    last_line: float | None
    routers: tuple[str, ...]
    limited: tuple[str, ...]  # routers that limit their log, so that more was rejected
    culprits: tuple[Culprit, ...]
    rest: int  # packets of suspects that are not among them
    trend: Trend | None  # of all packets
    hosts: tuple[Host, ...]
    elsewhere: tuple[tuple[str, str], ...]  # other devices on Wi-Fi, and their access points
    unread: tuple[not_understood.Row, ...]
    sources: tuple[str, ...]  # the data sets behind the networks' names

    @property
    def named(self) -> Culprit | None:
        """The program for which something is to be done or looked at, if one is known."""
        verdict = {"act": "act", "look": "watch"}.get(self.state)
        for culprit in self.culprits:
            known = verdict == "watch" and culprit.acknowledged_until is not None
            if culprit.process and culprit.verdict == verdict and not known:
                return culprit
        return None

    @property
    def lacks_data(self) -> bool:
        """Whether nothing can be said before something is set right."""
        return self.state in ("waiting", "silent", "unread")

    @property
    def has_agent(self) -> bool:
        """Whether a host reports by itself."""
        return any(host.is_agent and host.is_current for host in self.hosts)

    @property
    def had_agent(self) -> bool:
        """Whether one has reported by itself lately."""
        return any(host.is_agent for host in self.hosts)


def overview(
    pipeline: Pipeline,
    suspects: Sequence[Suspect],
    now: float,
    language: Language,
    acknowledged: Mapping[Pair, float] = MappingProxyType({}),
    *,
    period: Period = HOUR,
    bars: Mapping[int | None, Bars] = MappingProxyType({}),
) -> Overview:
    """Return what there is to say about a period; `acknowledged` says what is known.

    `bars` are the packets by time: of all under None, of a suspect under its number.
    """
    stages = pipeline.stages
    limited = stages.routers.limited(now)
    heard = sorted(stages.routers.known(), key=lambda router: -router.last_message)
    # After a restart the last line of the evidence is the last that is known of.
    last_line = heard[0].last_message if heard else max((s.last for s in suspects), default=None)
    followed = bisected(pipeline.bisection, suspects, now)
    found = culprits(suspects, stages.knowledge, period.seconds, language, limited, found=followed)
    shown = tuple(
        replace(
            culprit,
            trend=trend(bars.get(suspect.number)),
            acknowledged_until=acknowledged.get(pair(culprit.device, culprit.process)),
        )
        for suspect, culprit in zip(suspects, found, strict=True)
    )
    packets = suspects[0].total if suspects else 0
    understood = not_understood.is_anything_understood(stages.metrics)
    places = stages.hosts.inventory.whereabouts.places(now)
    return Overview(
        state=_state(
            last_line,
            shown,
            now,
            understood=understood,
            ever=not_understood.has_heard(stages.metrics),
        ),
        now=now,
        period=period,
        packets=packets,
        undecided=sum(group.packets for group in pipeline.waiting.groups()),
        last_line=last_line,
        routers=tuple(router.name for router in heard),
        limited=tuple(router.name for router in heard if router.name in limited),
        culprits=shown,
        rest=packets - sum(culprit.packets for culprit in shown),
        trend=trend(bars.get(None)),
        hosts=tuple(
            _host(d, now, places.get(d.name, ""))
            for d in sorted(stages.hosts.devices(), key=lambda d: -d.taken)
        ),
        elsewhere=tuple(
            (name, place) for name, place in places.items() if stages.hosts.device(name) is None
        ),
        unread=not_understood.rows(stages.metrics, pipeline.unread, now),
        sources=stages.networks.sources,
    )


def _state(
    last_line: float | None,
    culprits: Sequence[Culprit],
    now: float,
    *,
    understood: bool,
    ever: bool,
) -> State:
    if last_line is None and not ever:
        return "waiting"
    if last_line is None or now - last_line > SILENT:
        return "silent"
    if any(culprit.verdict == "act" for culprit in culprits):
        return "act"
    if not understood:
        return "unread"
    watched = [c for c in culprits if c.verdict == "watch" and c.acknowledged_until is None]
    if any(c.device or c.share >= WORTH_A_LOOK for c in watched):
        return "look"
    return "quiet"


def _host(device: Device, now: float, access_point: str) -> Host:
    return Host(
        name=device.name,
        is_agent=device.is_agent,
        is_current=now <= device.current_until,
        taken=device.taken,
        sockets=len(device.report.sockets),
        os=device.report.os,
        access_point=access_point,
        lacks_programs="programs" in device.report.lacks,
        is_of_itself=OTHERS in device.report.lacks,
    )
