import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import connection
from exporter.events import Event, Kind
from exporter.syslog import header

VERBS: dict[str, Kind] = {
    **dict.fromkeys(["rejected", "denied", "dropped", "blocked", "refused"], "rejected"),
    **dict.fromkeys(["accepted", "allowed", "permitted"], "accepted"),
}


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return connection.parse(message) if connection.claims(message) else None


@given(
    transport=st.sampled_from(["TCP", "udp", "Sctp", "GRE", "50"]),
    verb=st.sampled_from(sorted(VERBS)),
    upper=st.booleans(),
    front=st.sampled_from(["", "FIREWALL: ", "FIREWALL \t", "[00:00:5E:00:53:01] AP : "]),
    source=st.tuples(st.ip_addresses(v=4).map(str), st.integers(0, 65535)),
    destination=st.tuples(st.ip_addresses(v=4).map(str), st.integers(0, 65535)),
    behind=st.sampled_from(["", " (map0)", "(map0)", " (map0) "]),
)
def test_the_sentence_reads_back(transport, verb, upper, front, source, destination, behind):
    sentence = f"{transport} connection {verb} from {source[0]}:{source[1]} to "
    sentence += f"{destination[0]}:{destination[1]}"
    event = parse(front + (sentence.upper() if upper else sentence) + behind)
    names = {"sctp": "sctp", "50": "esp"}
    assert event == Event(
        kind=VERBS[verb],
        action=verb,
        transport=names.get(transport.lower(), transport.lower()),
        source_ip=source[0],
        source_port=source[1],
        destination_ip=destination[0],
        destination_port=destination[1],
        ingress_interface="map0" if behind else None,
    )


@given(st.ip_addresses(v=6), st.integers(0, 65535))
def test_ipv6_has_its_port_behind_brackets(address, port):
    event = parse(f"UDP connection rejected from [{address}]:{port} to [{address}]")
    assert event is not None
    assert (event.source_port, event.destination_port) == (port, None)
    assert event.source_ip == event.destination_ip


@pytest.mark.parametrize(
    "line",
    [
        "%ASA-2-106001: Inbound TCP connection denied from 198.51.100.7/443 to 203.0.113.9/22",
        "udp connection denied by outbound list 30 src 198.51.100.7 138 dest 203.0.113.9 138",
        "TCP connection dropped - Source:198.51.100.7, 2770, WAN - Destination:203.0.113.9, 445",
        "sshd: connection accepted from 198.51.100.7",
        "reconnection denied from 198.51.100.7:1 to 203.0.113.9:2",
        "UDP connection rejecting from 198.51.100.7:1 to 203.0.113.9:2",
        "the NATX-ERROR of last week",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert parse(line) is None


@pytest.mark.parametrize("line", ["NAT TX-ERROR List Create Error", "nat rx-error: full"])
def test_a_full_translation_table_is_a_nat_fault(line):
    assert parse(line) == Event(kind="nat_fault")


@pytest.mark.parametrize(
    "line",
    [
        "\ufeffUDP connection rejected from 198.51.100.7:1 to 203.0.113.9:2",
        "<134>\ufeffUDP connection rejected from 198.51.100.7:1 to 203.0.113.9:2",
        "<134>1 - gate fw 1 - - \ufeffUDP connection rejected from 198.51.100.7:1 to 203.0.113.9:2",
        "firewall:UDP connection rejected from 198.51.100.7:1 to 203.0.113.9:2",
        "[FW]UDP connection rejected from 198.51.100.7:1 to 203.0.113.9:2",
    ],
)
def test_the_transport_is_read_behind_whatever_is_glued_to_it(line):
    event = parse(line)
    assert event is not None
    assert event.transport == "udp"


@pytest.mark.parametrize(
    ("transport", "end", "expected"),
    [
        ("UDP", "2001:db8::1:3478", ("2001:db8::1", 3478)),
        ("UDP", "2001:db8::2:51413", ("2001:db8::2", 51413)),
        ("TCP", "2001:db8:0:0:0:0:0:1", ("2001:db8::1", None)),
        ("TCP", "2001:db8:0:0:0:0:0:1:443", ("2001:db8::1", 443)),
        ("UDP", "2001:db8::abcd", ("2001:db8::abcd", None)),
        ("ICMPv6", "2001:db8::1:3478", ("2001:db8::1:3478", None)),
    ],
)
def test_the_last_group_of_a_bare_ipv6_endpoint_is_its_port(transport, end, expected):
    event = parse(f"{transport} connection rejected from {end} to {end}")
    assert event is not None
    assert (event.source_ip, event.source_port) == expected
    assert (event.destination_ip, event.destination_port) == expected
