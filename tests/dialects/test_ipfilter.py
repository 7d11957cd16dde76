from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, ipfilter
from exporter.events import Event
from exporter.syslog import header

BLOCK = "ipmon[1]: 23:04:05.3 3x ce0 @0:1 b 198.51.100.7,4000 -> 203.0.113.9,23 PR tcp len 20 -S IN"


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert ipfilter.claims(message)
    return ipfilter.parse(message)


@given(
    source=st.ip_addresses(),
    destination=st.ip_addresses(),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    blank=st.sampled_from([" ", "  "]),
)
def test_a_packet_reads_back(source, destination, ports, blank):
    ends = f"{source},{ports[0]} -> {destination},{ports[1]}"
    event = parse(f"ipmon[1]: 23:04:05 ce0 @0:14 p {ends} PR udp len 20 OUT".replace(" ", blank))
    assert (event.source_port, event.destination_port) == ports
    assert event.source_ip == canonical(str(source))
    assert event.destination_ip == canonical(str(destination))
    assert (event.kind, event.transport, event.rule) == ("accepted", "udp", "@0:14")
    assert (event.ingress_interface, event.egress_interface) == (None, "ce0")
    assert event.count is None


def test_equal_packets_are_counted():
    event = parse(BLOCK)
    assert (event.kind, event.count, event.ingress_interface) == ("rejected", 3, "ce0")
    with pytest.raises(Malformed, match="count"):
        parse(BLOCK.replace("3x", "1000001x"))


@pytest.mark.parametrize(
    ("letter", "kind"),
    [("b", "rejected"), ("B", "rejected"), ("p", "accepted"), ("L", "other"), ("n", "other")],
)
def test_the_verdict_is_a_letter(letter, kind):
    assert parse(BLOCK.replace(" b ", f" {letter} ")).kind == kind


def test_names_and_services_are_no_addresses_and_ports():
    event = parse(BLOCK.replace("198.51.100.7,4000", "evil[198.51.100.7],ssh"))
    assert (event.source_ip, event.source_port) == ("198.51.100.7", None)


def test_icmp_has_no_ports():
    event = parse("ce0 @0:2 b 192.0.2.1 -> 192.0.2.2 PR icmp len 20 84 icmp echo/0 IN")
    assert (event.source_ip, event.source_port) == ("192.0.2.1", None)
    assert (event.destination_ip, event.destination_port) == ("192.0.2.2", None)


@given(cut=st.integers(0, len(BLOCK)))
def test_a_cut_line_invents_nothing(cut):
    message = header.read(BLOCK[:cut].encode(), 0.0)
    if ipfilter.claims(message):
        event = ipfilter.parse(message)
        assert event.ingress_interface in (None, "ce0")
        assert (event.destination_port, event.transport) == (23, "tcp")


@pytest.mark.parametrize("line", ["a @b c -> d PR e", "mail x@0:1 b to PR ", ""])
def test_lines_of_others_are_left_to_them(line):
    assert not ipfilter.claims(header.read(line.encode(), 0.0))


@given(st.text())
def test_any_text_is_an_event_or_malformed(text):
    for front in ("", "ce0 @0:1 b ", "ce0 @0:1 b 192.0.2.1,1 -> "):
        for behind in ("", " PR tcp x"):
            message = header.read((front + text + behind).encode("utf-8", "replace"), 0.0)
            with suppress(Malformed):
                assert isinstance(ipfilter.parse(message), Event)
