"""What a pipeline remembers over a restart besides its counters: the named parts of the state file.

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
    stages.attributor.awaits(taken.alive, now + grace)
    return lost
