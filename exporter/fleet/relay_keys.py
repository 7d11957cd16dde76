"""Who may write for which site: a relay signs its records, and a worker knows the relays' keys.

Kafka's own access rules end at the topic, and all sites share one. A line of the workers' file is
`RELAY SECRET SITE…`; a site may be a pattern, as `tokyo-*`, and is `SITE@REGION` where it is
counted under a region. The file is read again when it has changed, so a relay is refused by
removing its line.
"""

import hmac
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from loguru import logger

from exporter.file_marks import mark

LEAST_SECRET = 32  # characters; `openssl rand -hex 16` writes as many


class RelayKeyError(ValueError):
    """A key cannot be used; the text says why, and names the file."""


class RelayKey(NamedTuple):
    """The key of a relay, and the sites for which it may write."""

    secret: bytes
    sites: tuple[str, ...]


class RelayKeys:
    """The keys of all relays, as the file holds them now."""

    def __init__(self, file: Path) -> None:
        """Read the file. Raises RelayKeyError when it cannot be used."""
        self._file = file
        self._keys = _read(file)
        self._seen = mark(file)

    def may_write(self, relay: str, site: str, region: str, value: bytes, signature: bytes) -> bool:
        """Whether that relay signed the value for that site, and may write for it."""
        key = self._keys.get(relay)
        place = f"{site}@{region}" if region else site
        if key is None or not any(fnmatchcase(place, pattern) for pattern in key.sites):
            return False
        return hmac.compare_digest(sign(key.secret, site, value), signature)

    def renew(self) -> None:
        """Take what has changed; a file that cannot be used is said once, and nothing changes."""
        seen = mark(self._file)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._keys = _read(self._file)
        except RelayKeyError as error:
            logger.error("{}; the keys in force stay", error)


def sign(secret: bytes, site: str, value: bytes) -> bytes:
    """Return the signature of a record: HMAC-SHA-256 over its site and its value."""
    name = site.encode()
    return hmac.digest(secret, len(name).to_bytes(4) + name + value, "sha256")


def own_secret(file: Path) -> bytes:
    """Read a relay's own key. Raises RelayKeyError."""
    try:
        return _secret(file.read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        raise RelayKeyError(f"{file}: {error}") from None


def _read(file: Path) -> dict[str, RelayKey]:
    keys: dict[str, RelayKey] = {}
    try:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) < 3:
                raise RelayKeyError(f"{file}, line {number}: a relay, its secret and a site")
            try:
                secret = _secret(words[1])
            except ValueError as error:
                raise RelayKeyError(f"{file}, line {number}: {error}") from None
            if words[0] in keys:
                raise RelayKeyError(f"{file}, line {number}: {words[0]} has a key already")
            keys[words[0]] = RelayKey(secret, tuple(words[2:]))
    except (OSError, UnicodeDecodeError) as error:
        raise RelayKeyError(f"{file} cannot be read: {error}") from None
    return keys


def _secret(text: str) -> bytes:
    """Return a secret as bytes. Raises ValueError for one that could be guessed."""
    if len(text) < LEAST_SECRET:
        raise ValueError(f"a secret has at least {LEAST_SECRET} characters, not {len(text)}")
    return text.encode()
