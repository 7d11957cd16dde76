"""The configuration's tables as records: every key, its default, and what a wrong value is.

`config` fills them from a TOML file. Durations bear their unit in the key.
"""

from typing import Annotated, Literal

import msgspec

from exporter.attribution.traces import Windows
from exporter.events import Kind
from exporter.metrics import Limits

PRIVATE_SENDERS = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
)


Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Buffer = Annotated[int, msgspec.Meta(ge=1, le=2**30)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=87_600)]
Days = Annotated[float, msgspec.Meta(gt=0, le=3650)]
Meaning = Literal["rejected", "accepted", "other"]
Rows = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
Places = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Bytes = Annotated[int, msgspec.Meta(ge=10_000_000, le=10**12)]


class Listen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[listen]: where lines and requests come in."""

    address: str = ""  # "" is every address, IPv4 and IPv6
    syslog_port: Port = 5514  # UDP and TCP; 0 takes any free one
    http_port: Port = 10151
    allowed_senders: tuple[str, ...] = PRIVATE_SENDERS  # prefixes that may send syslog
    host_names: tuple[str, ...] = ()  # under which the page is reached, besides *.local
    receive_buffer_bytes: Buffer = 8 * 1024 * 1024  # asked of the kernel for UDP
    tls_port: Port = 6514  # opened when there is a certificate
    tls_certificate: str = ""  # file (PEM) with its chain; "" is no TLS
    tls_key: str = ""  # file; "" when the key is in the certificate's
    connections: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 256  # of TCP and of TLS, at most
    tls_client_ca: str = ""  # file: only senders with a certificate of this CA are heard
    files: tuple[str, ...] = ()  # that are followed: absolute paths, patterns, "-"
    sender_messages_per_second: Annotated[float, msgspec.Meta(ge=0, le=10**9)] = 20_000.0  # UDP
    sender_burst: Annotated[int, msgspec.Meta(ge=1, le=10**9)] = 10_000  # that may come at once
    web_config: str = ""  # TLS and passwords for HTTP, in exporter-toolkit's format


class Router(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[router]]: a router that is expected to send."""

    name: str
    addresses: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # its name in the header, where a relay forwards its lines
    files: tuple[str, ...] = ()  # that are followed as those of [listen], and hold its lines alone
    lan_interfaces: tuple[str, ...] = ()
    wan_interfaces: tuple[str, ...] = ()
    bssids: tuple[str, ...] = ()  # of its radios, by which devices tell what they are on
    dialect: str | tuple[str, ...] = ()  # the only ones it writes; without it: recognised
    meanings: dict[str, Meaning] = {}  # part of a packet line → what such a packet is


class Pattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[dialect.pattern]]: one form of line; its groups are named as the keys of an event."""

    regex: str
    samples: tuple[str, ...]  # whole lines, which it must read
    kind: Kind | Literal["ignored"] | None = None  # without it: what the group `action` says


class OwnDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[dialect]]: lines of a router that no built-in dialect reads."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    pattern: tuple[Pattern, ...]


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[device]]: what is known of a device, above all of one on which no agent runs."""

    name: str
    addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()  # stations, which DHCP leases tie to addresses
    excludes: tuple[str, ...] = ()  # stations and addresses that are never this device


class PortForward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[port_forward]]: a port of a router that leads to a device."""

    transport: Literal["udp", "tcp"]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    device: str
    router: str = ""  # "" is any


class SpecialPrefix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[network.special]]: a range that belongs to nobody on the Internet."""

    prefix: str
    kind: Literal["private", "reserved"]


class NetworkTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[network]: what belongs to the home, and who owns the rest."""

    lan_prefixes: tuple[str, ...] = ()  # besides RFC 1918, ULA and link-local
    tables: tuple[str, ...] = ()  # files or URLs (MMDB, CSV, TSV) in place of the embedded table
    refresh_hours: Hours = 24.0  # how often `tables` are read again
    resolver: str = "gateway"  # who is asked for names of the LAN: "off", or another address
    special: tuple[SpecialPrefix, ...] | None = None  # in place of the known special ranges


class OwnKnowledge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[knowledge]: what programs, ports and networks mean, besides what we know."""

    files: tuple[str, ...] = ()  # YAML; an entry replaces ours of the same name or number


class Tokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[tokens]: who may post. Without a file: loopback and private addresses."""

    file: str = ""  # a line is `sha256:HEX` of a token, perhaps behind the name of a device
    observers: tuple[str, ...] = ()  # devices whose own tokens may tell of other devices, too


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[state]: what is kept, and how long."""

    evidence_days: Days = 7.0
    evidence_rows: Rows = 200_000
    evidence_bytes: Bytes = 200_000_000  # of its file


class MetricsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[metrics]: how they are shown."""

    newborn_at_zero: bool = False  # for a Prometheus that does not read created times


class CanaryTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[canary]: a line and a report of our own, through the real inputs, to see that all works."""

    every_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60.0  # 0: never
    within_seconds: Annotated[float, msgspec.Meta(ge=1, le=60)] = 10.0  # until its name is known


class Kafka(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[kafka]: where relays write and workers read. `serve` with `servers` is a worker."""

    servers: tuple[str, ...] = ()  # HOST:PORT; some of the brokers
    topic: str = "knockwatch"  # its changelog is TOPIC-changelog
    group: str = "knockwatch"  # of the workers
    partitions: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 12  # of topics that we make
    replicas: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0  # of the same; 0: as the brokers say
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    ca: str = ""  # files (PEM): of the brokers' CA; our own certificate and key, if they ask for it
    certificate: str = ""
    key: str = ""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    user: str = ""
    password_file: str = ""


class Relay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[relay]: what `relay` writes, and for whom. Either one site, or a file of subscribers."""

    name: str = ""  # under which workers know its key; "" is the host's name
    key_file: str = ""  # the secret with which it signs
    site: str = ""
    region: str = ""  # under which that site is counted; "" is the site itself
    subscribers: str = ""  # file: whose addresses, certificates and tokens belong to which site
    spool_bytes: Bytes = 1_000_000_000  # of what waits on disk while no broker answers


class Fleet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[fleet]: what a worker takes, and how it shows it. A shard is one of Kafka's partitions."""

    relays: str = ""  # file: the relays' keys and sites; without it everybody is believed
    rebuild_minutes: Annotated[float, msgspec.Meta(ge=5, le=1440)] = 15.0  # of reports, on a move
    pseudonym_key: str = ""  # file: a secret; devices are shown by names made with it
    sites_per_shard: Places = 5_000
    series_per_shard: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 200_000  # of a metric
    budgets: Limits = Limits(  # of each site, or region
        router=10,
        destination_port=50,
        source_asn=50,
        source_country=50,
        device=30,
        process=50,
        series_per_metric=500,
    )


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be configured."""

    language: Literal["auto", "en", "ja"] = "auto"
    listen: Listen = Listen()
    router: tuple[Router, ...] = ()
    dialect: tuple[OwnDialect, ...] = ()
    device: tuple[Device, ...] = ()
    port_forward: tuple[PortForward, ...] = ()
    network: NetworkTable = NetworkTable()
    knowledge: OwnKnowledge = OwnKnowledge()
    tokens: Tokens = Tokens()
    budgets: Limits = Limits()
    windows: Windows = Windows()
    state: State = State()
    metrics: MetricsTable = MetricsTable()
    canary: CanaryTable = CanaryTable()
    kafka: Kafka = Kafka()
    relay: Relay = Relay()
    fleet: Fleet = Fleet()

    @property
    def files(self) -> tuple[str, ...]:
        """All files that are followed: paths, patterns, and "-" for standard input."""
        return (*self.listen.files, *(file for router in self.router for file in router.files))
