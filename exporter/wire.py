"""Host reports as JSON: all that an agent and the exporter share.

`encode` writes a `HostReport`; `decode` reads one that a stranger may have written. Types come from
the record itself (unknown keys are ignored, so that newer agents can talk to older servers); the
rest is checked here, once: afterwards every address is canonical, every list and text bounded, and
no name can move a terminal's cursor. The fields are described in `host_report.HostReport`.
"""

import re
from collections.abc import Callable, Iterable
from sys import intern
from typing import TypeVar

import msgspec

from exporter.addresses import canonical
from exporter.host_report import (
    Flow,
    Gateway,
    HostReport,
    Link,
    MappedPort,
    Neighbour,
    PortTable,
    Socket,
)
from exporter.lookalikes import is_clear

VERSION = 1
MAX_SOCKETS = 20_000
MAX_FLOWS = 20_000
MAX_NEIGHBOURS = 4096
MAX_LINKS = 64
MAX_GATEWAYS = 16
MAX_LACKS = 16
MAX_MAPPINGS = 512  # of a router; homes have a few dozen
MAX_ADDRESSES = 1024
MAX_TEXT = 255  # characters: the longest file name, and so the longest program name
MAX_LABEL = 64  # characters of what becomes a label: system, agent, interface
MAX_INTERVAL = 3600.0  # seconds; a device counts as present for several of them
MAX_REPORT_AGE = 7 * 86_400.0  # seconds; no agent keeps a report for longer
MAX_SOCKET_AGE = 5 * 365.25 * 86_400.0  # seconds; no host runs for longer
MAX_PID = 2**32 - 1  # Windows counts in 32 bits
MAX_BYTES = 2**64 - 1  # counters of the kernels are unsigned 64 bit

# Control characters, and those that change the direction or the visible order of a text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,19}")  # 6 octets; InfiniBand has 20

T = TypeVar("T")
Item = TypeVar("Item", Socket, Flow, Neighbour, Link, Gateway, MappedPort)


class WireError(ValueError):
    """A report that cannot be taken; the text says what is wrong, and where."""


class _Header(msgspec.Struct):
    version: int


_ENCODER = msgspec.json.Encoder()
_HEADER = msgspec.json.Decoder(_Header)
_REPORT = msgspec.json.Decoder(HostReport)


def encode(report: HostReport) -> bytes:
    """Return the report as JSON; facts that are not known are left out."""
    return _ENCODER.encode(report)


def decode(data: bytes) -> HostReport:
    """Read and check a report, whoever wrote it.

    Raises WireError for everything that is not a report of this version.
    """
    # The version comes first: the fields of another one may have other types.
    version = _parsed(_HEADER, data).version
    if version != VERSION:
        raise WireError(f"unsupported version {_shown(version)} at version, expected {VERSION}")
    return _checked(_parsed(_REPORT, data))


def _parsed(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        what = what.replace("`", "")
        raise WireError(
            what[:1].lower() + what[1:] + (f" at {place.rstrip('`')}" if place else "")
        ) from None
    except RecursionError:
        raise WireError("not a report: nested too deeply") from None
    except ValueError as error:  # malformed JSON, or text that is not UTF-8
        raise WireError(f"not JSON: {error}") from None


def _checked(report: HostReport) -> HostReport:
    device = " ".join(report.device.split())
    if not device or not is_clear(device) or _UNPRINTABLE.search(report.device):
        raise WireError(f"not a printable name: {report.device[:MAX_TEXT]!a} at device")
    since = report.unchanged_since
    addresses = _bounded(report.addresses, MAX_ADDRESSES, "addresses")
    canonicals = (_address(text, f"addresses[{index}]") for index, text in enumerate(addresses))
    links: dict[str, Link] = {}
    for link in _each(_link, report.links, MAX_LINKS, "links"):
        links.setdefault(link.interface, link)
    return HostReport(
        version=VERSION,
        device=_text(device, "device"),
        machine_id=_optional(_text, report.machine_id, "machine_id"),
        age_seconds=_age(report.age_seconds, "age_seconds"),
        interval_seconds=_seconds(report.interval_seconds, "interval_seconds", MAX_INTERVAL, 1.0),
        os=_label(report.os, "os"),
        agent=_label(report.agent, "agent"),
        addresses=tuple(dict.fromkeys(canonicals)),
        sockets=_each(_socket, report.sockets, MAX_SOCKETS, "sockets"),
        flows=_each(_flow, report.flows, MAX_FLOWS, "flows"),
        neighbours=_each(_neighbour, report.neighbours, MAX_NEIGHBOURS, "neighbours"),
        links=tuple(links.values()),
        gateways=_each(_gateway, report.gateways, MAX_GATEWAYS, "gateways"),
        port_table=_optional(_port_table, report.port_table, "port_table"),
        lacks=tuple(_label(word, "lacks") for word in _bounded(report.lacks, MAX_LACKS, "lacks")),
        unchanged_since=_optional(_age, since, "unchanged_since"),
    )


def _socket(socket: Socket, at: str) -> Socket:
    pid, state = socket.pid, socket.state
    return Socket(
        transport=_transport(socket.transport, f"{at}.transport"),
        local_ip=_address(socket.local_ip, f"{at}.local_ip"),
        local_port=_whole(socket.local_port, f"{at}.local_port"),
        remote_ip=_optional(_address, socket.remote_ip, f"{at}.remote_ip"),
        remote_port=_optional(_whole, socket.remote_port, f"{at}.remote_port"),
        state=_text(state, f"{at}.state").lower() or None if state else None,
        process=_optional(_text, socket.process or None, f"{at}.process"),
        pid=None if pid is None else _whole(pid, f"{at}.pid", MAX_PID),
        age_seconds=_optional(_socket_age, socket.age_seconds, f"{at}.age_seconds"),
        container=_optional(_text, socket.container or None, f"{at}.container"),
        process_age_seconds=_optional(
            _socket_age, socket.process_age_seconds, f"{at}.process_age_seconds"
        ),
    )


def _flow(flow: Flow, at: str) -> Flow:
    size = flow.bytes
    return Flow(
        transport=_text(flow.transport, f"{at}.transport").lower(),
        local_ip=_address(flow.local_ip, f"{at}.local_ip"),
        local_port=_whole(flow.local_port, f"{at}.local_port"),
        remote_ip=_address(flow.remote_ip, f"{at}.remote_ip"),
        remote_port=_whole(flow.remote_port, f"{at}.remote_port"),
        nat_port=_optional(_whole, flow.nat_port, f"{at}.nat_port"),
        age_seconds=_socket_age(flow.age_seconds, f"{at}.age_seconds"),
        bytes=None if size is None else _whole(size, f"{at}.bytes", MAX_BYTES),
    )


def _neighbour(neighbour: Neighbour, at: str) -> Neighbour:
    return Neighbour(
        ip=_address(neighbour.ip, f"{at}.ip"),
        mac=_mac(neighbour.mac, f"{at}.mac"),
        interface=_optional(_label, neighbour.interface, f"{at}.interface"),
    )


def _link(link: Link, at: str) -> Link:
    return Link(
        interface=_label(link.interface, f"{at}.interface"),
        mac=_optional(_mac, link.mac, f"{at}.mac"),
        received_bytes=_whole(link.received_bytes, f"{at}.received_bytes", MAX_BYTES),
        sent_bytes=_whole(link.sent_bytes, f"{at}.sent_bytes", MAX_BYTES),
        ssid=_optional(_label, link.ssid, f"{at}.ssid"),
        bssid=_optional(_mac, link.bssid, f"{at}.bssid"),
    )


def _gateway(gateway: Gateway, at: str) -> Gateway:
    return Gateway(
        ip=_address(gateway.ip, f"{at}.ip"),
        mac=_optional(_mac, gateway.mac, f"{at}.mac"),
        interface=_optional(_label, gateway.interface, f"{at}.interface"),
    )


def _port_table(table: PortTable, at: str) -> PortTable:
    return PortTable(
        gateway=_address(table.gateway, f"{at}.gateway"),
        age_seconds=_age(table.age_seconds, f"{at}.age_seconds"),
        mappings=_each(_mapped_port, table.mappings, MAX_MAPPINGS, f"{at}.mappings"),
    )


def _mapped_port(mapped: MappedPort, at: str) -> MappedPort:
    return MappedPort(
        transport=_transport(mapped.transport, f"{at}.transport"),
        port=_whole(mapped.port, f"{at}.port"),
        ip=_address(mapped.ip, f"{at}.ip"),
        inside_port=_whole(mapped.inside_port, f"{at}.inside_port"),
    )


def _each(
    check: Callable[[Item, str], Item], items: tuple[Item, ...], limit: int, at: str
) -> tuple[Item, ...]:
    return tuple(
        check(item, f"{at}[{index}]") for index, item in enumerate(_bounded(items, limit, at))
    )


def _bounded(items: tuple[T, ...], limit: int, at: str) -> Iterable[T]:
    if len(items) > limit:
        raise WireError(f"{len(items)} entries at {at}, at most {limit} are taken")
    return items


def _optional(check: Callable[[T, str], T], value: T | None, at: str) -> T | None:
    return None if value is None else check(value, at)


def _label(text: str, at: str) -> str:
    return _text(text, at, MAX_LABEL)


def _text(text: str, at: str, most: int = MAX_TEXT) -> str:
    if len(text) > most:
        raise WireError(f"longer than {most} characters at {at}")
    return intern(_UNPRINTABLE.sub("\ufffd", text))  # many sockets have the same


def _transport(text: str, at: str) -> str:
    if text not in ("udp", "tcp"):
        raise WireError(f"expected udp or tcp, got {text[:40]!r} at {at}")
    return intern(text)


def _address(text: str, at: str) -> str:
    address = canonical(text)
    if address is None:
        raise WireError(f"not an IP address: {text[:80]!r} at {at}")
    return address


def _mac(text: str, at: str) -> str:
    mac = text[:80].lower()
    if _MAC.fullmatch(mac) is None:
        raise WireError(f"not a MAC address: {text[:80]!r} at {at}")
    return mac.replace("-", ":")  # Windows writes dashes


def _whole(number: int, at: str, most: int = 65_535) -> int:
    if not 0 <= number <= most:
        raise WireError(f"not within 0 to {most}: {_shown(number)} at {at}")
    return number


def _age(number: float, at: str) -> float:
    return _seconds(number, at, MAX_REPORT_AGE)


def _socket_age(number: float, at: str) -> float:
    return _seconds(number, at, MAX_SOCKET_AGE)


def _seconds(number: float, at: str, most: float, least: float = 0.0) -> float:
    # `not (a <= b)` also refuses NaN, which compares with nothing.
    if not least <= number <= most:
        raise WireError(f"expected seconds within {least:.0f} to {most:.0f}, got {number} at {at}")
    return number


def _shown(number: int) -> str:
    return str(number) if -(10**20) < number < 10**20 else "a far larger number"
