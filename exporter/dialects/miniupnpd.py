"""miniupnpd, which opens ports for programs that ask: UPnP, NAT-PMP, PCP.

    miniupnpd[17]: AddPortMapping: ext port 41009 to 192.0.2.3:6881 protocol TCP for: a name …
    miniupnpd[17]: redirecting port 41009 to 192.0.2.3:6881 protocol TCP for: a name
    miniupnpd[17]: NAT-PMP port mapping request : 41009->192.0.2.3:6881 tcp lifetime=3600s
    miniupnpd[17]: PCP MAP: added mapping UDP 41009->192.0.2.3:6881 'a name'
    miniupnpd[17]: AddPinhole: (inbound) from [*]:0 to [2001:db8::3]:6881 with proto 17 during …

One mapping prints two lines; both are events. The description is the asking program's free text
and stands behind everything that is read. An event has no room for the inside port. Source:
miniupnpd's upnpsoap.c, upnpredirect.c, natpmp.c, pcpserver.c.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, SyslogMessage

_NAME = "miniupnpd"
_INSIDE = r"\[?(?P<inside>[0-9A-Fa-f.:]{2,64}?)\]?:(?P<inside_port>[0-9]{1,5}+)(?![^\s,;])"
_FORMS = (
    re.compile(
        r"(?:Add(?:Any)?PortMapping:[ \t]*+ext(?:ernal)?[ \t]++|redirecting[ \t]++)"
        rf"port:?[ \t]++(?P<port>[0-9]++)[ \t]++to[ \t]++{_INSIDE}"
        r"(?:[ \t]++protocol:?[ \t]++(?P<transport>[A-Za-z0-9]{1,8}+))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:NAT-PMP[ \t]++)?port mapping request[ \t]*+:[ \t]*+(?P<port>[0-9]++)->{_INSIDE}"
        r"(?:[ \t]++(?P<transport>[A-Za-z0-9]{1,8}+))?(?:[ \t]++lifetime=(?P<lifetime>[0-9]++))?",
        re.IGNORECASE,
    ),
    re.compile(
        r"PCP MAP:[ \t]++(?:added|created|renewed|updated)[ \t]++mapping[ \t]++"
        rf"(?P<transport>[A-Za-z0-9]{{1,8}}+)[ \t]++(?P<port>[0-9]++)->{_INSIDE}",
        re.IGNORECASE,
    ),
    re.compile(
        r"AddPinhole:[ \t]*+\(inbound\)[ \t]++from[ \t]++\[[^\]]{0,64}+\]:[0-9*]{0,5}+[ \t]++to"
        r"[ \t]++\[(?P<inside>[0-9A-Fa-f.:]{2,64}+)\]:(?P<port>[0-9]++)"
        r"(?:[ \t]++with[ \t]++proto[ \t]++(?P<transport>[A-Za-z0-9]{1,8}+))?",
        re.IGNORECASE,
    ),
)

_TRANSPORTS = frozenset({"tcp", "udp", "udplite", "sctp", "dccp"})
_REMOVED = re.compile(
    r"(?:removing redirect rule port|DeletePortMapping:[ \t]*+external port:|"
    r"remove port mapping)[ \t]++(?P<port>[0-9]++),?(?:[ \t]++protocol:)?"
    r"[ \t]++(?P<transport>[A-Za-z0-9]{1,8}+)",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether miniupnpd wrote the line."""
    return message.app_name == _NAME or programs.hidden(message) == _NAME


def parse(message: SyslogMessage) -> Event:
    """Read the outside port and the host inside; a mapping that is given up is `other`."""
    says = programs.words(message, _NAME)
    if gone := _REMOVED.match(says):
        return Event(
            kind="other",
            action="removed",
            transport=fields.transport(gone["transport"]),
            destination_port=fields.port(gone["port"]),
        )
    found = next((found for form in _FORMS if (found := form.match(says))), None)
    if found is None:
        return Event(kind="other")
    told = found.groupdict()
    ended = (told.get("lifetime") or "1").strip("0") == ""
    transport = fields.transport(told["transport"] or "")
    return Event(
        kind="other" if ended else "port_mapping",
        action="removed" if ended else None,
        transport=transport if transport in _TRANSPORTS else None,  # a cut line may end inside it
        destination_port=fields.port(told["port"]),
        ip=fields.address(told["inside"]),
    )


DIALECT = Dialect(
    "miniupnpd",
    "miniupnpd (UPnP, NAT-PMP, PCP) on any router",
    claims,
    parse,
    examples=(
        (
            "miniupnpd[17189]: AddPortMapping: ext port 41009 to 192.168.2.3:6881 protocol TCP "
            "for: a client/4.3 leaseduration=604800 rhost="
        ),
        (
            "miniupnpd[390]: NAT-PMP port mapping request : 41010->192.168.2.3:6882 tcp "
            "lifetime=3600s"
        ),
    ),
)
