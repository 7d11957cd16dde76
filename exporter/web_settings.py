"""The file for TLS, passwords and headers of HTTP: exporter-toolkit's format, as records.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md

A YAML file goes in, out comes what it says, with absolute paths: they are relative to its folder.
What Go can and Python's TLS cannot is no key here: an unknown key is an error.
"""

import re
from pathlib import Path
from typing import Literal

import msgspec
import msgspec.yaml

from exporter import config
from exporter.config import ConfigError

Header = Literal[
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
]
_HASH = re.compile(r"\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")


class Tls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tls_server_config`."""

    cert_file: str = ""
    key_file: str = ""
    client_auth_type: Literal[
        "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
    ] = "NoClientCert"
    client_ca_file: str = ""
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names."""
        return tuple(filter(None, (self.cert_file, self.key_file, self.client_ca_file)))

    @property
    def must_show(self) -> bool:
        """Whether nobody is heard who shows no certificate."""
        return self.client_auth_type == "RequireAndVerifyClientCert"


class Http(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`http_server_config`."""

    headers: dict[Header, str] = {}


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    tls_server_config: Tls = Tls()
    http_server_config: Http = Http()
    basic_auth_users: dict[str, str] = {}  # user → bcrypt hash


def read(file: str | Path) -> WebSettings:
    """Read the file; those that it names are not looked at.

    Raises ConfigError naming the file and the key.
    """
    try:
        settings = parse(Path(file).read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from None
    tls, folder = settings.tls_server_config, Path(file).parent
    paths = {
        key: str(folder / name)
        for key in ("cert_file", "key_file", "client_ca_file")
        if (name := getattr(tls, key))
    }
    return msgspec.structs.replace(
        settings, tls_server_config=msgspec.structs.replace(tls, **paths)
    )


def parse(text: str) -> WebSettings:
    """Read the settings from their text.

    Raises ValueError naming the key.
    """
    try:
        data = msgspec.yaml.decode(text) or {}
        config.known(data, WebSettings, "")
        settings = msgspec.convert(data, WebSettings)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ValueError(config.readable(" ".join(str(error).split()))) from None
    _check_tls(settings.tls_server_config)
    for name, value in settings.http_server_config.headers.items():
        if not (value and value.isascii() and value.isprintable()):
            raise ValueError(f"http_server_config.headers.{name}: not a line of ASCII")
    for user, hashed in settings.basic_auth_users.items():
        if not user or ":" in user or not user.isprintable():
            raise ValueError(f"basic_auth_users: {user!r} cannot be a user's name")
        if not _HASH.fullmatch(hashed):  # which is not shown: it may be the password itself
            raise ValueError(f"basic_auth_users.{user}: not a bcrypt hash; `htpasswd -nB` makes it")
    return settings


def _check_tls(tls: Tls) -> None:
    for key in ("cert_file", "key_file"):
        if tls != Tls() and not getattr(tls, key):
            raise ValueError(f"tls_server_config.{key}: is missing")
    if tls.client_ca_file and tls.client_auth_type == "NoClientCert":
        raise ValueError("tls_server_config.client_ca_file: client_auth_type asks for none")
    if not tls.client_ca_file and tls.client_auth_type != "NoClientCert":
        raise ValueError("tls_server_config.client_ca_file: is missing")
