"""Who knocks at a simulated fleet: real networks, each of which stands for one cause.

So what is shown of a packet, by its network, can be held against who brought it about.
"""

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exporter import build
from exporter.settings import Config

STRANGERS = 8  # networks that nobody's packets come from
PREFIXES = 4  # of a network, 254 addresses each


class Owner(NamedTuple):
    """A program of a kind of device, of which a home has one at most."""

    device: str
    program: str


TORRENT = Owner("PC", "qbittorrent.exe")
NETSESSION = Owner("PC", "netsession_win.exe")
NAS = Owner("NAS", "transmission-da")
GAME = Owner("LAPTOP", "game.exe")
OWNERS = (TORRENT, NETSESSION, NAS, GAME)


class Internet:
    """The networks, and an address of one where it is asked for."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.look_up = build.stages(Config()).networks.look_up
        self._prefixes: dict[Owner | None, list[str]] = {None: []}
        self.owners: dict[str, Owner | None] = {}  # by AS number
        found = self._found()
        for owner in (*OWNERS, *[None] * STRANGERS):
            asn, prefixes = next(found)
            self.owners[asn] = owner
            self._prefixes.setdefault(owner, []).extend(prefixes)

    def address(self, owner: Owner | None = None) -> str:
        """Return an address from which that program is answered, or of a stranger."""
        prefix = self._chance.choice(self._prefixes[owner])
        return f"{prefix}.{self._chance.randrange(1, 255)}"

    def anywhere(self) -> str:
        """Return any address at all: forged ones are of all networks."""
        octets = (self._chance.randrange(256) for _ in range(2))
        return ".".join(map(str, (self._chance.randrange(20, 200), *octets, 7)))

    def _found(self) -> Iterator[tuple[str, list[str]]]:
        """Yield networks that have as many prefixes as are wanted."""
        known: dict[str, list[str]] = {}
        while True:
            prefix = ".".join(str(self._chance.randrange(20, 200)) for _ in range(3))
            first, last = (self.look_up(f"{prefix}.{host}") for host in (1, 254))
            if first.asn != last.asn or not first.asn.startswith("AS"):
                continue
            prefixes = known.setdefault(first.asn, [])
            prefixes.append(prefix)
            if len(prefixes) == PREFIXES:
                yield first.asn, prefixes


def judged(owners: Mapping[str, Owner | None], asn: str, device: str, program: str) -> str | None:
    """Return what a name is worth: right, wrong, or none; None where the network does not tell.

    A device is told by its kind, the text before the first dash; `other` may be any.
    """
    if not device:
        return "none"
    if asn not in owners:
        return None
    owner = owners[asn]
    if owner is None or program not in (owner.program, "other", ""):
        return "wrong"
    return "right" if device.partition("-")[0] in (owner.device, "other") else "wrong"
