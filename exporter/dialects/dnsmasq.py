"""dnsmasq, the DHCP and DNS server of most home routers; Pi-hole's too.

    dnsmasq-dhcp[1537]: DHCPACK(br-lan) 192.0.2.161 00:00:5e:00:53:02 laptop
    dnsmasq[15]: query[A] www.example.com from 192.0.2.33
    dnsmasq[15]: reply www.example.com is 203.0.113.9
    dnsmasq[15]: 21745 192.0.2.33/59490 reply www.example.com is 203.0.113.9
    dnsmasq[15]: gravity blocked ads.example.com is 0.0.0.0

Events of kind `dns` carry what tells who asked for an address: `hostname` is the name asked for,
`source_ip` (and port) the device that asked, `ip` the answer. Without `log-queries=extra` a query
and its answers are separate lines, joined by the name; with it each answer names who asked, so the
query line adds nothing and is `other`. Aliases and "no such name" answer no address: `other`; an
alias has the action `cname`, since the next answer is for what it stands for.
Source: dnsmasq's log_query() in cache.c, log_packet() in rfc2131.c, log6_packet() in rfc3315.c.
"""

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, SyslogMessage

_DHCP = "dnsmasq-dhcp"
_NAMES = frozenset({"dnsmasq", _DHCP, "dnsmasq-tftp", "dnsmasq-script", "pihole-FTL"})
_REBIND = "possible dns-rebind attack detected"
_NOWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what a blocked name is answered with
_ALIAS = "<CNAME>"
_BLOCKED = frozenset({"blocked", "denied", "blacklisted"})
_WORDS = 9  # the longest line that is an event has eight words


def claims(message: SyslogMessage) -> bool:
    """Tell whether dnsmasq wrote the line."""
    return message.app_name in _NAMES or programs.hidden(message) in _NAMES


def parse(message: SyslogMessage) -> Event:
    """Read a lease, a question or an answer; all else that dnsmasq says is `other`."""
    name = message.app_name
    says = message.content
    if name not in _NAMES:
        name = programs.hidden(message) or ""
        says = programs.words(message, name)
    words = says.split(None, _WORDS)
    if not words:
        return Event(kind="other")
    serial = words[0].isdigit() and len(words) > 1
    if "(" in words[serial] and words[serial].upper().startswith("DHCP"):
        return _dhcp(words[serial:])
    if name == _DHCP:
        return Event(kind="other")
    if not serial:
        return _dns(words, None, None)
    asker, slash, port = words[1].rpartition("/")
    if slash and (ip := fields.address(asker)):
        return _dns(words[2:], ip, fields.port(port))
    return _dns(words[1:], None, None)


def _dhcp(words: list[str]) -> Event:
    """Read `DHCPACK(br-lan) 192.0.2.5 00:00:5e:00:53:02 name`; DHCPREPLY is the same for IPv6."""
    verb, _, interface = words[0].partition("(")
    ip = fields.address(words[1]) if len(words) > 1 else None
    is_v6 = verb.upper() == "DHCPREPLY"  # then a DUID stands in the station's place
    leased = verb.upper() == "DHCPACK" or (is_v6 and ip is not None)
    mac = None if is_v6 else next((mac for word in words[1:3] if (mac := _mac(word))), None)
    # A name is one word; more are a reason, such as "lease not found".
    named = leased and len(words) == 4 and (mac is not None or ":" in words[2])
    return Event(
        kind="dhcp_lease" if leased else "other",
        ingress_interface=fields.interface(interface.removesuffix(")")),
        mac=mac,
        ip=ip,
        hostname=words[3][:255] if named and words[3] != "*" else None,
    )


def _mac(word: str) -> str | None:
    """Read a hardware address; one that is not Ethernet's has its type in front: `06-…`."""
    return fields.mac(word.removeprefix("01-") if len(word) == 20 else word)


def _dns(words: list[str], asker: str | None, port: int | None) -> Event:
    """Read `query[A] NAME from IP` or `SOURCE NAME is IP`, SOURCE being one to three words."""
    if words and words[0][:5].lower() == "query":
        if len(words) < 3 or words[2].lower() != "from":
            return Event(kind="other", source_ip=asker, source_port=port)
        ip = asker or (fields.address(words[3]) if len(words) > 3 else None)
        return Event(
            kind="other" if asker or ip is None else "dns",
            source_ip=ip,
            source_port=port,
            hostname=words[1][:255],
        )
    at = words.index("is") if "is" in words else 0
    if not 2 <= at <= 4 or at + 1 >= len(words):
        rebind = " ".join(words[:4]).lower().startswith(_REBIND)
        return Event(kind="dos_alert" if rebind else "other")
    return _answer(words, at, asker, port)


def _answer(words: list[str], at: int, asker: str | None, port: int | None) -> Event:
    """Read the name and the address on both sides of "is"; for a reverse look-up they swap."""
    name, answer = words[at - 1], words[at + 1]
    ip = fields.address(answer)
    if ip is None and (ip := fields.address(name)):
        name = answer
    verdict = next((word.lower() for word in words[:at] if word.lower() in _BLOCKED), None)
    if answer == _ALIAS:
        return Event(
            kind="other",
            action=_ALIAS.strip("<>").lower(),
            source_ip=asker,
            source_port=port,
            hostname=name[:255],
        )
    if (ip is None and verdict is None) or name.startswith("<"):
        return Event(kind="other", source_ip=asker, source_port=port)
    return Event(
        kind="dns",
        action=verdict,
        source_ip=asker,
        source_port=port,
        ip=None if ip in _NOWHERE else ip,
        hostname=name[:255],
    )


DIALECT = Dialect(
    "dnsmasq",
    "dnsmasq (DHCP and DNS): OpenWrt, ASUS, Tomato, DD-WRT, UniFi; Pi-hole",
    claims,
    parse,
    examples=(
        "dnsmasq-dhcp[1537]: DHCPACK(br-lan) 192.0.2.161 00:00:5e:00:53:02 laptop",
        "dnsmasq[15]: query[A] www.example.com from 192.168.1.33",
    ),
)
