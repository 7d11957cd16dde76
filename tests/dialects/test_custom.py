import pytest

from exporter.dialects import Malformed, custom
from exporter.dialects.custom import Pattern, dialect
from exporter.syslog import header
from exporter.syslog.framing import MAX_MESSAGE
from tests import timing
from tests.world import NOW

ENDS = (
    r"(?P<source_ip>\S+):(?P<source_port>\d+) to (?P<destination_ip>\S+):(?P<destination_port>\d+)"
)
DENY = rf"DENY (?P<transport>\w+) {ENDS}"
SAMPLE = "<12>Nov 10 23:04:06 gate fw: DENY UDP 198.51.100.7:3478 to 203.0.113.9:51413"


def pattern(regex=DENY, kind="rejected", samples=(SAMPLE,), is_ignored=False):
    return Pattern(regex, kind, is_ignored, tuple(samples))


def read(made, line):
    return made.parse(header.read(line.encode(), NOW))


def refusal(*patterns):
    with pytest.raises(ValueError, match="pattern") as caught:
        dialect("acme", patterns)
    return str(caught.value)


def test_named_groups_fill_the_event():
    event = read(dialect("acme", [pattern()]), SAMPLE.replace("203.0.113.9", "2001:DB8::1"))
    assert (event.kind, event.transport, event.action) == ("rejected", "udp", None)
    assert (event.source_ip, event.source_port) == ("198.51.100.7", 3478)
    assert (event.destination_ip, event.destination_port) == ("2001:db8::1", 51413)


def test_the_action_decides_where_no_kind_is_given():
    regex = rf"(?P<action>\w+) (?P<transport>\w+) {ENDS}"
    made = dialect("acme", [pattern(regex, None)])
    assert read(made, SAMPLE).kind == "rejected"
    assert read(made, SAMPLE.replace("DENY", "Permit")).kind == "accepted"
    other = read(made, SAMPLE.replace("DENY", "NOTE"))
    assert (other.kind, other.action) == ("other", "note")


def test_patterns_are_tried_in_order_and_may_ignore():
    quiet = Pattern("keepalive", None, True, ("<12>keepalive 1",))
    made = dialect("acme", [quiet, pattern()])
    assert read(made, "<12>keepalive 2") is None
    assert read(made, SAMPLE).kind == "rejected"
    assert not made.claims(header.read(b"<12>something else", NOW))


def test_icmp_has_no_ports():
    event = read(dialect("acme", [pattern()]), SAMPLE.replace("UDP", "ICMP"))
    assert (event.transport, event.source_port, event.destination_port) == ("icmp", None, None)


def test_what_cannot_be_read_is_absent_and_the_packet_still_counts():
    event = read(dialect("acme", [pattern()]), SAMPLE.replace("198.51.100.7", "xxx"))
    assert (event.kind, event.source_ip, event.source_port) == ("rejected", None, 3478)


def test_a_count_beyond_belief_is_malformed():
    made = dialect("acme", [pattern(r"dropped (?P<count>\d+)", samples=("<12>dropped 7",))])
    assert read(made, "<12>dropped 1000000").count == 1_000_000
    with pytest.raises(Malformed):
        read(made, "<12>dropped 1000001")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (pattern("(?=x)"), "pattern[0].regex: invalid perl operator: (?= (the syntax is"),
        (pattern("(a"), "pattern[0].regex: missing ): (a"),
        (pattern(r"\pL{900}\pL{900}"), "pattern[0].regex: pattern too large"),
        (pattern("x" * 2001), "pattern[0].regex: longer than 2000 characters"),
        (pattern("(?P<src_ip>x)"), "unknown group `src_ip`; did you mean `source_ip`?"),
        (pattern("DENY", None), "pattern[0]: needs a kind, or a group named `action`"),
        (pattern(samples=()), "pattern[0].samples: needs a line"),
        (pattern(samples=(SAMPLE, "x")), "pattern[0].samples[1]: the pattern does not match 'x'"),
        (
            pattern(samples=(SAMPLE.replace("198.51.100.7", "me"),)),
            "pattern[0].samples[0]: `source_ip` cannot be read from 'me'",
        ),
        (
            pattern("(?P<action>NOTE)", None, ("NOTE",)),
            "pattern[0].samples[0]: `action` holds no verdict that is known: 'note'",
        ),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_with_its_place(wrong, message):
    assert message in refusal(wrong)


def test_a_sample_that_an_earlier_pattern_takes_is_refused():
    assert refusal(pattern("DENY"), pattern()) == (
        "pattern[1].samples[0]: pattern[0] matches it before"
    )


@pytest.mark.parametrize(
    "regex", [r"(?P<rule>(a*)*(a*)*b)", r"(?P<rule>.*a.{300}b)", r"((a|ab|b|ba)*)*(?P<rule>c)"]
)
@pytest.mark.parametrize("unit", ["a", "ab", "a b "])
def test_a_bad_pattern_stalls_nobody(regex, unit):
    ends = "a" + "z" * 300 + "bc"
    made = dialect("acme", [pattern(regex, samples=(ends,))])
    long = header.read((unit * MAX_MESSAGE)[:MAX_MESSAGE].encode(), NOW)
    assert timing.seconds(lambda: made.claims(long), 0.05) < 0.05


def test_only_the_beginning_of_a_long_line_is_looked_at():
    made = dialect("acme", [pattern("END", samples=("END",))])
    inside = "x" * (custom.MAX_LINE - 3) + "END"
    assert made.claims(header.read(inside.encode(), NOW))
    assert not made.claims(header.read(f"x{inside}".encode(), NOW))
