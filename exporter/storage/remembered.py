"""What a pipeline remembers besides its counters: the named parts of the state file, and of whom.

A pipeline goes in and parts come out, and the other way round. A part that cannot be read costs
that part, and no other.
"""

from collections.abc import Mapping

import msgspec

from exporter.attribution import MAX_GRACE
from exporter.attribution.mappings import Mapping as PortMapping
from exporter.attribution.waiting import Group
from exporter.bisection import Remembered
from exporter.inventory.associations import Association
from exporter.inventory.leases import Lease
from exporter.pipeline import Pipeline

RESTART_GRACE = 1.5  # of the slowest agent's interval: until then a silent one may still report


class Parts(msgspec.Struct, kw_only=True):
    """All parts, as they are when there is nothing to remember."""

    waiting: list[Group] = []  # undecided packets
    offsets: dict[str, float] = {}  # of routers' clocks
    leases: list[Lease] = []
    associations: list[Association] = []
    mappings: list[PortMapping] = []
    processes: dict[str, tuple[str, str]] = {}  # process → application, verdict
    bisection: Remembered = Remembered()
    alive: dict[str, float] = {}  # the agents that report, and their intervals in seconds


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted of a device."""

    reported: bool  # whether it was known by a report
    evidence: int = 0  # rows
    sockets: int  # and flows, open and closed
    leases: int
    associations: int  # its stations that joined an access point
    acknowledged: int = 0  # programs


_DECODERS = {
    field.name: msgspec.msgpack.Decoder(field.type) for field in msgspec.structs.fields(Parts)
}


def parts(pipeline: Pipeline, now: float) -> dict[str, bytes]:
    """Return what is to be stored."""
    stages = pipeline.stages
    live = stages.hosts.live(now)
    taken = Parts(
        waiting=pipeline.waiting.groups(),
        offsets=stages.routers.offsets(),
        leases=stages.hosts.inventory.leases.all(),
        associations=stages.hosts.inventory.associations.all(),
        mappings=stages.attributor.mappings.all(),
        processes=stages.metrics.processes,
        bisection=pipeline.bisection.remembered(now),
        alive={device.name: device.report.interval_seconds for device in live},
    )
    return {name: msgspec.msgpack.encode(getattr(taken, name)) for name in _DECODERS}


def restore(pipeline: Pipeline, stored: Mapping[str, bytes], now: float) -> dict[str, str]:
    """Give a fresh pipeline back what was stored; return what is wrong with what is lost."""
    taken, lost = Parts(), {}
    for name, decoder in _DECODERS.items():
        if name not in stored:
            continue
        try:
            setattr(taken, name, decoder.decode(stored[name]))
        except msgspec.DecodeError as error:
            lost[name] = str(error)
    stages = pipeline.stages
    pipeline.waiting.restore(taken.waiting)
    stages.routers.restore(taken.offsets)
    stages.hosts.inventory.leases.restore(taken.leases)
    stages.hosts.inventory.associations.restore(taken.associations)
    stages.attributor.mappings.restore(taken.mappings)
    stages.metrics.processes.update(taken.processes)
    pipeline.bisection.restore(taken.bisection, now)
    grace = min(RESTART_GRACE * max(taken.alive.values(), default=0.0), MAX_GRACE)
    stages.attributor.patience.awaits(taken.alive, now + grace)
    return lost


def forget(pipeline: Pipeline, device: str, now: float) -> Forgotten:
    """Delete what a pipeline knows of a device; its counters stay, which are only counts."""
    hosts, lookups = pipeline.stages.hosts, pipeline.stages.attributor.lookups
    reported = hosts.device(device) is not None
    pipeline.bisection.forget(device)
    pipeline.traffic.forget(device)
    whose = {ip: hosts.inventory.whose(ip, now).device for ip in lookups.askers()}
    lookups.forget({ip for ip in whose if (whose[ip] or "").casefold() == device.casefold()})
    leases, associations = hosts.inventory.erase(device)
    sockets = hosts.erase(device)
    return Forgotten(reported=reported, sockets=sockets, leases=leases, associations=associations)
