# ruff: noqa: E501 - a table of texts reads best as a table
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, meraki
from exporter.events import Event
from exporter.syslog import header

FLOW = (
    "1774252343.885426267 MX67 flows src=198.51.100.7 dst=203.0.113.9 mac=00:00:5E:00:53:01 "
    "protocol=tcp sport=4000 dport=23 pattern: 1 all"
)


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert meraki.claims(message)
    return meraki.parse(message)


@given(
    source=st.ip_addresses(),
    destination=st.ip_addresses(),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    line=st.sampled_from(
        ["flows", "firewall", "vpn_firewall", "bridge_x_firewall", "ip_flow_start"]
    ),
    blank=st.sampled_from([" ", "  ", "\t"]),
)
def test_a_flow_reads_back_in_any_order_and_spacing(source, destination, ports, line, blank):
    text = f"{line} dst={destination} src={source} dport={ports[1]} sport={ports[0]} protocol=udp"
    event = parse(f"1774252343.885426267 MX67 {text.replace(' ', blank)}")
    assert (event.source_port, event.destination_port, event.transport) == (*ports, "udp")
    assert event.source_ip == canonical(str(source))
    assert event.destination_ip == canonical(str(destination))
    assert event.kind == ("accepted" if line == "ip_flow_start" else "other")


@pytest.mark.parametrize(
    "front",
    [
        "<134>1 1774252343.885426267 MX67 ",
        "<134>Nov 10 23:04:06 192.0.2.1 1 1774252343.885426267 MX67 ",
        "Nov 10 23:04:06 relay 1774252343.885426267 MX67 ",
        "Nov 10 23:04:06 1774252343.885426267 MX67 ",
        "Nov 10 23:04:06 relay MX67 ",
    ],
)
def test_what_stands_before_the_device_changes_nothing(front):
    assert parse(FLOW.replace("1774252343.885426267 MX67 ", front)) == parse(FLOW)


@pytest.mark.parametrize(
    ("pattern", "kind", "action"),
    [
        (" pattern: 1 all", "rejected", None),
        (" pattern: 0 (dst 192.0.2.1)", "accepted", None),
        (" pattern: deny all", "rejected", "deny"),
        (" PATTERN:  Allow all", "accepted", "allow"),
        (" decision=blocked", "rejected", "blocked"),
        (" pattern: x", "other", None),
        ("", "other", None),
    ],
)
def test_the_pattern_is_the_verdict(pattern, kind, action):
    event = parse(FLOW.replace(" pattern: 1 all", pattern))
    assert (event.kind, event.action) == (kind, action)


def test_the_verdict_may_stand_behind_the_type():
    event = parse(FLOW.replace("flows", "flows deny").replace(" pattern: 1 all", ""))
    assert (event.kind, event.action, event.source_port) == ("rejected", "deny", 4000)


def test_icmp_has_no_ports_and_the_pattern_no_pairs():
    event = parse(FLOW.replace("tcp", "icmp").replace("all", "src=192.0.2.66 mac=x"))
    assert (event.source_ip, event.source_port, event.destination_port) == (
        "198.51.100.7",
        None,
        None,
    )
    assert event.mac == "00:00:5e:00:53:01"


@given(cut=st.integers(0, len(FLOW)))
def test_a_cut_line_invents_nothing(cut):
    message = header.read(FLOW[:cut].encode(), 0.0)
    if not meraki.claims(message):
        return
    with suppress(Malformed):
        event = meraki.parse(message)
        assert event.kind in ("rejected", "other")
        assert event.source_ip in (None, "198.51.100.7")
        assert event.destination_ip in (None, "203.0.113.9")
        assert "tcp".startswith(event.transport or "")
        assert event.mac in (None, "00:00:5e:00:53:01")


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("events type=association client_mac='00:00:5E:00:53:01'", Event(kind="wifi_join", mac="00:00:5e:00:53:01")),
        ("events type=disassociation client_mac='masked'", Event(kind="wifi_leave")),
        ("events type=vpn_connectivity_change", Event(kind="other")),
        (
            "events dhcp lease of ip 192.168.1.9 from server mac 00:00:5E:00:53:02 for client mac 00:00:5E:00:53:01 from",
            Event(kind="dhcp_lease", ip="192.168.1.9", mac="00:00:5e:00:53:01"),
        ),
        ("ip_flow_end src=192.0.2.1 dst=192.0.2.2", Event(kind="other", source_ip="192.0.2.1", destination_ip="192.0.2.2")),
        (
            "urls src=192.0.2.1:9 dst=192.0.2.2:80 request: GET http://x/ pattern: 1",
            Event(kind="other", source_ip="192.0.2.1", source_port=9, destination_ip="192.0.2.2", destination_port=80),
        ),
        (
            "ids-alerts protocol=tcp/ip src=192.0.2.1:9 decision=blocked",
            Event(kind="other", transport="tcp", source_ip="192.0.2.1", source_port=9),
        ),
        (
            "security_event security_filtering_file_scanned src=192.0.2.1:9 dst=192.0.2.2:80 action=block",
            Event(kind="rejected", action="block", source_ip="192.0.2.1", source_port=9, destination_ip="192.0.2.2", destination_port=80),
        ),
        (
            "ip_flow_end src=192.0.2.1 dst=192.0.2.2 protocol=1 sport=8 dport=0",
            Event(kind="other", transport="icmp", source_ip="192.0.2.1", destination_ip="192.0.2.2"),
        ),
        ("events type=wpa_deauth client_mac='00:00:5E:00:53:01'", Event(kind="wifi_leave", mac="00:00:5e:00:53:01")),
        (
            "security_event ids_alerted protocol=tcp/ip src=192.0.2.1:9 dst=192.0.2.2 decision=blocked",
            Event(kind="rejected", action="blocked", transport="tcp", source_ip="192.0.2.1", source_port=9, destination_ip="192.0.2.2"),
        ),
    ],
)  # fmt: skip
def test_the_other_types_say(text, event):
    assert parse(f"1774252343.885426267 MX67 {text}") == event


def test_a_flow_that_names_nothing_is_malformed():
    with pytest.raises(Malformed, match="neither"):
        parse("1774252343.885426267 MX67 flows src=masked dst=masked")


@pytest.mark.parametrize(
    "line",
    [
        "gw events type=association",
        "id=firewall src=198.51.100.7:4507:WAN dst=203.0.113.9:445:LAN proto=tcp/445",
        "a firewall is src=here",
        "1774252343.885426267 MX67 FIREWALL SRC=198.51.100.7 DST=203.0.113.9",
        "",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert not meraki.claims(header.read(line.encode(), 0.0))


@given(st.text())
def test_any_text_is_an_event_or_malformed(text):
    for front in ("", "1774252343.885426267 MX67 events ", "1774252343.885426267 MX67 flows src="):
        message = header.read((front + text).encode("utf-8", "replace"), 0.0)
        with suppress(Malformed):
            assert isinstance(meraki.parse(message), Event)
