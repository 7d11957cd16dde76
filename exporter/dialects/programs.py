"""Which program wrote a line, where the header alone cannot tell.

UniFi devices put `model,mac,version` in the tag's place, some exports put columns in front of the
tag, and relays print it twice:

    U7PG2,00005e005301,v4.0.66.10832: hostapd: ath0: STA …
    203.0.113.9 1 5 hostapd[12]:  ath0: STA …
    hostapd: hostapd[12]: ath0: STA …

A message goes in; the program's name and words come out. Shared by the dialects of Linux services.
"""

import re
from functools import lru_cache

from exporter.events import SyslogMessage

_LENGTH = 160  # characters of a line in which a hidden tag is looked for
_NAMES = (
    *("hostapd", "wlceventd", "roamast", "stahtd", "mcad", "libubnt", "wevent", "switch"),
    *("dnsmasq", "dnsmasq-dhcp", "dhcpd", "dhcpd6", "odhcpd", "udhcpd", "kea-dhcp4", "kea-dhcp6"),
    *("dhclient", "dhcp6c", "odhcp6c", "udhcpc", "miniupnpd", "pppd"),
    *("netifd", "procd", "logread", "mwan3track", "dropbear", "sshd", "sshd-session"),
    *("scanlogd", "psad", "portsentry"),
)
# Behind a 12-hour clock it is AirPort's word for its own part.
_TAG = re.compile(rf'(?<![^\s"])(?<![AP]M )(?P<name>{"|".join(_NAMES)})(?=:|\[[0-9]{{0,10}}+\]:)')


def hidden(message: SyslogMessage) -> str | None:
    """Return the known program whose tag stands in a line of which the header has no usable tag."""
    name = message.app_name
    return _hidden(message.text) if name is None or "," in name else None


def words(message: SyslogMessage, name: str) -> str:
    """Return what `name` wrote: the content, without tags that stand in it."""
    text = message.content
    if message.app_name != name and (found := _TAG.search(message.text, 0, _LENGTH)):
        text = message.text[found.start() :]
    for _ in range(2):
        if not text.startswith((f"{name}:", f"{name}[")):
            break
        text = text.partition(":")[2].lstrip(" \t")
    return text.strip()


@lru_cache(maxsize=16)  # each dialect asks about the same line in turn
def _hidden(text: str) -> str | None:
    found = _TAG.search(text, 0, _LENGTH)
    return found["name"] if found else None
