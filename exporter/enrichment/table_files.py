"""Read a network table that a user chose instead of the embedded one.

In: the bytes of a file, whatever its name says. Known are our packed table, MMDB, the CSV of
ip-location-db and DB-IP (`first,last,asn,organisation` or `first,last,country`, addresses as text
or as numbers) and the TSV of iptoasn (`first last asn country organisation`); text may be gzipped.
Out: a table, or a TableError that says what is wrong and where, so that the old table can stay.
"""

import csv
import io
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb

from exporter.addresses import packed
from exporter.enrichment.asn import (
    MAX_UNPACKED,
    NOBODY,
    Range,
    Registration,
    Table,
    TableError,
    build,
    unpack,
)

_NO_COUNTRY = ("", "ZZ", "None")  # how the data sets say that they do not know
_MMDB_MARK = b"\xab\xcd\xefMaxMind.com"
# What the reader raises for damaged records; its InvalidDatabaseError is a RuntimeError.
_DAMAGED = (RuntimeError, ValueError, TypeError)
_MMDB_MARK_WITHIN = 128 * 1024  # bytes from the end, says the format


def read_table(data: bytes, name: str) -> Table:
    """Return the table in a file.

    Raises TableError naming the file and, in text, the line.
    """
    if data.startswith(b"\xfd7zXZ\0"):
        return unpack(data, name)
    if _MMDB_MARK in data[-_MMDB_MARK_WITHIN:]:
        return MmdbTable(data, name)
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data, name)
    return _read_text(data, name)


class MmdbTable:
    """A MaxMind database: of AS numbers, of countries, or of both.

    `source` is its path (read by memory mapping) or its bytes (slower).
    """

    def __init__(self, source: Path | bytes, name: str = ""):
        """Raise TableError naming the file when it is not a database."""
        name = name or ("database" if isinstance(source, bytes) else str(source))
        try:
            if isinstance(source, bytes):
                self._reader = maxminddb.open_database(io.BytesIO(source), maxminddb.MODE_FD)
            else:
                self._reader = maxminddb.open_database(source)
            metadata = self._reader.metadata()
        except (OSError, *_DAMAGED) as error:
            raise TableError(f"{name}: not a usable MMDB file ({error})") from None
        self._v6 = metadata.ip_version == 6
        self.sources = (f"{metadata.database_type} {metadata.build_epoch} ({name})",)

    def look_up(self, ip: str) -> Registration:
        """Return whom a canonical address is registered to; a damaged record is nobody's."""
        if ":" in ip and not self._v6:
            return NOBODY
        try:
            record = self._reader.get(ip)
        except _DAMAGED:
            return NOBODY
        return _registration(record) if isinstance(record, dict) else NOBODY

    def organisation(self, _asn: int, /) -> str:
        """Return "": the format can only be asked for addresses."""
        return ""


class JoinedTables:
    """Several tables as one, for data sets that come as several files (IPv4, IPv6, countries).

    The first table that knows the AS number answers; so does the first that knows the country.
    """

    def __init__(self, tables: Sequence[Table]):
        self._tables = tuple(tables)
        self.sources = tuple(source for table in tables for source in table.sources)

    def look_up(self, ip: str) -> Registration:
        """Return whom a canonical address is registered to."""
        found = [table.look_up(ip) for table in self._tables]
        network = next((each for each in found if each.asn), NOBODY)
        country = network.country or next((each.country for each in found if each.country), "")
        return Registration(network.asn, country, network.organisation)

    def organisation(self, asn: int) -> str:
        """Return the name behind an AS number, or ""."""
        names = (table.organisation(asn) for table in self._tables)
        return next((name for name in names if name), "")


def _gunzip(data: bytes, name: str) -> bytes:
    decoder = zlib.decompressobj(wbits=31)
    try:
        plain = decoder.decompress(data, MAX_UNPACKED)
    except zlib.error as error:
        raise TableError(f"{name}: damaged gzip file ({error})") from None
    if not decoder.eof:
        raise TableError(f"{name}: the gzip file ends too early or is too large")
    return plain


def _read_text(data: bytes, name: str) -> Table:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{name}: not a known table format ({error})") from None
    tabs = "\t" in text[: text.find("\n")]
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter="\t" if tabs else ",",
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
    )
    v4: list[Range] = []
    v6: list[Range] = []
    try:
        for row in rows:
            if row:
                first, last = _range(row[0], row[1] if len(row) > 1 else "")
                (v4 if last < 1 << 32 else v6).append((first, last, _registered(tuple(row[2:]))))
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {rows.line_num}: {error}") from None
    if not v4 and not v6:
        raise TableError(f"{name}: holds no networks")
    return build(v4, v6, [name])


def _range(first: str, last: str) -> tuple[int, int]:
    """Read the first two columns; as numbers, those from 2^32 on are IPv6."""
    if first.isdecimal() and last.isdecimal() and len(first) < 40 and len(last) < 40:
        a, b = int(first), int(last)
        same_family = (a >> 32 == 0) == (b >> 32 == 0) and b >> 128 == 0
    else:
        begin, end = packed(first), packed(last)
        a, b = int.from_bytes(begin, "big"), int.from_bytes(end, "big")
        same_family = len(begin) == len(end)
        if len(begin) == 16 and b >> 32 == 0:
            raise ValueError(f"{first} to {last} lies outside of the Internet")
    if not same_family or b < a:
        raise ValueError(f"{first} to {last} is not a range")
    return a, b


@lru_cache(maxsize=65536)
def _registered(columns: tuple[str, ...]) -> Registration:
    """Read what follows the range: a country; number and name; or number, country and name."""
    match columns:
        case [country]:
            if not _country(country) and country not in _NO_COUNTRY:
                raise ValueError(f"not a country code: {country!r}")
            return Registration(country=_country(country))
        case [asn, organisation]:
            return _network(asn, "", organisation)
        case [asn, country, organisation]:
            return _network(asn, country, organisation)
    raise ValueError(f"expected 3, 4 or 5 columns, found {len(columns) + 2}")


def _network(asn: str, country: str, organisation: str) -> Registration:
    digits = asn.removeprefix("AS")
    if not digits.isdecimal() or len(digits) > 10 or int(digits) >> 32:
        raise ValueError(f"not an AS number: {asn!r}")
    number = int(digits)
    return Registration(number, _country(country), organisation if number else "")


def _country(text: str) -> str:
    """Return the code, or "" for what does not name a country."""
    well_formed = len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()
    return text if well_formed and text not in _NO_COUNTRY else ""


def _registration(record: dict[str, Any]) -> Registration:
    """Read a record under the names that MaxMind, DB-IP and IPinfo use."""
    asn = str(record.get("autonomous_system_number") or record.get("asn") or "").removeprefix("AS")
    names = (record.get(key) for key in ("autonomous_system_organization", "as_name", "name"))
    country = record.get("country_code") or record.get("country")
    if isinstance(country, dict):
        country = country.get("iso_code")
    return Registration(
        int(asn) if asn.isdecimal() and len(asn) <= 10 else 0,
        _country(str(country or "")),
        next((name for name in names if isinstance(name, str)), ""),
    )
