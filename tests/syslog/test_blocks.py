"""Lines are cut by the forms that they have, and keep their places as far as it matters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.syslog.blocks import (
    AT_ONCE,
    LINES_A_TRIAL,
    MAX_FORMS,
    MAX_PATTERNS,
    MIN_LINES,
    PORT,
    TRIALS,
    Block,
    Form,
    Forms,
    Part,
    Trials,
)

STAMP = "[A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"


def line(n, *, host="gate", stamp="Nov 10 23:04:06", verb="rejected", port=51413, to="203.0.113.9"):
    return (
        f"<4>{stamp} {host} kernel: UDP connection {verb} from 23.45.67.{n % 256}:{1024 + n} "
        f"to {to}:{port}"
    ).encode()


def form_of(data):
    """The form of a line above, or None; the verb and the host stay as they are."""
    found = re.fullmatch(rb"<4>.{15} (\w+) kernel: UDP connection (\w+) from .*", data)
    if found is None:
        return None
    host, verb = (text.decode() for text in found.groups())
    return Form(
        [
            *(Part("<4>"), Part(STAMP, "stamp"), Part(f" {host} kernel: UDP connection {verb}")),
            *(Part(" from "), Part("[0-9.]++", "source"), Part(":"), Part(PORT, "source_port")),
            *(Part(" to "), Part("[0-9.]++", "destination"), Part(":"), Part(PORT, "port")),
        ]
    )


def cut(*lines, **more):
    return list(Forms(Trials()).cut(lines, form_of, **more))


def spelled(pieces):
    return [
        one for piece in pieces for one in (piece.lines if isinstance(piece, Block) else [piece])
    ]


def sizes(pieces):
    return [len(piece.lines) if isinstance(piece, Block) else 1 for piece in pieces]


def test_lines_that_differ_in_stamp_and_ends_are_one_block():
    lines = [line(n, stamp=f"Nov 10 23:04:{n % 60:02}", port=n) for n in range(AT_ONCE)]
    [block] = cut(*lines)
    assert list(block.lines) == lines
    assert list(block.sources[255:257]) == ["23.45.67.255", "23.45.67.0"]
    assert list(block.source_ports[:2]) == ["1024", "1025"]
    assert block.ports[-1] == str(AT_ONCE - 1)
    assert block.stamps[61] == "Nov 10 23:04:01"


@pytest.mark.parametrize(
    "other",
    [
        line(7)[:-9],
        b"",
        b"what nobody knows",
        line(7) + b"\r",
        line(7) + b"\n" + line(8),
        line(7) + " é".encode(),
    ],
)
def test_a_line_of_no_form_keeps_its_place(other):
    lines = [*map(line, range(100)), other, *map(line, range(100))]
    pieces = cut(*lines)
    assert spelled(pieces) == lines
    assert sizes(pieces) == [100, 1, 100]


@pytest.mark.parametrize("differs", [{"host": "attic"}, {"verb": "denied"}, {"to": "203.0.113.10"}])
def test_a_mixture_is_sorted_and_the_last_line_stays_the_last(differs):
    lines = [line(n, **(differs if n % 2 else {})) for n in range(200)]
    pieces = cut(*lines)
    assert sizes(pieces) == [100, 100]
    assert list(pieces[0].lines) == lines[::2]
    assert list(pieces[1].lines) == lines[1::2]


@pytest.mark.parametrize("differs", [{"verb": "denied"}, {"to": "203.0.113.10"}])
def test_few_of_a_kind_stay_lines_and_do_not_divide_the_others(differs):
    forms = Forms(Trials())
    lines = [line(n, **(differs if n % 20 == 1 else {})) for n in range(199)]
    for _ in range(4):  # until a form was looked for, for the few
        pieces = list(forms.cut(lines, form_of))
    assert sizes(pieces) == [1] * 10 + [189]
    assert spelled(pieces)[:10] == lines[1::20]
    pieces = list(forms.cut(lines[:182], form_of))
    assert sizes(pieces) == [1] * 9 + [172, 1]
    assert spelled(pieces)[:9] == lines[1:181:20]
    assert spelled(pieces)[-1] == lines[181]


def test_many_in_a_row_keep_their_place():
    lines = [line(n, verb="denied" if n // 50 % 2 else "rejected") for n in range(200)]
    pieces = cut(*lines)
    assert sizes(pieces) == [50] * 4
    assert spelled(pieces) == lines


def test_within_a_stamp_a_mixture_does_not_leave_it():
    lines = [
        line(n, stamp=f"Nov 10 23:04:{n // 80:02}", verb="denied" if n % 2 else "rejected")
        for n in range(160)
    ]
    pieces = cut(*lines, within_stamp=True)
    assert sizes(pieces) == [40] * 4
    assert [set(piece.stamps) for piece in pieces] == [
        *[{"Nov 10 23:04:00"}] * 2,
        *[{"Nov 10 23:04:01"}] * 2,
    ]
    assert sizes(cut(*lines)) == [80, 80]


def test_few_lines_are_read_one_by_one():
    lines = [line(n) for n in range(MIN_LINES - 1)]
    assert cut(*lines) == lines


@pytest.mark.parametrize("port", ["080", "65536", "70000", "655350", "x", ""])
def test_a_number_that_is_no_port_is_of_no_block(port):
    assert not any(isinstance(piece, Block) for piece in cut(*[line(1, port=port)] * 40))


@given(st.integers(0, 65535))
def test_every_port_is_of_a_block(port):
    [block] = cut(*[line(1, port=port)] * 40)
    assert set(block.ports) == {str(port)}


def test_ports_may_be_printed_to_another_base():
    ends = [Part(text, role) for text, role in (("[0-9.]+", "source"), ("[0-9.]+", "destination"))]
    ports = [Part("[0-9a-f]{4}", role) for role in ("source_port", "port")]
    parts = [part for end in (*ends, *ports) for part in (end, Part(" "))]
    lines = [b"23.45.67.89 203.0.113.9 1c03 0017 "] * 40
    [block] = Forms(Trials()).cut(lines, lambda _: Form(parts, base=16))
    assert (block.source_ports[0], block.ports[0]) == ("7171", "23")


@pytest.mark.parametrize("found", [form_of, lambda _: None])
def test_lines_of_ever_new_forms_are_looked_at_a_few_times_only(found):
    trials, looked = Trials(), []

    def find(data):
        looked.append(data)
        return found(data)

    batches = 200
    for number in range(batches):  # each from another sender
        lines = [line(n, host=f"h{number}x{n}") for n in range(64)]
        assert list(Forms(trials).cut(lines, find)) == lines
    assert len(looked) <= TRIALS + batches * 64 / LINES_A_TRIAL


@pytest.mark.thorough
def test_of_too_many_forms_the_most_frequent_are_kept():
    forms, looked = Forms(Trials()), []

    def find(data):
        looked.append(data)
        return form_of(data)

    hosts = [f"h{number}" for number in range(MAX_FORMS + 8)]
    for host in hosts:
        for _ in range(20):
            list(forms.cut([line(n, host=host) for n in range(64)], find))
    assert len(looked) == len(hosts)
    for host in hosts[-MAX_FORMS:]:
        list(forms.cut([line(n, host=host) for n in range(64)], find))
    assert len(looked) == len(hosts)


def test_of_long_forms_fewer_are_kept():
    def find(data):
        form = form_of(data)
        form.size = MAX_PATTERNS // 3
        return form

    forms, hosts = Forms(Trials()), ["h1", "h2", "h3", "h4", "h5"]
    for host in hosts:
        list(forms.cut([line(n, host=host) for n in range(64)], find))
    assert len(forms._forms) == 3
    lines = [line(n, host=hosts[-1]) for n in range(64)]
    assert sizes(forms.cut(lines, lambda _: None)) == [64]  # the last one found is kept


def test_however_many_lines_of_one_kind_are_one_block():
    first, second = "203.0.113.9", "203.0.113.10"
    lines = [line(n, to=first) for n in range(2 * AT_ONCE)]
    lines += [line(n, to=second) for n in range(AT_ONCE)]
    forms = Forms(Trials())
    list(forms.cut(lines[:MIN_LINES], form_of))  # the form is known from now on
    pieces = list(forms.cut(lines, form_of))
    assert sizes(pieces) == [2 * AT_ONCE, AT_ONCE]
    assert spelled(pieces) == lines
    assert list(pieces[0].source_ports) == [str(1024 + n) for n in range(2 * AT_ONCE)]
    pieces = list(forms.cut([*lines[:AT_ONCE], b"what", *lines], form_of))
    assert spelled(pieces) == [*lines[:AT_ONCE], b"what", *lines]
