# ruff: noqa: E501 - a table of texts reads best as a table
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import canonical
from exporter.dialects import Malformed, ios_access_log
from exporter.events import Event


@given(
    addresses=st.tuples(st.ip_addresses(), st.ip_addresses()),
    ports=st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
    form=st.sampled_from(
        [
            "list x denied tcp {0}({2}) -> {1}({3}), 4 packets",
            "access-list x deny tcp {0}({2}) -> {1}({3}), 4 packets",
            "access-list x (10) deny tcp {0}({2}) -> {1}({3}), 4 packets",
            'Src IP: {0}, Dst IP: {1}, Src Port: {2}, Dst Port: {3}, Src Intf: e1, Protocol: "TCP"(6), ACL Name: x, ACE Action: Deny, Appl Intf: e2, Hit-count: 4',
            "Source IP: {0}, Destination IP: {1}, Source Port: {2}, Destination Port: {3}, Source Interface: e1, Protocol: TCP, ACL Name: x, ACE Action: Deny, Hit-count = 4",
            "ingress_interface='e1' sgacl_name='x' action='Deny' protocol='tcp' src-ip='{0}' src-port='{2}' dest-ip='{1}' dest-port='{3}' logging_interval_hits='4'",
        ]
    ),
)  # fmt: skip
def test_each_systems_entry_reads_back(addresses, ports, form):
    event = ios_access_log.read(form.format(*addresses, *ports))
    assert (event.kind, event.transport, event.rule, event.count) == ("rejected", "tcp", "x", 4)
    assert event.source_ip == canonical(str(addresses[0]))
    assert event.destination_ip == canonical(str(addresses[1]))
    assert (event.source_port, event.destination_port) == ports
    assert event.ingress_interface == ("e1" if "e1" in form else None)


def test_a_flow_without_ports_has_zeros_in_their_place():
    text = "Src IP: 192.0.2.1, Dst IP: 192.0.2.2, Src Port: 0, Dst Port: 0, Protocol: {}(1), Hit-count = 9"
    event = ios_access_log.read(text.format('"ICMP"'))
    assert event == Event(
        kind="other", transport="icmp", source_ip="192.0.2.1", destination_ip="192.0.2.2", count=9
    )


def test_what_stands_behind_an_igmp_address_is_a_type():
    event = ios_access_log.read("list x denied igmp 192.0.2.1 -> 224.0.0.2 (20), 1 packet")
    assert (event.destination_ip, event.destination_port) == ("224.0.0.2", None)


def test_a_standard_list_may_name_interface_and_station():
    event = ios_access_log.read("list 1 permitted 192.0.2.1 (Gi0/1 0000.5e00.5301) 1 packet")
    assert (event.source_ip, event.count) == ("192.0.2.1", 1)
    assert (event.ingress_interface, event.mac) == ("Gi0/1", "00:00:5e:00:53:01")


def test_what_was_not_logged_is_counted_as_nothing():
    text = "access-list logging rate-limited or missed 18 packets"
    assert ios_access_log.read(text) == Event(kind="other", count=18)
    assert ios_access_log.read("Max limit reached") == Event(kind="other")


@pytest.mark.parametrize("count", ["1000001", "9" * 30])
def test_a_count_that_nobody_believes_is_malformed(count):
    with pytest.raises(Malformed):
        ios_access_log.read(f"list x denied tcp 192.0.2.1(1) -> 192.0.2.2(2), {count} packets")


@given(st.text(), st.sampled_from(["list x denied ", "Src IP: 192.0.2.1, ", "src-ip='192.0.2.1' "]))
def test_any_text_is_an_event_or_malformed(text, front):
    with suppress(Malformed):
        assert isinstance(ios_access_log.read(front + text), Event)
