"""pfSense and OPNsense: `filterlog`, one comma-separated line a packet, and their web interface.

    filterlog[13075]: 8,,,1000000103,igb0,match,block,in,4,0x0,,47,10164,0,none,6,tcp,52,
    198.51.100.7,203.0.113.9,54836,445,0,S,3232880658,,65535,,mss;nop
    php-fpm[374]: /index.php: webConfigurator authentication error for user 'x' from: 192.168.1.5

The columns behind the ninth differ by IP version, those behind the addresses by protocol. Their
other services (sshd, dhcpd) write as they do everywhere and are other dialects. Source: "Raw Filter
Log Format" of the pfSense manual; OPNsense, src/opnsense/scripts/syslog.
"""

import re

from exporter.dialects import Dialect, Malformed, fields, signals
from exporter.events import Event, Kind, SyslogMessage

_RULE, _INTERFACE, _ACTION, _DIRECTION, _VERSION = 3, 4, 6, 7, 8
_LAYOUTS = {"4": (16, 18), "6": (12, 15)}  # IP version: columns of the protocol's and source's text
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("block", "reject", "drop", "synproxy drop"), "rejected"),
    **dict.fromkeys(("pass", "rdr"), "accepted"),  # rdr: a port forward that was hit
}
_WITH_PORTS = frozenset({"tcp", "udp", "sctp"})

_COLUMNS = re.compile(  # up to the IP version, where a relay has lost the tag
    r"[0-9]{1,5},[^,\s]{0,20}+,[^,]{0,128}+,[^,\s]{0,64}+,[^,\s]{1,32}+,[a-z-]{2,16}+,"
    r"[a-z]{3,8}+,(?:in|out),[46],",
    re.IGNORECASE,
)
_LOGIN_FAILURE = re.compile(
    r"(?:web gui|webconfigurator) authentication error for (?:user )?.* from:? *(?P<source>\S++)",
    re.IGNORECASE,
)
_NEW_ADDRESS = re.compile(
    r"rc\.newwanip(?:v6)?: (?:rc\.newwanip(?:v6)?: )?"
    r"(?:on \(IP address: |IP renewal starting \(new: )(?P<ip>[^),\s]++)"
    r"(?:.{0,128}?(?:real interface|device): (?P<interface>[^),\s]++))?",
    re.IGNORECASE,
)
_GUI = ("php", "audit", "opnsense", "configd", "nginx", "lighttpd")  # tags begin so
_GUI_SIGNS = (" authentication error for ", "/usr/local/", "/rc.", "/index.php", "/xmlrpc.php")
_SYSLOGD = ("restart", "exiting on signal", "kernel boot file is")  # FreeBSD's words


def claims(message: SyslogMessage) -> bool:
    """Tell whether filterlog, the web interface or FreeBSD's syslogd of such a firewall speaks."""
    app_name = message.app_name
    if app_name == "filterlog":
        return True
    if app_name is None:
        return _is_untagged(message.text) or _is_kqueue(message)
    if app_name.startswith(_GUI):
        return any(sign in message.content for sign in _GUI_SIGNS)
    if app_name == "syslogd":
        return message.content.startswith(_SYSLOGD)
    return _is_kqueue(message)


def parse(message: SyslogMessage) -> Event:
    """Read a packet's columns, or what the web interface says.

    Raises Malformed when a line of filterlog ends before its verdict.
    """
    if message.app_name == "filterlog" or (message.app_name is None and "," in message.text):
        return _packet(message.content)
    if failure := _LOGIN_FAILURE.search(fields.single_spaced(message.content)):
        return Event(kind="login_failure", source_ip=fields.address(failure["source"].rstrip(".,")))
    if new := _NEW_ADDRESS.search(message.content):
        interface = fields.word(new["interface"])
        return Event(kind="wan_up", ip=fields.address(new["ip"]), ingress_interface=interface)
    return Event(kind="other")


def _packet(text: str) -> Event:
    start = text.rfind(" ", 0, max(text.find(","), 0)) + 1
    columns = [column.strip() for column in text[start:].split(",", 24)]
    if len(columns) <= _DIRECTION:  # the last column may be cut
        raise Malformed(f"{len(columns)} columns, no verdict")
    action = columns[_ACTION].lower()
    last = len(columns) - 1
    columns += [""] * 24
    direction = columns[_DIRECTION].lower()
    interface = fields.interface(columns[_INTERFACE])
    protocol, source = _LAYOUTS.get(columns[_VERSION], (-1, -1))
    transport = fields.transport(columns[protocol]) if protocol != last else None
    has_ports = transport in _WITH_PORTS and source > 0
    return Event(
        kind=_KINDS.get(action, "other"),
        action=fields.word(action),
        transport=transport,
        source_ip=fields.address(columns[source]),
        source_port=fields.port(columns[source + 2]) if has_ports else None,
        destination_ip=fields.address(columns[source + 1]),
        destination_port=fields.port(columns[source + 3]) if has_ports else None,
        ingress_interface=interface if direction == "in" else None,
        egress_interface=interface if direction == "out" else None,
        rule=fields.word(columns[_RULE]),
        signal=_signal(columns, transport, source) if source > 0 else None,
    )


def _signal(columns: list[str], transport: str | None, source: int) -> str | None:
    """Read TCP's flags, or what kind of ICMP it is."""
    if transport in fields.PORTLESS:
        return signals.icmp_type(columns[source + 2], transport)
    return signals.flags(columns[source + 5]) if transport == "tcp" else None


def _is_untagged(text: str) -> bool:
    return "," in text and ("filterlog" in text or _COLUMNS.match(text) is not None)


def _is_kqueue(message: SyslogMessage) -> bool:
    """Tell whether it is "kqueue error: …", whose first word is read as the host."""
    if message.hostname == "kqueue":
        return message.app_name == "error"
    return message.text.startswith("kqueue error")


DIALECT = Dialect(
    "filterlog",
    "pfSense, OPNsense",
    claims,
    parse,
    examples=(
        (
            "filterlog[1]: 4,,,1000000003,igb0,match,block,in,4,0x0,,64,1,0,none,17,udp,132,"
            "198.51.100.7,203.0.113.9,3478,51413,112"
        ),
        (
            "php-fpm[374]: /index.php: webConfigurator authentication error for user 'x' from: "
            "192.168.1.5"
        ),
    ),
)
