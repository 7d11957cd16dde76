"""The other side: servers and strangers at any documentation address.

In: an address and a port; out: a `Remote` that hears what a host sends it, and learns by that how
the router has translated the host's port; and that knocks at ports of ours. Each knock is written
down as a `Packet` with the truth about it, before the router says anything.
"""

import socket
import struct
import time
from collections import defaultdict
from dataclasses import dataclass, field

from tests.lab.truth import Packet, Truth
from tests.lab.world import WAN
from tests.system.parts.lab import Lab

HEAR_SECONDS = 5.0
SYN, SYN_ACK, FIN_ACK = 0x02, 0x12, 0x11


@dataclass
class Remote:
    """One address and port out there."""

    ip: str
    port: int
    socket: socket.socket

    @property
    def place(self) -> tuple[str, int]:
        return self.ip, self.port

    def heard(self) -> int:
        """Return the port from which the last datagram came: our port as the outside sees it."""
        _, sender = self.socket.recvfrom(2048)
        return int(sender[1])


@dataclass
class Listening:
    """One address and port out there that takes TCP connections."""

    ip: str
    port: int
    socket: socket.socket

    @property
    def place(self) -> tuple[str, int]:
        return self.ip, self.port

    def met(self) -> int:
        """Take the next connection and end it at once; return our port as the outside sees it."""
        connection, sender = self.socket.accept()
        connection.close()
        return int(sender[1])


@dataclass
class Internet:
    """All of it, and the list of what was sent to us uninvited."""

    lab: Lab
    ports: frozenset[int] | None = None  # of our IPv4 address that are this home's; None: all
    packets: list[Packet] = field(default_factory=list)
    opened: list[socket.socket] = field(default_factory=list)
    # To which programs, by host and name, the router has given a port of its own.
    given: defaultdict[tuple[str, int], set[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def remote(self, ip: str, port: int) -> Remote:
        """Open a UDP socket at an address of the internet."""
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        with self.lab.inside("internet"):
            own = socket.socket(family, socket.SOCK_DGRAM)
        self.opened.append(own)
        own.settimeout(HEAR_SECONDS)
        own.bind((ip, port))
        return Remote(ip, port, own)

    def listening(self, ip: str, port: int) -> Listening:
        """Open a TCP socket that listens at an address of the internet."""
        with self.lab.inside("internet"):
            own = socket.socket()
        self.opened.append(own)
        own.settimeout(HEAR_SECONDS)
        own.bind((ip, port))
        own.listen()
        return Listening(ip, port, own)

    def knock(
        self,
        episode: str,
        remote: Remote,
        port: int,
        truth: Truth,
        *,
        at: str = WAN,
        times: int = 1,
    ) -> None:
        """Send datagrams from a remote to a port of ours, and write down whose they are."""
        if self._is_for_others(port, at):
            return
        for _ in range(times):
            self.note(episode, "udp", remote.ip, port, truth)
            remote.socket.sendto(b"late", (at, port))

    def segment(
        self, episode: str, ip: str, source: int, port: int, truth: Truth, flags: int
    ) -> None:
        """Send one TCP segment from an address, whether or not there is a connection."""
        if self._is_for_others(port, WAN):
            return
        with self.lab.inside("internet"), raw() as out:
            out.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND: the address is on no interface
            out.bind((ip, 0))
            self.note(episode, "tcp", ip, port, truth)
            out.sendto(tcp(ip, source, WAN, port, flags), (WAN, 0))

    def note(self, episode: str, transport: str, ip: str, port: int, truth: Truth) -> None:
        """Write a packet down that is sent next."""
        now = time.clock_gettime(time.CLOCK_REALTIME)
        self.packets.append(Packet(episode, transport, ip, port, now, truth))

    def crowded(self, packet: Packet) -> bool:
        """Tell whether the packet's port was given to several programs, each for its own peer."""
        return len(self.given.get((packet.transport, packet.port), ())) > 1

    def close(self) -> None:
        """Close every socket."""
        for own in self.opened:
            own.close()

    def _is_for_others(self, port: int, at: str) -> bool:
        """Tell whether the provider takes it to another home, which shares our address."""
        return at == WAN and self.ports is not None and port not in self.ports


def raw() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)


def tcp(source: str, source_port: int, target: str, port: int, flags: int) -> bytes:
    """Return a TCP header without data (RFC 9293), its checksum over the pseudo header right."""
    header = struct.pack("!HHIIBBHHH", source_port, port, 7, 0, 5 << 4, flags, 1024, 0, 0)
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    words = struct.unpack("!16H", ends + struct.pack("!BBH", 0, 6, len(header)) + header)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:16] + struct.pack("!H", ~total & 0xFFFF) + header[18:]
