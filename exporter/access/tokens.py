"""Who may post: the tokens of the configured file, and those that were given out to paired devices.

In goes a token, out comes whose it is. A line is `sha256:HEX`, for a token that may post anything,
or `NAME sha256:HEX`, for one that may only report for the device of that name. So the files are
worth nothing to whoever reads them: a token is too long to be guessed from its digest. Lines of
before, with the token itself, are taken as well. Both files are read again when they have changed,
so a token is revoked by removing its line.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from loguru import logger

from exporter.file_marks import Mark, mark

_NEW_BYTES = 24  # of chance in a token: 32 letters
_MARK = "sha256:"
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


class TokenError(ValueError):
    """The tokens cannot be used; the text says why, and names the file."""


class Owner(NamedTuple):
    """Whose a token is."""

    device: str | None  # None: it may post anything
    tells_of_others: bool = True  # of what it sees of other devices: else of that device alone

    def may_report(self, device: str) -> bool:
        """Tell whether it may report for a device; names are compared without case."""
        return self.device is None or self.device.casefold() == device.casefold()


class _Entry(NamedTuple):
    """What a line says."""

    owner: Owner
    digest: bytes
    plain: bool  # whether the token itself stands there


class Tokens:
    """All tokens, as the files hold them now."""

    def __init__(
        self, file: Path, store: Path | None = None, observers: Iterable[str] = ()
    ) -> None:
        """`file` is the configured one; new tokens go to `store`, which need not exist.

        `observers` are devices whose own tokens may tell of other devices, too.
        Raises TokenError when the configured file cannot be read, or holds none or a broken line.
        """
        self._file, self._store = file, store
        self._observers = frozenset(name.casefold() for name in observers)
        self._seen: list[Mark] = []
        self._lines = _read(file)
        if not self._lines:
            raise TokenError(f"{file} holds no token, one a line")
        self.plain = sum(entry.plain for entry in self._lines)  # lines of the configured file
        self._hash_stored()
        self._renew()

    def owner(self, given: str) -> Owner | None:
        """Return whose a token is, in a time that tells nothing about them; None when nobody's."""
        self._renew()
        digest = _digest(given)
        same = [hmac.compare_digest(digest, entry.digest) for entry in self._lines]
        owners = [entry.owner for entry, is_it in zip(self._lines, same, strict=True) if is_it]
        if not owners:
            return None
        device = owners[0].device
        return Owner(device, device is None or device.casefold() in self._observers)

    def devices(self) -> list[str]:
        """The devices that have a token of their own."""
        self._renew()
        return [entry.owner.device for entry in self._lines if entry.owner.device is not None]

    def issue(self, device: str) -> str:
        """Make a token that may report for a device, and store its digest.

        Raises ValueError for a name that cannot stand on a line, and OSError.
        """
        if self._store is None:
            raise OSError("there is no folder for tokens")
        if not device.split():
            raise ValueError(f"not a name that can have a token: {device!r}")
        token = made()
        self._rewrite([*_kept(self._store), line(device, token)])
        return token

    def revoke(self, device: str) -> int:
        """Remove the tokens that were issued to a device; return how many.

        Those of the configured file are its owner's to remove. Raises OSError.
        """
        if self._store is None:
            return 0
        lines = _kept(self._store)
        left = [line for line in lines if not _is_of(line, device)]
        if left != lines:
            self._rewrite(left)
        return len(lines) - len(left)

    def configured_for(self, device: str) -> bool:
        """Tell whether the configured file has a token of that device's own.

        Raises OSError or ValueError when it cannot be read.
        """
        return any(_is_of(line, device) for line in _kept(self._file))

    def _hash_stored(self) -> None:
        """Put digests in the place of tokens that were given out before there were any."""
        if self._store is None:
            return
        try:
            lines = _kept(self._store)
            entries = [(text, _entry(text)) for text in lines]
            hashed = [
                _line(entry.owner, entry.digest) if entry is not None and entry.plain else text
                for text, entry in entries
            ]
            if hashed != lines:
                self._rewrite(hashed)
        except (OSError, ValueError) as error:
            logger.error("tokens in {} stay as they are: {}", self._store, error)

    def _renew(self) -> None:
        files = [file for file in (self._file, self._store) if file is not None]
        seen = [mark(file) for file in files]
        if seen == self._seen:
            return
        self._seen = seen
        self._lines = []
        for file in files:
            try:
                self._lines += _read(file)
            except TokenError as error:  # nobody gets in by a file that is not there
                if file == self._file:
                    logger.error("no token of the configured file is taken: {}", error)

    def _rewrite(self, lines: list[str]) -> None:
        if self._store is None:
            return
        self._store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = self._store.with_name(f"{self._store.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(aside, flags, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        aside.replace(self._store)


def made() -> str:
    """Return a new token."""
    return secrets.token_urlsafe(_NEW_BYTES)


def line(device: str, token: str) -> str:
    """Return the line for a token of a device, "" for one that may post anything.

    Raises ValueError for a name that cannot stand on a line.
    """
    name = " ".join(device.split())
    if name.startswith("#"):
        raise ValueError(f"not a name that can have a token: {device!r}")
    return _line(Owner(name or None), _digest(token))


def _line(owner: Owner, digest: bytes) -> str:
    return f"{owner.device or ''} {_MARK}{digest.hex()}".lstrip()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _read(file: Path) -> list[_Entry]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenError(f"cannot be read: {error}") from None
    entries = []
    for number, text in enumerate(lines, 1):
        try:
            entry = _entry(text)
        except ValueError as error:
            raise TokenError(f"{file}, line {number}: {error}") from None
        if entry is not None:
            entries.append(entry)
    return entries


def _kept(file: Path) -> list[str]:
    """Return the lines of a file that may not be there. Raises OSError or ValueError."""
    try:
        return file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _entry(line: str) -> _Entry | None:
    """Return what a line says; a name may hold blanks, a token may not.

    Raises ValueError for a digest that is none.
    """
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    owner, token = Owner(" ".join(words[:-1]) or None), words[-1]
    if not token.startswith(_MARK):
        return _Entry(owner, _digest(token), True)
    digest = token.removeprefix(_MARK)
    if not _DIGEST.fullmatch(digest):
        raise ValueError("a token's SHA-256 has 64 hexadecimal digits")
    return _Entry(owner, bytes.fromhex(digest), False)


def _is_of(line: str, device: str) -> bool:
    entry = _entry(line)
    return entry is not None and entry.owner.device is not None and entry.owner.may_report(device)
