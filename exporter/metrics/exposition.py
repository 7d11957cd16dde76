"""A snapshot of all metrics.

`take` and `state` copy what a scrape shows, on the event loop; `formats` turns the copy into bytes,
in any thread. Reports and spoofed senders can name any number of devices and routers: what is shown
of them keeps to the limits of the counters.
"""

import platform
from collections.abc import Container, Iterable, Iterator

from exporter.enrichment.networks import Networks
from exporter.hosts import Hosts
from exporter.hosts.machines import Device
from exporter.metrics import declared as m
from exporter.metrics.formats import Family, Sample, encode
from exporter.metrics.metrics import Metrics
from exporter.metrics.series import Declaration
from exporter.routers import Router, Routers

MAX_INTERFACES = 32  # of a device
MAX_TEXT = 64  # characters of a label that is not counted by

_Link = tuple[str, str, int, int]  # device, interface, received and sent bytes


def take(
    metrics: Metrics, networks: Networks, *, newborn_at_zero: bool = False, stored: bool = False
) -> list[Family]:
    """Copy the counters; with `stored` only what is safely stored of those that outlive us.

    With `newborn_at_zero` a series is shown at 0 the first time, for a Prometheus that does not
    read created times: its first increase would be lost.
    """
    families = []
    for name, of_metric in metrics.store.series.items():
        samples: list[Sample] = []
        for labels, series in of_metric.items():
            value = series.saved if stored and name != m.STATE_ERRORS.name else series.value
            if value is None:
                continue
            newborn = newborn_at_zero and not series.shown and name in m.COUNTERS
            samples.append((labels, 0.0 if newborn else value, series.since))
            series.shown = True
        families.append(Family(metrics.store.declarations[name], samples))
    store = metrics.store
    registered = (networks.registered(asn) for asn in store.values("source_asn"))
    applications = (
        ((process, *known), 1.0)
        for process, known in metrics.processes.items()
        if store.placed("process", process)
    )
    families.append(_family(m.NETWORK_INFO, (((n.asn, n.name, n.kind), 1.0) for n in registered)))
    families.append(_family(m.PROCESS_INFO, applications))
    return families


def state(
    routers: Routers,
    hosts: Hosts,
    undecided: int,
    now: float,
    *,
    version: str,
    scrape_seconds: float,
    metrics: Metrics | None = None,
) -> list[Family]:
    """What holds at this moment.

    `metrics` says how many may be shown and who comes first; without it, the default limits hold.
    """
    return [
        *of_site(routers, hosts, undecided, now, metrics or Metrics()),
        _family(m.SCRAPE_SECONDS, [((), scrape_seconds)]),
        _family(m.BUILD_INFO, [((version, platform.python_version()), 1.0)]),
    ]


def of_site(
    routers: Routers, hosts: Hosts, undecided: int, now: float, metrics: Metrics
) -> list[Family]:
    """What holds at a site: a silent host or router shows by its time, then disappears."""
    all_routers, all_devices = list(routers.known()), list(hosts.devices())
    heard = _routers(all_routers, routers.rules, metrics)
    stamped = [router for router in heard if router.clock.offset is not None]
    devices = _devices(all_devices, metrics)
    current = [device for device in devices if now <= device.current_until]
    links = [_links(device) for device in current]
    shown = [link for of_device in links for link in of_device[:MAX_INTERFACES]]
    shown = shown[: metrics.limits.series_per_metric // 2]  # two series each
    places = hosts.inventory.whereabouts.places(now)
    omitted = {
        "router": len(all_routers) - len(heard),
        "device": len(all_devices) - len(devices),
        "interface": sum(map(len, links)) - len(shown),
    }
    return [
        _family(m.ROUTER_EXPECTED, (((name,), 1.0) for name in routers.rules)),
        _family(m.ROUTER_LAST_MESSAGE, (((r.name,), r.last_message) for r in heard)),
        _family(m.ROUTER_CLOCK_OFFSET, (((r.name,), r.clock.offset or 0.0) for r in stamped)),
        _family(m.INPUT_LAG, (((r.name,), r.clock.lag) for r in stamped)),
        _family(m.ROUTER_LOG_LIMITED, (((r.name,), float(r.plateau.limited(now))) for r in heard)),
        _family(m.ROUTER_MASKED, (((r.name,), float(r.masked)) for r in heard)),
        _family(
            m.DEVICE_INFO,
            (((d.name, _clean(d.report.os), _clean(d.report.agent)), 1.0) for d in current),
        ),
        _family(m.DEVICE_LAST_REPORT, (((d.name,), d.taken) for d in devices)),
        _family(
            m.DEVICE_INTERVAL,
            (((d.name,), d.report.interval_seconds) for d in current if d.is_agent),
        ),
        _family(
            m.DEVICE_ACCESS_POINT,
            (((d, ap), 1.0) for d, ap in list(places.items())[: metrics.limits.device]),
        ),
        _family(m.DEVICE_SOCKETS, (((d.name,), float(_listening(d))) for d in current)),
        _family(m.DEVICE_BYTES, _bytes(shown)),
        _family(m.OMITTED, (((label,), float(count)) for label, count in omitted.items())),
        _family(m.WAITING_PACKETS, [((), float(undecided))]),
    ]


def text(families: list[Family]) -> bytes:
    """The exposition of `replay`: no created times, nothing of this process; a golden file."""
    shown = [f for f in families if f.samples or f.declaration.name in m.COUNTERS]
    ordered = [Family(f.declaration, sorted(f.samples)) for f in shown]
    return encode(ordered)[0]


def _family(declaration: Declaration, samples: Iterable[tuple[tuple[str, ...], float]]) -> Family:
    return Family(declaration, [(labels, value, None) for labels, value in samples])


def _listening(device: Device) -> int:
    return sum(s.transport == "udp" or s.state == "listen" for s in device.report.sockets)


def _routers(known: Iterable[Router], configured: Container[str], metrics: Metrics) -> list[Router]:
    """The routers that are shown: configured, then placed, then most recently heard."""

    def rank(router: Router) -> tuple[bool, bool, float]:
        placed = metrics.store.placed("router", router.name)
        return router.name not in configured, not placed, -router.last_message

    limits = metrics.limits
    return sorted(known, key=rank)[: min(limits.router, limits.series_per_metric)]


def _devices(known: Iterable[Device], metrics: Metrics) -> list[Device]:
    """The devices that are shown: placed, then most recently heard."""

    def rank(device: Device) -> tuple[bool, float]:
        return not metrics.store.placed("device", device.name), -device.received

    limits = metrics.limits
    return sorted(known, key=rank)[: min(limits.device, limits.series_per_metric)]


def _links(device: Device) -> list[_Link]:
    """A device's interfaces, each once, most bytes first."""
    links = {
        _clean(link.interface): (link.received_bytes, link.sent_bytes)
        for link in device.report.links
    }
    ordered = sorted(links.items(), key=lambda link: -sum(link[1]))
    return [(device.name, interface, *counted) for interface, counted in ordered]


def _bytes(links: Iterable[_Link]) -> Iterator[tuple[tuple[str, ...], float]]:
    for device, interface, received, sent in links:
        yield (device, interface, "received"), float(received)
        yield (device, interface, "sent"), float(sent)


def _clean(text: str) -> str:
    """What a host says of itself, short and without control characters."""
    text = text[:MAX_TEXT]
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
