"""Packets that nobody sent: for another port of ours than a real one, and from another sender.

In goes a rejection, out comes its decoy. What nobody chose should name nobody: how often it does is
a home's rate of false names.
"""

import zlib
from bisect import bisect
from collections.abc import Sequence

import msgspec

from exporter.addresses import neighbour
from exporter.events import Rejection

_RANGES = (1, 1024, 32768, 49152, 65536)  # well-known, registered, Linux and IANA ephemeral
_DOTS = 3  # of an IPv4 address


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
    [sender], [other] = decoys([rejection.remote_ip], [port], [rejection.received], shared=shared)
    return msgspec.structs.replace(rejection, our_port=other, remote_ip=sender)


def decoys(
    sources: Sequence[str], ports: Sequence[int], moments: Sequence[float], *, shared: bool
) -> tuple[list[str], list[int]]:
    """Return the senders and ports of the decoys of packets from outside; none of port 0."""
    when = {moment: f"{moment:.0f}" for moment in set(moments)}
    seeds = [
        zlib.crc32(f"{source} {port} {when[moment]}".encode())
        for source, port, moment in zip(sources, ports, moments, strict=True)
    ]
    senders = _neighbours(sources, [1 + seed % 65535 for seed in seeds])
    if shared:
        return senders, list(map(_of_set, ports, seeds))
    places = {port: _in_range(port) for port in set(ports)}
    others = (
        low + (place + 1 + seed % (size - 1)) % size
        for (low, place, size), seed in zip(map(places.__getitem__, ports), seeds, strict=True)
    )
    return senders, list(others)


def _neighbours(sources: Sequence[str], distances: Sequence[int]) -> list[str]:
    """Return what `neighbour` does, of IPv4 addresses without packing each."""
    if not all(source.count(".") == _DOTS and ":" not in source for source in set(sources)):
        return list(map(neighbour, sources, distances))
    parts = {}
    for source in set(sources):
        high, third, fourth = source.rsplit(".", 2)
        parts[source] = high, int(third) * 256 + int(fourth)
    near = [
        (high, (low + distance) % 65536)
        for (high, low), distance in zip(map(parts.__getitem__, sources), distances, strict=True)
    ]
    return [f"{high}.{low >> 8}.{low & 255}" for high, low in near]


def _in_range(port: int) -> tuple[int, int, int]:
    """Where the range of a port begins, the port's place in it, and its size."""
    number = bisect(_RANGES, port)
    low = _RANGES[number - 1]
    return low, port - low, _RANGES[number] - low


def _of_set(port: int, seed: int) -> int:
    """Return another of the 240 ports that have the same eight bits in the middle (RFC 7597)."""
    place = (port >> 12) - 1 << 4 | port & 15
    other = (place + 1 + seed % 239) % 240
    return (other >> 4) + 1 << 12 | port & 0xFF0 | other & 15
