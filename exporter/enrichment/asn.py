"""The table of the Internet: whom an address is registered to, by AS number and country.

In: ranges of addresses, or our packed file. Out: a table that answers look-ups with one bisection.
The packed file is one xz stream (its checksum notices damage) that holds

    one line of JSON       {"format": 1, "sources": [...], "rows": bytes, "v4": n, "v6": m}
    rows                   `AS number TAB country TAB organisation LF`, sorted, the first one nobody
    n × u32, n × u32       IPv4: distance to the boundary before; offset of its row in `rows`
    m × u64, m × u32       IPv6 likewise, of the upper 64 bits: nothing smaller is announced

little-endian. From each boundary on its row holds. `tools/build_networks.py` makes the embedded
file from data of RouteViews, the NRO and DB-IP (see NOTICE).
"""

import lzma
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import accumulate, pairwise
from typing import Protocol
from weakref import WeakValueDictionary

import msgspec

from exporter.addresses import packed

EMBEDDED = "networks.table"
MAX_UNPACKED = 1 << 28  # bytes; the embedded table has 10 million
_XZ = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 24}]


class TableError(ValueError):
    """A table cannot be read; the text names the file and the place."""


class Registration(msgspec.Struct, frozen=True, gc=False):
    """Whom an address is registered to; what the table does not say is 0 or empty."""

    asn: int = 0
    country: str = ""  # ISO 3166-1 alpha-2
    organisation: str = ""


NOBODY = Registration()

Range = tuple[int, int, Registration]  # first and last address as numbers, both included


class Table(Protocol):
    """Anything that knows whom addresses are registered to."""

    @property
    def sources(self) -> Sequence[str]:
        """The data sets it was made from, with their versions."""

    def look_up(self, ip: str) -> Registration:
        """Return whom a canonical address is registered to."""

    def organisation(self, asn: int, /) -> str:
        """Return the name behind an AS number, or "" when the table cannot tell."""


class Boundaries:
    """Where the ranges of one address family begin, and the row that holds from there on."""

    def __init__(self, starts: "array[int]", offsets: "array[int]"):
        self.starts = starts
        self.offsets = offsets

    def offset(self, address: int) -> int:
        """Return where the row of an address begins."""
        return self.offsets[bisect_right(self.starts, address) - 1]


class RangeTable:
    """A table in memory: sorted boundaries for IPv4 and IPv6, and the text of the rows."""

    def __init__(self, rows: bytes, v4: Boundaries, v6: Boundaries, sources: Sequence[str] = ()):
        self.rows = rows
        self.v4 = v4
        self.v6 = v6
        self.sources = tuple(sources)

    def look_up(self, ip: str) -> Registration:
        """Return whom a canonical address is registered to."""
        address = packed(ip)
        family = self.v4 if len(address) == 4 else self.v6
        offset = family.offset(int.from_bytes(address[:8], "big"))
        return self._registration(offset)

    def organisation(self, asn: int) -> str:
        """Return the name behind an AS number: of its first row, for rows are sorted."""
        offset = bisect_left(range(len(self.rows)), asn, key=self._asn_around)
        if offset == len(self.rows):
            return ""
        found = self._registration(offset)
        return found.organisation if found.asn == asn else ""

    def _asn_around(self, offset: int) -> int:
        start = self.rows.rfind(b"\n", 0, offset) + 1
        return int(self.rows[start : self.rows.index(b"\t", start)])

    def _registration(self, offset: int) -> Registration:
        line = self.rows[offset : self.rows.index(b"\n", offset)].decode()
        asn, country, organisation = line.split("\t")
        return Registration(int(asn), country, organisation)


_held = WeakValueDictionary[str, RangeTable]()


def embedded() -> RangeTable:
    """Return the table that comes with the program: one for all who hold it.

    It takes about a quarter of a second to unpack.
    """
    table = _held.get(EMBEDDED)
    if table is None:
        path = resources.files("exporter.enrichment").joinpath("data", EMBEDDED)
        table = _held[EMBEDDED] = unpack(path.read_bytes(), EMBEDDED)
    return table


def build(v4: Iterable[Range], v6: Iterable[Range], sources: Sequence[str] = ()) -> RangeTable:
    """Make a table of ranges in any order; where two overlap, the one that begins first wins."""
    upper = ((first >> 64, last >> 64, who) for first, last, who in v6)
    families = (_boundaries(v4, 1 << 32), _boundaries(upper, 1 << 64))
    lines = {NOBODY: _line(NOBODY)}
    for boundaries in families:
        lines.update((who, _line(who)) for _, who in boundaries)
    order = sorted(lines, key=lambda who: (who.asn, who.country, who.organisation))
    ends = accumulate(len(lines[who]) for who in order)
    offsets = {who: end - len(lines[who]) for who, end in zip(order, ends, strict=True)}
    arrays = [
        Boundaries(
            array(code, [start for start, _ in boundaries]),
            array("I", [offsets[who] for _, who in boundaries]),
        )
        for code, boundaries in zip("IQ", families, strict=True)
    ]
    rows = b"".join(lines[who] for who in order)
    return RangeTable(rows, arrays[0], arrays[1], sources)


def pack(table: RangeTable) -> bytes:
    """Return the table as a file; the same table gives the same bytes."""
    counts = (len(table.v4.starts), len(table.v6.starts))
    header = _Header(1, list(table.sources), len(table.rows), *counts)
    parts = [msgspec.json.encode(header), b"\n", table.rows]
    for family in (table.v4, table.v6):
        starts = family.starts
        steps = (b - a for a, b in pairwise(starts))
        distances = array(starts.typecode, [starts[0], *steps])
        parts += [_little_endian(distances).tobytes(), _little_endian(family.offsets).tobytes()]
    return lzma.compress(b"".join(parts), format=lzma.FORMAT_XZ, filters=_XZ)


def unpack(data: bytes, name: str) -> RangeTable:
    """Read a packed file.

    Raises TableError naming the file when it is damaged or something else.
    """
    try:
        decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MAX_UNPACKED)
        plain = decoder.decompress(data, MAX_UNPACKED)
        if not decoder.eof:
            raise TableError(f"{name}: the packed table ends too early or is too large")
        first, _, rest = plain.partition(b"\n")
        return _read(msgspec.json.decode(first, type=_Header), memoryview(rest))
    except TableError:
        raise
    except (lzma.LZMAError, msgspec.DecodeError, ValueError, OverflowError) as error:
        raise TableError(f"{name}: not a packed network table, or damaged ({error})") from None


class _Header(msgspec.Struct, frozen=True):
    format: int
    sources: list[str]
    rows: int
    v4: int
    v6: int


def _read(header: _Header, body: memoryview) -> RangeTable:
    if header.format != 1:
        raise ValueError(f"format {header.format}, but only format 1 is known")
    if len(body) != header.rows + 8 * header.v4 + 12 * header.v6:
        raise ValueError("its length is not what its first line says")
    rows = bytes(body[: header.rows])
    body = body[header.rows :]
    families = []
    for code, count in (("I", header.v4), ("Q", header.v6)):
        split = count * array(code).itemsize
        starts = array(code, accumulate(_numbers(code, body[:split])))
        offsets = _numbers("I", body[split : split + 4 * count])
        body = body[split + 4 * count :]
        if not count or starts[0] != 0 or max(offsets) >= header.rows or not rows.endswith(b"\n"):
            raise ValueError("its boundaries do not fit its rows")
        families.append(Boundaries(starts, offsets))
    return RangeTable(rows, families[0], families[1], header.sources)


def _numbers(code: str, data: memoryview) -> "array[int]":
    numbers = array(code)
    numbers.frombytes(data)
    return _little_endian(numbers)


def _little_endian(numbers: "array[int]") -> "array[int]":
    """Turn this machine's byte order into the file's, or back."""
    if sys.byteorder == "little":
        return numbers
    swapped = numbers[:]
    swapped.byteswap()
    return swapped


def _boundaries(ranges: Iterable[Range], limit: int) -> list[tuple[int, Registration]]:
    """Turn ranges below `limit` into the points at which the answer changes."""
    found: list[tuple[int, Registration]] = [(0, NOBODY)]
    free = 0  # the first address that no range has taken yet
    for first, last, who in sorted(ranges, key=lambda entry: (entry[0], -entry[1])):
        first = max(first, free)
        if last < first:
            continue
        for start, holder in ((first, who), (last + 1, NOBODY)):
            if found[-1][0] == start:
                found.pop()
            if not found or found[-1][1] != holder:
                found.append((start, holder))
        free = last + 1
    return found if found[-1][0] < limit else found[:-1]


def _line(who: Registration) -> bytes:
    organisation = " ".join(who.organisation.split())  # no tab or line end may get into a row
    return f"{who.asn}\t{who.country}\t{organisation}\n".encode()
