"""What an exporter in the home of `home` shows: which series its flows count in, and its gauges.

Names and labels are taken from `exporter.metrics`: a renamed metric or label fails here, and a new
one that no past holds fails a test.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from exporter.metrics import declared as m
from exporter.metrics import ourselves
from exporter.metrics.series import Declaration
from tests.system.parts import home
from tests.system.parts.home import Flow, RouterEvent

TARGET = {"job": "knockwatch", "instance": "exporter:10151"}
# Counted only when something is broken: in this home nothing is.
ABSENT = {m.STATE_ERRORS.name, m.INTERNAL_ERRORS.name, ourselves.CANARY_FAILURES.name}

Key = tuple[str, tuple[tuple[str, str], ...]]


class Source(NamedTuple):
    """Things that come at some rate, and the counters in which each of them counts."""

    per_hour: float
    keys: tuple[Key, ...]
    steady: bool = False  # not more by day than by night


def sources(state: str, *, incident: bool) -> list[Source]:
    """All that is counted, with what the state adds once it has begun."""
    flows = home.FLOWS + (home.INCIDENTS[state] if incident else ())
    events = home.ROUTER_EVENTS + (home.ROUTER_INCIDENTS.get(state, ()) if incident else ())
    lost = 900.0 if state == "trouble" and incident else 0.0
    reports = sum(3600 / device.interval for device in home.DEVICES)
    return [
        *(source for flow in flows for source in refused(flow)),
        *(Source(event.per_hour, told(event)) for event in events),
        *(Source(30, (message(router, "ignored"),), steady=True) for router in home.ROUTERS),
        # Often enough that some hours never pass without any, at whatever time of day; so are those
        # beyond a budget.
        *(Source(2, (message(router, "unrecognised"),), steady=True) for router in home.ROUTERS),
        Source(2, (keyed(m.OVERFLOW, metric=m.ATTRIBUTED.name, label="source_asn"),), steady=True),
        Source(0.5, (message("home-router", "malformed"),), steady=True),
        Source(reports, (keyed(m.REPORTS, outcome="accepted"),), steady=True),
        Source(0.1, (keyed(m.REPORTS, outcome="refused"),)),
        Source(2, (keyed(m.REVERSE_LOOKUPS, outcome="named"),), steady=True),
        Source(5, (keyed(m.DROPPED, listener="udp", reason="denied_sender"),), steady=True),
        Source(lost, (keyed(m.DROPPED, listener="udp", reason="kernel_buffer"),), steady=True),
    ]


def refused(flow: Flow) -> Iterator[Source]:
    """Refused packets: each counts once by port, by country, by decision, and as a message."""
    common = {"router": flow.router, "transport": flow.transport}
    network = {"direction": flow.direction, "source_asn": flow.source_asn}
    named = {"device": flow.device, "process": flow.process}
    found = {"cause": flow.cause, "evidence": flow.evidence}
    keys = [
        keyed(m.REJECTED, **common, **network, destination_port=str(flow.port)),
        keyed(m.BY_COUNTRY, **common, source_country=flow.network.country),
        keyed(m.ATTRIBUTED, **common, **network, **named, **found),
        message(flow.router, "event"),
        keyed(m.DECOYS, evidence="none"),
    ]
    if flow.source_asn == "other":
        keys.append(keyed(m.OVERFLOW, metric=m.REJECTED.name, label="source_asn"))
    steady = flow not in home.FLOWS
    yield Source(flow.per_hour, tuple(keys), steady)
    if flow.device:  # a port that nobody chose is somebody's in one of fifty cases
        yield Source(flow.per_hour / 50, (keyed(m.DECOYS, evidence="socket"),), steady)


def told(event: RouterEvent) -> tuple[Key, ...]:
    """An event of a router, which is a message too."""
    return (
        keyed(m.ROUTER_EVENTS, router=event.router, event=event.event),
        message(event.router, "event"),
    )


def message(router: str, outcome: str) -> Key:
    """A message of a router by what became of it; of an unrecognised one the dialect is unknown."""
    dialect = "" if outcome == "unrecognised" else home.DIALECTS[router]
    return keyed(m.MESSAGES, router=router, dialect=dialect, outcome=outcome)


@cache
def traffic(device: str, interface: str, direction: str) -> Key:
    """Bytes of an interface."""
    return keyed(m.DEVICE_BYTES, device=device, interface=interface, direction=direction)


@cache
def shares() -> tuple[tuple[Key, float], ...]:
    """Bytes a second of the programs behind refused packets, on hosts that count them."""
    counting = {device.name for device in home.DEVICES if device.os in home.COUNTING}
    return tuple(
        (keyed(m.PROCESS_BYTES, device=device, process=process), 20_000.0 * len(process))
        for device, process, _, _ in home.programs("quiet")
        if device in counting
    )


@cache
def of_device(declared: Declaration, device: str) -> Key:
    """A gauge of a device."""
    return keyed(declared, device=device)


@cache
def of_router(declared: Declaration, router: str) -> Key:
    """A gauge of a router."""
    return keyed(declared, router=router)


def gauges(state: str, now: int, end: int) -> Iterator[tuple[Key, float]]:
    """What holds at that moment; `end` is when the past ends."""
    yield from constants(state, end)
    for device in home.DEVICES:
        last = now - now % device.interval - 1
        yield of_device(m.DEVICE_LAST_REPORT, device.name), last
        sockets = device.sockets + round(5 * math.sin(now / 4000 + device.sockets))
        yield of_device(m.DEVICE_SOCKETS, device.name), sockets
    for number, router in enumerate(home.ROUTERS):
        yield of_router(m.ROUTER_LAST_MESSAGE, router), now - 2 - now % (7 + 20 * number)
        offset = (0.4, -37.5)[number] + 0.3 * math.sin(now / 9000)
        yield of_router(m.ROUTER_CLOCK_OFFSET, router), offset
    yield keyed(ourselves.CANARY_SUCCESS_TIME), now - now % 60 - 1
    yield keyed(m.WAITING_PACKETS), now // 15 % 4
    yield keyed(m.SCRAPE_SECONDS), 0.011 + now // 15 % 7 / 1000


@cache
def constants(state: str, end: int) -> list[tuple[Key, float]]:
    """What stays as it is."""
    found: list[tuple[Key, float]] = []
    for device in home.DEVICES:
        info = {"os": device.os, "agent": "knockwatch 0.1.0"}
        found.append((keyed(m.DEVICE_INFO, device=device.name, **info), 1))
        found.append((keyed(m.DEVICE_INTERVAL, device=device.name), device.interval))
        if any(interface.startswith(("wl", "en")) for interface in device.interfaces):
            place = {"access_point": home.ROUTERS[1]}
            found.append((keyed(m.DEVICE_ACCESS_POINT, device=device.name, **place), 1))
    for router in home.ROUTERS:
        found.append((keyed(m.ROUTER_EXPECTED, router=router), 1))
        found.append((keyed(m.ROUTER_MASKED, router=router), 0))
        found.append((keyed(m.ROUTER_LOG_LIMITED, router=router), 0))
        found.append((keyed(m.INPUT_LAG, router=router), 0))
    for name, process, application, verdict in home.programs(state):
        info = {"application": application, "verdict": str(verdict)}
        found.append((keyed(m.PROCESS_INFO, process=process, **info), 1))
        seen = end - 40 * 86400 + len(process) * 1000
        found.append((keyed(m.FIRST_SEEN, device=name, process=process), seen))
    for asn, network, kind in networks(state):
        found.append((keyed(m.NETWORK_INFO, source_asn=asn, source_network=network, kind=kind), 1))
    found += [(keyed(m.OMITTED, label=label), 0) for label in ("router", "device", "interface")]
    found.append((keyed(ourselves.RELOAD_SUCCESSFUL), 1))
    found.append((keyed(ourselves.RELOAD_SUCCESS_TIME), end - 20 * 86400))
    found.append((keyed(m.BUILD_INFO, version="0.1.0", python="3.13.1"), 1))
    return found


def networks(state: str) -> Iterator[tuple[str, str, str]]:
    """The networks that sent something: AS number, name and kind, as `network_info` shows them."""
    flows = (*home.FLOWS, *home.INCIDENTS[state])
    numbers = dict.fromkeys(flow.source_asn for flow in flows if flow.source_asn != "other")
    for asn in numbers:
        network = home.networks().registered(asn)
        yield network.asn, network.name, network.kind


def keyed(declared: Declaration, /, **labels: str) -> Key:
    """A series' key. Raises when the exporter declares other labels."""
    if labels.keys() != set(declared.labels):
        raise ValueError(f"{declared.name} has the labels {declared.labels}, not {(*labels,)}")
    return declared.name, tuple(sorted((TARGET | labels).items()))
