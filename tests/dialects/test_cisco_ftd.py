import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, cisco_ftd
from exporter.events import Event
from exporter.syslog import header

BLOCK = (
    "%FTD-1-430002: AccessControlRuleAction: Block, SrcIP: 198.51.100.7, DstIP: 203.0.113.9, "
    "SrcPort: 4000, DstPort: 23, Protocol: tcp, AccessControlRuleName: No telnet"
)


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert cisco_ftd.claims(message)
    return cisco_ftd.parse(message)


@given(
    pairs=st.permutations(
        ["SrcIP: {0}", "DstIP: {1}", "SrcPort: 1", "DstPort: 2", "Protocol: udp", "ACPolicy: a, b"]
    ),
    addresses=st.tuples(st.ip_addresses(), st.ip_addresses()),
    comma=st.sampled_from([", ", ",", " ,  "]),
)
def test_pairs_read_back_in_any_order(pairs, addresses, comma):
    event = parse("%FTD-1-430003: " + comma.join(pairs).format(*addresses))
    assert (event.source_port, event.destination_port, event.transport) == (1, 2, "udp")
    assert event.source_ip == canonical(str(addresses[0]))
    assert event.destination_ip == canonical(str(addresses[1]))


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("Block", "rejected"),
        ("Block with reset", "rejected"),
        ("Interactive Block", "rejected"),
        ("Allow", "accepted"),
        ("Trust", "accepted"),
        ("Fastpath", "accepted"),
        ("Monitor", "other"),
        ("", "other"),
    ],
)
def test_the_action_is_the_verdict(action, kind):
    event = parse(BLOCK.replace(": Block", f": {action}"))
    assert (event.kind, event.action) == (kind, action.lower() or None)
    assert event.rule == "No telnet"


@pytest.mark.parametrize(
    ("result", "kind"),
    [("Blocked", "rejected"), ("Dropped", "rejected"), ("Would have blocked", "other")],
)
def test_an_intrusion_is_rejected_only_when_it_says_so(result, kind):
    text = f"%FTD-1-430001: InlineResult: {result}, AccessControlRuleAction: Allow"
    assert parse(text).kind == kind


def test_what_a_stranger_chooses_changes_no_address():
    event = parse(f"{BLOCK}, URL: http://x/, SrcIP: 192.0.2.66, DstPort: 80")
    assert (event.source_ip, event.destination_port) == ("198.51.100.7", 23)


def test_icmp_has_no_ports():
    event = parse(BLOCK.replace("tcp", "icmp"))
    assert (event.source_port, event.destination_port) == (None, None)


@given(cut=st.integers(len("%FTD-1-430002"), len(BLOCK)))
def test_a_cut_line_invents_nothing(cut):
    event = parse(BLOCK[:cut])
    assert event.kind in ("rejected", "other")
    assert event.source_ip in (None, "198.51.100.7")
    assert event.destination_ip in (None, "203.0.113.9")
    assert "No telnet".startswith(event.rule or "")


@pytest.mark.parametrize("line", ["%FTD-4-106023: Deny tcp", "x-430001: Block", "FTD-1-4300021: x"])
def test_lines_of_others_are_left_to_them(line):
    assert not cisco_ftd.claims(header.read(line.encode(), 0.0))


@given(st.text())
def test_any_text_is_an_event(text):
    assert isinstance(parse("%FTD-1-430002: SrcIP: " + text.replace("\ufeff", "")), Event)


def test_what_it_does_not_claim_it_calls_malformed():
    with pytest.raises(Malformed):
        cisco_ftd.parse(header.read(b"hello", 0.0))
