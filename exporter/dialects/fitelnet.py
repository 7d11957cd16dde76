"""Furukawa FITELnet: numbered records with uptime, date, level and two hex words.

    029 0000:29:14.91 2026/11/10 (tue) 23:04:06 5 00000003 08050111 PPPoE1 Connect fail
    030 0000:29:20.07 2026/11/10 (tue) 23:04:12 5 00000003 08050a00 PPPoE1 Connected

The last four digits of the second word are the cause. Source: Furukawa's technical notes on
FITELnet-F100, "Reading the log".
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints
from exporter.events import Event, SyslogMessage

_RECORD = re.compile(
    r"[0-9]{3} +[0-9]{4}:[0-9]{2}:[0-9]{2}\.[0-9]{2} +[0-9]{4}/[0-9]{2}/[0-9]{2} +\([A-Za-z]{3}\) +"
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} +[0-9]{1,2} +[0-9A-Fa-f]{8} +(?P<word>[0-9A-Fa-f]{8}) *"
)
_SESSION = re.compile(
    r"(?P<interface>PPPoE[0-9]{0,2}) ++(?:(?P<up>connected)|(?P<down>disconnect(?:ed)?))\b",
    re.IGNORECASE,
)
_NO_LOGIN = re.compile(r"\w{1,16}+ login fail|Security Emergency", re.IGNORECASE)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line is a record."""
    text = message.text
    return text[3:4] == " " and _RECORD.match(text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the record's text; what is no session or log-in is `other`."""
    record = _RECORD.match(message.text)
    if record is None:
        raise Malformed("no record of FITELnet's log")
    said = message.text[record.end() :]
    if found := _SESSION.match(said):
        interface = found["interface"]
        return Event(kind="wan_up" if found["up"] else "wan_down", ingress_interface=interface)
    if _NO_LOGIN.match(said):
        return Event(kind="login_failure", source_ip=endpoints.first_address(said)[0])
    return Event(kind="other")


DIALECT = Dialect(
    "fitelnet",
    "Furukawa FITELnet",
    claims,
    parse,
    examples=(
        "030 0000:29:20.07 2026/11/10 (tue) 23:04:12 5 00000003 08050a00 PPPoE1 Connected",
        (
            "032 0001:30:00.00 2026/11/10 (tue) 23:05:00 4 00000003 00000000 telnet login fail "
            "from 198.51.100.7"
        ),
    ),
)
