"""MediaTek's own Wi-Fi driver, in OpenWrt builds of router makers: stations that come and go.

    kernel: [34739.45] 7981@C13L2,MacTableInsertEntry() 1559: New Sta:00:00:5e:00:53:02
    kernel: [34592.93] 7981@C13L2,MacTableDeleteEntry() 1921: Del Sta:00:00:5e:00:53:02

The driver's debug line does not name the interface: what stands in front is a chip and a log
category. Source: mt_wifi's ap/ap_assoc.c, published lines.
"""

import re

from exporter.dialects import Dialect, fields
from exporter.events import Event, Kind, SyslogMessage

_STATION = re.compile(r"(?P<verb>New|Del)[ \t]++Sta:[ \t]*+(?P<mac>[0-9A-Fa-f:-]{0,17}+)")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the driver speaks of a new or deleted station."""
    return "Sta:" in message.text and _STATION.search(message.text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the station; a cut address is left out."""
    found = _STATION.search(message.text)
    if found is None:
        return Event(kind="other")
    kind: Kind = "wifi_join" if found["verb"] == "New" else "wifi_leave"
    return Event(kind=kind, mac=fields.mac(found["mac"]))


DIALECT = Dialect(
    "mediatek_wifi",
    "MediaTek's Wi-Fi driver (OpenWrt, router makers)",
    claims,
    parse,
    examples=(
        "kernel: 7981@C13L2,MacTableInsertEntry() 1559: New Sta:00:00:5e:00:53:02",
        "kernel: 7981@C13L2,MacTableDeleteEntry() 1921: Del Sta:00:00:5e:00:53:02",
    ),
)
