"""What a host may say when its word counts for itself alone: of other devices nothing.

A report goes in and comes out without what would lay a packet at another's door: conversations that
it forwards, and where a router's ports lead. Those of its own containers are its own.
"""

import re
from collections.abc import Iterator

import msgspec

from exporter.host_report import HostReport, Neighbour

OTHERS = "others"  # stands among what a report lacks, when something of it did not count
# Bridges of containers and virtual machines; a router's own bridge, as `br-lan`, is none of them.
_VIRTUAL = re.compile(r"docker\d|br-[0-9a-f]{12}$|podman|cni|lxc|lxd|incus|virbr|veth|vnet")


def alone(report: HostReport) -> HostReport:
    """Return what a report tells of its own device; `lacks` says whether there was more."""
    own = {*report.addresses, "0.0.0.0", "::"}  # noqa: S104 - nothing is bound here
    own.update(near.ip for near in guests_of(report))
    # Without addresses all flows are taken to be its own.
    flows = tuple(f for f in report.flows if not report.addresses or f.local_ip in own)
    told_more = len(flows) < len(report.flows) or report.port_table is not None
    lacks = dict.fromkeys((*report.lacks, OTHERS) if told_more else report.lacks)
    return msgspec.structs.replace(report, flows=flows, port_table=None, lacks=tuple(lacks))


def guests_of(report: HostReport) -> Iterator[Neighbour]:
    """The containers and virtual machines that a host says it has."""
    return (near for near in report.neighbours if _VIRTUAL.match(near.interface or ""))
