"""The records of the knowledge files: what a program, a port or a network means, in plain words.

Each of our three files has its schema here; a user's extension may hold the lists of all three.
Unknown keys are errors, so that a misspelt one is noticed.
"""

from typing import Literal

import msgspec

from exporter.events import Verdict

Transport = Literal["udp", "tcp"]
Reading = Literal["benign", "watch", "scan", "attack", "p2p", "unknown"]
Language = Literal["en", "ja"]


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same words in both languages."""

    en: str
    ja: str


# --- applications.yaml ---------------------------------------------------------------------------


class ApplicationPort(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"first": "from", "last": "to"},
):
    """Ports of a program: a range, or `dynamic` when it picks one at random."""

    proto: Transport
    role: Literal["listen", "remote", "lan"]
    first: int | None = None
    last: int | None = None
    dynamic: bool = False

    def holds(self, transport: str, port: int) -> bool:
        """Tell whether the range holds a port of the transport."""
        if self.first is None or self.last is None or self.proto != transport:
            return False
        return self.first <= port <= self.last


class RemoteAsn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network that a program usually talks to."""

    asn: int
    org: str


class PerSystem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Texts by operating system."""

    windows: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    linux: tuple[str, ...] = ()


class Application(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program that opens ports or attracts packets."""

    id: str
    name: str  # everywhere else: in labels, and in English
    name_ja: str | None = None  # where it is called otherwise in Japanese
    kind: str
    verdict: Verdict
    confidence: Literal["high", "medium", "low"]
    summary: Text
    advice: Text
    process_names: PerSystem = PerSystem()
    path_hints: PerSystem = PerSystem()
    device_hint: str | None = None  # marks things on which no agent can run
    ports: tuple[ApplicationPort, ...] = ()
    typical_remote_asns: tuple[RemoteAsn, ...] = ()
    references: tuple[str, ...] = ()

    def called(self, language: Language) -> str:
        """Return its name for a sentence: without what it lists in brackets at the end."""
        if language == "ja" and self.name_ja:
            return self.name_ja
        return self.name.partition(" (")[0] if self.name.endswith(")") else self.name


class ApplicationsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The layout of applications.yaml."""

    version: Literal[1]
    kinds: tuple[str, ...]
    verdicts: dict[Verdict, Text]
    applications: tuple[Application, ...]


# --- ports.yaml ----------------------------------------------------------------------------------


class PortEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it means when a port of ours is knocked on."""

    proto: Transport
    port: int | None = None
    port_range: tuple[int, int] | None = None
    name: str
    name_ja: str | None = None  # where it is called otherwise in Japanese
    kind: str
    why: Text

    def __post_init__(self) -> None:
        _bounds(self.port, self.port_range)

    def called(self, language: Language) -> str:
        """Return its name for a sentence."""
        return _called(language, self.name, self.name_ja)

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last port."""
        return _bounds(self.port, self.port_range)


class SourcePort(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it means that a packet comes from a port of the other side."""

    proto: Transport
    port: int | None = None
    port_range: tuple[int, int] | None = None
    name: str
    name_ja: str | None = None  # where it is called otherwise in Japanese
    reading: Reading
    weight: float  # 0 to 1: how far the port alone says so
    why: Text

    def __post_init__(self) -> None:
        _bounds(self.port, self.port_range)

    def called(self, language: Language) -> str:
        """Return its name for a sentence."""
        return _called(language, self.name, self.name_ja)

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last port."""
        return _bounds(self.port, self.port_range)


def _called(language: Language, name: str, name_ja: str | None) -> str:
    return name_ja if language == "ja" and name_ja else name


def _bounds(port: int | None, port_range: tuple[int, int] | None) -> tuple[int, int]:
    if (port is None) == (port_range is None):
        raise ValueError("needs either `port` or `port_range`")
    first, last = port_range or (port or 0, port or 0)
    if not 0 <= first <= last <= 65535:
        raise ValueError(f"not a range of ports: {first} to {last}")
    return first, last


class PortKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of ports."""

    en: str
    ja: str


class PortsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The layout of ports.yaml."""

    version: Literal[1]
    kinds: dict[str, PortKind]
    everyone_ports: tuple[int, ...]
    dest_ports: tuple[PortEntry, ...]
    source_port_hints: tuple[SourcePort, ...]


# --- networks.yaml -------------------------------------------------------------------------------


class NetworkKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A family of networks."""

    label: Text
    default_reading: Reading
    advice: Text


class KnownNetwork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An AS number somebody has looked at."""

    asn: int
    org: str
    kind: str
    country: str
    note: str


class Scanner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Address ranges from which an organisation surveys the Internet."""

    org: str
    prefixes: tuple[str, ...]


class SpecialPrefix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A range that belongs to nobody on the Internet."""

    prefix: str
    kind: str
    note: str


class NetworksFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The layout of networks.yaml."""

    version: Literal[1]
    as_of: str
    kinds: dict[str, NetworkKind]
    networks: tuple[KnownNetwork, ...]
    scanner_prefixes: tuple[Scanner, ...]
    special_prefixes: tuple[SpecialPrefix, ...]


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The layout of a user's own file: any of the lists, in one file or several."""

    version: Literal[1] = 1
    applications: tuple[Application, ...] = ()
    everyone_ports: tuple[int, ...] = ()
    dest_ports: tuple[PortEntry, ...] = ()
    source_port_hints: tuple[SourcePort, ...] = ()
    networks: tuple[KnownNetwork, ...] = ()
    scanner_prefixes: tuple[Scanner, ...] = ()
    special_prefixes: tuple[SpecialPrefix, ...] = ()
