"""Who may post: the tokens of the configured file, and those that were given out to paired devices.

In goes a token, out comes whose it is. A line is `TOKEN`, which may post anything, or `NAME TOKEN`,
which may only report for the device of that name. Both files are read again when they have changed,
so a token is revoked by removing its line.
"""

import hmac
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from loguru import logger

from exporter.file_marks import Mark, mark

_NEW_BYTES = 24  # of chance in a token: 32 letters


class TokenError(ValueError):
    """The tokens cannot be used; the text says why, and names the file."""


class Owner(NamedTuple):
    """Whose a token is."""

    device: str | None  # None: it may post anything

    def may_report(self, device: str) -> bool:
        """Tell whether it may report for a device; names are compared without case."""
        return self.device is None or self.device.casefold() == device.casefold()


class Tokens:
    """All tokens, as the files hold them now."""

    def __init__(self, file: Path, store: Path | None = None) -> None:
        """`file` is the configured one; new tokens go to `store`, which need not exist.

        Raises TokenError when the configured file cannot be read or holds none.
        """
        self._file, self._store = file, store
        self._seen: list[Mark] = []
        self._lines = _read(file)
        if not self._lines:
            raise TokenError(f"{file} holds no token, one a line")
        self._renew()

    def owner(self, given: str) -> Owner | None:
        """Return whose a token is, in a time that tells nothing about them; None when nobody's."""
        self._renew()
        same = [hmac.compare_digest(given.encode(), token.encode()) for _, token in self._lines]
        owners = [owner for (owner, _), is_it in zip(self._lines, same, strict=True) if is_it]
        return owners[0] if owners else None

    def issue(self, device: str) -> str:
        """Make a token that may report for a device, and store it.

        Raises ValueError for a name that cannot stand on a line, and OSError.
        """
        if self._store is None:
            raise OSError("there is no folder for tokens")
        name = " ".join(device.split())
        if not name or name.startswith("#"):
            raise ValueError(f"not a name that can have a token: {device!r}")
        token = secrets.token_urlsafe(_NEW_BYTES)
        self._rewrite([*_kept(self._store), f"{name} {token}"])
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


def _read(file: Path) -> list[tuple[Owner, str]]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenError(f"cannot be read: {error}") from None
    return [found for line in lines if (found := _entry(line)) is not None]


def _kept(file: Path) -> list[str]:
    """Return the lines of a file that may not be there. Raises OSError or ValueError."""
    try:
        return file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _entry(line: str) -> tuple[Owner, str] | None:
    """Return what a line says; a name may hold blanks, a token may not."""
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    return Owner(" ".join(words[:-1]) or None), words[-1]


def _is_of(line: str, device: str) -> bool:
    entry = _entry(line)
    return entry is not None and entry[0].device is not None and entry[0].may_report(device)
