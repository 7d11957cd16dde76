"""Programs that notice port scans: scanlogd, psad, portsentry.

    scanlogd: 198.51.100.7 to 203.0.113.9 ports 80, 81, 83, 88, 99, ..., f????uxy, TOS 00, TTL 49
    psad: scan detected: 198.51.100.7 -> 203.0.113.9 tcp: [80] flags: SYN tcp pkts: 3 DL: 3
    portsentry[5]: attackalert: TCP SYN/Normal scan from host: a/198.51.100.7 to TCP port: 80

A scan is of many ports, so none is taken for the destination's. Sources: scanlogd.c, psad's
messages, portsentry_util.c.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, SyslogMessage

_NAMES = frozenset({"scanlogd", "psad", "portsentry"})
_ADDRESS = r"\[?(?P<{0}>[0-9A-Fa-f.:]{{2,64}}+)\]?"
_SCANLOGD = re.compile(
    _ADDRESS.format("source")
    + r"[ \t]++to[ \t]++"
    + _ADDRESS.format("destination")
    + r"(?=[ \t,]|$)"
)
_PSAD = re.compile(
    r"scan detected(?: \([^()]{0,200}+\))?[^:]{0,200}+:[ \t]*+"
    + _ADDRESS.format("source")
    + r"[ \t]*+->[ \t]*+"
    + _ADDRESS.format("destination")
    + r"[ \t]*+(?P<transport>tcp|udp|icmp6?)?",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"src: (?P<source>[0-9A-Fa-f.:]{2,64}+) signature match", re.IGNORECASE)
_PORTSENTRY = re.compile(
    r"attackalert: (?:(?P<transport>TCP|UDP) )?.{0,80}?from host: [^\s/]{0,255}+/"
    r"(?P<source>[0-9A-Fa-f.:]{2,64}+)",
    re.IGNORECASE,
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of the programs wrote the line."""
    return message.app_name in _NAMES or programs.hidden(message) in _NAMES


def parse(message: SyslogMessage) -> Event:
    """Read who scanned whom; what else the programs say is `other`."""
    name = programs.hidden(message) or message.app_name or ""
    says = programs.words(message, name)
    if name == "scanlogd":
        found = _SCANLOGD.match(says)
    else:
        found = _PSAD.search(says) or _PORTSENTRY.match(says) or _SIGNATURE.search(says)
    if found is None:
        return Event(kind="other")
    told = found.groupdict()
    source_ip, source_port = _endpoint(told["source"])
    return Event(
        kind="dos_alert",
        transport=fields.transport(told.get("transport") or ""),
        source_ip=source_ip,
        source_port=source_port,
        destination_ip=_endpoint(told.get("destination") or "")[0],
    )


def _endpoint(text: str) -> tuple[str | None, int | None]:
    """Read an address, or `address:port`, which scanlogd prints when all packets had one port."""
    if ip := fields.address(text):
        return ip, None
    host, _, port = text.rpartition(":")
    ip = fields.address(host.strip("[]"))
    return ip, fields.port(port) if ip else None


DIALECT = Dialect(
    "scan_detectors",
    "scanlogd, psad, portsentry",
    claims,
    parse,
    examples=(
        (
            "scanlogd: 198.51.100.7:4444 to 203.0.113.9 ports 497, 515, 544, ..., fSrpauxy, TOS 00 "
            "@09:04:25"
        ),
        "psad: scan detected: 198.51.100.7 -> 203.0.113.9 tcp: [80] flags: SYN tcp pkts: 3 DL: 3",
    ),
)
