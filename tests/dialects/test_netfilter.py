import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, netfilter
from exporter.events import Event
from exporter.syslog import header

PACKET = "IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 LEN=60 PROTO=TCP SPT=4000 DPT=23 SYN"
ENDS = ("198.51.100.7", 4000, "203.0.113.9", 23)


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert netfilter.claims(message)
    event = netfilter.parse(message)
    assert event is not None
    return event


def ends(event: Event) -> tuple[str | None, int | None, str | None, int | None]:
    return event.source_ip, event.source_port, event.destination_ip, event.destination_port


@given(
    prefix=st.sampled_from(
        ["", "DROP ", "[12.5] ", "IN=x ", "SRC=bad DST=bad ", "a=[b] ", "LOGIN="]
    ),
    addresses=st.one_of(
        st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)),
        st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6)),
    ),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
)
def test_the_packet_reads_back_behind_any_prefix(prefix, addresses, ports):
    source, destination = addresses
    exploded = source.exploded  # the kernel prints all groups of an IPv6 address
    event = parse(
        f"Nov 10 23:04:06 gw kernel: {prefix}IN=br-lan OUT=wan0 SRC={exploded} DST={destination} "
        f"LEN=40 PROTO=UDP SPT={ports[0]} DPT={ports[1]} LEN=20"
    )
    assert (event.source_port, event.destination_port) == ports
    assert (event.ingress_interface, event.egress_interface) == ("br-lan", "wan0")
    assert event.transport == "udp"
    assert event.source_ip == canonical(str(source))
    assert event.destination_ip == canonical(str(destination))


@given(cut=st.integers(0, len(PACKET)))
def test_a_line_cut_at_the_end_invents_nothing(cut):
    message = header.read(f"DROP {PACKET[:cut]}".encode(), 0.0)
    if not netfilter.claims(message):
        return
    event = netfilter.parse(message)
    assert event.kind == "rejected"
    assert event.source_ip in (None, ENDS[0])
    assert event.destination_ip in (None, ENDS[2])
    # A number may be cut too, and nothing tells; it is still a part of the real one.
    assert str(ENDS[1]).startswith(str(event.source_port or ""))


@given(cut=st.integers(0, len(PACKET)))
def test_a_line_cut_at_the_front_invents_nothing(cut):
    message = header.read(PACKET[cut:].encode(), 0.0)
    if not netfilter.claims(message):
        return
    event = netfilter.parse(message)
    assert event.kind == "other"
    assert event.rule is None
    for found, real in zip(ends(event), ENDS, strict=True):
        assert found in (None, real)


def test_the_packet_inside_an_icmp_error_gives_no_field():
    inner = "[SRC=203.0.113.9 DST=192.0.2.1 PROTO=UDP SPT=1 DPT=2 LEN=40 ] MARK=0x1"
    event = parse(f"DROP IN=eth0 OUT= SRC=198.51.100.7 PROTO=ICMP TYPE=3 CODE=3 {inner}")
    assert event == Event(
        kind="rejected",
        action="drop",
        transport="icmp",
        source_ip="198.51.100.7",
        ingress_interface="eth0",
        signal="3",
    )


@pytest.mark.parametrize(
    "line",
    [
        "CODE=3 [SRC=203.0.113.9 DST=192.0.2.1 PROTO=UDP SPT=1 DPT=2 LEN=40 ]",
        "3.0.113.9 DST=192.0.2.1 TTL=9 PROTO=UDP SPT=1 DPT=2 LEN=40 ]",
        "IN= OUT= SRC=x.x.x.x DST=y.y.y.y",
    ],
)
def test_a_line_that_says_nothing_is_malformed(line):
    with pytest.raises(Malformed, match="can be read"):
        parse(line)


def test_a_verdict_without_addresses_is_still_an_event():
    event = parse("Nov 10 23:04:06 gw kernel: REJECT IN= OUT= SRC=x.x.x.x DST=y.y.y.y")
    assert event == Event(kind="rejected", action="reject")


@pytest.mark.parametrize(
    ("field", "mac"),
    [
        ("MAC=00:00:5e:00:53:01:00:00:5E:00:53:02:08:00", "00:00:5e:00:53:02"),
        ("MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:86:dd", "00:00:5e:00:53:02"),
        ("MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00:45:00:00:28", "00:00:5e:00:53:02"),
        ("MACSRC=00:00:5e:00:53:02 MACDST=00:00:5e:00:53:01 MACPROTO=86dd", "00:00:5e:00:53:02"),
        ("MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:09:00", None),
        ("MAC=00:00:5e:00:53:01:00:00:00:00:00:00:08:00", None),
        ("MAC=45:00:00:20:c9:d3:40:00:01:11:2b:f5:08:00", None),
        ("MAC=00:00:5e:00:53:01", None),
        ("MAC=<my mac>:<other>:08:00", None),
        ("MAC=", None),
    ],
)
def test_the_mac_is_the_source_stations_or_none(field, mac):
    assert parse(f"IN=eth0 OUT= {field} SRC=198.51.100.7 DST=203.0.113.9").mac == mac


@pytest.mark.parametrize(
    "line",
    [
        "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413",
        "id=firewall src=198.51.100.7:4507:WAN dst=203.0.113.9:445:LAN proto=tcp/445",
        "IN= a word",
        "PROTO=TCP",
        "",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert not netfilter.claims(header.read(line.encode(), 0.0))


@pytest.mark.parametrize("prefix", ["DROP", "INPUTDROP", "[1.2]DENY", "drop", "iptables-reject"])
def test_a_prefix_glued_to_the_first_key_is_read(prefix):
    packet = "OUT= SRC=198.51.100.7 DST=203.0.113.9 LEN=40 PROTO=UDP SPT=1 DPT=2 LEN=20"
    event = parse(f"<4>Nov 23 12:00:00 gw kernel: {prefix}IN=eth0 {packet}")
    assert (event.kind, event.ingress_interface) == ("rejected", "eth0")


def test_a_bridge_port_is_not_the_interface():
    line = "DROP: IN=br0 OUT=br0 PHYSIN=p1 PHYSOUT=p2 SRC=198.51.100.7 DST=203.0.113.9 PROTO=UDP"
    event = parse(line)
    assert (event.ingress_interface, event.egress_interface) == ("br0", "br0")


def test_a_line_of_bridge_ports_alone_comes_to_an_end():
    event = parse("PHYSIN=p1 OUT=br0 PHYS=")  # the last word was once looked at for ever
    assert (event.ingress_interface, event.egress_interface) == (None, "br0")


@pytest.mark.parametrize(
    "line",
    [
        "DROP PROTO=TCP SPT=4000 DPT=23 SRC=198.51.100.7 DST=203.0.113.9 IN=eth0 OUT=",
        "DROP OUT= DPT=23 SPT=4000 PROTO=TCP DST=203.0.113.9 SRC=198.51.100.7 IN=eth0",
        "<4>DROP IN=eth0 <1>SRC=198.51.100.7 DST=203.0.113.9 <1>PROTO=TCP <1>SPT=4000 DPT=23",
    ],
)
def test_neither_the_order_of_keys_nor_marks_of_old_kernels_matter(line):
    event = parse(line)
    assert (event.kind, event.transport, event.ingress_interface) == ("rejected", "tcp", "eth0")
    assert ends(event) == ENDS


@pytest.mark.parametrize(
    ("cut", "transport"), [("UD", None), ("UDP", "udp"), ("2", "igmp"), ("UDPL LEN=4", "udpl")]
)
def test_a_protocol_that_is_cut_is_not_told(cut, transport):
    event = parse(f"DROP IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 PROTO={cut}")
    assert event.transport == transport
