"""What a host knows at one moment, as its agent or a pasted text tells it: a report and its parts.

As `events`, these are frozen, hold plain values and import nothing of ours. Times are seconds,
addresses are canonical text.
"""

import msgspec


class Socket(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One socket of a host, as its agent or a pasted text shows it."""

    transport: str  # "udp" or "tcp"
    local_ip: str  # "0.0.0.0" or "::" when bound to every address
    local_port: int
    remote_ip: str | None = None  # None: not connected, or the system does not tell
    remote_port: int | None = None
    state: str | None = None  # TCP's state in lower case ("listen", "established"); None for UDP
    process: str | None = None
    pid: int | None = None
    age_seconds: float | None = None  # how long it was known to be open when the report was made
    container: str | None = None  # its name, or the first digits of its number
    process_age_seconds: float | None = None  # since its process was started


class Flow(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One conversation of a host or of a router's connection table."""

    transport: str
    local_ip: str
    local_port: int
    remote_ip: str
    remote_port: int
    nat_port: int | None = None  # our port as the outside sees it
    age_seconds: float = 0.0  # since it was last seen
    bytes: int | None = None


class Neighbour(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One entry of the ARP or neighbour discovery table."""

    ip: str
    mac: str
    interface: str | None = None


class Link(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One network interface and its byte counters since boot."""

    interface: str
    mac: str | None = None
    received_bytes: int = 0
    sent_bytes: int = 0
    ssid: str | None = None  # of a wireless link: the network's name
    bssid: str | None = None  # and the station of the access point that it hangs on


class Gateway(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A router that a host sends to what is not for its own networks."""

    ip: str
    mac: str | None = None
    interface: str | None = None


class MappedPort(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A port of a router that leads to a device."""

    transport: str
    port: int  # as the outside sees it
    ip: str  # of the device
    inside_port: int


class PortTable(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """All port mappings of a router (UPnP IGD), as a host read them."""

    gateway: str  # the router, as the host sees it
    age_seconds: float = 0.0  # since it was read
    mappings: tuple[MappedPort, ...] = ()


class HostReport(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """All that a host knows at one moment; it replaces the report before.

    Ages are monotonic and count back from the moment the report was made, which itself lies
    `age_seconds` before its arrival: a spooled report never claims that old sockets are open now.
    """

    version: int
    device: str
    machine_id: str | None = None  # stable over renames; never a label
    age_seconds: float = 0.0
    interval_seconds: float = 15.0
    os: str = ""
    agent: str = ""  # the program that made it; "paste" for text that a person pasted
    addresses: tuple[str, ...] = ()
    sockets: tuple[Socket, ...] = ()
    flows: tuple[Flow, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    links: tuple[Link, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    port_table: PortTable | None = None  # None: this host does not read it, or cannot
    lacks: tuple[str, ...] = ()  # rights to see: `programs` of others, `connections` it forwards
    unchanged_since: float | None = None  # seconds ago; then the lists are those of the last report
    # Never of the wire: whoever brought it may speak for this device, and for no other.
    of_itself: bool = False
