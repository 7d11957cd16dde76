"""What a RouterOS line is about: its topics, in each of the forms in which RouterOS sends a line.

    system,error,critical login failure for user x from 192.168.88.6 via ssh      the usual form
    CEF:0|MikroTik|hAP ax^2|7.20 (stable)|16|dhcp,info|Low|dvchost=gw msg=lan assigned …
    <27>Nov 10 23:04:06 gw login failure for user x from 192.168.88.6 via ssh     "syslog": none

A message goes in; the topics and the text behind them come out. Without topics, the beginnings of
some sentences tell them. In CEF a backslash stands before `=`, and keys for machines behind the
text. Source: RouterOS manual, "Log", `remote-log-format`.
"""

import re
from functools import lru_cache

from exporter.events import SyslogMessage

_LEVELS = "account|critical|debug|error|info|notice|packet|raw|warning"
_TOPICS = re.compile(
    r"(?:[a-z]{3}/[0-9]{2}(?:/[0-9]{4})?[ \t]++)?(?:[0-9:.]{1,20}[ \t]++)?"  # clock of `log print`
    r"(?:(?![a-z0-9-]++,)[a-z0-9._-]{1,64}+[ \t]++)?"  # the router's name, where no stamp is
    rf"(?P<topics>[a-z][a-z0-9-]{{1,15}}+(?:,!?[a-z0-9-]{{1,15}}+){{0,6}}?,(?:{_LEVELS})"
    rf"(?:,(?:{_LEVELS}))*+)(?![^\s:]):?[ \t]*+",
    re.IGNORECASE,
)
_FAMILIES = frozenset(  # the first topic of a line
    (
        *("account", "acme-client", "arp", "async", "backup", "bfd", "bgp", "bridge", "calc"),
        *("caps", "certificate", "clock", "container", "ddns", "dhcp", "discover", "disk", "dns"),
        *("dot1x", "dude", "e-mail", "event", "evpn", "fetch", "firewall", "gps", "gsm", "health"),
        *("hotspot", "igmp-proxy", "interface", "ipsec", "isis", "iscsi", "kvm", "l2tp", "ldp"),
        *("lora", "lte", "manager", "mpls", "mqtt", "mvrp", "natpmp", "netinstall", "netwatch"),
        *("ntp", "ospf", "ovpn", "packet", "pim", "poe-in", "poe-out", "pon", "ppp", "pppoe"),
        *("pptp", "ptp", "queue", "radius", "radvd", "raw", "read", "rip", "romon", "route"),
        *("rpki", "rproxy", "rsvp", "script", "sertcp", "smb", "snmp", "socksify", "ssh", "ssld"),
        *("sstp", "state", "store", "stp", "system", "telephony", "tftp", "timer", "tr069"),
        *("update", "upnp", "ups", "vpls", "vrrp", "watchdog", "web-proxy", "wifi", "wireguard"),
        *("wireless", "write", "zerotier"),
    )
)
_NAMED = r"(?:[^\s:]{1,64}: )?"  # the logging rule's prefix
_MAC = r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}"
_SENTENCES = (
    ("dns", r"(?:dns )?(?:query from \S{2,64}: |done query: #)"),
    ("dhcp", rf"\S.{{0,63}}? assigned [0-9.]{{7,15}} (?:to|for) {_MAC}\b"),
    ("dhcp", r"dhcp-client on .{1,64}? (?:got|lost) ip address "),
    ("wireless", rf"{_MAC}@[^\s:][^:,]{{0,63}}?:? (?:(?:dis)?connected|(?:dis)?associated|reject)"),
    ("system", r"login failure for user .{0,255}? via [a-z]"),
    ("system", r"user .{1,255}? logged (?:in|out) (?:from \S++ )?via [a-z]"),
    ("system", r"router (?:was )?rebooted\b"),
)
_SENTENCE = re.compile(
    _NAMED + "(?:" + "|".join(f"({form})" for _, form in _SENTENCES) + ")", re.IGNORECASE
)
_LONGEST_WORD = 96  # characters within which topics begin
_CEF = "|MikroTik|"
_CEF_LENGTH = 512  # characters in which its header ends
_TEXT_LENGTH = 4096  # characters; RouterOS ends its texts at 1,000
_EXTRA = re.compile(r" [A-Za-z][A-Za-z0-9]{0,63}+=")
_ESCAPED = re.compile(r"\\([\\=|])")


def read(message: SyslogMessage) -> tuple[str, str] | None:
    """Return the topics and the text behind them; a relay may have taken the topics for a tag."""
    if _CEF in message.text[:_CEF_LENGTH]:
        return _cef(message.text)
    if message.app_name and "," in message.app_name:
        found = _TOPICS.fullmatch(message.app_name)
        text = message.content
    elif "," not in message.content[:_LONGEST_WORD]:
        return _sentence(message.text)
    else:
        word, _, text = message.content.partition(" ")
        if len(word) <= _LONGEST_WORD and (topics := _of_word(word)):
            return topics, text.lstrip(" \t")
        found = _TOPICS.match(message.content)
        text = message.content[found.end() :] if found else ""
    topics = None if found is None else _known(found)
    return _sentence(message.text) if topics is None else (topics, text)


@lru_cache(maxsize=1024)
def _of_word(word: str) -> str | None:
    """The topics that make up a whole word: the usual form, in which few of them come."""
    found = _TOPICS.fullmatch(word)
    return None if found is None else _known(found)


def _known(found: re.Match[str]) -> str | None:
    """The topics, if they are those of a line."""
    topics = found["topics"]
    return topics if topics.partition(",")[0].lower() in _FAMILIES else None


def _cef(text: str) -> tuple[str, str] | None:
    """Read the topics from the header's fifth column behind the vendor, the text from `msg`."""
    columns = text[text.index(_CEF) + 1 :].split("|", 6)
    if len(columns) < 5:
        return None
    _, found, said = columns[-1].partition("msg=")
    said = said[:_TEXT_LENGTH]
    extra = _EXTRA.search(said)
    said = said[: extra.start()] if extra else said
    return columns[4], _ESCAPED.sub(r"\1", said if found else "").strip()


def _sentence(text: str) -> tuple[str, str] | None:
    found = _SENTENCE.match(text)
    if found is None or found.lastindex is None:
        return None
    return _SENTENCES[found.lastindex - 1][0], text
