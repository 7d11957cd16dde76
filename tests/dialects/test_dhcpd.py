import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import dhcpd
from exporter.events import Event
from exporter.syslog import header

MAC = "00:00:5e:00:53:02"


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return dhcpd.parse(message) if dhcpd.claims(message) else None


@pytest.mark.parametrize("name", ["laptop", "Anna's phone (new)", "x) via eth9 (y"])
@pytest.mark.parametrize("behind", ["", " ", " relay eth1 lease-duration 7200 (RENEW)"])
def test_an_acknowledgement_is_a_lease(name, behind):
    line = f"dhcpd[64]: DHCPACK on 192.0.2.5 to {MAC.upper()} ({name}) via eth0.60{behind}"
    assert parse(line) == Event(
        kind="dhcp_lease", ingress_interface="eth0.60", mac=MAC, ip="192.0.2.5", hostname=name
    )


def test_a_client_without_a_name_or_behind_a_relay_has_a_lease_too():
    lease = Event(kind="dhcp_lease", mac=MAC, ip="192.0.2.5")
    assert parse(f"dhcpd: DHCPACK on 192.0.2.5 to {MAC}") == lease
    assert parse(f"dhcpd: DHCPACK on 192.0.2.5 to {MAC} via 10.0.0.1") == lease
    assert parse(f"dhcpd: dhcpack  to 192.0.2.5 ({MAC})") == lease
    assert parse("dhcpd: DHCPACK on 192.0.2.5 to 00:00") == Event(kind="dhcp_lease", ip="192.0.2.5")


@pytest.mark.parametrize("step", ["DISCOVER from", "OFFER on 192.0.2.5 to", "NAK on 192.0.2.5 to"])
def test_no_other_step_is_a_lease(step):
    assert parse(f"dhcpd: DHCP{step} {MAC} via em1") == Event(kind="other")


def test_ipv6_leases_have_no_station():
    lease = Event(kind="dhcp_lease", ip="2001:db8::5")
    assert parse("dhcpd[6]: Reply NA: address 2001:DB8::5 to client with duid 00:01") == lease
    assert parse("dhcpd[6]: Advertise NA: address 2001:db8::5 to client") == Event(kind="other")
    assert parse("odhcpd[6]: DHCPV6 RENEW IA_NA from 0001 on br-lan: ok 2001:db8::5/128") == Event(
        kind="dhcp_lease", ingress_interface="br-lan", ip="2001:db8::5"
    )


def test_odhcpd_and_busybox_send_acknowledgements():
    lease = Event(kind="dhcp_lease", mac=MAC, ip="192.0.2.5")
    assert parse(f"odhcpd[6]: sending ACK to {MAC} - 192.0.2.5") == lease
    assert parse(f"udhcpd[6]: Sending ACK to 192.0.2.5 {MAC}") == lease
    assert parse("udhcpd[6]: sending OFFER of 192.0.2.5") == Event(kind="other")


def test_kea_allocates():
    front = f"kea-dhcp4[9]: INFO  DHCP4_LEASE_ALLOC [hwtype=1 {MAC}], cid=[no info], tid=0x1:"
    assert parse(f"{front} lease 192.0.2.5 has been allocated for 3600 seconds") == Event(
        kind="dhcp_lease", mac=MAC, ip="192.0.2.5"
    )
    line = "kea-dhcp6[9]: INFO DHCP6_LEASE_ALLOC duid=[00:01], tid=0x1: lease for address "
    assert parse(f"{line}2001:db8::5 and iaid=7 has been allocated for 60 seconds") == Event(
        kind="dhcp_lease", ip="2001:db8::5"
    )
    assert parse("kea-dhcp4[9]: INFO DHCP4_LEASE_ADVERT lease 192.0.2.5 will be") == Event(
        kind="other"
    )


@pytest.mark.parametrize(
    "line", ["dhclient: bound to 192.0.2.5", "udhcpc: x", "[no free leases on br0]"]
)
def test_clients_and_empty_pools_are_other(line):
    assert parse(line) == Event(kind="other")


@given(st.text(), st.sampled_from(["DHCPACK on ", f"DHCPACK on 1.2.3.4 to {MAC} (", "Reply NA: "]))
def test_any_text_is_an_event(text, front):
    message = header.read(f"dhcpd: {front}{text}".encode("utf-8", "replace"), 0.0)
    assert isinstance(dhcpd.parse(message), Event)
