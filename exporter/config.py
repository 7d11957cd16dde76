"""The configuration: one TOML file, every key optional, every default works.

The file is named by `--config` or `$KNOCKWATCH_CONFIG` and never found by accident. An unknown key
is an error that names the nearest known one. Secrets are not in it: it names files that hold them.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from exporter.addresses import Prefixes, canonical
from exporter.attribution import Windows
from exporter.metrics import Limits

PRIVATE_SENDERS = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
)


Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Buffer = Annotated[int, msgspec.Meta(ge=1, le=2**30)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=87_600)]
Days = Annotated[float, msgspec.Meta(gt=0, le=3650)]
Rows = Annotated[int, msgspec.Meta(ge=1, le=10**9)]


class ConfigError(ValueError):
    """The configuration cannot be used; the text names the file and the key."""


class Listen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[listen]: where lines and requests come in."""

    address: str = ""  # "" is every address, IPv4 and IPv6
    syslog_port: Port = 5514  # UDP and TCP; 0 takes any free one
    http_port: Port = 10151
    allowed_senders: tuple[str, ...] = PRIVATE_SENDERS  # prefixes that may send syslog
    host_names: tuple[str, ...] = ()  # under which the page is reached, besides *.local
    receive_buffer_bytes: Buffer = 8 * 1024 * 1024  # asked of the kernel for UDP


class Router(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[router]]: a router that is expected to send."""

    name: str
    addresses: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # its name in the header, where a relay forwards its lines
    lan_interfaces: tuple[str, ...] = ()
    wan_interfaces: tuple[str, ...] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[device]]: a device on which no agent runs."""

    name: str
    addresses: tuple[str, ...]


class SpecialPrefix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[network.special]]: a range that belongs to nobody on the Internet."""

    prefix: str
    kind: Literal["private", "reserved"]


class NetworkTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[network]: what belongs to the home, and who owns the rest."""

    lan_prefixes: tuple[str, ...] = ()  # besides RFC 1918, ULA and link-local
    tables: tuple[str, ...] = ()  # files or URLs (MMDB, CSV, TSV) in place of the embedded table
    refresh_hours: Hours = 24.0  # how often `tables` are read again
    special: tuple[SpecialPrefix, ...] | None = None  # in place of the known special ranges


class Tokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[tokens]: who may post. Without a file: loopback and private addresses."""

    file: str = ""  # one token a line


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[state]: what is kept, and how long."""

    evidence_days: Days = 7.0
    evidence_rows: Rows = 200_000


class MetricsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[metrics]: how they are shown."""

    newborn_at_zero: bool = False  # for a Prometheus that does not read created times


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be configured."""

    language: Literal["auto", "en", "ja"] = "auto"
    listen: Listen = Listen()
    router: tuple[Router, ...] = ()
    device: tuple[Device, ...] = ()
    network: NetworkTable = NetworkTable()
    tokens: Tokens = Tokens()
    budgets: Limits = Limits()
    windows: Windows = Windows()
    state: State = State()
    metrics: MetricsTable = MetricsTable()


def load(path: str | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration that is asked for, or the defaults when none is.

    The page may also be reached under the name in $KNOCKWATCH_HOST, which links use.
    Raises ConfigError naming the file and the key.
    """
    config = _read(path or environment.get("KNOCKWATCH_CONFIG"))
    host = environment.get("KNOCKWATCH_HOST")
    if not host or host in config.listen.host_names:
        return config
    names = (*config.listen.host_names, host)
    listen = msgspec.structs.replace(config.listen, host_names=names)
    return msgspec.structs.replace(config, listen=listen)


def _read(path: str | None) -> Config:
    if not path:
        return Config()
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return parse(text, path)


def parse(text: str, name: str = "configuration") -> Config:
    """Read a configuration from its text.

    Raises ConfigError naming `name` and the key.
    """
    try:
        data = tomllib.loads(text)
        _known(data, Config, "")
        config = msgspec.convert(data, Config)
        _check(config)
    except (ValueError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name}: {_place(str(error))}") from None
    return config


def state_dir(given: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder for state: as given, else systemd's, else the user's.

    Raises ConfigError when the user has none.
    """
    if given:
        return Path(given)
    if environment.get("STATE_DIRECTORY"):
        return Path(environment["STATE_DIRECTORY"].split(":")[0])
    home = environment.get("XDG_STATE_HOME")
    try:
        base = Path(home) if home else Path("~/.local/state").expanduser()
    except RuntimeError as error:  # a user without a home
        raise ConfigError(f"no folder for state: {error} Name one with --state-dir") from None
    return base / "knockwatch"


def _known(data: object, layout: Any, where: str) -> None:
    """Raise ValueError for a key that is not known, with the nearest that is."""
    if get_origin(layout) is not None:  # tuple[Router, ...], perhaps "or None"
        inner = [a for a in _flat(layout) if isinstance(a, type) and issubclass(a, msgspec.Struct)]
        for number, entry in enumerate(data if isinstance(data, list) else ()):
            for table in inner:
                _known(entry, table, f"{where}[{number}]")
        return
    if not (isinstance(layout, type) and issubclass(layout, msgspec.Struct)):
        return
    if not isinstance(data, dict):
        return
    hints = get_type_hints(layout)
    for key, value in data.items():
        place = f"{where}.{key}" if where else key
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1, cutoff=0.0)
            raise ValueError(f"unknown key `{place}`; did you mean `{near[0]}`?")
        _known(value, hints[key], place)


def _flat(layout: Any) -> list[Any]:
    return [deep for a in get_args(layout) for deep in (_flat(a) or [a])]


def _check(config: Config) -> None:
    for place, prefixes in (
        ("listen.allowed_senders", config.listen.allowed_senders),
        ("network.lan_prefixes", config.network.lan_prefixes),
        ("network.special", tuple(s.prefix for s in config.network.special or ())),
    ):
        try:
            Prefixes((prefix, True) for prefix in prefixes)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
    named: tuple[tuple[str, tuple[Router | Device, ...]], ...] = (
        ("router", config.router),
        ("device", config.device),
    )
    for kind, entries in named:
        names: set[str] = set()
        used: set[str] = set()
        for number, entry in enumerate(entries):
            if entry.name.casefold() in names or not entry.name:
                raise ValueError(f"{kind}[{number}].name: {entry.name!r} is empty or used twice")
            names.add(entry.name.casefold())
            for address in entry.addresses:
                ip, wrong = canonical(address), f"{kind}[{number}].addresses: {address!r} is"
                if ip is None:
                    raise ValueError(f"{wrong} not an address")
                if ip in used:
                    raise ValueError(f"{wrong} used twice")
                used.add(ip)


def _place(text: str) -> str:
    """The library's "… - at `$.listen.http_port`" the way the file writes it."""
    what, found, where = text.partition(" - at `$")
    return f"{where.strip('.`')}: {what[0].lower()}{what[1:]}" if found else text
