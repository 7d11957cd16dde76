"""Zyxel USG, ATP and USG FLEX (also H): `src="address:port" dst=… msg=… note=… cat=… action=…`.

    src="198.51.100.7:11031" dst="203.0.113.9:23" msg="Match default rule DROP" note="ACCESS BLOCK"
    user="" devID="00005e005301" cat="Security Policy Control" action="Drop"
    src="192.168.1.33:51000" dst="203.0.113.9:443" msg="Traffic Log" note="" cat="Traffic Log"
    dir=lan1:wan1 protoID=6 proto=https mac=00:00:5e:00:53:02

`proto` is a service; the protocol is `protoID`, or a word of the sentence. Older versions have no
`action`, but say BLOCK or FORWARD in `note`. Source: ZyWALL/USG log descriptions; users' lines.
"""

import re

from exporter.dialects import Dialect, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, Kind, SyslogMessage

_LEASE = re.compile(
    r"DHCP server assigned (?P<ip>\S{3,45}+) to (?P<hostname>[^()]{0,255}+)"
    r"\((?P<mac>[^()]{12,17}+)\)",
    re.IGNORECASE,
)
_TRANSPORT = re.compile(r"[,:] (TCP|UDP|ICMP(?:v6)?|IGMP|GRE|ESP)[ ,(]", re.IGNORECASE)
# The sentences of Prestige and ZyWALL, which write the same pairs.
_SAYS = re.compile(
    r"(?P<wan>WAN\d? interface gets IP):? *+(?P<address>[0-9A-Fa-f:.]++)"
    r"|(?P<lease>DHCP server assigns) (?P<leased>[0-9A-Fa-f:.]++)"
    r"|(?P<full>NAT Session Table is Full)|(?P<login>(?:WEB|TELNET|FTP|SSH|Console) login failed)",
    re.IGNORECASE,
)
_ATTACKS = ("flood", "scan-detection", "portscan", "port scan")


def claims(message: SyslogMessage) -> bool:
    """Tell whether sentence and note are there: category and device may be left out."""
    text = message.content
    if 'msg="' not in text:
        return False
    return ' note="ACCESS' in text or (
        ' cat="' in text and (' note="' in text or " devID=" in text)
    )


def parse(message: SyslogMessage) -> Event:
    """Read a policy's verdict, a session, a lease or a failed log-in."""
    found = keyvalue.pairs(message.content)
    sentence, note = value(found, "msg"), value(found, "note")
    source = _endpoint(value(found, "src"))
    if said := _SAYS.match(sentence):
        return _said(said, source[0])
    if "DHCP" in sentence and (lease := _LEASE.match(sentence)):
        return Event(
            kind="dhcp_lease",
            ip=fields.address(lease["ip"]),
            mac=_mac(lease["mac"]),
            hostname=keyvalue.name(lease["hostname"]),
        )
    if keyvalue.mentions(sentence, ("failed login attempt", "login failed")):
        return Event(kind="login_failure", source_ip=fields.address(source[0]))
    kind, action = _kind(value(found, "action"), note, sentence)
    destination = _endpoint(value(found, "dst"))
    if kind == "other" and not (source[0] or destination[0]):
        return Event(kind="other")
    transport = _TRANSPORT.search(f"{sentence[:256]} ")
    ingress, _, egress = value(found, "dir").partition(":")
    return keyvalue.packet(
        kind,
        action,
        transport=value(found, "protoID") or (transport[1] if transport else ""),
        source=source,
        destination=destination,
        interfaces=(ingress, egress),
        mac=value(found, "mac"),
    )


def _said(said: re.Match[str], source: str) -> Event:
    if said["wan"]:
        return Event(kind="wan_up", ip=fields.address(said["address"].rstrip(".")))
    if said["lease"]:
        return Event(kind="dhcp_lease", ip=fields.address(said["leased"].rstrip(".")))
    if said["full"]:
        return Event(kind="nat_fault")
    return Event(kind="login_failure", source_ip=fields.address(source))


def _kind(action: str, note: str, sentence: str) -> tuple[Kind, str | None]:
    """Read the verdict: `action`, else a note like ACCESS BLOCK."""
    kind, word = keyvalue.verdict(action)
    if kind == "other" and note.upper().startswith("ACCESS"):
        kind, word = keyvalue.verdict(note)
        action = word or ""
    if "[type=" in sentence and keyvalue.mentions(sentence, _ATTACKS):
        kind = "dos_alert"
    return kind, action or None


def _endpoint(text: str) -> tuple[str, str]:
    """Split address and port; 0 is how a packet without ports is printed."""
    address, port = keyvalue.endpoint(text)
    return address, "" if port == "0" else port


def _mac(text: str) -> str | None:
    if len(text) == 12:
        text = ":".join(text[at : at + 2] for at in range(0, 12, 2))
    return fields.mac(text)


DIALECT = Dialect(
    "zyxel_usg",
    "Zyxel USG, ATP, USG FLEX",
    claims,
    parse,
    examples=(
        (
            'src="198.51.100.7:11031" dst="203.0.113.9:23" msg="Match default rule DROP" '
            'note="ACCESS BLOCK" user="" devID="00005e005301" cat="Security Policy Control" '
            'action="Drop"'
        ),
    ),
)
