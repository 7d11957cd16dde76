"""Whose lines and reports they are: a provider's file, from which a relay knows its senders.

A line is `SITE KIND VALUE`, or `SITE@REGION KIND VALUE` where the site is counted under a region:

    s-00017@tokyo  address      203.0.113.17/32       the longest prefix wins
    s-00018@tokyo  certificate  r18.example           a name on what a sender shows over TLS
    s-00018@tokyo  token        9f86d081884c7d65…     SHA-256 of an agent's token, in hexadecimal

A million lines are kept as sorted numbers, the value above the number of the place: a tenth of what
dictionaries take.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_ntop
from typing import NamedTuple

from loguru import logger

from exporter.addresses import packed
from exporter.file_marks import mark
from exporter.fleet.records import MAX_REGION, MAX_SITE, is_name

MOST_PLACES = 2**32


class SubscriberError(ValueError):
    """The file of subscribers cannot be used; the text names it, and the line."""


class Place(NamedTuple):
    """A site, and the region under which it is counted: "" is the site itself."""

    site: str
    region: str = ""


class OneSite:
    """A site's own relay: whoever may send is of it."""

    stale = False

    def __init__(self, place: Place) -> None:
        self._place = place

    def __len__(self) -> int:
        return 1

    def sender(self, *_: object) -> Place | None:
        """Return the site of whoever sends."""
        return self._place

    reporter = sender

    def renew(self) -> None:
        """There is nothing to read again."""


class Subscribers:
    """All subscribers, as the file last was when it could be used."""

    def __init__(self, file: Path) -> None:
        """Read the file. Raises SubscriberError."""
        self.stale = False  # whether the file has changed since, to one that cannot be used
        self._file = file
        self._seen = mark(file)
        self._known = _read(file)

    def __len__(self) -> int:
        return self._known.lines

    def sender(self, address: str, names: Iterable[str]) -> Place | None:
        """Return whose a syslog sender is: by its certificate's names, or else by its address."""
        for name in names:
            if (place := self._known.certificate(name)) is not None:
                return place
        return self._known.address(address)

    def reporter(self, address: str, token: str) -> Place | None:
        """Return whose host reports: by its token, or by its address if it has none."""
        return self._known.token(token) if token else self._known.address(address)

    def renew(self) -> None:
        """Take what has changed; of a file that cannot be used all stays as it was, and says so.

        Blocks for as long as it takes to read; look-ups in other threads go on meanwhile.
        """
        seen = mark(self._file)
        if seen == self._seen:
            return
        self._seen = seen  # from before the reading: what changes meanwhile is read again
        try:
            self._known = _read(self._file)
        except SubscriberError as error:
            self.stale = True
            logger.error("{}; the subscribers in force stay", error)
        else:
            self.stale = False
            logger.info("{} lines of subscribers taken from {}", len(self), self._file)


class _Known:
    """What a file says, ready to be looked up."""

    def __init__(self) -> None:
        self.lines = 0
        self.places: list[str] = []  # as they are written: a million of them take half of tuples
        self.names: dict[str, int] = {}
        self.addresses: dict[tuple[int, int], Sequence[int]] = {}  # by size and bits not looked at
        self.tokens: Sequence[int] = ()

    def certificate(self, name: str) -> Place | None:
        number = self.names.get(name.casefold())
        return None if number is None else self._place(number)

    def address(self, text: str) -> Place | None:
        try:
            address = packed(text)
        except ValueError:
            return None
        value, size = int.from_bytes(address), len(address)
        for (of_size, bits), numbers in self.addresses.items():  # longest prefixes first
            if of_size == size and (found := _find(numbers, value >> bits)) is not None:
                return self._place(found)
        return None

    def token(self, token: str) -> Place | None:
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        found = _find(self.tokens, int.from_bytes(digest))
        return None if found is None else self._place(found)

    def _place(self, number: int) -> Place:
        site, _, region = self.places[number].partition("@")
        return Place(site, region)


def _read(file: Path) -> _Known:
    reading = _Reading()
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                words = line.split()
                if words and not words[0].startswith("#"):
                    try:
                        reading.add(words)
                    except ValueError as error:
                        raise SubscriberError(f"{file}, line {number}: {error}") from None
        return reading.known()
    except (OSError, UnicodeDecodeError) as error:
        raise SubscriberError(f"{file} cannot be read: {error}") from None
    except _Twice as error:
        raise SubscriberError(f"{file}: {error}") from None


class _Twice(ValueError):
    """Something belongs to two sites."""


class _Reading:
    """A file that is being read."""

    def __init__(self) -> None:
        self._known = _Known()
        self._addresses: dict[tuple[int, int], list[int]] = {}
        self._tokens: list[int] = []
        self._add = {"address": self._address, "certificate": self._name, "token": self._token}

    def add(self, words: list[str]) -> None:
        """Take a line. Raises ValueError."""
        if len(words) != 3 or words[1] not in self._add:
            raise ValueError("not SITE[@REGION], then address, certificate or token, and its value")
        self._known.lines += 1
        self._add[words[1]](words[2], self._place(words[0]))

    def known(self) -> _Known:
        """Return what was read. Raises ValueError when something belongs to two sites."""
        known = self._known
        for kind in sorted(self._addresses, key=lambda kind: kind[1]):
            numbers = self._addresses.pop(kind)
            known.addresses[kind] = self._sorted(numbers, partial(_prefix, *kind))
        known.tokens = self._sorted(self._tokens, "{:064x}".format)
        return known

    def _place(self, text: str) -> int:
        places = self._known.places
        if not places or places[-1] != text:  # a site's lines mostly follow each other
            site, at, region = text.partition("@")
            if not is_name(site, MAX_SITE) or (at and not is_name(region, MAX_REGION)):
                raise ValueError(f"not a site, or one and its region: {text[:80]!r}")
            places.append(text)
        return len(places) - 1

    def _name(self, text: str, place: int) -> None:
        name = text.casefold()
        places = self._known.places
        if places[self._known.names.setdefault(name, place)] != places[place]:
            raise ValueError(f"certificate {text[:80]} is of another site, too")

    def _token(self, text: str, place: int) -> None:
        if len(text) != 64:
            raise ValueError("a token is written as the 64 digits of its SHA-256")
        self._tokens.append(int(text, 16) * MOST_PLACES + place)

    def _address(self, text: str, place: int) -> None:
        first, slash, length = text.partition("/")
        address = packed(first)  # a quarter of what `ipaddress` takes
        size, whole = len(address), 8 * len(address)
        bits = whole - int(length) if slash else 0
        value = int.from_bytes(address)
        if not 0 <= bits <= whole or value & ((1 << bits) - 1):
            raise ValueError(f"not a prefix: {text[:80]!r}, or one with bits behind its length")
        self._addresses.setdefault((size, bits), []).append((value >> bits) * MOST_PLACES + place)

    def _sorted(self, numbers: list[int], written: Callable[[int], str]) -> Sequence[int]:
        numbers.sort()
        for one, other in pairwise(numbers):
            if one // MOST_PLACES == other // MOST_PLACES:
                first, second = (self._known.places[n % MOST_PLACES] for n in (one, other))
                if first != second:
                    raise _Twice(f"{written(one // MOST_PLACES)} is of {first} and of {second}")
        return array("Q", numbers) if not numbers or numbers[-1] < 2**64 else numbers


def _find(numbers: Sequence[int], value: int) -> int | None:
    """Return the number of the place to which a value belongs."""
    at = bisect_left(numbers, value * MOST_PLACES)
    if at < len(numbers) and numbers[at] // MOST_PLACES == value:
        return numbers[at] % MOST_PLACES
    return None


def _prefix(size: int, bits: int, value: int) -> str:
    address = inet_ntop(AF_INET if size == 4 else AF_INET6, (value << bits).to_bytes(size))
    return f"{address}/{8 * size - bits}"
