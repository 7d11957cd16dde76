"""OpenWrt's own programs: interfaces that come and go, and the end of start-up.

    netifd: Interface 'wan' is now up
    procd: - init complete -
    mwan3track[99]: Interface wan (eth1) is offline
    logread[31]: Logread connected to 192.0.2.7:514 via tcp

Only interfaces whose name says that they lead to the Internet are the WAN; `lan` coming up is
`other`. What a protocol's script prints through netifd (`wan (1883): udhcpc: lease of … obtained`)
comes at every renewal and is `other` too. Source: netifd's interface.c, procd's state.c.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, Kind, SyslogMessage

_NAMES = frozenset({"netifd", "procd", "logread", "mwan3track"})
_INTERFACE = re.compile(
    r"Interface[ \t]++['\"]?(?P<name>[^\s'\"]{1,64}+)['\"]?(?:[ \t]++\([^)\s]{1,64}+\))?[ \t]++"
    r"(?:is[ \t]++(?:now[ \t]++)?|has[ \t]++)(?P<state>up|down|online|offline|lost the connection)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_STATES: dict[str, Kind] = {
    **dict.fromkeys(("up", "online"), "wan_up"),
    **dict.fromkeys(("down", "offline", "lost the connection"), "wan_down"),
}
_WAN = re.compile(
    r".*wan|(?:ppp|lte|5g|4g|modem|mobile|internet|dsl|[av]dsl|cable|fib(?:er|re)|starlink)",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of the programs above wrote the line."""
    if message.app_name == "firewall":
        return message.content.startswith("Reloading firewall")
    return message.app_name in _NAMES or programs.hidden(message) in _NAMES


def parse(message: SyslogMessage) -> Event:
    """Read what became of an interface, or that the router has started."""
    text = fields.single_spaced(message.text)
    if "- init complete -" in text.lower():
        return Event(kind="boot")
    found = _INTERFACE.search(text) if "nterface" in text else None
    if found is None:
        return Event(kind="other")
    name = found["name"]
    is_wan = _WAN.match(name) is not None
    return Event(
        kind=_STATES[found["state"].lower()] if is_wan else "other", ingress_interface=name
    )


DIALECT = Dialect(
    "openwrt",
    "OpenWrt: netifd, procd, mwan3, logread",
    claims,
    parse,
    examples=(
        "netifd: Interface 'wan' is now up",
        "mwan3track[2211]: Interface wan (eth1) is offline",
    ),
)
