"""Read the knowledge files, check them, merge a user's own, and answer look-ups.

In: applications.yaml, ports.yaml and networks.yaml of this package, and texts of a user's
extension files. Out: one `Knowledge`. An entry of an extension replaces ours of the same id (port,
AS number, organisation, prefix); our files are never touched. Errors name the file and the place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeVar

import msgspec
import msgspec.yaml

from exporter.addresses import Prefixes
from exporter.events import Verdict
from exporter.knowledge.processes import ProcessNames
from exporter.knowledge.records import (
    Application,
    ApplicationsFile,
    Extension,
    KnownNetwork,
    NetworkKind,
    NetworksFile,
    PortEntry,
    PortKind,
    PortsFile,
    Scanner,
    SourcePort,
    SpecialPrefix,
    Text,
)

T = TypeVar("T")
K = TypeVar("K")
Ported = TypeVar("Ported", PortEntry, SourcePort)


class KnowledgeError(ValueError):
    """A knowledge file cannot be used; the text names the file and the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNetworks:
    """What is known about networks: by AS number and by prefix."""

    kinds: dict[str, NetworkKind]
    asns: dict[int, KnownNetwork]
    scanners: tuple[Scanner, ...]
    special: tuple[SpecialPrefix, ...]
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that the files say. A match is a prior, no verdict: a port's owner outweighs it."""

    applications: dict[str, Application]  # by id
    verdicts: dict[Verdict, Text]
    port_kinds: dict[str, PortKind]
    everyone_ports: frozenset[int]  # that every device opens: they tell nobody apart
    networks: KnownNetworks
    _processes: ProcessNames
    _ports: dict[tuple[str, int], PortEntry]
    _source_ports: dict[tuple[str, int], SourcePort]

    def application(
        self, process: str, transport: str = "", port: int | None = None
    ) -> Application | None:
        """Return the application that a process belongs to, or None.

        Some processes serve several (a browser also does discovery): the one that is known to use
        the port wins, else the one the file lists last, which is the most general.
        """
        return self._processes.find(process, transport, port) if process else None

    def port(self, transport: str, port: int) -> PortEntry | None:
        """Return what a port of ours means, or None."""
        return self._ports.get((transport, port))

    def source_port(self, transport: str, port: int) -> SourcePort | None:
        """Return what a port of the other side hints at, or None."""
        return self._source_ports.get((transport, port))

    def noted(self, transport: str) -> frozenset[int]:
        """The ports of which anything is known, on either side."""
        return frozenset(
            port for of, port in (*self._ports, *self._source_ports) if of == transport
        )


def load(extra: Sequence[tuple[str, bytes]] = ()) -> Knowledge:
    """Return our knowledge, with the extension files `(name, text)` merged into it in order.

    Raises KnowledgeError naming the file and the place.
    """
    programs, ports, networks = _ours()
    extensions = [(name, _decode(name, data, Extension)) for name, data in extra]
    for name, extension in extensions:
        _check(name, extension, programs, ports, networks)
    own = Extension(
        applications=programs.applications,
        everyone_ports=ports.everyone_ports,
        dest_ports=ports.dest_ports,
        source_port_hints=ports.source_port_hints,
        networks=networks.networks,
        scanner_prefixes=networks.scanner_prefixes,
        special_prefixes=networks.special_prefixes,
    )
    parts = [own, *(extension for _, extension in extensions)]
    applications = _by(lambda entry: entry.id, (part.applications for part in parts))
    return Knowledge(
        applications=applications,
        verdicts=programs.verdicts,
        port_kinds=ports.kinds,
        everyone_ports=frozenset(port for part in parts for port in part.everyone_ports),
        networks=_known_networks(networks, parts),
        _processes=ProcessNames(applications.values()),
        _ports=_by_port(part.dest_ports for part in parts),
        _source_ports=_by_port(part.source_port_hints for part in parts),
    )


@cache  # to read them takes a quarter of a second
def _ours() -> tuple[ApplicationsFile, PortsFile, NetworksFile]:
    return (
        _decode("applications.yaml", _own("applications.yaml"), ApplicationsFile),
        _decode("ports.yaml", _own("ports.yaml"), PortsFile),
        _decode("networks.yaml", _own("networks.yaml"), NetworksFile),
    )


def _own(name: str) -> bytes:
    return resources.files("exporter.knowledge").joinpath(name).read_bytes()


def _decode(name: str, data: bytes, layout: type[T]) -> T:
    try:
        return msgspec.yaml.decode(data, type=layout)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what, _, where = " ".join(str(error).split()).partition(" - at `$")
        place = where.strip(".`")
        raise KnowledgeError(f"{name}: {place}: {what}" if place else f"{name}: {what}") from None


def _check(
    name: str,
    extension: Extension,
    programs: ApplicationsFile,
    ports: PortsFile,
    networks: NetworksFile,
) -> None:
    """Raise KnowledgeError for a kind that no file defines or a prefix that is not one."""
    used = [
        *((f"application {e.id}", e.kind, programs.kinds) for e in extension.applications),
        *((f"{e.proto} port {e.bounds[0]}", e.kind, ports.kinds) for e in extension.dest_ports),
        *((f"AS{e.asn}", e.kind, networks.kinds) for e in extension.networks),
    ]
    for place, kind, kinds in used:
        if kind not in kinds:
            raise KnowledgeError(
                f"{name}: {place}: unknown kind {kind!r}, expected one of {', '.join(kinds)}"
            )
    scanned = (prefix for entry in extension.scanner_prefixes for prefix in entry.prefixes)
    special = (entry.prefix for entry in extension.special_prefixes)
    try:
        Prefixes((prefix, None) for prefix in (*scanned, *special))
    except ValueError as error:
        raise KnowledgeError(f"{name}: {error}") from None


def _known_networks(networks: NetworksFile, parts: Sequence[Extension]) -> KnownNetworks:
    scanners = _by(lambda entry: entry.org, (part.scanner_prefixes for part in parts))
    special = _by(lambda entry: entry.prefix, (part.special_prefixes for part in parts))
    return KnownNetworks(
        kinds=networks.kinds,
        asns=_by(lambda entry: entry.asn, (part.networks for part in parts)),
        scanners=tuple(scanners.values()),
        special=tuple(special.values()),
        as_of=networks.as_of,
    )


def _by(key: Callable[[T], K], lists: Iterable[Iterable[T]]) -> dict[K, T]:
    """Index entries by key; a later entry replaces an earlier one and moves to the end."""
    found: dict[K, T] = {}
    for entries in lists:
        for entry in entries:
            found.pop(key(entry), None)
            found[key(entry)] = entry
    return found


def _by_port(lists: Iterable[Iterable[Ported]]) -> dict[tuple[str, int], Ported]:
    found: dict[tuple[str, int], Ported] = {}
    for entries in lists:
        # Ranges first: a single port is the more exact statement.
        for entry in sorted(entries, key=lambda entry: entry.port is not None):
            first, last = entry.bounds
            found.update(((entry.proto, port), entry) for port in range(first, last + 1))
    return found
