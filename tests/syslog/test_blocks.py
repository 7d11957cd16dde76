import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import connection, netfilter
from exporter.dialects.table import DIALECTS
from exporter.syslog import header
from exporter.syslog.blocks import AT_ONCE, MIN_LINES, Block
from tests.world import NOW


def line(n, *, host="gate", stamp="Nov 10 23:04:06", verb="rejected", port=51413):
    return (
        f"<4>{stamp} {host} kernel: UDP connection {verb} from 23.45.67.{n % 256}:{1024 + n} "
        f"to 203.0.113.9:{port}"
    ).encode()


def cut(*lines):
    return list(connection.DIALECT.form.cut(lines))


def spelled(pieces):
    return [
        one for piece in pieces for one in (piece.lines if isinstance(piece, Block) else [piece])
    ]


def test_lines_that_differ_in_stamp_and_ends_are_one_block():
    lines = [line(n, stamp=f"Nov 10 23:04:{n % 60:02}", port=n) for n in range(3 * AT_ONCE)]
    [block] = cut(*lines)
    assert list(block.lines) == lines
    assert block.sources[255:257] == ["23.45.67.255", "23.45.67.0"]
    assert block.source_ports[:2] == ["1024", "1025"]
    assert block.ports[-1] == str(3 * AT_ONCE - 1)
    assert block.stamps[61] == "Nov 10 23:04:01"


@pytest.mark.parametrize(
    "other",
    [
        line(7, host="attic"),
        line(7, verb="accepted"),
        line(7)[:-9],
        b"",
        b"what nobody knows",
        line(7) + b"\r",
        line(7) + b"\n" + line(8),
        line(7) + " é".encode(),
    ],
)
def test_another_line_ends_a_block_and_keeps_its_place(other):
    lines = [*map(line, range(100)), other, *map(line, range(100))]
    pieces = cut(*lines)
    assert spelled(pieces) == lines
    assert other in pieces
    assert any(isinstance(piece, Block) for piece in pieces)


def test_few_lines_are_read_one_by_one():
    lines = [line(n) for n in range(MIN_LINES - 1)]
    assert cut(*lines) == lines


def test_a_second_stamp_behind_the_relays_must_stay_the_same():
    lines = [
        line(n, host=f"relay Nov 10 23:00:{n // 50:02} gate", stamp=f"Nov 10 23:04:{n // 50:02}")
        for n in range(100)
    ]
    first, second = cut(*lines)
    assert len(first.lines) == len(second.lines) == 50
    assert set(first.stamps) == {""}


@pytest.mark.parametrize("port", ["080", "65536", "70000", "655350", "x", ""])
def test_a_number_that_is_no_port_is_of_no_block(port):
    assert not any(isinstance(piece, Block) for piece in cut(*[line(1, port=port)] * 40))


@given(st.integers(0, 65535))
def test_every_port_is_of_a_block(port):
    [block] = cut(*[line(1, port=port)] * 40)
    assert set(block.ports) == {str(port)}


def test_what_says_nothing_may_vary_within_a_block():
    text = (
        "<4>Nov 10 23:04:06 gate kernel: [{0}.5] DROP IN=eth0 OUT= MAC=00 SRC=23.45.67.89 "
        "DST=203.0.113.9 LEN={0} TOS=0x00 PREC=0x00 TTL={0} ID={0} {1}PROTO=TCP SPT=443 DPT={0} "
        "WINDOW={0} RES=0x00 {2} URGP=0"
    )
    lines = [text.format(n, "DF " * (n % 2), "SYN").encode() for n in range(64)]
    assert len(list(netfilter.DIALECT.form.cut(lines))) == 1
    lines[40:] = [text.format(n, "", "ACK").encode() for n in range(40)]
    pieces = list(netfilter.DIALECT.form.cut(lines))
    assert [len(piece.lines) for piece in pieces] == [40, 40]


@pytest.mark.parametrize("dialect", [d for d in DIALECTS if d.form], ids=lambda d: d.name)
def test_the_examples_of_a_dialect_are_of_its_form(dialect):
    blocks = [
        piece
        for example in dialect.examples
        for piece in dialect.form.cut([f"<4>Nov 10 23:04:06 gate {example}".encode()] * 40)
        if isinstance(piece, Block)
    ]
    assert blocks
    for block in blocks:
        event = dialect.parse(header.read(block.lines[0], NOW))
        assert (event.source_ip, str(event.source_port)) == (
            block.sources[0],
            block.source_ports[0],
        )
        assert str(event.destination_port) == block.ports[0]
