"""WireGuard in the Linux kernel, with dynamic debug on: peers and their handshakes.

    kernel: wireguard: wg0: Invalid handshake initiation from 203.0.113.9:51820
    kernel: wireguard: wg0: Packet has unallowed src IP (10.0.0.3) from peer 1 (203.0.113.9:51820)

No line says that a packet was rejected by a firewall; all are `other`. Source is the peer on the
outside, where the packet came from. Source: drivers/net/wireguard/receive.c, send.c.
"""

import re

from exporter.dialects import Dialect, fields
from exporter.events import Event, SyslogMessage

_SIGN = "wireguard: "
_LENGTH = 400  # characters that are looked at
_PEER = re.compile(r"from (?:peer [0-9]++ \()?(?P<endpoint>[0-9A-Fa-f.:\[\]%]{2,64}+)")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the kernel's WireGuard wrote the line."""
    return _SIGN in message.text and message.app_name in ("kernel", "wireguard", None)


def parse(message: SyslogMessage) -> Event:
    """Read the interface and the peer's address outside."""
    says = message.text.partition(_SIGN)[2].lstrip()
    name, colon, says = says.partition(": ")
    peers = list(_PEER.finditer(says[:_LENGTH]))
    found = peers[-1] if peers else None  # a packet's own address may come before it
    ip = port = None
    if found:
        host, _, digits = found["endpoint"].rpartition(":")
        ip, port = fields.address(host.strip("[]")), fields.port(digits)
    return Event(
        kind="other",
        transport="udp" if ip else None,
        source_ip=ip,
        source_port=port if ip else None,
        ingress_interface=name if colon and 0 < len(name) <= 64 and " " not in name else None,
    )


DIALECT = Dialect(
    "wireguard",
    "WireGuard in the Linux kernel",
    claims,
    parse,
    examples=(
        "kernel: wireguard: wg0: Invalid handshake initiation from 203.0.113.9:51820",
        (
            "kernel: wireguard: wg0: Packet has unallowed src IP (10.0.0.3) from peer 1 "
            "(203.0.113.9:51820)"
        ),
    ),
)
