import pytest

from exporter.dialects import Malformed, huawei
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event:
    message = header.read(line.encode(), 0.0)
    assert huawei.claims(message), line
    return huawei.parse(message)


DENIED = (
    "protocol=17, source-ip=198.51.100.7, source-port=3478, destination-ip=203.0.113.9, "
    "destination-port=51413, rule-name=a."
)
REJECTED = Event(
    kind="rejected",
    action="deny",
    transport="udp",
    source_ip="198.51.100.7",
    source_port=3478,
    destination_ip="203.0.113.9",
    destination_port=51413,
    rule="a",
)


@pytest.mark.parametrize(
    "front",
    [
        "",
        "<190>Nov 10 2026 23:04:06 fw ",
        "<190>2026-11-10 23:04:06 fw ",
        "<190> 2026-11-10 23:04:06 fw ",
        "<190>2026/11/10 23:04:06 fw ",
        "<190>Nov 10 2026 23:04:06+09:00 fw ",
        "<190>Nov 10 2026 23:04:06.460.1+02:00 DST fw ",
        "<190>Nov 10 23:04:06 192.0.2.1 Nov 10 2026 23:04:06 fw ",
        "Nov 10 23:04:06 2026-11-10 23: 04:06 fw ",
        "<190>1 2026-11-10T23:04:06.5+09:00 relay fw - - - ",
        "<190>fw ",
        "<190>fw %%: ",
        "<190>%%: ",
    ],
)
@pytest.mark.parametrize(
    "tag",
    [
        "%%01POLICY/6/POLICYDENY(l):",
        "%%01SEC/4/POLICYDENY(l)[2437168]: ",
        "%%01SEC/4/POLICYDENY (l):CID=0x814f041e;",
        "%%01SEC/4/POLICYDENY:",
    ],
)
def test_whatever_stands_before_the_tag_the_packet_is_read(front, tag):
    assert parse(front + tag + DENIED) == REJECTED


@pytest.mark.parametrize(
    "line",
    [
        "%%10SHELL/4/LOGINFAILED(l): H3C",
        "sshd: Failed password for invalid user %%01POLICY/6/POLICYDENY(l):" + DENIED,
        "Nov 10 23:04:06 gate login failed for %%01POLICY/6/POLICYDENY(l):" + DENIED,
        "Nov 10 23:04:06 gate IPSTRAP/4/THREATTRAP:OID 1.3.6.1.4.1.9.9 x",
        "Nov 10 23:04:06 gate snmpd: OID 1.3.6.1.4.1.2011.5 x",
        "Nov 10 23:04:06 gate a man said %%: Built an udp session, 192.0.2.1:1 (a) to x",
    ],
)
def test_lines_of_others_are_left_to_them(line):
    assert not huawei.claims(header.read(line.encode(), 0.0))


def test_a_rules_name_may_have_blanks():
    assert parse("%%01POLICY/6/POLICYDENY(l):" + DENIED.replace("=a.", "=a b.")).rule == "a b"


@pytest.mark.parametrize(("protocol", "transport"), [("1", "icmp"), ("89", "89"), ("GRE", "gre")])
def test_what_has_no_ports_prints_zeros(protocol, transport):
    event = parse(
        f"%%01POLICY/6/POLICYDENY(l):protocol={protocol}, source-ip=198.51.100.7, source-port=0, "
        "destination-ip=203.0.113.9, destination-port=0"
    )
    assert event == Event(
        kind="rejected",
        action="deny",
        transport=transport,
        source_ip="198.51.100.7",
        destination_ip="203.0.113.9",
    )


@pytest.mark.parametrize(
    "text",
    [
        "POLICY/6/POLICYDENY(l):protocol=6, source-ip=x",
        "SECLOG/6/SESSION_BUILT(l):Built an",
        "SECLOG/6/SESSION_BUILT(l):IPVer=4,Protocol=udp",
    ],
)
def test_a_packet_without_addresses_is_malformed(text):
    with pytest.raises(Malformed):
        parse("%%01" + text)


@pytest.mark.parametrize(
    ("action", "kind", "word"),
    [("Block", "rejected", "block"), ("Alert", "other", None), ("Allow", "accepted", "allow")],
)
def test_what_a_stranger_asked_for_is_no_verdict(action, kind, word):
    event = parse(
        "%%01URL/4/FILTER(l):The URL filtering policy was matched. (SrcIp=192.168.1.5, "
        f'DstIp=203.0.113.9, Protocol=TCP, Item="/?Action=Permit", Action={action})'
    )
    assert (event.kind, event.action) == (kind, word)


@pytest.mark.parametrize("several", ["", " 198.51.100.8:68 "])
def test_of_several_attackers_none_is_named(several):
    event = parse(f'%%01ATK/4/FIREWALLATCK(l):proto="UDP", src="198.51.100.7:68 {several}"')
    assert event.kind == "dos_alert"
    assert (event.source_ip, event.source_port) == (
        (None, None) if several else ("198.51.100.7", 68)
    )


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("SHELL/4/LOGINFAILED(s)[5]:x (Ip=198.51.100.7, UserName=Ip=192.0.2.1)", "198.51.100.7"),
        ("SHELL/4/LOGINFAILED(s)[5]:x (Ip=**, UserName=Ip=192.0.2.1)", None),
        ('FTPS/3/LOGINFAILED(s):x (UserName="IP=192.0.2.1", IpAddress=2001:db8::7)', "2001:db8::7"),
        ("HTTPD/4/FAIL(l): User (IP:192.0.2.1 (IP:198.51.100.7 ID:3) login failed", "198.51.100.7"),
        ("SHELL/4/LOGINFAIL(l): User login failed from con0(times=1).", None),
    ],
)
def test_who_failed_to_log_in_is_not_what_somebody_typed(line, source):
    assert parse("%%01" + line) == Event(kind="login_failure", source_ip=source)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("Success", "wifi_join"),
        ("FailType is Reason code, a user has gone offline unexpectedly", "wifi_leave"),
        ("FailType is Status code, encryption mode error", "wifi_auth_failure"),
        ("FailType is Status code, ap reach max user", "other"),
    ],
)
def test_a_station_is_not_what_its_user_typed(result, kind):
    event = parse(
        "%%01WLAN/3/WLAN_LOG_USER(l)[1]:[WLAN_STA_INFO_AP_ASSOCIATE]APMAC:00-00-5e-00-53-02;"
        f"USER:x;MAC:00-00-5e-00-53-99;RESULT:x;MAC:00-00-5e-00-53-10;TIME:1;RESULT:{result};"
    )
    assert event == Event(kind=kind, mac="00:00:5e:00:53:10")
