"""What the doctor looks at, and what it finds: plain values."""

from typing import Literal

import msgspec

State = Literal["ok", "warn", "fail"]


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """What came in at one listener since the start."""

    name: str
    messages: int
    seconds: float  # ago, the last one


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that were refused or lost since the start."""

    listener: str
    reason: str
    messages: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The newest form of lines that were not understood."""

    text: str
    error: str | None = None
    near: str | None = None  # title of the dialect that it resembles
    example: str | None = None  # how that one writes


class RouterCondition(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one sender of lines since the start."""

    name: str
    seconds: float  # since its last message
    masked: bool = False
    limited: bool = False
    offset: float | None = None  # its clock minus ours, in seconds
    lag: float = 0.0
    messages: int = 0
    not_understood: int = 0
    rejected: int = 0
    no_verdict: int = 0
    sample: Sample | None = None  # of what was not understood
    unjudged: str | None = None  # form of the newest packet line without a verdict
    configured: bool = False  # it has a [[router]] of its own
    read_as: tuple[str, ...] = ()  # dialects that recognised its lines, most lines first
    dialects: tuple[str, ...] = ()  # the only ones by which the configuration has it read
    routes: bool = False  # it told of what only a router does: let a packet pass, lost its line
    packetlike: bool = False  # lines that were not understood look as if they were about packets

    @property
    def is_stranger(self) -> bool:
        """Whether nothing that it wrote looks like a router's: a NAS or a PC that logs here, too.

        A line of a firewall names two addresses, whatever else it looks like.
        """
        if self.configured or self.rejected or self.no_verdict or self.routes or self.packetlike:
            return False
        return self.sample is not None and self.sample.near is None


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot be stored at present."""

    database: Literal["state", "evidence"]
    error: str


class CanaryCondition(msgspec.Struct, frozen=True, kw_only=True):
    """How the last line of our own fared."""

    failed: Literal["", "report", "line", "attribution"] = ""  # the step, "" if it was named
    seconds: float | None = None  # ago, the last that was named in time


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the hops look at. Times are seconds ago."""

    version: str
    up_seconds: float
    ready: bool
    syslog_port: int
    address: str = ""  # at which it listens; "" is all
    listeners: tuple[Listener, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    routers: tuple[RouterCondition, ...] = ()
    unheard: tuple[str, ...] = ()  # routers of the configuration that sent nothing
    agents: tuple[str, ...] = ()  # that report
    old_agents: tuple[str, ...] = ()  # that did
    refused_reports: int = 0
    silent_devices: tuple[str, ...] = ()  # of the home's, on which no agent runs
    decided: int = 0  # packets
    nobodys: int = 0  # of these, a device of ours might have been named and was not
    troubles: tuple[Trouble, ...] = ()
    scraped: float | None = None
    canary: CanaryCondition | None = None


class Finding(msgspec.Struct, frozen=True):
    """What is found at one hop, and what to do about it."""

    hop: str
    state: State
    sentence: str
    step: str = ""
