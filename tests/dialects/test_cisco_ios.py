# ruff: noqa: E501 - a table of texts reads best as a table
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, cisco_ios
from exporter.events import Event
from exporter.syslog import header

DENIED = (
    "%SEC-6-IPACCESSLOGP: list wan-in denied tcp 198.51.100.7(4000) "
    "(Gi0/0 0000.5e00.5301) -> 203.0.113.9(23), 3 packets"
)


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert cisco_ios.claims(message)
    return cisco_ios.parse(message)


@given(
    source=st.ip_addresses(),
    destination=st.ip_addresses(),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    blank=st.sampled_from([" ", "  ", " \t"]),
    upper=st.booleans(),
)
def test_an_entry_reads_back_in_any_case_and_spacing(source, destination, ports, blank, upper):
    text = f"list 102 permitted udp {source}({ports[0]}) -> {destination}({ports[1]}), 9 packets"
    text = (text.upper() if upper else text).replace(" ", blank)
    event = parse("%IPV6_ACL-6-ACCESSLOGP: " + text)
    assert (event.source_port, event.destination_port) == ports
    assert event.source_ip == canonical(str(source))
    assert event.destination_ip == canonical(str(destination))
    assert (event.kind, event.transport, event.rule, event.count) == ("accepted", "udp", "102", 9)


@pytest.mark.parametrize(
    "front",
    [
        "",
        "<190>151: sw01: 152: 2y10w: ",
        "30: foo: 634: *Nov 10 23:04:06: ",
        "<190>.Nov 10 2026 23:04:06.398 UTC: ",
        "<190>151: 2001:db8::: 152: Nov 10 2026 23:04:06 UTC: ",
        "Nov 10 23:04:06 192.0.2.1 151: Nov 10 23:04:05.1: ",
    ],
)
def test_what_stands_before_the_tag_changes_nothing(front):
    assert parse(front + DENIED) == parse(DENIED)


def test_log_input_adds_interface_and_station():
    event = parse(DENIED)
    assert (event.ingress_interface, event.mac) == ("Gi0/0", "00:00:5e:00:53:01")
    assert event.count == 3


def test_a_station_before_the_address_is_nobodys():
    event = parse(
        "%FMANFP-6-IPACCESSLOGP:  F0/0: fman_fp_image:  list x denied tcp 00-00-5E-00-53-23 "
        "198.51.100.7(4000) Te0/1/1-> 203.0.113.9(23), 1 packet"
    )
    assert (event.source_ip, event.source_port) == ("198.51.100.7", 4000)
    assert (event.ingress_interface, event.mac) == ("Te0/1/1", None)


@pytest.mark.parametrize(
    "text", ["list 10 denied 198.51.100.7 4 packets", "list 10 denied 198.51.100.7, 4 packets"]
)
def test_a_standard_list_names_the_source_only(text):
    assert parse(f"%SEC-6-IPACCESSLOGS: {text}") == Event(
        kind="rejected", action="denied", source_ip="198.51.100.7", rule="10", count=4
    )


def test_icmp_has_no_ports():
    event = parse("%SEC-6-IPACCESSLOGDP: list 1 denied icmp 192.0.2.1 -> 192.0.2.2 (8/0), 1 packet")
    assert (event.source_port, event.destination_port) == (None, None)
    assert (event.source_ip, event.destination_ip) == ("192.0.2.1", "192.0.2.2")


@given(cut=st.integers(len("%SEC-6-IPACCESSLOGP:"), len(DENIED)))
def test_a_cut_line_invents_nothing(cut):
    event = parse(DENIED[:cut])
    assert event.kind in ("rejected", "other")
    assert event.transport in (None, "tcp")
    assert event.rule in (None, "wan-in")
    assert event.source_ip in (None, "198.51.100.7")
    assert event.destination_ip in (None, "203.0.113.9")
    assert event.ingress_interface in (None, "Gi0/0")
    assert event.count in (None, 3)


def test_a_count_that_nobody_believes_is_malformed():
    with pytest.raises(Malformed, match="count"):
        parse(DENIED.replace("3 packets", "1000001 packets"))


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("%SEC-6-IPACCESSLOGRL: logging rate-limited or missed 18 packets", Event(kind="other", count=18)),
        ("%SYS-5-RESTART: System restarted --", Event(kind="boot")),
        ("%NAT-6-LOG_TRANSLATION: Created Translation UDP", Event(kind="other")),
        ("%IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 192.0.2.1, pool x", Event(kind="nat_fault", source_ip="192.0.2.1")),
        ("%IOSXE-4-PLATFORM: R0/0: cpp_cp: %NAT-4-DEFAULT_MAX_ENTRIES: exceeded", Event(kind="nat_fault")),
        ("%FW-4-ALERT_ON: getting aggressive", Event(kind="dos_alert")),
        ("%FW-6-SESS_AUDIT_TRAIL: x", Event(kind="other")),
        (
            "%FW-6-DROP_PKT: Dropping icmp pkt from Gi0 192.0.2.1:8 => 192.0.2.2:0(target:class)",
            Event(kind="rejected", action="dropping", transport="icmp", source_ip="192.0.2.1", destination_ip="192.0.2.2", ingress_interface="Gi0"),
        ),
        (
            "%FW-6-LOG_SUMMARY: 5 packets were dropped from 2001:db8::1:9 => 192.0.2.2 (t:c)",
            # Nobody can tell IPv6's last group from a port; here a port is always printed.
            Event(kind="rejected", action="dropped", source_ip="2001:db8::1", source_port=9, destination_ip="192.0.2.2", count=5),
        ),
        (
            "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: x] [Source: 192.0.2.1] [localport: 22]",
            Event(kind="login_failure", source_ip="192.0.2.1", destination_port=22),
        ),
        ("%SNMP-3-AUTHFAIL: Authentication failure from host 192.0.2.1", Event(kind="login_failure", source_ip="192.0.2.1")),
        ("%SEC_LOGIN-4-LOGIN_FAILED: Login failed", Event(kind="login_failure")),
        (
            "%DOT11-6-ASSOC: Interface Dot11Radio0, Station ap 0000.5e00.5301 Associated",
            Event(kind="wifi_join", ingress_interface="Dot11Radio0", mac="00:00:5e:00:53:01"),
        ),
        (
            "%DHCP-6-ADDRESS_ASSIGN: Interface Gi0 assigned DHCP address 203.0.113.9, mask",
            Event(kind="wan_up", ingress_interface="Gi0", ip="203.0.113.9"),
        ),
        ("%FOO-BAR-6-BAZ: x", Event(kind="other")),
    ],
)  # fmt: skip
def test_the_other_mnemonics_say(text, event):
    assert parse(text) == event


@pytest.mark.parametrize(
    "line",
    [
        "%ASA-6-302013: Built",
        "%%10WEB/4/WEBOPT_LOGIN_FAIL(l): x",
        "100%-6-X: y",
        "list 1 denied tcp 192.0.2.1(1) -> 192.0.2.2(2), 1 packet",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert not cisco_ios.claims(header.read(line.encode(), 0.0))


@given(st.text(), st.sampled_from(["SEC-6-IPACCESSLOGP", "FW-6-DROP_PKT", "DOT11-6-ASSOC"]))
def test_any_text_is_an_event_or_malformed(text, tag):
    for front in ("", f"%{tag}: ", f"%{tag}: list x denied ", f"%{tag}: list x denied tcp 1 -> "):
        message = header.read((front + text).encode("utf-8", "replace"), 0.0)
        with suppress(Malformed):
            assert isinstance(cisco_ios.parse(message), Event)
