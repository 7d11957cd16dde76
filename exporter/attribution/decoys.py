"""Packets that nobody sent: for another port of ours than a real one, and from another sender.

In goes a rejection, out comes its decoy. What nobody chose should name nobody: how often it does is
a home's rate of false names.
"""

import itertools
import zlib

import msgspec

from exporter.addresses import neighbour
from exporter.events import Rejection

_RANGES = (1, 1024, 32768, 49152, 65536)  # well-known, registered, Linux and IANA ephemeral


def decoy(rejection: Rejection, *, shared: bool) -> Rejection | None:
    """Return the decoy of a packet: the same one each time.

    Its port is of the same range; of an address that homes share (`shared`) of the same port set,
    since what is for others does not come here. Its sender is another one too, since some evidence
    does not look at the port: one of 65,536 near the real one, for the next neighbours of a server
    are often servers to which the same devices talk. None without a port, and where the address
    names the device, whatever the port.
    """
    port = rejection.our_port
    if not port or rejection.inside:
        return None
    seed = zlib.crc32(f"{rejection.remote_ip} {port} {rejection.received:.0f}".encode())
    other = _of_set(port, seed) if shared else _of_range(port, seed)
    sender = neighbour(rejection.remote_ip, 1 + seed % 65535)
    return msgspec.structs.replace(rejection, our_port=other, remote_ip=sender)


def _of_range(port: int, seed: int) -> int:
    low, high = next((a, b) for a, b in itertools.pairwise(_RANGES) if port < b)
    return low + (port - low + 1 + seed % (high - low - 1)) % (high - low)


def _of_set(port: int, seed: int) -> int:
    """Return another of the 240 ports that have the same eight bits in the middle (RFC 7597)."""
    place = (port >> 12) - 1 << 4 | port & 15
    other = (place + 1 + seed % 239) % 240
    return (other >> 4) + 1 << 12 | port & 0xFF0 | other & 15
