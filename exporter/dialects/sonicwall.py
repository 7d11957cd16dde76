"""SonicWall: `id= sn= time= fw= pri= c= m= msg= …`, one event number and sentence a line.

    id=firewall sn=00301E000000 time="2026-11-10 23:04:06" fw=203.0.113.9 pri=5 c=64 m=36
    msg="TCP connection dropped" n=2686 src=198.51.100.7:4507:X1 dst=203.0.113.9:445:X0 rule=0

An endpoint is `address:port:interface:name`; for IPv6 the address has a key of its own (`srcV6`).
The verdict is in the sentence, or in `fw_action`. Source: SonicOS Log Events Reference.
"""

import re

from exporter.dialects import Dialect, fields, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, Kind, SyslogMessage

_ATTACKS = (
    *("port scan", "flood", "spoof", "smurf", "ping of death", "land attack", "attack", "teardrop"),
    *("xmas", "fin scan", "null scan", "sweep"),
)
_SIGNATURE = re.compile(r"(?:ips|anti-spyware|gateway anti-virus|gav) (?P<how>\w{1,16}+) alert:")
_LOGIN = ("denied", "failed", "failure", "incorrect", "attempted to log in")
_TRANSPORTS = ("tcp", "udp", "icmpv6", "icmp", "igmp")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the serial number and the firewall's address stand beside an identifier."""
    text = message.content
    return (
        " sn=" in text
        and (" fw=" in text or " fw_action=" in text)
        and "id=" in text
        and not keyvalue.in_envelope(text)
    )


def parse(message: SyslogMessage) -> Event:
    """Read the sentence and the endpoints."""
    found = keyvalue.pairs(message.content)
    sentence = value(found, "msg")
    kind, action = _kind(sentence, value(found, "fw_action"))
    source, ingress, hostname = _endpoint(found, "src")
    destination, egress, _ = _endpoint(found, "dst")
    if kind == "login_failure":
        return keyvalue.packet(
            kind, action, source=_without_zero(source), destination=_without_zero(destination)
        )
    transport = value(found, "proto").partition("/")[0] or _transport(sentence)
    if kind == "boot" or (kind == "other" and not (source[0] or destination[0] or transport)):
        return Event(kind=kind, action=action)
    return keyvalue.packet(
        kind,
        action,
        transport=transport,
        source=source,
        destination=destination,
        interfaces=(ingress, egress),
        rule=value(found, "rule"),
        mac=value(found, "srcMac"),
        hostname=hostname,
    )


def _kind(sentence: str, fw_action: str) -> tuple[Kind, str | None]:
    words = sentence[:256].lower()
    kind, action = keyvalue.verdict(sentence)
    if ("login" in words or "log in" in words) and any(word in words for word in _LOGIN):
        return "login_failure", action
    if signature := _SIGNATURE.match(words):  # its name is text that would mislead
        kind = "rejected" if signature["how"] == "prevention" else "other"
        stated, verb = keyvalue.verdict(fw_action)
        return (stated, verb) if verb else (kind, None)
    if any(attack in words for attack in _ATTACKS):
        return "dos_alert", action
    if words.endswith(" activated") and "sonicwall" in words:
        return "boot", None
    if kind == "other" and "closed" not in words:
        kind, verb = keyvalue.verdict(fw_action)
        action = fw_action.lower() if verb else None
    return kind, action


def _endpoint(found: dict[str, str], key: str) -> tuple[tuple[str, str], str, str]:
    """Return (address, port), interface and name of `address:port:interface:name`."""
    text = value(found, key)
    six = value(found, f"{key}V6")
    if six or fields.address(text):  # an address alone, of either kind
        port, interface, host = [*text.split(":", 3), "", "", ""][1:4] if six else ("", "", "")
        return (six or text, port), interface, host
    if text[:1] == "[":
        address, _, rest = text[1:].partition("]")
        port, interface, host = [*rest.split(":", 3), "", "", ""][1:4]
    else:
        address, port, interface, host = [*text.split(":", 3), "", "", ""][:4]
    return (address, port), interface, host


def _without_zero(end: tuple[str, str]) -> tuple[str, str]:
    """Leave out the port 0 that is printed where nothing has a port."""
    address, port = end
    return address, "" if port == "0" else port


def _transport(sentence: str) -> str:
    """Read the protocol off a sentence's first words: old versions print it nowhere else."""
    words = sentence[:64].lower().split()
    return next((word for word in words if word in _TRANSPORTS), "")


DIALECT = Dialect(
    "sonicwall",
    "SonicWall",
    claims,
    parse,
    examples=(
        (
            'id=firewall sn=00005E005301 time="2026-11-10 14:04:19" fw=203.0.113.9 pri=5 c=64 m=36 '
            'msg="TCP connection dropped" n=2686 src=198.51.100.7:4507:X1 dst=203.0.113.9:445:X0 '
            "rule=0"
        ),
    ),
)
