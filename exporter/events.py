"""The records that travel between the stages, in the order in which a log line meets them.

Every arrow of the pipeline is one of these, or a list of them. They are frozen, hold plain values
and import nothing of ours. `msgspec.Struct` because a frozen dataclass costs seven times as much to
build, and the per-line path builds several. Times are Unix seconds; addresses are canonical text
(RFC 5952, IPv4-mapped addresses unwrapped), validated once, by the stage that read them.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

# --- what arrives --------------------------------------------------------------------------------


STDIN = "stdin"  # the sender of what comes in by standard input


class Position(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far a followed file is read: it is that file in which `before` stands before `offset`."""

    file: str  # the name under which it was written: its path, or what that is a link to
    inode: int
    modified: int  # when it was last written before it was read (ns): newer files were not read
    offset: int  # bytes; a line begins there
    before: bytes  # the last bytes in front of it
    skipping: bool = False  # the offset lies inside a line that is too long; it is counted


class Batch(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Whole messages of one sender, in the order in which they arrived; framing is removed."""

    received: float  # when they reached us
    sender: str  # the peer's address; a file's path; "stdin"; "" for replayed and pasted text
    listener: str  # "udp", "tcp", "file": the label of `dropped_messages_total`
    messages: Sequence[bytes]
    oversize: int = 0  # messages that stood between them and were too long
    position: Position | None = None  # of a file, once they are counted
    names: tuple[str, ...] = ()  # on the certificate that the sender has shown


class SyslogMessage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One syslog message, header read (RFC 5424, RFC 3164, or neither)."""

    received: float
    facility: int | None = None  # None: the message has no PRI
    severity: int | None = None
    time: float | None = None  # the originator's own stamp, its year guessed when it has none
    hostname: str | None = None
    app_name: str | None = None  # RFC 3164 TAG
    proc_id: str | None = None
    text: str  # all that follows stamp and host, tag included: what a free-form dialect matches
    content: str  # the same without the tag (RFC 5424 MSG)


Kind = Literal[
    "rejected",
    "accepted",
    "dhcp_lease",
    "wifi_join",
    "wifi_leave",
    "wifi_auth_failure",
    "wan_up",
    "wan_down",
    "nat_fault",
    "conntrack_full",
    "login_failure",
    "boot",
    "port_mapping",
    "dos_alert",
    "dns",
    "repeat",
    "other",
]


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one line says, and nothing that it does not say: absent facts are None."""

    kind: Kind
    action: str | None = None  # the verdict's word as printed, lower case
    transport: str | None = None  # udp, tcp, icmp, icmpv6, …; numbers without a name stay text
    source_ip: str | None = None
    source_port: int | None = None
    destination_ip: str | None = None
    destination_port: int | None = None
    ingress_interface: str | None = None
    egress_interface: str | None = None
    rule: str | None = None
    mac: str | None = None  # of the source station: lower case, colons
    ip: str | None = None  # the address a lease, mapping or WAN line is about
    hostname: str | None = None  # the client's name in the message, never the sender's
    count: int | None = None  # "message repeated N times"; None counts as 1
    time: float | None = None
    signal: str | None = None  # TCP's flags, "SA", or ICMP's type, "8"; `--events` leaves it out

    @property
    def packets(self) -> int:
        """How many packets the line stands for."""
        return 1 if self.count is None else self.count

    @property
    def names_packet(self) -> bool:
        """Whether the line is about a packet, as firewalls log it."""
        return self.transport is not None and bool(self.source_ip or self.destination_ip)


Outcome = Literal["event", "ignored", "unrecognised", "malformed"]


class Reading(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What became of one message: the unit of `messages_total` and of `replay --events`."""

    router: str
    dialect: str | None  # None: no dialect claimed it
    outcome: Outcome
    event: Event | None = None  # set exactly when the outcome is "event"
    error: str | None = None  # why it is malformed


# --- where it came from --------------------------------------------------------------------------


class Network(msgspec.Struct, frozen=True, gc=False):
    """Whom an address is registered to. `asn` is `AS20940`, `private`, `reserved` or `unknown`."""

    asn: str
    name: str = ""  # the registered organisation, or what a special range is for
    kind: str = "unknown"  # cdn, isp, hosting, scanner, …: knowledge/networks.yaml
    country: str = ""  # ISO 3166-1 alpha-2 of the registration, which is not where the packet began


Direction = Literal["inbound", "outbound", "local"]


class Rejection(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`count` equal rejected packets, enriched: what attribution is asked about.

    `our_*` is the side of the home: the destination of an inbound packet, the source of one that a
    device of ours sent, outbound or local. `remote_*` is the other side.
    """

    received: float
    router: str
    direction: Direction
    transport: str  # "" when the line does not say
    remote_ip: str  # "" when unreadable
    remote_port: int | None
    our_ip: str
    our_port: int | None
    destination_port: int | None
    source: Network
    remote: Network  # equals `source` when inbound
    inside: bool  # `our_ip` is a device itself (it sent; IPv6; forwarded), not a NAT's address
    count: int = 1
    signal: str = ""  # TCP's flags, of "SFRAPU", or ICMP's type; "" when the line does not say
    line: str = ""  # the log line that told of the first of them, cut; the page shows it


# --- whose it was, and why -----------------------------------------------------------------------

Evidence = Literal["mapping", "flow", "socket", "remote", "dns", "history", "ambiguous", "none"]


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One step of a decision; `explanation` words it in the reader's language."""

    code: str
    values: dict[str, str | int | float] = {}


class Candidate(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A device, and its program if that is known, that might have caused a packet."""

    device: str
    process: str  # "" when unknown
    evidence: Evidence
    confidence: float  # 0 to 1
    reasons: tuple[Reason, ...] = ()


class Attribution(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Whose packet it was. `device` and `process` are "" when nobody is named."""

    device: str = ""
    process: str = ""
    evidence: Evidence = "none"
    confidence: float = 0.0
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[Candidate, ...] = ()


CauseName = Literal[
    "late_reply",
    "p2p",
    "echo",
    "scan",
    "survey",
    "reflection",
    "flood",
    "local_chatter",
    "misconfiguration",
    "unknown",
]
Verdict = Literal["benign", "watch", "act"]


class Cause(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Why the packet came, how sure that is, and whether anybody has to do anything."""

    name: CauseName
    verdict: Verdict
    confidence: float
    reasons: tuple[Reason, ...] = ()


class Decision(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A rejection, decided: counted once in `attributed_packets_total`, kept as evidence."""

    rejection: Rejection
    attribution: Attribution
    cause: Cause
    last: float  # arrival of the newest of the packets; `rejection.received` is that of the first
