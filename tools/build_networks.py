"""Build the embedded network table from the npm packages of ip-location-db.

    python -m tools.build_networks ASN.tgz ASN_COUNTRY.tgz

In: the two archives as `npm pack @ip-location-db/asn @ip-location-db/asn-country` stores them.
Out: exporter/enrichment/data/networks.table. The same archives give the same bytes. Licences:
CC BY 4.0 (RouteViews, NRO, DB-IP) and CC0 1.0; NOTICE carries the attribution.
"""

import argparse
import hashlib
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_ntop

from exporter.enrichment.asn import EMBEDDED, Range, RangeTable, build, pack
from exporter.enrichment.table_files import JoinedTables, read_table

TARGET = Path(__file__).resolve().parents[1] / "exporter" / "enrichment" / "data" / EMBEDDED
ASN_PACKAGE = "@ip-location-db/asn"
COUNTRY_PACKAGE = "@ip-location-db/asn-country"


def main() -> None:
    """Read the archives, join them, write the table and say what went into it."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("asn", type=Path, help=f"archive of {ASN_PACKAGE}")
    arguments.add_argument("country", type=Path, help=f"archive of {COUNTRY_PACKAGE}")
    arguments.add_argument("--output", type=Path, default=TARGET)
    given = arguments.parse_args()
    sources = [
        describe(given.asn, ASN_PACKAGE, "CC BY 4.0"),
        describe(given.country, COUNTRY_PACKAGE, "CC0 1.0"),
    ]
    families = [
        [
            read_csv(given.asn, f"asn-ipv{family}-num.csv"),
            read_csv(given.country, f"asn-country-ipv{family}-num.csv"),
        ]
        for family in (4, 6)
    ]
    table = build(ipv4_ranges(families[0]), ipv6_ranges(families[1]), sources)
    data = pack(table)
    given.output.write_bytes(data)
    print(f"{len(table.v4.starts)} IPv4 and {len(table.v6.starts)} IPv6 boundaries,", end=" ")
    print(f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}: {given.output}")


def describe(archive: Path, package: str, licence: str) -> str:
    """Return the package with its version and licence; print it with the archive's checksum."""
    described = json.loads(read_member(archive, "package.json"))
    if described["name"] != package:
        sys.exit(f"{archive}: holds {described['name']}, not {package}")
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    print(f"{package} {described['version']} sha256 {checksum}")
    return f"{package} {described['version']} ({licence})"


def ipv4_ranges(tables: list[RangeTable]) -> Iterator[Range]:
    """Yield ranges with all facts, cut wherever one of the tables changes."""
    joined = JoinedTables(tables)
    starts = sorted({start for table in tables for start in table.v4.starts})
    for start, end in zip(starts, [*starts[1:], 1 << 32], strict=True):
        yield start, end - 1, joined.look_up(inet_ntop(AF_INET, start.to_bytes(4, "big")))


def ipv6_ranges(tables: list[RangeTable]) -> Iterator[Range]:
    """Yield the same for IPv6, whose boundaries are kept as upper halves."""
    joined = JoinedTables(tables)
    starts = sorted({start << 64 for table in tables for start in table.v6.starts})
    for start, end in zip(starts, [*starts[1:], 1 << 128], strict=True):
        yield start, end - 1, joined.look_up(inet_ntop(AF_INET6, start.to_bytes(16, "big")))


def read_csv(archive: Path, name: str) -> RangeTable:
    """Return the table in one CSV file of a package; overlapping ranges are cut."""
    table = read_table(read_member(archive, name), name)
    assert isinstance(table, RangeTable)
    return table


def read_member(archive: Path, name: str) -> bytes:
    """Return one file of a package."""
    with tarfile.open(archive) as files:
        member = files.extractfile(f"package/{name}")
        assert member is not None
        return member.read()


if __name__ == "__main__":
    main()
