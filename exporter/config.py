"""The configuration: one TOML file, every key optional, every default works.

The file is named by `--config` or `$KNOCKWATCH_CONFIG` and never found by accident. An unknown key
is an error that names the nearest known one. Secrets are not in it: it names files that hold them.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from exporter import build
from exporter.addresses import Prefixes, canonical
from exporter.dialects import fields
from exporter.settings import Config, Device, Router


class ConfigError(ValueError):
    """The configuration cannot be used; the text names the file and the key."""


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
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return parse(text, path)


def parse(text: str, name: str = "configuration") -> Config:
    """Read a configuration from its text.

    Raises ConfigError naming `name` and the key.
    """
    try:
        data = tomllib.loads(text)
        known(data, Config, "")
        config = msgspec.convert(data, Config)
        _check(config)
        build.reader(config)  # the user's patterns are tried on their samples
        if config.knowledge.files:
            build.own_knowledge(config)
    except (ValueError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name}: {readable(str(error))}") from None
    return config


def known(data: object, layout: Any, where: str) -> None:
    """Raise ValueError for a key that is not known, with the nearest that is."""
    if get_origin(layout) is not None:  # tuple[Router, ...], perhaps "or None"
        inner = [a for a in _flat(layout) if isinstance(a, type) and issubclass(a, msgspec.Struct)]
        for number, entry in enumerate(data if isinstance(data, list) else ()):
            for table in inner:
                known(entry, table, f"{where}[{number}]")
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
        known(value, hints[key], place)


def readable(text: str) -> str:
    """The library's "… - at `$.listen.http_port`" the way the file writes it."""
    what, found, where = text.partition(" - at `$")
    return f"{where.strip('.`')}: {what[0].lower()}{what[1:]}" if found else text


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


def _flat(layout: Any) -> list[Any]:
    return [deep for a in get_args(layout) for deep in (_flat(a) or [a])]


def _check(config: Config) -> None:
    for key in ("tls_key", "tls_client_ca"):
        if getattr(config.listen, key) and not config.listen.tls_certificate:
            raise ValueError(f"listen.{key}: there is no listen.tls_certificate")
    for place, prefixes in (
        ("listen.allowed_senders", config.listen.allowed_senders),
        ("network.lan_prefixes", config.network.lan_prefixes),
        ("network.special", tuple(s.prefix for s in config.network.special or ())),
    ):
        try:
            Prefixes((prefix, True) for prefix in prefixes)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
    _check_files(config)
    for kind, entries in (("router", config.router), ("device", config.device)):
        _check_names(kind, entries)
    stations: dict[str, str] = {}
    for number, device in enumerate(config.device):
        _check_places(f"device[{number}].macs", device.macs, fields.mac, stations)
        _check_excluded(number, device)
    radios: dict[str, str] = {}
    for number, router in enumerate(config.router):
        _check_places(f"router[{number}].bssids", router.bssids, fields.mac, radios)
    resolver = config.network.resolver
    if resolver not in ("gateway", "off") and canonical(resolver) is None:
        raise ValueError(
            f'network.resolver: {resolver!r} is not an address; it may be "gateway" or "off", too'
        )


def _check_excluded(number: int, device: Device) -> None:
    """Raise ValueError when a device is said to have, and never to have, the same place."""
    place = f"device[{number}]"
    own: dict[str, str] = {}
    _check_places(f"{place}.addresses", device.addresses, canonical, own)
    _check_places(f"{place}.macs", device.macs, fields.mac, own)
    _check_places(f"{place}.excludes", device.excludes, _address_or_station, own)


def _address_or_station(text: str) -> str | None:
    return canonical(text) or fields.mac(text)


def _check_names(kind: str, entries: Sequence[Router | Device]) -> None:
    names: set[str] = set()
    used: dict[str, str] = {}
    for number, entry in enumerate(entries):
        if entry.name.casefold() in names or not entry.name:
            raise ValueError(f"{kind}[{number}].name: {entry.name!r} is empty or used twice")
        names.add(entry.name.casefold())
        _check_places(f"{kind}[{number}].addresses", entry.addresses, canonical, used)


def _check_places(
    key: str, given: Iterable[str], read: Callable[[str], str | None], used: dict[str, str]
) -> None:
    for text in given:
        place = read(text)
        if place is None:
            raise ValueError(f"{key}: {text!r} is not an address")
        if place in used:
            other = "" if used[place] == key else f": {used[place]} has it, too"
            raise ValueError(f"{key}: {text!r} is used twice{other}")
        used[place] = key


def _check_files(config: Config) -> None:
    places = [("listen.files", file) for file in config.listen.files]
    for number, router in enumerate(config.router):
        places += [(f"router[{number}].files", file) for file in router.files]
    used: set[str] = set()
    for place, file in places:
        wrong = f"{place}: {file!r} is"
        if file != "-" and not Path(file).is_absolute():
            raise ValueError(f"{wrong} a relative path; write where it begins: /var/log/…")
        if file != "-" and ("\0" in file or os.path.normpath(file) != file):
            raise ValueError(f"{wrong} not written plainly: {os.path.normpath(file)!r}")
        if file in used:
            raise ValueError(f"{wrong} used twice")
        used.add(file)
