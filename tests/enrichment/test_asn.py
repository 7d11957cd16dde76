import lzma
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import packed
from exporter.enrichment.asn import (
    NOBODY,
    RangeTable,
    Registration,
    TableError,
    build,
    embedded,
    pack,
    unpack,
)

ONE = Registration(64496, "JP", "Example One")
TWO = Registration(64497, "DE", "Example Two, Inc.")


def number(ip):
    return int.from_bytes(packed(ip), "big")


def span(first, last, who):
    return number(first), number(last), who


@pytest.fixture(scope="module")
def table():
    return embedded()


def test_all_who_hold_it_share_the_embedded_table(table):
    assert embedded() is table


@pytest.mark.parametrize(
    ("ip", "asn", "country"),
    [
        ("8.8.8.8", 15169, "US"),
        ("23.45.67.89", 20940, "US"),
        ("133.11.1.1", 2501, "JP"),
        ("2001:4860:4860::8888", 15169, "US"),
        ("2001:240::1", 2497, "JP"),
    ],
)
def test_well_known_addresses_are_in_the_embedded_table(table, ip, asn, country):
    found = table.look_up(ip)
    assert (found.asn, found.country) == (asn, country)
    assert found.organisation == table.organisation(asn) != ""


def test_addresses_that_nobody_announces_are_nobodys(table):
    for ip in ("0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "2001:db8::1", "ffff::"):
        assert table.look_up(ip).asn == 0
    assert table.organisation(0) == table.organisation(4294967295) == ""


def test_every_number_of_the_embedded_table_has_the_name_of_its_first_row(table):
    first: dict[int, str] = {}
    for row in table.rows.decode().splitlines():
        asn, _, name = row.split("\t")
        first.setdefault(int(asn), name)
    asked = [*list(first)[::400], max(first)]
    assert [table.organisation(asn) for asn in asked] == [first[asn] for asn in asked]
    assert not any(table.organisation(asn + 1) for asn in asked if asn + 1 not in first)


@given(st.dictionaries(st.integers(1, 300), st.sampled_from(["", "One", "家"]), max_size=40))
def test_any_number_is_found_among_any_others(names):
    rows = enumerate(sorted(names.items()))
    table = build([(at, at, Registration(asn, "JP", name)) for at, (asn, name) in rows], [])
    for asn in range(302):
        assert table.organisation(asn) == names.get(asn, "")


class Counting(bytes):
    """Rows that count how often one of them is looked for."""

    searches = 0

    def rfind(self, *where):
        Counting.searches += 1
        return super().rfind(*where)

    def find(self, *where):
        raise AssertionError("a search through all rows takes a millisecond, 500 of them a scrape")


def test_a_name_is_found_in_few_steps(table):
    counting = RangeTable(Counting(table.rows), table.v4, table.v6)
    assert counting.organisation(20940) == table.organisation(20940) != ""
    assert 0 < Counting.searches < 30


def test_the_embedded_table_names_its_sources(table):
    assert [source.split()[0] for source in table.sources] == [
        "@ip-location-db/asn",
        "@ip-location-db/asn-country",
    ]


def test_a_range_holds_from_its_first_to_its_last_address():
    table = build(
        [span("192.0.2.16", "192.0.2.31", ONE), span("192.0.2.32", "192.0.2.63", TWO)],
        [span("2001:db8:1::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", ONE)],
    )
    asked = ["192.0.2.15", "192.0.2.16", "192.0.2.31", "192.0.2.32", "192.0.2.63", "192.0.2.64"]
    assert [table.look_up(ip) for ip in asked] == [NOBODY, ONE, ONE, TWO, TWO, NOBODY]
    asked = ["2001:db8::ffff", "2001:db8:1::", "2001:db8:1:ffff::1", "2001:db8:2::"]
    assert [table.look_up(ip) for ip in asked] == [NOBODY, ONE, ONE, NOBODY]


def test_of_overlapping_ranges_the_one_that_begins_first_wins():
    table = build(
        [
            span("198.51.100.64", "198.51.100.255", TWO),
            span("198.51.100.0", "198.51.100.127", ONE),
            span("198.51.100.16", "198.51.100.31", TWO),
        ],
        [],
    )
    asked = ["198.51.100.20", "198.51.100.127", "198.51.100.128", "198.51.100.255"]
    assert [table.look_up(ip) for ip in asked] == [ONE, ONE, TWO, TWO]


def test_the_whole_address_space_fits():
    table = build([(0, (1 << 32) - 1, ONE)], [(0, (1 << 128) - 1, TWO)])
    assert table.look_up("0.0.0.0") == table.look_up("255.255.255.255") == ONE
    assert table.look_up("::") == table.look_up("ffff::") == TWO
    assert unpack(pack(table), "test").look_up("255.255.255.255") == ONE


RANGES = st.lists(
    st.tuples(
        st.integers(0, (1 << 32) - 1),
        st.integers(0, 1 << 30),
        st.sampled_from([ONE, TWO, Registration(0, "FR", "")]),
    ).map(lambda drawn: (drawn[0], min(drawn[0] + drawn[1], (1 << 32) - 1), drawn[2])),
    max_size=8,
)


@pytest.mark.thorough
@given(RANGES, st.lists(st.integers(0, (1 << 32) - 1)))
def test_what_is_packed_reads_back(ranges, numbers):
    table = build(ranges, [(a << 96, b << 96, who) for a, b, who in ranges], ["test 1"])
    again = unpack(pack(table), "test")
    assert (again.rows, again.sources) == (table.rows, ("test 1",))
    for asked in numbers + [edge for a, b, _ in ranges for edge in (a, b)]:
        ip = ".".join(str(byte) for byte in asked.to_bytes(4, "big"))
        assert again.look_up(ip) == table.look_up(ip)
        assert again.v6.offset(asked << 32) == table.v6.offset(asked << 32)
        assert any(a <= asked <= b for a, b, _ in ranges) == (table.look_up(ip) != NOBODY)


def test_the_same_table_packs_to_the_same_bytes():
    ranges = [span("192.0.2.0", "192.0.2.255", ONE), span("198.51.100.0", "198.51.100.9", TWO)]
    assert pack(build(ranges, [], ["s"])) == pack(build(reversed(ranges), [], ["s"]))


def test_no_name_breaks_a_row():
    table = build([(0, 9, Registration(1, "JP", "a\tb\nc"))], [])
    assert table.look_up("0.0.0.1").organisation == "a b c"


@pytest.mark.thorough
@given(st.data())
def test_a_damaged_file_is_named(data):
    whole = pack(build([span("192.0.2.0", "192.0.2.255", ONE)], []))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[at] ^= data.draw(st.integers(1, 255))
    for damaged in (whole[:at], bytes(flipped), b"", whole[at + 1 :]):
        with pytest.raises(TableError, match=r"^home\.table: "):
            unpack(damaged, "home.table")


ROWS = b"0\t\t\n"
ZERO = bytes(4)
SIX = bytes(12)


@pytest.mark.parametrize(
    ("header", "body", "complaint"),
    [
        (b'{"format":2,"sources":[],"rows":4,"v4":1,"v6":1}', ROWS + ZERO * 2 + SIX, "format 2"),
        (b'{"format":1,"sources":[],"rows":4,"v4":1,"v6":1}', ROWS + ZERO * 2, "length"),
        (b'{"format":1,"sources":[],"rows":4,"v4":0,"v6":1}', ROWS + SIX, "boundaries"),
        (
            b'{"format":1,"sources":[],"rows":4,"v4":1,"v6":1}',
            ROWS + ZERO + b"\t" + SIX + ZERO,
            "len",
        ),
        (
            b'{"format":1,"sources":[],"rows":4,"v4":1,"v6":1}',
            ROWS + ZERO + b"\4\0\0\0" + SIX,
            "fit",
        ),
        (b'{"format":1}', ROWS, "missing required field"),
        (b"rows", ROWS, "malformed"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(header, body, complaint):
    data = lzma.compress(header + b"\n" + body)
    with pytest.raises(TableError, match=complaint):
        unpack(data, "odd.table")


def test_the_byte_order_of_the_machine_does_not_matter(monkeypatch):
    table = build([span("192.0.2.0", "192.0.2.255", ONE)], [])
    here = pack(table)
    monkeypatch.setattr(sys, "byteorder", "big")
    assert pack(table) != here
    assert unpack(pack(table), "test").look_up("192.0.2.7") == ONE
