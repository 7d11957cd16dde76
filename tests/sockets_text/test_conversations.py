from exporter.host_report import Flow
from exporter.sockets_text.conversations import Conversation, flows, own_addresses

PC, NAS, WAN = ("192.168.1.10", 50123), ("192.168.1.20", 80), "203.0.113.10"
STRANGER = ("198.51.100.7", 3478)


def row(source, destination, *, source_as=None, destination_as=None, transport="udp", size=None):
    return Conversation(
        transport, source, destination, source_as or source, destination_as or destination, size
    )


def only(conversation: Conversation, own: tuple[str, ...] = (WAN,)) -> Flow:
    (flow,) = flows([conversation], own)
    return flow


def test_what_goes_out_belongs_to_who_sent_it_and_bears_the_port_that_the_outside_sees():
    flow = only(row(PC, STRANGER, source_as=(WAN, 61234), size=7))
    assert (flow.local_ip, flow.local_port, flow.nat_port) == (*PC, 61234)
    assert (flow.remote_ip, flow.remote_port, flow.bytes) == (*STRANGER, 7)


def test_a_port_that_was_kept_is_still_the_outsides():
    assert only(row(PC, STRANGER, source_as=(WAN, PC[1]))).nat_port == PC[1]


def test_what_comes_in_by_a_forward_belongs_to_the_device_that_it_leads_to():
    flow = only(row(STRANGER, (WAN, 8080), destination_as=NAS))
    assert (flow.local_ip, flow.local_port, flow.nat_port) == (*NAS, 8080)
    assert (flow.remote_ip, flow.remote_port) == STRANGER


def test_a_forward_that_also_hides_the_stranger_belongs_to_the_device_that_it_leads_to():
    hidden = row(STRANGER, (WAN, 8080), source_as=("192.168.1.1", 40000), destination_as=NAS)
    assert (only(hidden).local_ip, only(hidden).remote_ip) == (NAS[0], STRANGER[0])


def test_the_home_is_the_private_end_where_nothing_is_translated():
    assert only(row(PC, STRANGER)).local_ip == PC[0]
    assert only(row(STRANGER, NAS)).local_ip == NAS[0]
    assert only(row(PC, NAS)).local_ip == PC[0]


def test_the_routers_own_talk_is_its_own():
    assert only(row((WAN, 123), STRANGER)).local_ip == WAN
    assert only(row(STRANGER, (WAN, 1194))).local_ip == WAN


def test_a_conversation_shown_on_both_sides_counts_once_with_its_translation():
    inner, outer = row(PC, STRANGER), row(PC, STRANGER, source_as=(WAN, 61234))
    assert flows([inner, outer, inner], (WAN,)) == [only(outer)]


def test_one_port_translated_to_two_is_two_flows():
    rows = [row(PC, STRANGER, source_as=(WAN, port)) for port in (1, 2)]
    assert [flow.nat_port for flow in flows(rows, (WAN,))] == [1, 2]


def test_talk_that_no_stranger_can_answer_is_left_out():
    nowhere = [
        ("239.255.255.250", 1900),
        ("255.255.255.255", 67),
        ("0.0.0.0", 1),
        ("127.0.0.1", 53),
    ]
    assert flows([row(PC, end) for end in nowhere], (WAN,)) == []
    assert flows([row(("127.0.0.1", 1), PC)], (WAN,)) == []
    assert flows([row(PC, STRANGER, transport="icmp")], (WAN,)) == []


def test_the_addresses_that_are_lent_are_the_routers_own():
    rows = [
        row(PC, STRANGER, source_as=(WAN, 1)),
        row(STRANGER, ("203.0.113.11", 8080), destination_as=NAS),
        row(PC, (WAN, 8080), source_as=("192.168.1.1", 1), destination_as=NAS),
        row(PC, STRANGER),
    ]
    assert own_addresses(rows) == (WAN, "203.0.113.11", "192.168.1.1")


def test_a_resolver_that_questions_are_diverted_from_is_not_the_router():
    diverted = row(PC, ("198.51.100.53", 53), destination_as=("192.168.1.2", 53))
    assert own_addresses([diverted]) == ()
    assert (only(diverted).local_ip, only(diverted).remote_ip) == (PC[0], "198.51.100.53")
