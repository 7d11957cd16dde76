import json
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import wire
from exporter.addresses import canonical
from exporter.host_report import (
    Flow,
    Gateway,
    HostReport,
    Link,
    MappedPort,
    Neighbour,
    PortTable,
    Socket,
)
from exporter.lookalikes import is_clear
from exporter.wire import WireError, decode, encode

REPORT = HostReport(
    version=1,
    device="Study-PC",
    sockets=(
        Socket(transport="udp", local_ip="0.0.0.0", local_port=51413, process="netsession_win.exe"),
    ),
)


MAC = "00:00:5e:00:53:01"
FLOW = {
    "transport": "udp",
    "local_ip": "192.0.2.1",
    "local_port": 1,
    "remote_ip": "192.0.2.2",
    "remote_port": 2,
}


MAPPED_PORT = {"transport": "udp", "port": 1, "ip": "192.0.2.2", "inside_port": 2}


def words(least: int = 0) -> st.SearchStrategy[str]:
    return st.text(
        st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=least, max_size=9
    )


ADDRESSES = st.ip_addresses().map(lambda address: canonical(str(address)) or "")
PORTS = st.integers(0, 65535)
AGES = st.floats(0, wire.MAX_REPORT_AGE)
SOCKET_AGES = st.floats(0, wire.MAX_SOCKET_AGE)
MACS = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))
COUNTS = st.integers(0, 2**64 - 1)
TRANSPORTS = st.sampled_from(["udp", "tcp"])
SOCKETS = st.builds(
    Socket,
    transport=TRANSPORTS,
    local_ip=ADDRESSES,
    local_port=PORTS,
    remote_ip=st.none() | ADDRESSES,
    remote_port=st.none() | PORTS,
    state=st.none() | st.sampled_from(["listen", "established", "time_wait"]),
    process=st.none() | words(1),
    pid=st.none() | st.integers(0, 2**32 - 1),
    age_seconds=st.none() | SOCKET_AGES,
    process_age_seconds=st.none() | SOCKET_AGES,
    container=st.none() | words(1),
)
FLOWS = st.builds(
    Flow,
    transport=TRANSPORTS,
    local_ip=ADDRESSES,
    local_port=PORTS,
    remote_ip=ADDRESSES,
    remote_port=PORTS,
    nat_port=st.none() | PORTS,
    age_seconds=SOCKET_AGES,
    bytes=st.none() | COUNTS,
)
NEIGHBOURS = st.builds(Neighbour, ip=ADDRESSES, mac=MACS, interface=st.none() | words())
LINKS = st.builds(
    Link,
    interface=words(),
    mac=st.none() | MACS,
    received_bytes=COUNTS,
    sent_bytes=COUNTS,
    ssid=st.none() | words(),
    bssid=st.none() | MACS,
)
GATEWAYS = st.builds(Gateway, ip=ADDRESSES, mac=st.none() | MACS, interface=st.none() | words())
MAPPED = st.builds(MappedPort, transport=TRANSPORTS, port=PORTS, ip=ADDRESSES, inside_port=PORTS)
TABLES = st.builds(
    PortTable,
    gateway=ADDRESSES,
    age_seconds=AGES,
    mappings=st.lists(MAPPED, max_size=3).map(tuple),
)
REPORTS = st.builds(
    HostReport,
    version=st.just(1),
    device=words(1)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda name: name and is_clear(name)),
    machine_id=st.none() | words(),
    age_seconds=AGES,
    interval_seconds=st.floats(1, wire.MAX_INTERVAL),
    os=words(),
    agent=words(),
    addresses=st.lists(ADDRESSES, max_size=3, unique=True).map(tuple),
    sockets=st.lists(SOCKETS, max_size=3).map(tuple),
    flows=st.lists(FLOWS, max_size=3).map(tuple),
    neighbours=st.lists(NEIGHBOURS, max_size=3).map(tuple),
    links=st.lists(LINKS, max_size=3, unique_by=lambda link: link.interface).map(tuple),
    gateways=st.lists(GATEWAYS, max_size=3).map(tuple),
    port_table=st.none() | TABLES,
    unchanged_since=st.none() | AGES,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def changed(**fields: Any) -> bytes:
    """Return the JSON of a report, some of its fields replaced."""
    return json.dumps(json.loads(encode(REPORT)) | fields).encode()


def with_socket(**fields: Any) -> bytes:
    return changed(sockets=[json.loads(encode(REPORT))["sockets"][0] | fields])


def with_table(**fields: Any) -> bytes:
    return changed(port_table={"gateway": "192.0.2.1", "mappings": [MAPPED_PORT | fields]})


def assert_taken_or_refused(data: bytes) -> None:
    try:
        report = decode(data)
    except WireError:
        return
    assert decode(encode(report)) == report


@given(REPORTS)
def test_what_encode_writes_decode_reads_back(report: HostReport):
    assert decode(encode(report)) == report


@given(st.binary())
def test_any_bytes_are_a_report_or_a_documented_error(data: bytes):
    assert_taken_or_refused(data)


@given(st.dictionaries(st.sampled_from(list(HostReport.__struct_fields__)), JSON))
def test_any_values_are_a_report_or_a_documented_error(fields: dict[str, Any]):
    assert_taken_or_refused(changed(**fields))


@given(st.sampled_from(list(Socket.__struct_fields__)), JSON)
def test_any_socket_is_a_report_or_a_documented_error(field: str, value: Any):
    assert_taken_or_refused(with_socket(**{field: value}))


@pytest.mark.parametrize("opening", [b'{"version":1,"x":' + b"[" * 200_000, b'{"a":' * 200_000])
def test_deeply_nested_json_is_refused(opening: bytes):
    with pytest.raises(WireError, match="nested too deeply"):
        decode(opening)


def test_unknown_keys_are_ignored():
    assert decode(with_socket(colour="blue")) == REPORT
    assert decode(changed(future={"a": [1]})) == REPORT


def test_another_version_is_named_before_its_fields_are_read():
    with pytest.raises(WireError, match=r"^unsupported version 2 at version, expected 1$"):
        decode(changed(version=2, sockets="other"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON: "),
        (b"\xff\xfe{", "not JSON: "),
        (b"[]", "expected object, got array"),
        (b"{}", "object missing required field version"),
        (b'{"version": 1}', "object missing required field device"),
        (b'{"version":1,"device":"pc","age_seconds":NaN}', "not JSON: "),
        (b'{"version":1,"device":"pc","age_seconds":1e999}', "out of range at age_seconds"),
        (changed(version="1"), "expected int, got str at version"),
        (changed(version=10**30), "unsupported version a far larger number"),
        (changed(device=" "), "not a printable name: ' ' at device"),
        (changed(device="pc\n"), "at device"),
        (changed(device="pc\u202egpj"), "at device"),
        (changed(device="x" * 256), "longer than 255 characters at device"),
        (changed(os="x" * 65), "longer than 64 characters at os"),
        (changed(agent="x" * 65), "longer than 64 characters at agent"),
        (changed(age_seconds=-1), "expected seconds within 0 to 604800, got -1.0 at age_seconds"),
        (changed(age_seconds=1.79e308), "within 0 to 604800, got 1.79e+308 at age_seconds"),
        (changed(interval_seconds=0.5), "within 1 to 3600, got 0.5 at interval_seconds"),
        (changed(interval_seconds=3601), "at interval_seconds"),
        (changed(unchanged_since=604801), "got 604801.0 at unchanged_since"),
        (changed(unchanged_since=-0.1), "at unchanged_since"),
        (changed(addresses=["192.0.2.1", "pc"]), "not an IP address: 'pc' at addresses[1]"),
        (with_socket(local_port="5"), "expected int, got str at sockets[0].local_port"),
        (with_socket(local_port=65536), "not within 0 to 65535: 65536 at sockets[0].local_port"),
        (with_socket(local_port=-1), "at sockets[0].local_port"),
        (with_socket(remote_port=10**25), "a far larger number at sockets[0].remote_port"),
        (with_socket(local_ip="192.0.2.300"), "'192.0.2.300' at sockets[0].local_ip"),
        (with_socket(remote_ip="*"), "at sockets[0].remote_ip"),
        (with_socket(transport="sctp"), "expected udp or tcp, got 'sctp' at sockets[0].transport"),
        (with_socket(process="x" * 256), "at sockets[0].process"),
        (with_socket(pid=-1), "at sockets[0].pid"),
        (with_socket(age_seconds=-0.5), "at sockets[0].age_seconds"),
        (with_socket(process_age_seconds=-1), "at sockets[0].process_age_seconds"),
        (with_socket(age_seconds=1.6e8), "0 to 157788000, got 160000000.0 at sockets[0].age"),
        (changed(flows=[FLOW | {"age_seconds": 1e308}]), "got 1e+308 at flows[0].age_seconds"),
        (changed(sockets=[]).replace(b"[]", b"{}"), "expected array, got object at sockets"),
        (
            changed(neighbours=[{"ip": "192.0.2.1", "mac": "x"}]),
            "MAC address: 'x' at neighbours[0]",
        ),
        (changed(links=[{"interface": "e", "sent_bytes": -1}]), "at links[0].sent_bytes"),
        (changed(links=[{"interface": "e" * 65}]), "than 64 characters at links[0].interface"),
        (changed(links=[{"interface": "e", "ssid": "x" * 65}]), "64 characters at links[0].ssid"),
        (changed(links=[{"interface": "e", "bssid": "x"}]), "MAC address: 'x' at links[0].bssid"),
        (
            with_table(transport="icmp"),
            "udp or tcp, got 'icmp' at port_table.mappings[0].transport",
        ),
        (with_table(port=65536), "0 to 65535: 65536 at port_table.mappings[0].port"),
        (with_table(ip="anna-pc"), "IP address: 'anna-pc' at port_table.mappings[0].ip"),
        (with_table(inside_port=-1), "0 to 65535: -1 at port_table.mappings[0].inside_port"),
        (changed(port_table={"gateway": "gate"}), "IP address: 'gate' at port_table.gateway"),
        (
            changed(port_table={"gateway": "192.0.2.1", "mappings": [MAPPED_PORT] * 513}),
            "513 entries at port_table.mappings, at most 512 are taken",
        ),
        (changed(gateways=[{"ip": "router"}]), "not an IP address: 'router' at gateways[0].ip"),
        (changed(gateways=[{"ip": "::1", "mac": "x"}]), "MAC address: 'x' at gateways[0].mac"),
        (with_socket(container="x" * 256), "255 characters at sockets[0].container"),
        (
            changed(neighbours=[{"ip": "::1", "mac": MAC, "interface": "e" * 65}]),
            "than 64 characters at neighbours[0].interface",
        ),
    ],
)
def test_an_error_says_what_is_wrong_and_where(data: bytes, message: str):
    with pytest.raises(WireError) as caught:
        decode(data)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "limit", "item"),
    [
        ("sockets", wire.MAX_SOCKETS, {"transport": "udp", "local_ip": "::", "local_port": 1}),
        ("neighbours", wire.MAX_NEIGHBOURS, {"ip": "::1", "mac": MAC}),
        ("links", wire.MAX_LINKS, {"interface": "e"}),
        ("flows", wire.MAX_FLOWS, FLOW),
        ("gateways", wire.MAX_GATEWAYS, {"ip": "::1"}),
        ("addresses", wire.MAX_ADDRESSES, "192.0.2.1"),
    ],
)
def test_lists_are_bounded(name: str, limit: int, item: Any):
    assert decode(changed(**{name: [item] * limit})).device == "Study-PC"
    with pytest.raises(WireError, match=f"^{limit + 1} entries at {name}, at most {limit}"):
        decode(changed(**{name: [item] * (limit + 1)}))


def test_addresses_become_canonical():
    mapped = IPv6Address("::ffff:192.0.2.7").exploded
    socket = decode(with_socket(local_ip=mapped, remote_ip="2001:DB8:0::1%eth0")).sockets[0]
    assert (socket.local_ip, socket.remote_ip) == ("192.0.2.7", "2001:db8::1")


def test_an_address_that_is_written_in_several_ways_counts_once():
    spellings = ["2001:db8::1", "192.0.2.7", "2001:DB8:0::1", "::ffff:192.0.2.7", "192.0.2.1"]
    expected = ("2001:db8::1", "192.0.2.7", "192.0.2.1")
    assert decode(changed(addresses=spellings)).addresses == expected


def test_an_interface_counts_once():
    links = [{"interface": name, "sent_bytes": n} for n, name in enumerate(["b", "a", "b"])]
    expected = (Link(interface="b", sent_bytes=0), Link(interface="a", sent_bytes=1))
    assert decode(changed(links=links)).links == expected


def test_blanks_do_not_make_two_devices_of_one_name():
    for name in (" ANNA PC", "ANNA  PC ", "ANNA\u3000PC"):
        assert wire.decode(changed(device=name)).device == "ANNA PC"


def test_a_program_name_cannot_play_with_a_terminal():
    for letter in "\x1b\x00\x7f\x85\u202e\u2066\u200f":
        process = decode(with_socket(process=f"a{letter}b")).sockets[0].process
        assert process == "a\ufffdb"


def test_an_empty_program_name_is_no_name():
    found = decode(with_socket(process="", state="", container="")).sockets[0]
    assert (found.process, found.container) == (None, None)


def test_windows_mac_addresses_become_the_usual_ones():
    report = decode(changed(links=[{"interface": "Ethernet", "mac": "00-00-5E-00-53-0A"}]))
    assert report.links[0].mac == "00:00:5e:00:53:0a"
