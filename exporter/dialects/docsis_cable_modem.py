"""DOCSIS cable modems: the event log of the cable side. Nothing in it is a packet of ours.

    Started Unicast Maintenance Ranging - No Response received - T3 time-out;CM-MAC=00:00:5e:…
    Time Not Established [Critical] No Ranging Response received - T3 time-out;CM-MAC=00:00:5e:…
    (Notice (6))<TAB>Honoring MDD; IP provisioning mode = IPv6

Source: DOCSIS operations support interface specifications, annex "Events".
"""

import re

from exporter.dialects import Dialect
from exporter.events import Event, SyslogMessage

_COLUMNS = ("CM-MAC=", "CMTS-MAC=", "CM-QOS=")
_LEVELS = "Notice|Warning|Error|Critical|Alert|Emergency"
_EVENTS = (
    *("No Ranging Response", "No Maintenance Broadcasts", "No UCD", "Honoring MDD", "Lost MDD"),
    *("MDD message timeout", "SYNC Timing", "Ranging Request", "Unicast (?:Maintenance|Ranging)"),
    *("Started (?:Unicast|Broadcast) ", "Init RANGING", "Dynamic Range Window violation"),
    *("DHCP (?:RENEW|REBIND) (?:WARNING|sent)", "DHCP FAILED", "(?:RCS|TCS) Partial", "TLV-?11"),
    *("Cable Modem Re", "B-INIT-RNG", "CM-STATUS", "(?:US|DS) profile assignment", "TFTP failed"),
    *("ToD request", "Received Response to Broadcast Maintenance"),
)
_START = re.compile(
    rf"\((?:{_LEVELS}) \([0-9]\)\)\t|Time Not Established\s++[\[(]?(?:{_LEVELS})"
    rf"|(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}},? [0-9:]{{8}}\s++)?+(?:[0-9]{{1,9}}\s++){{0,2}}+"
    rf"(?:\[?(?:{_LEVELS})\]?(?: ?\([0-9]\))?\s++)?+(?:{'|'.join(_EVENTS)})",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the cable columns are there, or an event of the specification begins it."""
    text = message.text
    if any(column in text for column in _COLUMNS):
        return True
    return _START.match(text.lstrip()) is not None


def parse(message: SyslogMessage) -> Event:
    """Return `other`: the modem's troubles are no knocks and no devices of ours."""
    del message
    return Event(kind="other")


DIALECT = Dialect(
    "docsis_cable_modem",
    "DOCSIS cable modems",
    claims,
    parse,
    examples=(
        (
            "No Ranging Response received - T3 time-out;CM-MAC=00:00:5e:00:53:01;"
            "CMTS-MAC=00:00:5e:00:53:02;CM-QOS=1.1;CM-VER=3.0;"
        ),
    ),
)
