import pytest

from exporter.dialects import Malformed, juniper_srx
from exporter.events import Event
from exporter.syslog import header
from tests import timing


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert juniper_srx.claims(message), line
    return juniper_srx.parse(message)


FLOW = "198.51.100.7/3478->203.0.113.9/51413"
READ = Event(
    kind="rejected",
    action="deny",
    transport="udp",
    source_ip="198.51.100.7",
    source_port=3478,
    destination_ip="203.0.113.9",
    destination_port=51413,
    rule="no",
)


@pytest.mark.parametrize(
    ("tail", "interface"),
    [
        ("None 17(0) no a b", None),
        (
            "0x0 None 17(0) no a b UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 UNKNOWN policy deny",
            "ge-0/0/0.0",
        ),
        ("junos-dns-udp 17(0) no a b UNKNOWN UNKNOWN joe(role) vlan.192", "vlan.192"),
        ("junos-dns-udp 17(0) no a b UNKNOWN UNKNOWN N/A(N/A)", None),
    ],
)
def test_plain_sessions_are_read_in_every_release(tail, interface):
    event = parse(f"RT_FLOW: RT_FLOW_SESSION_DENY: session denied {FLOW} {tail}")
    assert event is not None
    assert event.ingress_interface == interface
    assert {
        name: getattr(event, name) for name in READ.__struct_fields__ if "ingress" not in name
    } == {name: getattr(READ, name) for name in READ.__struct_fields__ if "ingress" not in name}


def test_a_number_that_is_no_protocol_is_not_taken_for_one():
    event = parse(f"RT_FLOW: RT_FLOW_SESSION_CREATE: session created {FLOW} 443 a b c d e f")
    assert event is not None
    assert (event.kind, event.transport, event.rule) == ("accepted", None, None)


def test_structured_values_may_quote_anything():
    event = parse(
        'RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.39 username="a source-address=\\"x\\" "'
        ' source-address="2001:db8::7" source-port="1" protocol-id="6"]'
    )
    assert event is not None
    assert (event.source_ip, event.source_port, event.transport) == ("2001:db8::7", 1, "tcp")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("WEBFILTER_URL_PERMITTED", "accepted"),
        ("WEBFILTER_URL_BLOCKED", "rejected"),
        ("APPTRACK_SESSION_CLOSE", "other"),
        ("SSHD_LOGIN_FAILED", "login_failure"),
    ],
)
def test_a_name_may_state_the_verdict(name, kind):
    event = parse(f'RT_X - {name} [junos@2636.1 source-address="192.0.2.1"]')
    assert event is not None
    assert (event.kind, event.source_ip) == (kind, "192.0.2.1")


def test_an_intrusion_that_was_dropped_is_rejected():
    event = parse('RT_IDP - IDP_ATTACK_LOG_EVENT [junos@2636.1 source-address="::7" action="DROP"]')
    assert event == Event(kind="rejected", action="drop", source_ip="::7")


def test_what_is_known_and_says_nothing_is_other():
    for line in ("RT_IDS: alarm", "x [junos@2636.1 a=b]", "SNMP_TRAP_LINK_UP: ifIndex 5"):
        assert parse(line) == Event(kind="other")
    assert parse("SSHD_LOGIN_FAILED: Login failed") == Event(kind="login_failure")
    assert parse("RT_IDS: Flood! source: 192.0.2.1, x") == Event(
        kind="dos_alert", source_ip="192.0.2.1"
    )


def test_a_cut_line_keeps_its_verdict_or_is_malformed():
    assert parse("RT_FLOW: RT_FLOW_SESSION_DENY: sess") == Event(kind="rejected", action="deny")
    assert parse("RT_FLOW: RT_FLOW_SESSION_DENY: x 192.0.2.1->") == Event(
        kind="rejected", action="deny", source_ip="192.0.2.1"
    )
    with pytest.raises(Malformed):
        parse("PFE_FW_SYSLOG_IP: FW: ge-0/0/0.0 D")


@pytest.mark.parametrize("line", ["%SEC_LOGIN-4-LOGIN_FAILED: Login failed", "RT_ something", "x"])
def test_lines_of_others_are_left_to_them(line):
    assert not juniper_srx.claims(header.read(line.encode(), 0.0))


def test_a_line_of_brackets_takes_no_longer_than_others():
    line = "RT_UTM: " + "<" * 60_000
    assert parse(line) == Event(kind="other")
    assert timing.seconds(lambda: parse(line), 0.5) < 0.5  # it was many
