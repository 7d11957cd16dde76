"""Links, addresses, neighbours and the way out of a Linux host, by pyroute2.

Its surface moves: it is used here only. Its sockets need no rights, and fail inside a running event
loop. Source: rtnetlink(7).
"""

import ipaddress
import re
from collections.abc import Iterator
from contextlib import contextmanager
from socket import AF_INET, AF_INET6
from typing import Any

import msgspec

from exporter.addresses import canonical, scope
from exporter.agent import wireless
from exporter.agent.ends import Home
from exporter.agent.iproute import IPRoute, NetlinkError
from exporter.agent.snapshot import names_a_host
from exporter.host_report import Gateway, Link, Neighbour

_IS_UP, _IS_LOOPBACK = 0x1, 0x8  # link flags
_HAS_ADDRESS = 0x02 | 0x04 | 0x08 | 0x10 | 0x80  # reachable, stale, delay, probe, permanent
_MAIN = 254  # the table of routes
_UNICAST = 1  # others say that there is no way

# Bridges that runtimes of containers and virtual machines make, by the names that they give them.
_CONTAINERS = re.compile(r"docker\d+|br-[0-9a-f]{12}|podman\d+|cni.*|lxcbr\d+|lxdbr\d+|incusbr\d+"
                         r"|virbr\d+|vz-.*|ve-.*")  # fmt: skip


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What is around a host at one moment."""

    links: list[Link]
    addresses: list[str]
    neighbours: list[Neighbour]
    gateways: list[Gateway]
    home: Home


def read() -> Network:
    """Ask the kernel.

    Raises OSError when it refuses.
    """
    with _netlink_errors(), IPRoute() as route:
        rows = list(route.get_links())
        assigned = list(route.get_addr())
        names = {row["index"]: row.get_attr("IFLA_IFNAME") for row in rows}
        neighbours = [_neighbour(row, names) for row in route.get_neighbours() if _answers(row)]
        ways = [
            hop
            for family in (AF_INET, AF_INET6)
            for row in route.get_default_routes(family=family, table=_MAIN)
            for hop in _hops(row)
        ]
    stations = {(found.ip, found.interface): found.mac for found in neighbours}
    own = [_own(row) for row in assigned]
    return Network(
        links=[_link(row) for row in rows if row["flags"] & (_IS_UP | _IS_LOOPBACK) == _IS_UP],
        addresses=[ip for ip in own if names_a_host(ip)],
        neighbours=neighbours,
        gateways=list(_gateways(ways, names, stations)),
        home=_home(own, assigned, names, {index for _, index in ways}),
    )


def _link(row: Any) -> Link:
    counters, name = row.get_attr("IFLA_STATS64") or {}, row.get_attr("IFLA_IFNAME")
    radio = _access_point(name, row["index"])
    return Link(
        interface=name,
        mac=_mac(row.get_attr("IFLA_ADDRESS")),
        received_bytes=counters.get("rx_bytes", 0),
        sent_bytes=counters.get("tx_bytes", 0),
        ssid=radio.ssid,
        bssid=radio.bssid,
    )


def _access_point(interface: str, index: int) -> wireless.AccessPoint:
    if wireless.is_wireless(interface):
        try:
            return wireless.access_point(index)
        except OSError:  # gone, or a driver of the old kind
            pass
    return wireless.AccessPoint(None, None)


def _answers(row: Any) -> bool:
    known = _mac(row.get_attr("NDA_LLADDR")) and row.get_attr("NDA_DST")
    return bool(known and row["state"] & _HAS_ADDRESS)


def _neighbour(row: Any, names: dict[int, str]) -> Neighbour:
    return Neighbour(
        ip=_address(row.get_attr("NDA_DST")),
        mac=row.get_attr("NDA_LLADDR"),
        interface=names.get(row["ifindex"]),
    )


def _hops(row: Any) -> Iterator[tuple[str | None, int]]:
    """Yield the next hops of a default route: address, if it has one, and link."""
    if row["type"] != _UNICAST:
        return
    for hop in row.get_attr("RTA_MULTIPATH") or (row,):
        via = hop.get_attr("RTA_VIA") or {}  # IPv4 by an IPv6 neighbour
        index = hop.get_attr("RTA_OIF") if hop is row else hop["oif"]
        yield hop.get_attr("RTA_GATEWAY") or via.get("addr"), index


def _gateways(
    ways: list[tuple[str | None, int]],
    names: dict[int, str],
    stations: dict[tuple[str, str | None], str],
) -> Iterator[Gateway]:
    for ip, index in dict.fromkeys(ways):
        if ip is not None:
            address, interface = _address(ip), names.get(index)
            mac = stations.get((address, interface))
            yield Gateway(ip=address, mac=mac, interface=interface)


def _home(own: list[str], assigned: list[Any], names: dict[int, str], outward: set[int]) -> Home:
    """Return which addresses are on our side: those behind every link that leads not outside."""
    behind, contained = [], []
    for row, ip in zip(assigned, own, strict=True):
        prefix = _prefix(ip, row["prefixlen"])
        if _CONTAINERS.fullmatch(names.get(row["index"], "")):
            contained.append(prefix)
        elif row["index"] not in outward and scope(ip) == "global":
            behind.append(prefix)
    return Home(own, behind, contained)


def _own(row: Any) -> str:
    return _address(row.get_attr("IFA_LOCAL") or row.get_attr("IFA_ADDRESS"))


def _prefix(ip: str, length: int) -> str:
    return str(ipaddress.ip_network(f"{ip}/{length}", strict=False))


def _mac(text: str | None) -> str | None:
    """Return a MAC, or None for what tunnels have instead: four or sixteen octets, or zeros."""
    return text if text and len(text) in (17, 59) and text.strip("0:") else None


def _address(text: str) -> str:
    return canonical(text) or text  # the kernel's own text is an address


@contextmanager
def _netlink_errors() -> Iterator[None]:
    """Turn the library's own error into the OSError that it stands for."""
    try:
        yield
    except NetlinkError as error:
        raise OSError(error.code, f"netlink: {error}") from error
