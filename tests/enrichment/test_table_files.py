import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.enrichment.asn import NOBODY, Registration, TableError, build, pack
from exporter.enrichment.table_files import JoinedTables, MmdbTable, read_table
from tests.enrichment import mmdb

EXAMPLE = Registration(64496, "", "Example, Inc.")
ASN_CSV = b'192.0.2.0,192.0.2.255,64496,"Example, Inc."\n198.51.100.0,198.51.100.7,64497,Two\n'
ASN_RECORD = {"autonomous_system_number": 64496, "autonomous_system_organization": "Example, Inc."}


@pytest.mark.parametrize(
    "data",
    [
        ASN_CSV,
        b"\xef\xbb\xbf" + ASN_CSV.replace(b"\n", b"\r\n"),
        b'3221225984,3221226239,64496,"Example, Inc."\n',
        b"192.0.2.0\t192.0.2.255\t64496\tNone\tExample, Inc.\n",
        gzip.compress(b"192.0.2.0\t192.0.2.255\tAS64496\tZZ\tExample, Inc.\n", mtime=0),
        pack(build([(0xC0000200, 0xC00002FF, EXAMPLE)], [])),
        mmdb.write({"192.0.2.0/24": ASN_RECORD}),
        mmdb.write({"192.0.2.0/24": ASN_RECORD}, ip_version=4),
        mmdb.write({"192.0.2.0/24": {"asn": "AS64496", "as_name": "Example, Inc."}}),
    ],
    ids=["csv", "bom-crlf", "csv-num", "tsv", "tsv-gz", "packed", "mmdb", "mmdb-v4", "mmdb-ipinfo"],
)
def test_every_format_is_recognised_by_its_content(data):
    table = read_table(data, "whatever.dat")
    assert table.look_up("192.0.2.77") == EXAMPLE
    assert table.look_up("203.0.113.1") == table.look_up("2001:db8::1") == NOBODY
    assert isinstance(table.organisation(64496), str)


@pytest.mark.parametrize(
    "data",
    [
        b"2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64496,Six\n",
        b"42540766411282592856903984951653826560,42540766490510755371168322545197776895,64496,Six\n",
        mmdb.write({"2001:db8::/32": ASN_RECORD | {"autonomous_system_organization": "Six"}}),
    ],
    ids=["csv", "csv-num", "mmdb"],
)
def test_ipv6_is_read_from_every_format(data):
    table = read_table(data, "v6")
    assert table.look_up("2001:db8:1::1") == Registration(64496, "", "Six")
    assert table.look_up("2001:db9::") == NOBODY


def test_a_row_without_a_network_is_nobodys():
    table = read_table(b"192.0.2.0\t192.0.2.255\t0\tNone\tNot routed\n", "iptoasn")
    assert table.look_up("192.0.2.1") == NOBODY


def test_a_users_own_mmdb_is_read_from_its_path(tmp_path):
    path = tmp_path / "asn.mmdb"
    path.write_bytes(mmdb.write({"192.0.2.0/24": ASN_RECORD}))
    table = MmdbTable(path)
    assert table.look_up("192.0.2.1") == EXAMPLE
    assert str(path) in table.sources[0]


def test_several_files_answer_as_one():
    table = JoinedTables(
        [
            read_table(ASN_CSV, "asn"),
            read_table(b"192.0.2.0,192.0.2.127,JP\n", "country"),
            MmdbTable(mmdb.write({"2001:db8::/32": {"country": {"iso_code": "DE"}}}, "Country")),
        ]
    )
    assert table.look_up("192.0.2.1") == Registration(64496, "JP", "Example, Inc.")
    assert table.look_up("192.0.2.200") == EXAMPLE
    assert table.look_up("2001:db8::1") == Registration(0, "DE", "")
    assert table.organisation(64497) == "Two"
    assert len(table.sources) == 3


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "table.csv: holds no networks"),
        (b"<html>not found</html>\n", "table.csv, line 1: not an IP address: '<html>not found"),
        (ASN_CSV + b"203.0.113.0,203.0.113.255\n", "line 3: expected 3, 4 or 5 columns, found 2"),
        (ASN_CSV + b"203.0.113.9,203.0.113.0,1,x\n", "line 3: 203.0.113.9 to 203.0.113.0 is not"),
        (b"192.0.2.0,2001:db8::,1,x\n", "line 1: 192.0.2.0 to 2001:db8:: is not a range"),
        (b"1,99999999999,1,x\n", "line 1: 1 to 99999999999 is not a range"),
        (b"192.0.2.0,192.0.2.9,ASX,x\n", "line 1: not an AS number: 'ASX'"),
        (b"192.0.2.0,192.0.2.9,99999999999,x\n", "not an AS number"),
        (b"192.0.2.0,192.0.2.9,Japan\n", "not a country code: 'Japan'"),
        (b"::1,::2,1,x\n", "outside of the Internet"),
        (b"\xff\xfe\x00", "not a known table format"),
        (b"\x1f\x8bgarbage", "damaged gzip file"),
        (gzip.compress(ASN_CSV, mtime=0)[:-9], "ends too early"),
        (b"\xfd7zXZ\0garbage", "not a packed network table, or damaged"),
        (b"\xab\xcd\xefMaxMind.com", "not a usable MMDB file"),
        (b'192.0.2.0,192.0.2.9,1,"' + b"x" * 200_000, "line 1: field larger"),
    ],
)
def test_an_unusable_file_says_what_is_wrong_and_where(data, complaint):
    with pytest.raises(TableError, match=r"^table\.csv") as error:
        read_table(data, "table.csv")
    assert complaint in str(error.value)


DATABASE = mmdb.write({"192.0.2.0/24": ASN_RECORD, "2001:db8::/32": {"country_code": "DE"}})
CHANGES = st.tuples(st.integers(0, len(DATABASE) - 1), st.integers(0, 255))


@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_a_damaged_database_is_refused_or_answers_something(changes):
    damaged = bytearray(DATABASE)
    for at, byte in changes:
        damaged[at] = byte
    with contextlib.suppress(TableError):
        table = read_table(bytes(damaged), "damaged")
        assert isinstance(table.look_up("192.0.2.1"), Registration)
        assert isinstance(table.look_up("2001:db8::1"), Registration)


def test_a_damaged_record_is_nobodys():
    damaged = DATABASE.replace(b"Example, Inc.", b"\xff" * 13)
    assert read_table(damaged, "damaged").look_up("192.0.2.1") == NOBODY


def test_a_missing_database_is_named(tmp_path):
    with pytest.raises(TableError, match=r"absent\.mmdb: not a usable MMDB file"):
        MmdbTable(tmp_path / "absent.mmdb")


@given(st.binary(max_size=300) | st.text('0123456789.:,\t\n"ASx', max_size=99).map(str.encode))
def test_any_bytes_give_a_table_or_a_documented_error(data):
    with contextlib.suppress(TableError):
        assert isinstance(read_table(data, "some file").look_up("192.0.2.1"), Registration)
