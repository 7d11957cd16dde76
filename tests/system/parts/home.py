"""A home that does not exist: its routers, devices and programs, and who is refused at its door.

Everything is made of flows: packets of one kind that come at some rate. Each counter of the
exporter is a sum over flows, so that all dashboards show one story. Networks, countries and
applications are what the exporter's own tables say of the addresses and programs.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from exporter import knowledge
from exporter.enrichment import Networks
from exporter.events import CauseName, Direction, Evidence, Network, Verdict

STATES = ("quiet", "look", "trouble", "nodata")
INCIDENT_SECONDS = 24 * 60.0  # how long ago the trouble began
ROUTERS = ("home-router", "attic-ap")
DIALECTS = {"home-router": "buffalo_airstation", "attic-ap": "openwrt"}


class Device(NamedTuple):
    """A host that reports."""

    name: str
    os: str
    interval: int
    sockets: int
    interfaces: tuple[str, ...]
    megabytes_per_minute: float  # received, in the evening


DEVICES = (
    Device("ANNA-PC", "Windows 10", 15, 61, ("Ethernet",), 9.0),
    Device("BEN-LAPTOP", "Ubuntu 24.04", 15, 34, ("wlp2s0", "docker0"), 6.0),
    Device("GAME-PC", "Windows 11", 15, 58, ("Ethernet",), 22.0),
    Device("MIA-LAPTOP", "macOS 15.2", 15, 29, ("en0",), 5.0),
    Device("OFFICE-MINI", "Debian 13", 15, 22, ("eno1",), 1.2),
    Device("NAS", "Debian 12", 15, 41, ("eth0", "eth1"), 3.0),
    Device("GRANDPA-PC", "Windows 10", 60, 47, ("Ethernet",), 0.8),
    Device("LIVING-ROOM-MEDIA-PC", "LibreELEC 12", 15, 18, ("eth0",), 30.0),
)


COUNTING = frozenset({"Ubuntu 24.04", "Debian 12", "Debian 13"})  # with connection accounting


class Flow(NamedTuple):
    """Refused packets of one kind, and what was found out about them."""

    per_hour: float
    remote_ip: str
    port: int
    cause: CauseName
    evidence: Evidence = "none"
    device: str = ""
    process: str = ""
    transport: str = "udp"
    direction: Direction = "inbound"
    router: str = "home-router"
    asn: str = ""  # in place of that of the address: `other` is what the budget folded

    @property
    def network(self) -> Network:
        """Whose address it is, by the exporter's own tables."""
        return networks().look_up(self.remote_ip)

    @property
    def source_asn(self) -> str:
        return self.asn or self.network.asn


FLOWS = (
    Flow(16, "23.45.67.89", 51413, "p2p", "socket", "ANNA-PC", "netsession_win.exe"),
    Flow(5, "23.45.67.89", 51413, "late_reply", "flow", "ANNA-PC", "netsession_win.exe"),
    Flow(0.25, "128.116.0.1", 53640, "late_reply", "flow", "MIA-LAPTOP", "RobloxPlayer"),
    Flow(0.2, "45.57.40.1", 40112, "late_reply", "remote", "LIVING-ROOM-MEDIA-PC", "kodi.bin"),
    Flow(8, "142.250.1.1", 49820, "late_reply", "flow", "BEN-LAPTOP", "chrome"),
    Flow(0.2, "52.112.0.1", 50014, "late_reply", "flow", "OFFICE-MINI", "teams"),
    Flow(10, "195.201.1.1", 6881, "p2p", "socket", "NAS", "transmission-da"),
    Flow(7, "118.238.201.33", 6881, "p2p", "socket", "NAS", "transmission-da"),
    Flow(0.2, "20.189.173.1", 7680, "p2p", "socket", "GRANDPA-PC", "svchost.exe (DoSvc)"),
    Flow(0.2, "49.51.1.1", 57011, "late_reply", "history", "GAME-PC", "steam.exe"),
    Flow(4, "1.1.1.1", 41641, "late_reply", "ambiguous"),
    Flow(5, "133.11.0.1", 3478, "echo"),
    Flow(24, "80.82.77.33", 23, "scan", transport="tcp"),
    Flow(9, "5.188.10.1", 3389, "scan", transport="tcp"),
    Flow(8, "36.110.1.1", 445, "scan", transport="tcp"),
    Flow(6, "177.54.144.1", 22, "scan", transport="tcp"),
    Flow(12, "71.6.135.131", 5060, "survey"),
    Flow(5, "71.6.135.131", 443, "survey", transport="tcp"),
    Flow(4, "106.75.1.1", 123, "reflection"),
    Flow(3, "185.220.101.1", 9001, "unknown", transport="tcp"),
    Flow(2, "89.163.128.1", 53413, "unknown", asn="other"),
    Flow(4, "192.168.1.40", 1900, "local_chatter", direction="local", router="attic-ap"),
    Flow(
        *(0.2, "192.168.1.31", 445, "misconfiguration", "flow", "BEN-LAPTOP", "smbd", "tcp"),
        *("outbound", "attic-ap"),
    ),
)
# What begins INCIDENT_SECONDS ago. `look`: a program that wants an eye (its verdict is `watch`).
# `trouble`: one that must go (`act`), so many packets that the line feels it.
INCIDENTS = {
    "quiet": (),
    "nodata": (),
    "look": (Flow(9000, "23.45.67.89", 51413, "p2p", "socket", "ANNA-PC", "netsession_win.exe"),),
    "trouble": (
        Flow(26000, "36.110.1.1", 58443, "p2p", "socket", "GAME-PC", "pmb.exe"),
        Flow(3600, "106.75.1.1", 58443, "p2p", "socket", "GAME-PC", "pmb.exe"),
        Flow(7000, "23.45.67.89", 51413, "p2p", "socket", "ANNA-PC", "netsession_win.exe"),
    ),
}


class RouterEvent(NamedTuple):
    """What a router says besides refused packets."""

    per_hour: float
    event: str
    router: str = "home-router"


ROUTER_EVENTS = (
    RouterEvent(2.5, "dhcp_lease"),
    RouterEvent(0.02, "wan_up"),
    RouterEvent(0.01, "boot"),
    RouterEvent(1.5, "port_mapping"),
    RouterEvent(0.3, "dos_alert"),
    RouterEvent(40, "dns"),
    RouterEvent(6, "other"),
    RouterEvent(4, "wifi_join", "attic-ap"),
    RouterEvent(4, "wifi_leave", "attic-ap"),
    RouterEvent(0.4, "wifi_auth_failure", "attic-ap"),
)
ROUTER_INCIDENTS = {
    "look": (),
    "trouble": (RouterEvent(20, "nat_fault"), RouterEvent(60, "login_failure", "attic-ap")),
}


@cache
def networks() -> Networks:
    """The exporter's table of networks."""
    return Networks(known().networks)


@cache
def known() -> knowledge.Knowledge:
    """The exporter's knowledge."""
    return knowledge.load()


def programs(state: str) -> Iterator[tuple[str, str, str, Verdict | str]]:
    """Each program behind refused packets: device, process, application and verdict."""
    seen = set()
    for flow in (*FLOWS, *INCIDENTS[state]):
        if flow.process and (flow.device, flow.process) not in seen:
            seen.add((flow.device, flow.process))
            found = known().application(flow.process, flow.transport, flow.port)
            yield (
                flow.device,
                flow.process,
                found.name if found else "",
                found.verdict if found else "",
            )


def awake(now: float) -> float:
    """How busy the home is at that moment: 0.25 in the small hours, 1.75 in the evening."""
    hour = now / 3600 % 24
    return 1 + 0.75 * math.cos((hour - 20) / 24 * 2 * math.pi)
