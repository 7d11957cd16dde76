import pytest

from exporter.dialects import Malformed, paloalto
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert paloalto.claims(message), line
    return paloalto.parse(message)


ROW = (
    "1,2026/11/10 14:04:06,S,{},{},1,2026/11/10 14:04:06,198.51.100.7,203.0.113.9,,,{},,,app,v,a,b,"
    "eth1/1,eth1/2,log,x,0,1,3478,53,0,0,0x0,udp,{},0"
)


@pytest.mark.parametrize(
    ("type_", "subtype", "action", "kind"),
    [
        ("TRAFFIC", "drop", "allow", "accepted"),
        ("TRAFFIC", "end", "deny", "rejected"),
        ("TRAFFIC", "deny", "", "rejected"),
        ("TRAFFIC", "end", "", "other"),
        ("THREAT", "url", "block-url", "rejected"),
        ("THREAT", "spyware", "reset-both", "rejected"),
        ("THREAT", "spyware", "alert", "other"),
        ("THREAT", "scan", "allow", "dos_alert"),
    ],
)
def test_the_verdict_is_the_31st_column(type_, subtype, action, kind):
    event = parse(ROW.format(type_, subtype, "rule", action))
    assert event is not None
    assert event.kind == kind
    assert (event.source_port, event.destination_port, event.rule) == (3478, 53, "rule")


def test_a_comma_in_quotes_does_not_move_the_columns():
    event = parse(ROW.format("TRAFFIC", "end", '"a, ""b"", c"', "deny"))
    assert event is not None
    assert (event.rule, event.destination_port) == ('a, "b", c', 53)


def test_columns_that_cannot_be_told_apart_are_malformed():
    with pytest.raises(Malformed):
        parse('1,2026/11/10 14:04:06,S,TRAFFIC,end,"\r\nx"y\rz,')
    with pytest.raises(Malformed):
        parse("1,2026/11/10 14:04:06,S,TRAFFIC,end")
    with pytest.raises(Malformed, match="2 columns"):
        parse('"1,2026/11/10 14:04:06,S,SYSTEM,auth,0,auth-fail",')


@pytest.mark.parametrize("line", ["a,b,c,TRAFFIC,d", "1,2,3,OTHER,5", "1,2026/11/10,S,TRAFFIC"])
def test_lines_of_others_are_left_to_them(line):
    assert not paloalto.claims(header.read(line.encode(), 0.0))


def test_a_lease_that_ended_is_none():
    line = "1,2026/11/10 14:04:06,S,SYSTEM,dhcp,0,,,x,,,DHCP lease expired ip 192.168.1.2 --> mac "
    assert parse(f"{line}00:00:5e:00:53:02") == Event(
        kind="other", ip="192.168.1.2", mac="00:00:5e:00:53:02"
    )


def test_a_failed_log_in_may_name_nobody():
    line = "1,2026/11/10 14:04:06,S,SYSTEM,auth,0,,,auth-fail,,,From: {}."
    assert parse(line.format("198.51.100.7")) == Event(
        kind="login_failure", source_ip="198.51.100.7"
    )
    assert parse(line.format("somewhere")) == Event(kind="login_failure")
