from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import Malformed, leef, table
from exporter.events import Event
from exporter.syslog import header
from tests import timing

DROPPED = Event(
    kind="rejected",
    action="drop",
    transport="tcp",
    source_ip="198.51.100.7",
    source_port=1,
    destination_ip="203.0.113.9",
    destination_port=2,
)
PAIRS = (
    *("src=198.51.100.7", "dst=203.0.113.9", "proto=TCP", "srcPort=1", "dstPort=2", "action=Drop"),
    "msg=a b | c",
)


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert leef.claims(message), line
    return leef.parse(message)


@pytest.mark.parametrize(
    ("front", "delimiter"),
    [
        ("LEEF:1.0|V|P|1|e|", "\t"),
        ("LEEF:1.0|V|P|1|e|", "#011"),
        ("LEEF:1.0|V|P|1|e|", "   "),
        ("LEEF:2.0|V|P|1|e||", "\t"),
        ("LEEF:2.0|V|P|1|e|", "\t"),
        ("LEEF:2.0|V|P|1|e|^|", "^"),
        ("LEEF:2.0|V|P|1|e|x5E|", "^"),
        ("LEEF:2.0|V|P|1|e|0X5e|", "^"),
        ("LEEF:2.0|V|P|1|e|5E|", "^"),
        ("LEEF:2.0|V|P|1|e|x09|", "\t"),
        ("Nov 10 14:04:06 fw LEEF:1.0|V|P|1|e|", "\t"),
        ("<13>1 2026-11-10T14:04:06Z fw app - - - LEEF:2.0|V|P|1|e|^|", "^"),
    ],
)
def test_what_stands_between_the_attributes_changes_nothing(front, delimiter):
    assert parse(front + delimiter.join(PAIRS)) == DROPPED


@pytest.mark.parametrize("front", ["LEEF:1.0|V|P|1|e|", "LEEF:2.0|V|P|1|e|x7C|"])
def test_pipes_stand_between_them_too(front):
    assert parse(front + "|".join(PAIRS[:-1])) == DROPPED


@pytest.mark.parametrize(
    ("event", "pairs", "kind"),
    [
        ("Drop", "action=allow", "accepted"),
        ("Drop", "act=Allow", "accepted"),
        ("1", "disp=Deny", "rejected"),
        ("Deny", "policy=Allow all", "rejected"),
        ("1", "policy=Deny", "rejected"),
        ("1", "policy=Deny all", "other"),
        ("Allow", "action=alert", "other"),
        ("UDP flood", "action=drop", "dos_alert"),
        ("1", "cat=Port Scan\taction=drop", "dos_alert"),
        ("1", "msg=Admin login failed", "login_failure"),
    ],
)
def test_the_action_wins_over_the_identifier_and_that_over_the_policy(event, pairs, kind):
    assert parse(f"LEEF:1.0|V|P|1|{event}|src=192.0.2.1\t{pairs}").kind == kind


def test_of_two_equal_keys_the_first_counts():
    event = parse("LEEF:1.0|V|P|1|Deny|src=192.0.2.1\tusrName=x\tsrc=192.0.2.2")
    assert event == Event(kind="rejected", action="deny", source_ip="192.0.2.1")


def test_what_names_no_packet_is_of_no_kind():
    assert parse("LEEF:1.0|V|P|1|Denied|usrName=x") == Event(kind="other")
    assert parse("LEEF:1.0|V|P|1|Login failed|usrName=x") == Event(kind="login_failure")


@pytest.mark.parametrize(
    ("way", "interfaces"), [("inbound", ("e0", None)), ("outbound", (None, "e0"))]
)
def test_one_interface_is_that_of_its_way(way, interfaces):
    event = parse(f"LEEF:1.0|V|P|1|Drop|src=192.0.2.1\tifdir={way}\tifname=e0")
    assert (event.ingress_interface, event.egress_interface) == interfaces


@pytest.mark.parametrize(
    "pairs",
    [
        "logid=0000000013\ttype=traffic\taction=deny",
        "product=VPN-1 & FireWall-1\taction=Drop",
        'msg_id="3000-0148"\tdisp=Deny',
        "id=firewall sn=1 fw=192.0.2.1",
        "log_type=Firewall\tlog_component=x",
    ],
)
def test_no_vendors_dialect_claims_its_pairs_in_the_envelope(pairs):
    for envelope in ("LEEF:1.0|V|P|1|e|", "CEF:0|V|P|1|e|Deny|1|"):
        message = header.read(f"{envelope}src=192.0.2.1\t{pairs}".encode(), 0.0)
        claiming = [dialect.name for dialect in table.DIALECTS if dialect.claims(message)]
        assert claiming == [envelope[:4].strip(":").lower()]


@pytest.mark.parametrize("line", ["LEEF: hello", "LEEF:1.0|V|P", "LEEF:9|a|b|c|d|", "aLEEF 1.0|"])
def test_lines_of_others_are_left_to_them(line):
    assert not leef.claims(header.read(line.encode(), 0.0))


def test_a_cut_header_is_malformed():
    with pytest.raises(Malformed):
        leef.parse(header.read(b"LEEF:1.0|V|P", 0.0))


@given(st.text(), st.sampled_from(["1.0|V|P|1|e|", "2.0|V|P|1|e|^|", "2.0|V|P|1|e|zzz|"]))
def test_any_text_is_an_event_or_malformed(text, front):
    message = header.read(f"LEEF:{front}src=192.0.2.1{text}".encode("utf-8", "replace"), 0.0)
    with suppress(Malformed):
        assert isinstance(leef.parse(message), Event)


def test_a_line_of_blanks_takes_no_longer_than_others():
    line = "LEEF:2.0|V|P|1|e|dst=192.0.2.1" + " " * 60_000 + "x"
    assert parse(line).kind == "other"
    assert timing.seconds(lambda: parse(line), 0.5) < 0.5  # it was 4
