"""Juniper SRX (Junos): RT_FLOW sessions, screens and stateless filters.

    RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.39 source-address="198.51.100.7" source-port=
    "1080" destination-address="203.0.113.9" destination-port="53" protocol-id="17" policy-name=…]
    RT_FLOW: RT_FLOW_SESSION_DENY: session denied 198.51.100.7/1080->203.0.113.9/53 junos-dns-udp
    17(0) default-deny(global) untrust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 UNKNOWN policy deny
    RT_IDS: RT_SCREEN_TCP: SYN flood! source: 198.51.100.7:1080, destination: 203.0.113.9:80, …
    RT_UTM: WEBFILTER_URL_BLOCKED: WebFilter: ACTION="URL Blocked" 192.168.1.5(6205)->203.0.113.9(8…
    RT_IDP: IDP_ATTACK_LOG_EVENT: IDP: at 1794, SIG Attack log <198.51.100.7/1080->203.0.113.9/80> …
    PFE_FW_SYSLOG_IP: FW: ge-0/0/0.0 D tcp 198.51.100.7 203.0.113.9 1080 53 (1 packets)
    PFE_FW_SYSLOG_IP6_TCP_UDP: FW: ge-0/0/0.0 D tcp SA 2001:db8::7 -> DA 2001:db8::9 sport: 80 …

Structured lines name their values; plain ones have positions whose number changes with the release,
so the protocol, `17(0)` or a number four words before the session's, is what positions count from.
Source: Junos System Log Explorer.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, Kind, SyslogMessage

_SIGNS = ("RT_FLOW", "RT_SCREEN_", "RT_IDS", "RT_IDP", "RT_UTM")
_OTHER_SIGNS = ("PFE_FW_SYSLOG_", "SNMP_TRAP_LINK_")
_LOGIN = ("SSHD_LOGIN_FAILED", "UI_LOGIN_FAILED")
_LETTERS: dict[str, Kind] = {"A": "accepted", "D": "rejected", "R": "rejected"}
_SESSIONS: dict[str, Kind] = {"DENY": "rejected", "CREATE": "accepted"}
_MAX_WORDS = 48

_SESSION = re.compile(r"RT_FLOW_SESSION_([A-Z]{1,16}+)")
_SCREEN = re.compile(r"RT_SCREEN_(TCP|UDP|ICMP)?")
_DENIED_PROTOCOL = re.compile(r"([0-9]{1,3}+)\([0-9]{1,5}+\)")
_NAMED = re.compile(r"(source|destination|protocol-id|interface name|action): ([^,]{1,80}+)")
_FILTER = re.compile(
    r"FW: +(?P<interface>\S++) +(?P<letter>[ADR]) +"
    r"(?:(?P<type>\S{1,6}) +(?P<mac>\S{17}) +-> +\S++ +)?"
    r"(?P<transport>\S++) +(?:SA +)?+(?P<source>\S++) +(?:-> +)?(?:DA +)?(?P<destination>\S++)"
    r"(?: +(?:sport:? *)?(?P<source_port>\d++),? +(?:dport:? *)?(?P<destination_port>\d++))?"
    r"(?: +\((?P<count>\d++) packets?\))?"
)
_WEB_FLOW = re.compile(
    r"(?<!\S)(?P<source>[0-9A-Fa-f:.]{2,45}+)\((?P<source_port>\d++)\)->"
    r"(?P<destination>[0-9A-Fa-f:.]{2,45}+)\((?P<destination_port>\d++)\)"
)
_WEB_VERDICT = re.compile(r"WEBFILTER_URL_(?P<verdict>[A-Z]{1,16}+)")
_ATTACK_FLOW = re.compile(
    r"<(?P<source>[^/<>\s]++)/(?P<source_port>\d++)->(?P<destination>[^/<>\s]++)/"
    r"(?P<destination_port>\d++)> for (?P<transport>\S++) protocol"
)
_ATTACK_VERDICT = re.compile(r"[ ,]action=(?P<verdict>\w++)")
_ATTACK_POLICY = re.compile(r" in policy (?P<rule>[^\s.]++)")
_ATTACK_PATH = re.compile(
    r"intf:[^\s:,]*+:(?P<ingress>[^\s:,]{1,64}?)->[^\s:,]*+:(?P<egress>[^\s,]++)"
)
_FROM = re.compile(r"from host '?([0-9A-Fa-f:.]{3,45}+)")


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of Junos's message names is there."""
    text = message.text
    if "RT_" in text and any(sign in text for sign in _SIGNS):
        return True
    if "[junos@" in text:
        return True
    return "_" in text and any(sign in text for sign in _OTHER_SIGNS + _LOGIN)


def parse(message: SyslogMessage) -> Event:
    """Read a session, a screen's alarm, a filter's packet or a failed log-in.

    Raises Malformed when a session or filter line is cut before its verdict and packet.
    """
    text = message.text
    session = _SESSION.search(text)
    structured = text.find("[junos@")
    if structured >= 0:
        return _structured(text[:structured], session, keyvalue.pairs(text[structured:]))
    if session:
        return _plain(session[1], text[session.end() :])
    if "RT_SCREEN_" in text or ("RT_IDS" in text and "! source: " in text):
        return _screen(text)
    if "PFE_FW_SYSLOG_" in text:
        return _filter(text)
    if flow := _WEB_FLOW.search(text) or _ATTACK_FLOW.search(text):
        return _inspected(text, flow)
    if any(sign in text for sign in _LOGIN):
        source = _FROM.search(text)
        return Event(kind="login_failure", source_ip=fields.address(source[1]) if source else None)
    return Event(kind="other")


def _structured(front: str, session: re.Match[str] | None, found: dict[str, str]) -> Event:
    action = value(found, "action")
    kind = keyvalue.verdict(action)[0]
    screen = _SCREEN.search(front)
    if session:
        kind = _SESSIONS.get(session[1], "other")
        action = session[1] if kind != "other" else ""
    elif screen:
        kind = "dos_alert"
    elif "LOGIN_FAILED" in front:
        return Event(kind="login_failure", source_ip=fields.address(value(found, "source-address")))
    elif kind == "other":  # WEBFILTER_URL_BLOCKED
        kind, word = keyvalue.verdict(front[-64:].replace("_", " "))
        action = word or ""
    if kind == "other" and not value(found, "source-address"):
        return Event(kind="other")
    return keyvalue.packet(
        kind,
        action,
        transport=value(found, "protocol-id", "protocol-name", "protocol")
        or (screen[1] or "" if screen else ""),
        source=(value(found, "source-address"), value(found, "source-port")),
        destination=(value(found, "destination-address"), value(found, "destination-port")),
        interfaces=(
            value(found, "packet-incoming-interface", "interface-name", "source-interface-name"),
            value(found, "packet-outgoing-interface", "destination-interface-name"),
        ),
        rule=value(found, "policy-name"),
    )


def _plain(session: str, rest: str) -> Event:
    """Read `: session denied A/p->B/p service … protocol policy zone zone … interface …`."""
    words = rest.split(None, _MAX_WORDS)
    flow = next((at for at, word in enumerate(words) if "->" in word), None)
    kind = _SESSIONS.get(session, "other")
    if flow is None:
        return keyvalue.packet(kind, session)
    source, _, destination = words[flow].partition("->")
    at = _protocol(words, flow + 1)
    transport = rule = interface = ""
    if at:
        transport, rule = words[at].partition("(")[0], words[at + 1]
        tail = words[at + 4 :]  # behind the zones; the interface follows user(role)
        user = next((n for n in reversed(range(len(tail))) if tail[n].endswith(")")), len(tail))
        interface = "".join(tail[user + 1 : user + 2])
    return keyvalue.packet(
        kind,
        session if kind != "other" else None,
        transport=transport,
        source=_endpoint(source),
        destination=_endpoint(destination),
        interfaces=(interface if "-" in interface or "." in interface else "", ""),
        rule=rule,
    )


def _protocol(words: list[str], start: int) -> int:
    """Return where the protocol stands: `17(0)`, or a number with the session's four words on."""
    for at in range(start, len(words) - 1):
        if _DENIED_PROTOCOL.fullmatch(words[at]):
            return at
        if len(words[at]) <= 3 and words[at].isdecimal():
            session = words[at + 4 : at + 5]
            if session and session[0].isdecimal():
                return at
    return 0


def _endpoint(text: str) -> tuple[str, str]:
    address, _, port = text.rpartition("/")
    return (address, port) if address else (text, "")


def _screen(text: str) -> Event:
    """Read `RT_SCREEN_TCP: SYN flood! source: A:p, destination: B:p, …, interface name: I, …`."""
    screen = _SCREEN.search(text)
    found = dict(_NAMED.findall(text))
    return keyvalue.packet(
        "dos_alert",
        found.get("action", "").strip(),
        transport=found.get("protocol-id", "") or (screen[1] or "" if screen else ""),
        source=keyvalue.endpoint(found.get("source", "").strip()),
        destination=keyvalue.endpoint(found.get("destination", "").strip()),
        interfaces=(found.get("interface name", "").strip(), ""),
    )


def _inspected(text: str, flow: re.Match[str]) -> Event:
    """Read what the web filter or intrusion detection looked at; action=NONE is no verdict."""
    found = flow.groupdict()
    for form in (_WEB_VERDICT, _ATTACK_VERDICT, _ATTACK_POLICY, _ATTACK_PATH):
        if part := form.search(text):
            found |= part.groupdict()
    kind, word = keyvalue.verdict(found.get("verdict", ""))
    return keyvalue.packet(
        kind,
        word,
        transport=found.get("transport", ""),
        source=(found["source"], found["source_port"]),
        destination=(found["destination"], found["destination_port"]),
        interfaces=(found.get("ingress", ""), found.get("egress", "")),
        rule=found.get("rule", ""),
    )


def _filter(text: str) -> Event:
    found = _FILTER.search(text)
    if found is None:
        raise Malformed("no 'FW: interface letter protocol source destination'")
    of_ip = (found["type"] or "").lower().removeprefix("0x") in ("0800", "800", "86dd")
    return keyvalue.packet(
        _LETTERS[found["letter"]],
        transport=found["transport"],
        source=(found["source"], found["source_port"] or ""),
        destination=(found["destination"], found["destination_port"] or ""),
        interfaces=(found["interface"], ""),
        mac=found["mac"] if of_ip else "",
        times=found["count"] or "",
    )


DIALECT = Dialect(
    "juniper_srx",
    "Juniper SRX",
    claims,
    parse,
    examples=(
        (
            'RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.39 source-address="198.51.100.7" '
            'source-port="3478" destination-address="203.0.113.9" destination-port="51413" '
            'protocol-id="17" policy-name="deny-all"]'
        ),
        (
            "RT_FLOW_SESSION_DENY: session denied 198.51.100.7/3478->203.0.113.9/51413 None 17(0) "
            "deny-all untrust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0"
        ),
        (
            "PFE_FW_SYSLOG_IP: FW: ge-0/0/0.0   D tcp 198.51.100.7 203.0.113.9 36146  9037 (3 "
            "packets)"
        ),
    ),
)
