"""Juniper NetScreen, SSG and ISG (ScreenOS): pairs of traffic, sentences of everything else.

    NetScreen device_id=ssg5  [Root]system-notification-00257(traffic): start_time="2026-11-10
    23:04:06" duration=0 policy_id=120 service=udp/port:17210 proto=17 src zone=Untrust
    dst zone=Trust action=Deny sent=0 src=198.51.100.7 dst=203.0.113.9 src_port=53 dst_port=17210
    NetScreen device_id=ssg5  [Root]system-emergency-00005: SYN flood! From 198.51.100.7:41437 to
    203.0.113.9:80, proto TCP (zone Untrust int  ethernet0/0). Occurred 1 times. (2026-11-10 …)

Keys and values hold blanks; what follows `src-xlated ip=` is after translation and is left out.
Source: ScreenOS Message Log Reference Guide.
"""

import re

from exporter.dialects import Dialect, keyvalue
from exporter.dialects.keyvalue import value
from exporter.events import Event, SyslogMessage

_ALARM = re.compile(
    r"from (?P<source>\S++) to (?P<destination>[^\s,]++),? proto (?P<transport>[A-Za-z0-9]++)"
    r"(?: \((?:zone (?P<zone>[^\s,)]++),? *+)?int +(?P<interface>[^\s,)]++)\))?",
    re.IGNORECASE,
)
_OCCURRED = re.compile(r"occurred ([0-9]++) times?", re.IGNORECASE)
_LOGIN = re.compile(
    r"(?>.*?login attempt)(?>.*? from )(?P<source>\S++) (?:has )?failed", re.IGNORECASE
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether ScreenOS's own header is there."""
    return "NetScreen device_id=" in message.text


def parse(message: SyslogMessage) -> Event:
    """Read a traffic line, an alarm or a failed log-in; all else is of no kind.

    Raises Malformed when a traffic line says nothing of a packet.
    """
    text = message.text[message.text.find("NetScreen device_id=") :]
    if "(traffic)" in text or " action=" in text:
        return _traffic(text)
    if "!" in text and (alarm := _ALARM.search(text)):
        times = _OCCURRED.search(text, alarm.end())
        return keyvalue.packet(
            "dos_alert",
            transport=alarm["transport"],
            source=keyvalue.endpoint(alarm["source"]),
            destination=keyvalue.endpoint(alarm["destination"]),
            interfaces=(alarm["interface"] or "", ""),
            times=times[1] if times else "",
        )
    if " failed" in text and (login := _LOGIN.match(text)):
        return keyvalue.packet("login_failure", source=keyvalue.endpoint(login["source"]))
    if "authentication failed" in text:
        host = text.partition(" at host ")[2].strip(" '")[:64].partition(" ")[0].rstrip("'.")
        return keyvalue.packet("login_failure", source=(host, ""))
    return Event(kind="other")


def _traffic(text: str) -> Event:
    found = keyvalue.pairs(text)
    action = value(found, "action")
    return keyvalue.packet(
        keyvalue.verdict(action)[0],
        action,
        transport=value(found, "proto"),
        source=(value(found, "src"), value(found, "src_port")),
        destination=(value(found, "dst"), value(found, "dst_port")),
        rule=value(found, "policy_id"),
    )


DIALECT = Dialect(
    "netscreen",
    "Juniper NetScreen, SSG (ScreenOS)",
    claims,
    parse,
    examples=(
        (
            "ssg5: NetScreen device_id=ssg5  [Root]system-notification-00257(traffic): "
            'start_time="2026-11-10 14:04:05" duration=0 policy_id=120 service=udp/port:51413 '
            "proto=17 src zone=Untrust dst zone=Trust action=Deny sent=0 rcvd=0 src=198.51.100.7 "
            "dst=203.0.113.9 src_port=3478 dst_port=51413"
        ),
        (
            "ssg5: NetScreen device_id=ssg5  [Root]system-emergency-00005: SYN flood! From "
            "198.51.100.7:41437 to 203.0.113.9:80, proto TCP (zone Untrust int  ethernet0/0). "
            "Occurred 12 times."
        ),
    ),
)
