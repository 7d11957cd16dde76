import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import dnsmasq
from exporter.events import Event
from exporter.syslog import header

MAC = "00:00:5e:00:53:02"


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return dnsmasq.parse(message) if dnsmasq.claims(message) else None


@pytest.mark.parametrize("front", ["dnsmasq-dhcp: ", "dnsmasq-dhcp[7]: 123 ", "dnsmasq: "])
@pytest.mark.parametrize("gap", [" ", "  ", "\t"])
def test_an_acknowledgement_is_a_lease(front, gap):
    line = f"{front}DHCPACK(br-lan){gap}192.0.2.5{gap}{MAC.upper()}{gap}laptop {gap}"
    lease = Event(
        kind="dhcp_lease", ingress_interface="br-lan", mac=MAC, ip="192.0.2.5", hostname="laptop"
    )
    assert parse(line) == lease


@pytest.mark.parametrize("verb", ["DISCOVER", "OFFER", "REQUEST", "NAK", "RELEASE", "INFORM"])
def test_no_other_step_of_dhcp_is_a_lease(verb):
    event = parse(f"dnsmasq-dhcp[7]: DHCP{verb}(br0) 192.0.2.5 {MAC}")
    assert event == Event(kind="other", ingress_interface="br0", mac=MAC, ip="192.0.2.5")


def test_an_ipv6_lease_has_no_station():
    event = parse("dnsmasq-dhcp[7]: DHCPREPLY(br0) 2001:DB8::5 00:01:00:01:2a:bc laptop")
    assert event == Event(
        kind="dhcp_lease", ingress_interface="br0", ip="2001:db8::5", hostname="laptop"
    )


def test_a_reason_is_no_name():
    event = parse("dnsmasq-dhcp[7]: DHCPREPLY(br0) 2001:db8::5 00:01:00:01 lease not found")
    assert event == Event(kind="dhcp_lease", ingress_interface="br0", ip="2001:db8::5")


def test_a_question_names_the_device_that_asked():
    event = parse("dnsmasq[7]: query[AAAA] www.example.com from fd00::33")
    assert event == Event(kind="dns", source_ip="fd00::33", hostname="www.example.com")


@pytest.mark.parametrize("source", ["reply", "cached", "cached-stale", "config", "/etc/hosts"])
def test_an_answer_names_the_address(source):
    event = parse(f"dnsmasq[7]: {source} www.example.com is 203.0.113.9")
    assert event == Event(kind="dns", ip="203.0.113.9", hostname="www.example.com")


def test_with_extra_logging_the_answer_names_who_asked_and_the_question_adds_nothing():
    front = "dnsmasq[7]: 21745 192.0.2.33/59490"
    answer = parse(f"{front} reply www.example.com is 203.0.113.9")
    assert answer == Event(
        kind="dns",
        source_ip="192.0.2.33",
        source_port=59490,
        ip="203.0.113.9",
        hostname="www.example.com",
    )
    question = parse(f"{front} query[A] www.example.com from 192.0.2.33")
    assert question is not None
    assert question.kind == "other"
    assert parse("dnsmasq[7]: 21745 reply a.example is 203.0.113.9") == Event(
        kind="dns", ip="203.0.113.9", hostname="a.example"
    )


def test_a_reverse_look_up_reads_the_other_way_round():
    event = parse("dnsmasq[7]: reply 203.0.113.9 is edge.example.net")
    assert event == Event(kind="dns", ip="203.0.113.9", hostname="edge.example.net")


@pytest.mark.parametrize("answer", ["0.0.0.0", "::", "NXDOMAIN"])
def test_a_blocked_name_has_no_address(answer):
    event = parse(f"dnsmasq[7]: gravity blocked ads.example.com is {answer}")
    assert event == Event(kind="dns", action="blocked", hostname="ads.example.com")


def test_a_rebind_attack_is_an_alert():
    assert parse("dnsmasq[7]: possible DNS-rebind attack detected: nas.example.com") == Event(
        kind="dos_alert"
    )


@pytest.mark.parametrize(
    "says",
    [
        "",
        "7",
        "21745 192.0.2.33/59490",
        "forwarded www.example.com to 192.0.2.53",
        "reply www.example.com is <CNAME>",
        "reply www.example.com is",
        "reply www.example.com is NODATA-IPv4",
        "query[A] www.example.com fro",
        "query[A] www.example.com from nowhere",
        "query[A]",
        "this is 192.0.2.1",
        "using nameserver 192.0.2.53#53",
    ],
)
def test_what_names_no_address_is_other(says):
    event = parse(f"dnsmasq[7]: {says}")
    assert event is not None
    assert (event.kind, event.ip) == ("other", None)


def test_another_programs_line_is_left_to_it():
    assert parse("Nov 10 14:40:01 gateway mydaemon: query[A] a.example from 192.0.2.1") is None
    assert parse("query[A] a.example from 192.0.2.1") is None


def test_a_tag_that_the_header_cannot_read_is_found():
    event = parse("2026-11-10 14:40:01 AX-1 192.0.2.1 1 5 dnsmasq-dhcp[7]:  DHCPACK(br0) 192.0.2.5")
    assert event == Event(kind="dhcp_lease", ingress_interface="br0", ip="192.0.2.5")


@given(st.text(), st.sampled_from(["", "DHCPACK(", "query[A] ", "1 192.0.2.1/2 reply ", "a is "]))
def test_any_text_is_an_event(text, front):
    message = header.read(b"dnsmasq[1]: x", 0.0)
    for name in ("dnsmasq", "dnsmasq-dhcp"):
        line = f"{name}[1]: {front}{text}"
        message = header.read(line.encode("utf-8", "replace"), 0.0)
        assert not dnsmasq.claims(message) or isinstance(dnsmasq.parse(message), Event)
