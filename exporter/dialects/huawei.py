"""Huawei firewalls and routers (VRP): `%%01MODULE/level/BRIEF(l)[number]:text`.

    %%01SEC/4/POLICYDENY(l): protocol=6, source-ip=198.51.100.7, source-port=3067, destination-ip=
    203.0.113.9, destination-port=139, time=2026/11/10 23:04:06, interzone-untrust(public)-trust(…
    %%01POLICY/6/POLICYDENY(l):vsys=public, protocol=17, source-ip=198.51.100.7, source-port=3067, …
    %%01IPS/4/DETECT(l):An intrusion was detected. (SyslogId=1, VSys="public", SrcIp=198.51.100.7, …
    %%01SHELL/4/LOGINFAILED(s)[5]:Failed to login. (Ip=198.51.100.7, UserName=x, Times=1, …
    IPSTRAP/4/THREATTRAP:OID 1.3.6.1.4.1.2011.6.122.43.1.2.8 An intrusion was detected. (SrcIp=…

Stamps with a zone, a host and `%%:` may still stand before the tag. H3C counts its versions from
10, and traps have none, but Huawei's OID. Sessions that end state no verdict. Source: Huawei's log
references (USG, AR, NetEngine, S series) and USG6000E administrator guide; users' lines.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, Kind, SyslogMessage

# What syslog's header has left of a stamp and a host; a sentence that quotes a tag has more words.
_FRONT = (
    r"(?:(?:[A-Z][a-z]{2}|DST|[0-9][0-9:.+-]{0,39}+) ++){0,8}+"
    r"(?:(?!%%)[^\s\"'=]{1,255}+ ++)?(?:%%: ++)?"
)
_TAG = re.compile(
    rf"{_FRONT}(?P<sign>%%0[1-9])?(?P<module>[A-Za-z][A-Za-z0-9_-]{{0,31}}+)/[0-7]/"
    r"(?P<brief>[A-Za-z][A-Za-z0-9_-]{0,63}+) ?+(?:\([A-Za-z0-9]\))?+(?:\[[0-9]{1,10}\])?+:"
    r"(?(sign) *+|(?=(?:[\w=,]{1,64}+;)?OID 1\.3\.6\.1\.4\.1\.2011\.))"
)
_SESSION = re.compile(
    r"Built an? (?P<transport>\S{1,24}+) session, (?P<source>\S{1,64}+) \([^()]{0,64}+\) to "
    r"(?P<destination>\S{1,64}+)"
)
_BARE_SESSION = re.compile(rf"{_FRONT}(?=Built an? \S{{1,24}}+ session, )")

_POLICY: dict[str, tuple[Kind, str]] = {
    "POLICYDENY": ("rejected", "deny"),
    "POLICYPERMIT": ("accepted", "permit"),
}
# What each names a packet by: its protocol, then address and port of its source and destination.
_OF_POLICIES = ("protocol", "source-ip", "source-port", "destination-ip", "destination-port")
_OF_SESSIONS = ("Protocol", "SourceIP", "SourcePort", "DestinationIP", "DestinationPort")
_OF_INSPECTORS = ("Protocol", "SrcIp", "SrcPort", "DstIp", "DstPort")
_RULE = re.compile(r"rule-name=([^,;]*+)")
_PORTED = frozenset({"tcp", "udp", "sctp"})  # all others print 0
_INSPECTORS = frozenset({"IPS", "IPSTRAP", "URL", "AV"})
_NAT_FAULTS = frozenset({"NAT_PACKET_DISCARD", "PORT_USEDUP"})

_NO_LOGINS = ("LOGINFAIL", "LOGIN_FAIL", "SSH_FAIL", "SNMP_FAIL")  # what briefs begin with
_LOGIN_SOURCE = re.compile(
    r"(?P<key>(?<![A-Za-z])I[Pp](?:[Aa]ddress)?[=:](?P<ip>[0-9A-Fa-f:.*]{0,45}+))|UserName=|User "
)

_OF_STATIONS = frozenset({"WLAN_LOG_USER", "WLAN_LOG_STA_ONLINEFAIL_OR_OFFLINE_INFO"})
_OFFLINE = re.compile(r"\[WLAN_STA_OFFLINE_INFO\]STAMAC:(?P<mac>[0-9A-Fa-f:-]{12,17}+)")
_OUTCOMES: tuple[tuple[str, Kind], ...] = (
    ("success", "wifi_join"),
    ("gone offline", "wifi_leave"),
    ("authentication", "wifi_auth_failure"),
    ("encryption", "wifi_auth_failure"),
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether Huawei's sign and a tag stand in front, or a trap with Huawei's OID."""
    text = message.text
    if "%%" not in text and "OID 1.3.6.1.4.1.2011." not in text:
        return False
    return _tag(message) is not None or _bare_session(message) is not None


def parse(message: SyslogMessage) -> Event:
    """Read a policy's verdict, a session, an alarm, a failed log-in or a station's coming.

    Raises Malformed when a policy or session names no packet.
    """
    tag = _tag(message)
    if tag is None:
        return _session(_bare_session(message) or "")
    module, brief, text = tag["module"].upper(), tag["brief"].upper(), tag.string[tag.end() :]
    if verdict := _POLICY.get(brief):
        return _policy(*verdict, text)
    if brief == "SESSION_BUILT":
        return _session(text)
    if module in _INSPECTORS:
        return _inspected(text)
    if brief in ("FIREWALLATCK", "ATCKDF"):
        return _attack(keyvalue.pairs(text))
    if brief.startswith(_NO_LOGINS) or (module, brief) == ("HTTPD", "FAIL"):
        return Event(kind="login_failure", source_ip=_login_source(text))
    if brief in _OF_STATIONS:
        return _station(text)
    return Event(kind="nat_fault" if brief in _NAT_FAULTS else "other")


def _tag(message: SyslogMessage) -> re.Match[str] | None:
    """Match the tag: syslog's header may have taken it for its own, or a program's name before."""
    return _TAG.match(message.text) or _TAG.match(message.content)


def _bare_session(message: SyslogMessage) -> str | None:
    """Return a session that has only `%%:` for a tag."""
    if "%%: Built " not in message.text:
        return None
    found = _BARE_SESSION.match(message.text)
    return message.text[found.end() :] if found else None


def _policy(kind: Kind, action: str, text: str) -> Event:
    found = keyvalue.pairs(text)
    named = _RULE.search(text)
    rule = (named[1] if named else value(found, "policy")).rstrip(". ")
    return _named(kind, action, found, _OF_POLICIES, rule)


def _session(text: str) -> Event:
    if bare := _SESSION.match(text):
        return _packet(
            "accepted",
            "built",
            transport=bare["transport"],
            source=keyvalue.endpoint(bare["source"]),
            destination=keyvalue.endpoint(bare["destination"]),
        )
    found = keyvalue.pairs(text)
    rule = value(found, "PolicyName").rstrip(".")
    return _named("accepted", "built", found, _OF_SESSIONS, rule)


def _inspected(text: str) -> Event:
    """Read what was found in a packet; what strangers ask for stands before the action."""
    found = keyvalue.pairs(text.replace("(", " ", 1))
    _, _, action = text.rpartition("Action=")
    kind, word = keyvalue.verdict(action)
    if not value(found, "SrcIp"):
        return Event(kind="other")
    return _named(kind, word, found, _OF_INSPECTORS, value(found, "Policy"))


def _attack(found: dict[str, str]) -> Event:
    """Read an attack; of several senders or targets none is named."""
    if (kind := value(found, "log_type")) and not kind.startswith("ip_attack"):
        return Event(kind="other")
    return keyvalue.packet(
        "dos_alert",
        keyvalue.verdict(value(found, "Action"))[1],
        transport=value(found, "proto"),
        source=keyvalue.endpoint(_only(value(found, "src", "attacker_ip"))),
        destination=keyvalue.endpoint(_only(value(found, "dst", "zone_ip"))),
        interfaces=(_only(value(found, "interface")), ""),
    )


def _only(text: str) -> str:
    """Return the one word of `text`; "" when there are several."""
    return text if " " not in (text := text.strip()) else ""


def _named(
    kind: Kind, action: str | None, found: dict[str, str], keys: tuple[str, ...], rule: str
) -> Event:
    """Read a packet that a line names by these keys."""
    protocol, source, source_port, destination, port = (value(found, key) for key in keys)
    return _packet(
        kind,
        action,
        transport=protocol,
        source=(source, source_port),
        destination=(destination, port),
        rule=rule,
    )


def _packet(
    kind: Kind,
    action: str | None,
    *,
    transport: str,
    source: tuple[str, str],
    destination: tuple[str, str],
    rule: str = "",
) -> Event:
    if fields.transport(transport) not in _PORTED:
        source, destination = (source[0], ""), (destination[0], "")
    if not (fields.address(source[0]) or fields.address(destination[0])):
        raise Malformed("no address can be read")
    return keyvalue.packet(
        kind, action, transport=transport, source=source, destination=destination, rule=rule
    )


def _login_source(text: str) -> str | None:
    """Return who failed; behind a user's name, which is what somebody typed, the last counts."""
    found = list(_LOGIN_SOURCE.finditer(text))
    addresses = [each["ip"] for each in found if each["key"]]
    if not addresses:
        return None
    return fields.address(addresses[0] if found[0]["key"] else addresses[-1])


def _station(text: str) -> Event:
    if gone := _OFFLINE.match(text):
        return Event(kind="wifi_leave", mac=fields.mac(gone["mac"]))
    # A user's name, which stands before these, is what somebody typed.
    _, _, mac = text.rpartition(";MAC:")
    _, _, result = text.rpartition(";RESULT:")
    result = result[:256].lower()
    kind: Kind = next((kind for words, kind in _OUTCOMES if words in result), "other")
    return Event(kind=kind, mac=fields.mac(mac[:17]))


DIALECT = Dialect(
    "huawei",
    "Huawei USG, NGFW, AR, NetEngine (VRP)",
    claims,
    parse,
    examples=(
        (
            "%%01POLICY/6/POLICYDENY(l):vsys=public, protocol=17, source-ip=198.51.100.7, "
            "source-port=3478, destination-ip=203.0.113.9, destination-port=51413, time=Nov 10 "
            "2026 23:04:06, source-zone=untrust, destination-zone=local, application-name=, "
            "rule-name=Deny-All."
        ),
        (
            "%%01SEC/4/POLICYDENY(l): protocol=6, source-ip=198.51.100.7, source-port=443, "
            "destination-ip=203.0.113.9, destination-port=23, time=2026/11/10 23:04:06, "
            "interzone-untrust(public)-trust(public) inbound, policy=8."
        ),
        (
            "%%01SECLOG/6/SESSION_BUILT(l):IPVer=4,Protocol=udp,SourceIP=192.168.1.5, "
            "DestinationIP=198.51.100.7,SourcePort=51000,DestinationPort=53,BeginTime=1794351846"
        ),
        (
            "%%01SHELL/4/LOGINFAILED(s)[5]:Failed to login. (Ip=198.51.100.7, UserName=x, Times=1, "
            "AccessType=SSH, VpnName=)"
        ),
        (
            "%%01IPS/4/DETECT(l):An intrusion was detected. (SyslogId=1, SrcIp=198.51.100.7, DstIp="
            "203.0.113.9, SrcPort=3478, DstPort=53, Protocol=UDP, Action=Block)"
        ),
        (
            "%%01WLAN/3/WLAN_LOG_USER(l)[1]:[WLAN_STA_INFO_AP_ASSOCIATE]APMAC:00-00-5e-00-53-02;"
            "APNAME:hall;USER:x;MAC:00-00-5e-00-53-10;TIME:1;ERRCODE:0;RESULT:Success;"
        ),
    ),
)
