# ruff: noqa: E501 - a table of texts reads best as a table
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, cisco_asa
from exporter.events import Event
from exporter.syslog import header

DENY = (
    "%ASA-4-106023: Deny tcp src outside:198.51.100.7/4000 dst dmz:203.0.113.9/23 "
    'by access-group "acl in" [0x0, 0x0]'
)


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert cisco_asa.claims(message)
    return cisco_asa.parse(message)


def ends(event: Event) -> tuple[str | None, int | None, str | None, int | None]:
    return event.source_ip, event.source_port, event.destination_ip, event.destination_port


ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)


@given(
    source=ADDRESSES,
    destination=ADDRESSES,
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    blank=st.sampled_from([" ", "  ", " \t"]),
    upper=st.booleans(),
)
def test_a_denied_packet_reads_back(source, destination, ports, blank, upper):
    text = f"Deny udp src Out:{source}/{ports[0]} dst NP Identity Ifc:{destination}/{ports[1]} by"
    text = text.upper() if upper else text
    event = parse("%ASA-4-106023: " + text.replace(" dst ", f"{blank}dst{blank}"))
    assert ends(event) == (
        canonical(source.strip("[]")),
        ports[0],
        canonical(destination.strip("[]")),
        ports[1],
    )
    assert (event.kind, event.action, event.transport) == ("rejected", "deny", "udp")
    assert str(event.egress_interface).lower() == "np identity ifc"


@pytest.mark.parametrize(
    "front",
    ["", "<163>: ", "<IP>: ", "Nov 10 2026 23:04:06 fw : ", "Nov 10 2026 23:04:06 CET: ", "fw: %"],
)
@pytest.mark.parametrize(
    "tag", ["%ASA-4-106023", "%ASA-session-4-106023", "%ASA--4-106023", "FTD-4-106023", "%PIX-4-106023"]
)  # fmt: skip
def test_what_stands_before_the_number_changes_nothing(front, tag):
    assert parse(front + DENY.replace("%ASA-4-106023", tag)) == parse(DENY)


@given(cut=st.integers(len("%ASA-4-106023"), len(DENY)))
def test_a_cut_line_invents_nothing(cut):
    event = parse(DENY[:cut])
    assert event.kind in ("rejected", "other")
    assert event.source_ip in (None, "198.51.100.7")
    assert event.destination_ip in (None, "203.0.113.9")
    assert event.ingress_interface in (None, "outside")
    assert event.egress_interface in (None, "dmz")
    assert event.rule in (None, "acl in")


@pytest.mark.parametrize(
    ("text", "kind", "transport", "rule"),
    [
        ("106001: Inbound TCP connection denied from A/1 to B/2 flags SYN on interface I", "rejected", "tcp", None),
        ("106002: udp connection denied by outbound list 30 src A 1 dest B 2", "rejected", "udp", "30"),
        ("106007: Deny inbound UDP from A/1 to B/2 due to DNS Query", "rejected", "udp", None),
        ("106010: Deny inbound protocol 47 src o:A dst i:B", "rejected", "gre", None),
        ("106100: access-list x est-allowed tcp i/A(1) -> o/B(2) hit-cnt 1 first hit", "accepted", "tcp", "x"),
        ("106100: access-list x denied tcp i/A(1)(dom\\u) -> o/B(2)(dom\\v) hit-cnt 9", "rejected", "tcp", "x"),
        ("106102: access-list x denied 103 for user 'a b' i/A(1) -> o/B(2) hit-cnt 9", "rejected", "pim", "x"),
        ("305005: No translation group found for tcp src i:A/1 dst o:B/2", "nat_fault", "tcp", None),
        ("305011: Built dynamic TCP translation from i:A/1 to o:B/2", "other", "tcp", None),
        ("305013: Asymmetric NAT rules matched for forward and reverse flows; Connection for udp src o:A/1 dst i:B/2 denied due to NAT", "rejected", "udp", None),
        ("313004: Denied ICMP type=0, from laddr A on interface I to B: no matching session", "rejected", "icmp", None),
        ("401004: Shunned packet: A ==> B on interface I", "rejected", None, None),
        ("418001: Through-the-device packet to/from management-only network is denied: udp src d:A/1 dst m:B/2", "rejected", "udp", None),
        ("419002: Duplicate TCP SYN from i:A/1 to o:B/2 with different", "other", "tcp", None),
        ("421001: UDP flow from i:A/1 to o:B/2 is dropped because application has failed", "rejected", "udp", None),
        ("710005: UDP request discarded from A/1 to o:B/2", "rejected", "udp", None),
        ("710002: UDP access permitted from A/1 to o:B/snmp", "accepted", "udp", None),
    ],
)  # fmt: skip
def test_each_family_of_texts_has_both_ends(text, kind, transport, rule):
    text = re.sub(r"\bA\b", "198.51.100.7", text)
    event = parse("%ASA-4-" + re.sub(r"\bB\b", "203.0.113.9", text))
    assert (event.kind, event.transport, event.rule) == (kind, transport, rule)
    assert (event.source_ip, event.destination_ip) == ("198.51.100.7", "203.0.113.9")
    assert event.source_port in (None, 1)
    assert event.destination_port in (None, 2)


@pytest.mark.parametrize(("direction", "turned"), [("inbound", False), ("outbound", True)])
def test_who_began_is_the_source_of_what_was_built(direction, turned):
    event = parse(
        f"%ASA-6-302013: Built {direction} TCP connection 9 for outside:198.51.100.7/1 "
        "(198.51.100.7/1) to inside:192.168.1.5/2 (203.0.113.9/2)"
    )
    found = ends(event)
    assert (found[2:] + found[:2] if turned else found) == ("198.51.100.7", 1, "192.168.1.5", 2)
    assert event.kind == "accepted"
    assert event.ingress_interface == ("inside" if turned else "outside")


def test_the_packet_inside_an_icmp_error_gives_no_field():
    event = parse(
        "%ASA-4-313005: No matching connection for ICMP error message: icmp src x:198.51.100.7 "
        "dst y:192.168.1.5 (type 3, code 0) on x interface. Original IP payload: udp src "
        "192.168.1.5/40998 dst 192.0.2.66/53."
    )
    assert ends(event) == ("198.51.100.7", None, "192.168.1.5", None)
    assert (event.ingress_interface, event.egress_interface) == ("x", None)


def test_a_name_is_a_host_and_a_mask_is_none():
    event = parse("%ASA-6-106015: Deny TCP (no connection) from mail_1/389 to x.x.x.x/5 flags RST")
    assert ends(event) == ("mail_1", 389, None, 5)


@pytest.mark.parametrize(
    "text",
    [
        "%ASA-5-111008: User 'x' executed the 'deny tcp from 198.51.100.7 to any' command.",
        "%ASA-6-302014: Teardown TCP connection 4 for o:198.51.100.7/53 to i:192.0.2.1/2",
        '%ASA-6-605005: Login permitted from 192.0.2.1/1 to i:192.0.2.2/ssh for user "deny"',
    ],
)
def test_what_people_typed_is_no_verdict(text):
    assert parse(text) == Event(kind="other")


def test_a_user_cannot_name_another_origin():
    event = parse(
        "%ASA-6-109006: Authentication failed for user 'x' from 198.51.100.7/5 to 192.0.2.1/22"
    )
    assert event == Event(
        kind="login_failure",
        source_ip="198.51.100.7",
        source_port=5,
        destination_ip="192.0.2.1",
        destination_port=22,
    )


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("604103: DHCP daemon interface in: address granted 0100.005e.0053.10 (192.0.2.9)", Event(kind="dhcp_lease", ip="192.0.2.9", mac="00:00:5e:00:53:10", ingress_interface="in")),
        ("604101: DHCP client interface out: Allocated ip = 203.0.113.9, mask = 255.255.255.0", Event(kind="wan_up", ip="203.0.113.9", ingress_interface="out")),
        ("113015: AAA user authentication Rejected : reason = x : user = bob : user IP = 192.0.2.9", Event(kind="login_failure", source_ip="192.0.2.9")),
        ("733101: Host 192.0.2.9 is attacking. Current burst rate", Event(kind="dos_alert", source_ip="192.0.2.9")),
        ("322001: Deny MAC address 0000.5e00.5301, possible spoof attempt on interface in", Event(kind="rejected", action="deny", mac="00:00:5e:00:53:01", ingress_interface="in")),
        ("199002: Startup completed.  Beginning operation.", Event(kind="boot")),
    ],
)  # fmt: skip
def test_the_other_numbers_say(text, event):
    assert parse(f"%ASA-6-{text}") == event


def test_repeats_behind_the_tag_count():
    event = parse(f"fw : {DENY.replace('Deny', 'message repeated 3 times: [ Deny')}]")
    assert (event.count, event.rule) == (3, "acl in")
    with pytest.raises(Malformed, match="count"):
        parse("fw : %ASA-4-106023: message repeated 2000000 times: [ Deny tcp]")


@pytest.mark.parametrize(
    "line",
    [
        "%FTD-1-430002: AccessControlRuleAction: Block",
        "%SEC-6-IPACCESSLOGP: list 1 denied tcp 192.0.2.1(1) -> 192.0.2.2(2), 1 packet",
        "NASA-4-106023 x",
        "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert not cisco_asa.claims(header.read(line.encode(), 0.0))


@given(st.text(), st.sampled_from(["106023", "106100", "302013", "605004", "604103", "733101"]))
def test_any_text_is_an_event_or_malformed(text, number):
    for front in (
        "",
        f"%ASA-4-{number}: ",
        f"%ASA-4-{number}: access-list x denied tcp a/b(1) -> ",
    ):
        message = header.read((front + text).encode("utf-8", "replace"), 0.0)
        with suppress(Malformed):
            assert isinstance(cisco_asa.parse(message), Event)


def test_what_it_does_not_claim_it_calls_malformed():
    with pytest.raises(Malformed):
        cisco_asa.parse(header.read(b"hello", 0.0))
