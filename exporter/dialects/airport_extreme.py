"""Apple AirPort base stations: `M/D/YY h:mm:ss.000 AM daemon: …`, or syslog with the daemon as tag.

    11/10/26 11:04:06.000 PM 80211: Associated with station 00:00:5e:00:53:05
    11/10/26 11:04:06.000 PM natpmp: Binding added for udp, 203.0.113.9:32770 to 10.0.1.4:4500 with
    lifetime 7200

Source: lines published by users.
"""

import re

from exporter.dialects import Dialect, endpoints, fields
from exporter.events import Event, Kind, SyslogMessage

_STAMP = re.compile(
    r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2} [0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})? [AP]M *+"
    r"(?!dhcpd)",  # ISC's server, which has a dialect of its own
    re.IGNORECASE,
)
_DAEMONS = frozenset({"80211", "natpmp"})
_BINDING = re.compile(
    r"Binding added for (?P<transport>\w{2,8}+) *+, *+(?P<outside>\S++) to (?P<inside>\S++)",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("disassociated", "wifi_leave"),
    ("deauthenticat", "wifi_leave"),
    ("authentication failed", "wifi_auth_failure"),
    ("rejected", "wifi_auth_failure"),
    ("failed", "wifi_auth_failure"),
    ("associated with", "wifi_join"),
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line has the base station's stamp, or a tag that only it uses."""
    if message.app_name in _DAEMONS:
        return True
    if message.hostname in ("AM", "PM"):  # a stamp without thousandths was read as the header's
        return message.app_name not in (None, "dhcpd")
    text = message.text
    return text[:1].isdigit() and text[1:3].find("/") >= 0 and _STAMP.match(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read a station's coming and going, or a port mapping; other lines are `other`."""
    text = message.text
    if stamp := _STAMP.match(text):
        text = text[stamp.end() :]
    daemon, _, said = text.partition(":")
    said = said.lstrip()
    if daemon.lower() == "natpmp" and (found := _BINDING.match(said)):
        destination_ip, destination_port = endpoints.endpoint(found["outside"])
        return Event(
            kind="port_mapping",
            transport=fields.transport(found["transport"]),
            destination_ip=destination_ip,
            destination_port=destination_port,
            ip=endpoints.endpoint(found["inside"].rstrip("."))[0],
        )
    if daemon != "80211":
        return Event(kind="other")
    mac = endpoints.station(said)
    lower = said[:128].lower()
    for sign, kind in _KINDS:
        if mac and sign in lower:
            return Event(kind=kind, mac=mac)
    return Event(kind="other", mac=mac)


DIALECT = Dialect(
    "airport_extreme",
    "Apple AirPort",
    claims,
    parse,
    examples=(
        "80211: Associated with station 00:00:5e:00:53:05",
        "11/10/26 11:04:06.000 PM 80211: Disassociated with station 00:00:5e:00:53:05",
    ),
)
