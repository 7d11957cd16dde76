import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import SyslogMessage
from exporter.syslog import header, repeats
from exporter.syslog.repeats import Repeat, RepeatError


def read(line: str) -> Repeat | None:
    return repeats.read(header.read(line.encode(), 1_794_322_000.0))


def inner(line: str) -> tuple[int, SyslogMessage]:
    repeat = read(line)
    assert repeat is not None
    assert repeat.message is not None
    return repeat.times, repeat.message


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("Nov 10 23:04:06 host last message repeated 7 times", 7),
        ("Nov 10 23:04:06 last message repeated 1 time", 1),
        ("last message repeated 0 times", 0),
        ("<13>Nov 10 23:04:06 host syslogd: last message repeated 1000000 times", 1_000_000),
        ("--- last message repeated 3 times ---", 3),
        ("<189>59: rt: Nov 10 23:04:06.461 CET: last message repeated 66 times", 66),
        ("[INFO] Tue Nov 10 23:04:06 2026 Above message repeated 2 times", 2),
        ("Above message repeated 1 times", 1),
        ("Nov 10 23:04:06 gw The last message was repeated 3 times.", 3),
        ("<4>Nov 10 23:04:06 gw previous message repeated 3 time(s)", 3),
        (
            "Nov 10 23:04:06 gw Last message 'DROP' repeated 12 times, suppressed by x on gw",
            12,
        ),
    ],
)
def test_a_bare_repeat_is_of_the_message_before(line, times):
    assert read(line) == Repeat(times, None)


def test_exactly_one_pair_of_brackets_is_taken_off():
    times, message = inner(
        "Nov 10 23:04:06 ap  message repeated 7 times: [[00:00:5E:00:53:01] AP : x]"
    )
    assert times == 7
    assert message.text == message.content == "[00:00:5E:00:53:01] AP : x"
    assert message.hostname == "ap"


def test_the_tag_outside_belongs_to_the_message_inside():
    times, message = inner(
        "Nov 10 23:04:06 gw kernel: message repeated 2 times: [ [1.5] DROP IN=eth0]"
    )
    assert times == 2
    assert (message.app_name, message.text) == ("kernel", "kernel: [1.5] DROP IN=eth0")
    assert message.content == "[1.5] DROP IN=eth0"


def test_a_tag_inside_is_read():
    _, message = inner("Nov 10 23:04:06 gw message repeated 2 times: [kernel: DROP IN=eth0]")
    assert (message.app_name, message.content) == ("kernel", "DROP IN=eth0")


def test_a_cut_wrapper_is_read_as_far_as_it_goes():
    assert inner("message repeated 3 times: [UDP connection rej")[1].text == "UDP connection rej"


@pytest.mark.parametrize(
    "line", ["last message repeated 1000001 times", f"message repeated {'9' * 5000} times: [ x ]"]
)
def test_a_count_above_a_million_is_not_believed(line):
    with pytest.raises(RepeatError):
        read(line)


@pytest.mark.parametrize(
    "line",
    [
        "UDP connection rejected from 198.51.100.7:1 to 203.0.113.9:2",
        "last message repeated often",
        "the words: last message repeated 3 times are not alone",
        "last message repeated -1 times",
        "repeated",
    ],
)
def test_other_messages_speak_for_themselves(line):
    assert read(line) is None


@given(st.binary())
def test_any_bytes_are_a_repeat_or_not(data):
    for start in (b"", b"last message repeated ", b"message repeated 5 times: ["):
        try:
            repeats.read(header.read(start + data, 0.0))
        except RepeatError:
            assert start.endswith(b"repeated ")
