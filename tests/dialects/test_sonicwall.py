import pytest

from exporter.dialects import Malformed, sonicwall
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert sonicwall.claims(message), line
    return sonicwall.parse(message)


HEAD = 'id=firewall sn=00005E005301 time="2026-11-10 14:04:06" fw=203.0.113.9 pri=5 '


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("TCP connection dropped", "rejected"),
        ("Web site access denied", "rejected"),
        ("Connection Opened", "accepted"),
        ("Connection Closed", "other"),
        ("NAT Mapping", "other"),
        ("Probable port scan detected", "dos_alert"),
        ("TCP Xmas Tree dropped", "dos_alert"),
        ("User login denied due to bad credentials", "login_failure"),
        ("Successful user login", "other"),
    ],
)
def test_the_sentence_tells_the_kind(sentence, kind):
    event = parse(f'{HEAD}m=1 msg="{sentence}" src=198.51.100.7:1:X1 dst=203.0.113.9:2:X0')
    assert event is not None
    assert event.kind == kind


@pytest.mark.parametrize(
    ("keys", "source", "interface"),
    [
        ("src=198.51.100.7", ("198.51.100.7", None), None),
        ("src=198.51.100.7:1", ("198.51.100.7", 1), None),
        ("src=198.51.100.7::X1", ("198.51.100.7", None), "X1"),
        ("srcV6=2001:db8::7 src=:443:X0-V5", ("2001:db8::7", 443), "X0-V5"),
        ("src=2001:db8::7", ("2001:db8::7", None), None),
        ("src=[2001:db8::7]:443:X1", ("2001:db8::7", 443), "X1"),
    ],
)
def test_an_endpoint_may_lack_any_part(keys, source, interface):
    event = parse(f'{HEAD}msg="UDP packet dropped" {keys} proto=udp/x')
    assert event is not None
    assert (event.source_ip, event.source_port) == source
    assert event.ingress_interface == interface


def test_a_fw_action_stands_in_for_a_sentence_without_verdict():
    event = parse(f'{HEAD}msg="Policy" src=198.51.100.7:1:X1 fw_action="drop"')
    assert event is not None
    assert (event.kind, event.action) == ("rejected", "drop")


def test_a_masked_packet_without_verdict_is_malformed():
    with pytest.raises(Malformed):
        parse(f'{HEAD}msg="NAT Mapping" src=x.x.x.x:1:X1 proto=')
