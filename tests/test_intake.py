import pytest

from exporter.events import Batch
from exporter.intake import MAX_FLOODS, Intake
from exporter.reading import Reader, Rule
from exporter.routers import Routers
from exporter.syslog.blocks import Block
from tests.syslog.test_blocks import line
from tests.world import NOW


def intake(*, rules=None, line_clock=None):
    return Intake(Routers(gateways=["10.0.0.1"]), Reader(rules=rules), line_clock=line_clock)


def batch(*lines, listener="udp", sender="192.168.1.1"):
    return Batch(received=NOW, sender=sender, listener=listener, messages=list(lines))


def followed(one, arrived):
    """What is known of a block's lines, when the sender's dialect is."""
    one.take(arrived, arrived.messages[0])
    pieces = list(one.pieces(arrived))
    if not isinstance(pieces[0], Block):
        return None
    [block] = pieces
    return one.follow(arrived, block, one.take(arrived, block.lines[0]))


def test_a_sender_whose_dialect_is_not_known_is_read_line_by_line():
    lines = [line(n) for n in range(40)]
    assert list(intake().pieces(batch(*lines))) == lines


def test_what_follows_the_line_by_which_a_sender_is_known_is_read_by_the_block():
    one, lines = intake(), [b"who knows", *map(line, range(40))]
    arrived = batch(*lines)
    pieces = []
    for piece in one.pieces(arrived):
        pieces.append(piece)
        one.take(arrived, piece if isinstance(piece, bytes) else piece.lines[0])
    *alone, block = pieces
    assert [*alone, *block.lines] == lines
    assert len(alone) == 1


def test_the_lines_of_a_block_came_when_they_arrived():
    assert followed(intake(), batch(*map(line, range(40)))) == [NOW] * 40


def test_the_lines_clock_goes_on_within_a_block_and_never_back():
    one = intake(line_clock=0.0)
    seconds = [*range(20), 5, *range(20, 39)]
    lines = [line(n, stamp=f"Nov 10 23:04:{s:02}") for n, s in enumerate(seconds)]
    moments = followed(one, batch(*lines, listener="file", sender=""))
    assert moments == sorted(moments)
    assert [m - moments[0] for m in moments] == [*range(20), 19, *range(20, 39)]
    assert one.line_clock == moments[-1]


def test_the_forms_of_the_senders_that_sent_many_lines_last_are_remembered():
    one, lines = intake(), [line(n) for n in range(40)]
    for number in range(MAX_FLOODS + 3):
        followed(one, batch(*lines, sender=f"192.168.1.{number}"))
    assert list(one._forms) == [f"192.168.1.{n}" for n in range(3, MAX_FLOODS + 3)]
    assert list(one.pieces(batch(*lines[:9], sender="192.168.1.0"))) == lines[:9]
    assert "192.168.1.0" not in one._forms  # few lines are no flood


def test_what_is_repeated_after_a_block_is_its_last_line():
    one, lines = intake(), [line(n) for n in range(40)]
    followed(one, batch(*lines))
    taken = one.take(batch(), b"<4>Nov 10 23:04:07 gate last message repeated 3 times")
    assert taken.reading.event.source_port == 1024 + 39
    assert taken.reading.event.count == 3


def test_what_a_host_repeats_after_a_mixture_is_its_own_last_line():
    one, attic = intake(), [line(n, host="attic") for n in range(60)]
    last = None
    gate = [line(n, to="203.0.113.10") if n == 5 else line(n) for n in range(60)]
    mixture = [attic[n] if n % 12 == 1 else gate[n] for n in range(50)]
    repeat = b"<4>Nov 10 23:04:07 gate last message repeated 3 times"
    for lines in (gate, attic, gate, [*mixture, repeat]):
        arrived = batch(*lines)
        for piece in one.pieces(arrived):
            if isinstance(piece, Block):
                one.follow(arrived, piece, one.take(arrived, piece.lines[0]))
            else:
                last = one.take(arrived, piece)
    event = last.reading.event
    assert (event.destination_ip, event.source_port) == ("203.0.113.9", 1024 + 48)


@pytest.mark.parametrize(
    ("line_clock", "listener", "together"),
    [(0.0, "file", 50), (None, "file", 50), (None, "tcp", 50), (None, "udp", 100)],
)
def test_a_mixture_is_not_sorted_across_stamps_where_they_tell_when_it_happened(
    line_clock, listener, together
):
    lines = [
        line(n, verb=("rejected", "denied")[n % 2], stamp=f"Nov 10 23:04:0{n // 100}")
        for n in range(200)
    ]
    one, arrived = intake(line_clock=line_clock), batch(*lines, listener=listener, sender="")
    one.take(arrived, lines[0])
    blocks = list(one.pieces(arrived))
    assert [len(block.lines) for block in blocks] == [together] * (200 // together)


def test_what_a_relay_kept_tells_of_its_clock_as_line_by_line():
    by_block, by_line = intake(), intake()
    stamps = [f"Nov 10 23:{n // 3:02}:{n % 3 * 20:02}" for n in range(100)]
    lines = [
        line(n, verb=("rejected", "denied")[n % 2], stamp=stamp) for n, stamp in enumerate(stamps)
    ]
    arrived = batch(*lines, listener="tcp")
    for text in lines:
        by_line.take(arrived, text)
    for piece in by_block.pieces(arrived):
        for text in piece.lines if isinstance(piece, Block) else (piece,):
            by_block.take(arrived, text)
    clocks = [next(iter(one._routers.known())).clock for one in (by_block, by_line)]
    assert clocks[0] == clocks[1]


@pytest.mark.parametrize(
    ("rules", "listener", "lines"),
    [
        ({"192.168.1.1": Rule(meanings={"connection": "accepted"})}, "udp", map(line, range(40))),
        (None, "udp", [line(n, stamp="Feb 30 23:04:06") for n in range(40)]),
        (None, "file", [line(n, stamp=f"Nov 10 23:04:{n:02}") for n in range(40)]),
    ],
)
def test_what_may_mean_something_else_is_read_line_by_line(rules, listener, lines):
    assert followed(intake(rules=rules), batch(*lines, listener=listener)) is None
