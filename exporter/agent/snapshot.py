"""What a collector sees of this host at one moment, before ages are known."""

import re
from collections.abc import Hashable
from typing import Protocol

import msgspec

from exporter.addresses import scope
from exporter.host_report import Flow, Gateway, Link, Neighbour, Socket

_AFTER_WORD = re.compile(rb"[\s:].*", re.DOTALL)


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One socket, and what tells it from the next one at the same port."""

    identity: Hashable  # its inode where the system tells it; else its ends and its process
    socket: Socket  # without ages
    started: float | None = None  # when its process was, by the clock of ages


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a report tells of the system, read at about the same moment."""

    sockets: list[Sighting]
    addresses: list[str]
    links: list[Link]
    neighbours: list[Neighbour]
    flows: list[Flow] = []
    gateways: list[Gateway] = []
    lacks: list[str] = []  # what our rights do not show, in the report's words


class Collector(Protocol):
    """A way to look at this host. Both methods raise OSError when the system refuses."""

    def listening(self) -> list[Sighting]:
        """Return UDP sockets and TCP listeners, cheaply: owners may be left out."""

    def snapshot(self) -> Snapshot:
        """Return everything, owners included as far as our rights reach."""


def names_a_host(ip: str) -> bool:
    """Tell whether an address can say which host this is: not loopback, not link-local."""
    return scope(ip) in ("private", "global") and not ip.startswith(("fe80:", "169.254."))


def word(text: bytes) -> bytes:
    """Return the text up to a blank or colon: behind its name a program may write whom it serves.

    `postgres-custom-db: anna sales 10.0.0.7 idle`
    """
    return _AFTER_WORD.sub(b"", text)
