"""Buffalo AirStation: all but its FIREWALL lines, which are `connection`'s.

    [00:00:5E:00:53:01] AP00005E005301 : DHCPS: DHCPACK on 192.168.11.66 to 00:00:5e:00:53:05 (pc)
    via br0
    [00:00:5E:00:53:01] AP00005E005301 : DHCPC: RCV: Reply message on eth1 from fe80::1.
    WIRELESS <TAB>wl0: Associated User - 00:00:5e:00:53:05

The device prints its own hardware address and name in front; the web page's log has a TAB behind
the category instead. DHCPS is ISC dhcpd: only its ACK gives an address. Sources: lines published by
users; ISC dhcpd, server/dhcp.c.
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints, fields
from exporter.events import Event, SyslogMessage

_CATEGORIES = (
    *("DHCPS", "DHCPC", "SYSTEM", "WIRELESS", "AUTH", "PPPOE", "PPP", "NTP", "UPNP", "DDNS"),
    *("CONFIG", "SETUP", "FILTER", "ERROR", "MAC", "RADVD", "ROUTE", "USB", "NAS", "IPV6"),
)
_CATEGORY = "|".join(_CATEGORIES)
_START = re.compile(
    r"\[[0-9A-F:]{17}\] *+[^\s:]{1,64}+ *+: *+(?P<category>(?!FIREWALL)[A-Z][A-Z0-9_]{1,15}+) *+:"
    rf"|(?P<page>{_CATEGORY}) *+\t",
    re.IGNORECASE,
)
_LEASE = re.compile(
    r"DHCPACK ++(?:on|to) ++(?P<ip>[0-9A-Fa-f:.]{2,60}+)(?: ++to)?+ ++"
    r"\(?(?P<mac>[0-9A-Fa-f:]{17})\)?(?: ++\((?P<hostname>[^()]{1,255}+)\))?"
    r"(?:.{0,64}? via ++(?P<interface>[^\s:]{1,32}+))?",
    re.IGNORECASE | re.DOTALL,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line begins with the device and a category, or a category and a TAB."""
    return _START.match(message.text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read a lease or a station's coming and going; other lines are `other`."""
    text = message.text
    start = _START.match(text)
    if start is None:
        raise Malformed("no category of AirStation's log")
    category = (start["category"] or start["page"]).upper()
    said = text[start.end() :].lstrip()
    if category == "DHCPS" and said[:7].upper() == "DHCPACK":
        return _lease(said)
    if category in ("WIRELESS", "AUTH"):
        return _station(said)
    return Event(kind="other")


def _lease(said: str) -> Event:
    found = _LEASE.match(said)
    ip = fields.address(found["ip"]) if found else None
    if found is None or ip is None:
        raise Malformed("DHCPACK without an address and a station")
    return Event(
        kind="dhcp_lease",
        ip=ip,
        mac=fields.mac(found["mac"]),
        hostname=found["hostname"],
        ingress_interface=found["interface"],
    )


def _station(said: str) -> Event:
    lower = said[:256].lower()
    mac = endpoints.station(said)
    if mac is None:
        return Event(kind="other")
    if "fail" in lower or "reject" in lower or "denied" in lower:
        return Event(kind="wifi_auth_failure", mac=mac)
    if "deauth" in lower or "disassoc" in lower:
        return Event(kind="wifi_leave", mac=mac)
    return Event(kind="wifi_join" if "associated" in lower else "other", mac=mac)


DIALECT = Dialect(
    "buffalo_airstation",
    "Buffalo AirStation",
    claims,
    parse,
    examples=(
        (
            "[00:00:5E:00:53:01] AP00005E005301 : DHCPS: DHCPACK on 192.168.11.66 to "
            "00:00:5e:00:53:05 via br0"
        ),
        "WIRELESS \twl0: 11g : Associated User - 00:00:5e:00:53:05",
    ),
)
