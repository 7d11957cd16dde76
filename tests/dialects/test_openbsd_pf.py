# ruff: noqa: E501 - a table of texts reads best as a table
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, openbsd_pf
from exporter.events import Event
from exporter.syslog import header

BLOCK = "rule 4/(match) block in on em0: 198.51.100.7.4000 > 203.0.113.9.23: S 13:13(0) win 1 (DF)"


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert openbsd_pf.claims(message)
    return openbsd_pf.parse(message)


@given(
    source=st.ip_addresses(),
    destination=st.ip_addresses(),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    rule=st.sampled_from(["4/(match)", "4/0(match):", "4/(short) [uid 0, pid 9]"]),
    blank=st.sampled_from([" ", "  "]),
)
def test_the_port_stands_behind_the_last_dot(source, destination, ports, rule, blank):
    text = f"{rule} pass out on em0: {source}.{ports[0]} > {destination}.{ports[1]}: udp 73"
    event = parse("rule " + text.replace(" ", blank))
    assert (event.source_port, event.destination_port) == ports
    assert event.source_ip == canonical(str(source))
    assert event.destination_ip == canonical(str(destination))
    assert (event.kind, event.transport, event.rule) == ("accepted", "udp", "4")
    assert (event.ingress_interface, event.egress_interface) == (None, "em0")


@pytest.mark.parametrize(
    "front",
    ["", "Nov 10 23:04:05.522341 ", "Nov 10 23:04:06 gw pf: Nov 10 23:04:05.5 ", "00:00:01.5 "],
)
def test_what_stands_before_the_rule_changes_nothing(front):
    assert parse(front + BLOCK) == parse(BLOCK)


def test_flags_alone_do_not_say_tcp():
    event = parse(BLOCK)
    assert (event.transport, event.source_port, event.destination_port) == (None, 4000, 23)


@pytest.mark.parametrize(
    ("packet", "transport"),
    [
        ("192.0.2.1 > 192.0.2.2: icmp: echo request", "icmp"),
        ("2001:db8::1 > ff02::1: icmp6: router advertisement", "icmpv6"),
        ("IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1", "icmp"),
        ("192.0.2.1 > 192.0.2.2: igmp v2 report", "igmp"),
        ("(tos 0x0, ttl 64, flags [DF], proto UDP (17), length 52) 192.0.2.1.5 > 192.0.2.2.6: x", "udp"),
        ("192.0.2.1.domain > 192.0.2.2.domain: 1+ A? x. (20)", None),
    ],
)  # fmt: skip
def test_the_protocol_is_the_first_word(packet, transport):
    event = parse(f"rule 3/(match) block in on em0: {packet}")
    assert event.transport == transport
    assert event.source_ip in ("192.0.2.1", "2001:db8::1")
    assert event.destination_ip in ("192.0.2.2", "ff02::1")


@given(cut=st.integers(0, len(BLOCK)))
def test_a_cut_line_invents_nothing(cut):
    message = header.read(BLOCK[:cut].encode(), 0.0)
    if not openbsd_pf.claims(message):
        return
    event = openbsd_pf.parse(message)
    assert (event.kind, event.rule) == ("rejected", "4")
    assert event.ingress_interface in (None, "em0")
    assert event.source_ip in (None, "198.51.100.7")
    assert event.destination_ip in (None, "203.0.113.9")


@pytest.mark.parametrize("line", ["pass in on foot", "a/b(match) block", "UDP rejected on x", ""])
def test_lines_of_others_are_left_to_them(line):
    assert not openbsd_pf.claims(header.read(line.encode(), 0.0))


@given(st.text())
def test_any_text_is_an_event_or_malformed(text):
    for front in ("", "rule 3/(match) block in on em0: ", "rule 3/(match) block in on "):
        message = header.read((front + text).encode("utf-8", "replace"), 0.0)
        with suppress(Malformed):
            assert isinstance(openbsd_pf.parse(message), Event)
