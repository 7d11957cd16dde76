"""DHCP servers that are not dnsmasq, and DHCP clients: ISC, OpenBSD, odhcpd, udhcpd, Kea.

    dhcpd[64]: DHCPACK on 192.0.2.56 to 00:00:5e:00:53:02 (laptop) via eth0.60
    dhcpd[65]: Reply NA: address 2001:db8::56 to client with duid 00:01:… iaid = 1 valid for 7200 …
    odhcpd[7]: DHCPV6 REQUEST IA_NA from 0001… on br-lan: ok 2001:db8::56/128
    kea-dhcp4[9]: INFO  DHCP4_LEASE_ALLOC [hwtype=1 00:00:5e:00:53:02], cid=[…], tid=0x1: lease
    192.0.2.56 has been allocated for 3600 seconds

Only what gives an address away is a lease. A client's line (dhclient, udhcpc) comes at every
renewal and is `other`. Sources: ISC dhcpd's dhcp.c and dhcpv6.c, odhcpd's dhcpv6-ia.c and dhcpv4.c,
busybox' dhcpd.c, Kea's dhcp4_messages.mes.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, SyslogMessage

_SERVERS = ("dhcpd", "dhcpd6", "odhcpd", "udhcpd", "kea-dhcp4", "kea-dhcp6")
_CLIENTS = ("dhclient", "dhcp6c", "odhcp6c", "udhcpc")
_NAMES = frozenset(_SERVERS + _CLIENTS)
_IP = r"(?P<ip>[0-9A-Fa-f.:]{2,45}+)"
_MAC = r"(?P<mac>[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})(?![0-9A-Fa-f:-])"
_VIA = r"(?:[ \t]++via[ \t]++(?P<interface>[^\s:,]{1,64}+))?"
# dhcpd prints the client's name as it came: it may hold blanks and parentheses.
_NAME = r"(?:[ \t]*+\((?P<name>[^\r\n]{0,255})\)(?=[ \t]++via[ \t]))?"
_FORMS = (
    re.compile(
        rf"DHCPACK[ \t]++on[ \t]++{_IP}[ \t]++to[ \t]++(?:{_MAC}|\S{{1,64}}+){_NAME}{_VIA}",
        re.IGNORECASE,
    ),
    re.compile(rf"DHCPACK[ \t]++to[ \t]++{_IP}[ \t]++\({_MAC}\){_VIA}", re.IGNORECASE),
    re.compile(rf"Reply[ \t]++NA:[ \t]*+address[ \t]++{_IP}", re.IGNORECASE),
    re.compile(
        r"DHCPV6[ \t]++(?:REQUEST|RENEW|REBIND|REPLY)[ \t]++IA_NA[ \t]++from[ \t]++[0-9A-Fa-f:]++"
        rf"[ \t]++on[ \t]++(?P<interface>[^\s:]{{1,64}}+):[ \t]*+ok[ \t]++{_IP}",
        re.IGNORECASE,
    ),
    re.compile(rf"sending ACK[ \t]++to[ \t]++{_MAC}[ \t]++-[ \t]++{_IP}", re.IGNORECASE),
    re.compile(rf"sending ACK[ \t]++to[ \t]++{_IP}(?:[ \t]++{_MAC})?", re.IGNORECASE),
    re.compile(rf"ACK sent[ \t]++to[ \t]++{_IP}", re.IGNORECASE),
)
# WatchGuard puts a message's number in front, TP-Link a level and a number.
_NUMBERED = re.compile(r"msg_id=\"[^\"]{0,32}+\"[ \t]++|<[0-7]>[ \t]*+(?:[0-9]++[ \t]++)?")
_LOGGER = 32  # characters in which Kea's own log names its logger
_KEA_SIGNS = ("_LEASE_ALLOC", "_LEASE_RENEW")
_KEA_MAC = re.compile(rf"\[hwtype=[0-9]++[ \t]++{_MAC}")
_KEA_IP = re.compile(
    rf"lease (?:for address )?{_IP}(?: and iaid=[0-9]++)? has been (?:allocated|renewed)"
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of the programs above wrote the line."""
    if message.app_name in _NAMES or programs.hidden(message) in _NAMES:
        return True
    if message.app_name is not None:
        return False
    return "no free leases" in message.text or "[kea-dhcp" in message.text[:_LOGGER]


def parse(message: SyslogMessage) -> Event:
    """Read the address and to whom it was given."""
    name = message.app_name if message.app_name in _NAMES else programs.hidden(message)
    if name is None and "[kea-dhcp" in message.text[:_LOGGER]:
        return _kea(message.text)
    if name is None or name in _CLIENTS:
        return Event(kind="other")
    says = programs.words(message, name)
    if numbered := _NUMBERED.match(says):
        says = says[numbered.end() :]
    if name.startswith("kea") or "_LEASE_" in says:
        return _kea(says)
    found = next((found for form in _FORMS if (found := form.match(says))), None)
    if found is None:
        return Event(kind="other")
    told = found.groupdict()
    interface = told.get("interface") or ""
    return Event(
        kind="dhcp_lease",
        # Behind a relay, "via" is followed by the relay's address.
        ingress_interface=None if fields.address(interface) else fields.interface(interface),
        mac=fields.mac(told.get("mac") or ""),
        ip=fields.address(told["ip"]),
        hostname=told.get("name") or None,
    )


def _kea(says: str) -> Event:
    leased = _KEA_IP.search(says) if any(sign in says for sign in _KEA_SIGNS) else None
    if leased is None:
        return Event(kind="other")
    station = _KEA_MAC.search(says)
    return Event(
        kind="dhcp_lease",
        mac=fields.mac(station["mac"]) if station else None,
        ip=fields.address(leased["ip"]),
    )


DIALECT = Dialect(
    "dhcpd",
    "ISC and OpenBSD dhcpd, odhcpd, udhcpd, Kea; dhclient, udhcpc",
    claims,
    parse,
    examples=(
        "dhcpd[4842]: DHCPACK on 192.0.2.58 to 00:00:5e:00:53:04 (laptop) via eth0",
        "udhcpc[612]: lease of 192.0.2.58 obtained, lease time 3600",
    ),
)
