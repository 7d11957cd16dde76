"""pppd, which holds the Internet session of most DSL and fibre lines.

    pppd[312]: local  IP address 203.0.113.9
    pppd[312]: Modem hangup
    pppd[312]: Connection terminated.

One session's end prints several such lines; each that says so is a `wan_down`. IPv6CP agrees on
link-local addresses only, so a "local  LL address" is `other`. Source: pppd's ipcp.c, main.c.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, SyslogMessage

_NAME = "pppd"
_LOCAL = re.compile(r"local[ \t]++IP[ \t]++address[ \t]++(?P<ip>\S{1,64}+)", re.IGNORECASE)
_DOWN = ("connection terminated", "modem hangup", "lcp terminated by peer")


def claims(message: SyslogMessage) -> bool:
    """Tell whether pppd wrote the line."""
    return message.app_name == _NAME or programs.hidden(message) == _NAME


def parse(message: SyslogMessage) -> Event:
    """Read the session's state, and its address."""
    says = programs.words(message, _NAME)
    if local := _LOCAL.match(says):
        return Event(kind="wan_up", ip=fields.address(local["ip"]))
    return Event(kind="wan_down" if says[:40].lower().startswith(_DOWN) else "other")


DIALECT = Dialect(
    "pppd",
    "pppd (PPPoE and PPP sessions)",
    claims,
    parse,
    examples=(
        "pppd[312]: local  IP address 203.0.113.9",
        "pppd[312]: LCP terminated by peer",
    ),
)
