"""The header of one syslog message: who sent it, when, and where its text begins.

The bytes of one message go in, a SyslogMessage comes out; nothing fails, since what is not a header
is text. RFC 5424 is recognised by its version and stamp, anything else is read as RFC 3164 with
every part optional, as routers write it:

    <4>Nov 10 23:04:06 gateway kernel: [12.5] IN=eth0 OUT= …     PRI, stamp, host, tag
    Nov 10 23:04:06 kernel: DROP IN=eth0 …                       ASUS: no host
    Nov 10 23:04:06 gateway user.warn kernel: …                  Tomato: facility.level
    Tue Nov 10 23:04:06 2026 kern.warn kernel: …                 OpenWrt: logread
    2026-11-10 23:04:06 Kernel.Warning 192.0.2.1 kernel: …       Kiwi
    Nov 10 23:04:06 relay <4>Nov 10 23:04:06 gateway kernel: …   a relay's in front of another
    UDP connection rejected from …                               neither

A first word is the host only where a stamp stands before it and it may be one; in doubt it stays in
the text, since a lost word loses the message.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from exporter.events import SyslogMessage
from exporter.syslog import encoding, originators, priorities, stamps
from exporter.syslog.priorities import Priority

_EDGES = " \t\r\n\0\ufeff"
_NIL = ("", "-")  # RFC 5424 NILVALUE
_HEADERS = 3  # of relays and the originator
# The version of RFC 5424, where PRI is lost, or the stamp has a blank.
_VERSION = re.compile(r"1 (?=[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:)")
# Cisco's numbers of a message, in front of a stamp; "*" would say that its clock was never set.
_DIGITS = frozenset(":0123456789")
_NUMBERED = re.compile(r":? ?(?:[0-9]{1,10}: )?(?:[\w.-]{1,64}: )?(?:[0-9]{1,10}: )?\.?(?=[A-Z])")
_LEFT_COUNT = re.compile(r"[1-9][0-9]{0,6} (?=<[0-9]{1,3}>)")
# The usual header: PRI, stamp, host, and the word behind it, which may be a tag.
_USUAL = re.compile(
    rf"(<[0-9]{{1,3}}>|)({stamps.USUAL}) (?!(?:19|20)[0-9]{{2}}:? )"
    r"([A-Za-z0-9._:-]{1,255}+ [^ \t0-9][^ \t]{0,128}+ )(?![ \t\0\ufeff])"
)
_ELEMENT = re.compile(  # RFC 5424 SD-ELEMENT; unescaped brackets inside quotes are common
    r'\[[^\s\]="]++(?: ++[^\s\]="]++="[^"\\]*+(?:\\.[^"\\]*+)*+")*+ *+\]', re.DOTALL
)


class _Known(NamedTuple):
    """What a usual header says but for its stamp, and how far behind that the texts begin."""

    facility: int | None
    severity: int | None
    hostname: str | None
    app_name: str | None
    proc_id: str | None
    text: int
    content: int


def read(data: bytes, received: float) -> SyslogMessage:
    """Read the header of one message that arrived at `received`."""
    text = encoding.decode(data).strip(_EDGES)
    return _as_usual(text, received) or _any(text, received)


def _as_usual(text: str, received: float) -> SyslogMessage | None:
    """Read a header by what the same words said before; None if it has another form."""
    usual = _USUAL.match(text)
    known = None if usual is None else _usual(usual[1], usual[3])
    if usual is None or known is None:
        return None
    facility, severity, hostname, app_name, proc_id, whole, content = known
    start = usual.start(3)
    return SyslogMessage(
        received=received,
        facility=facility,
        severity=severity,
        time=stamps.usual(usual[2], received),
        hostname=hostname,
        app_name=app_name,
        proc_id=proc_id,
        text=text[start + whole :],
        content=text[start + content :],
    )


def _any(text: str, received: float) -> SyslogMessage:
    """Read a header of whatever form."""
    if "1" <= text[:1] <= "9" and (count := _LEFT_COUNT.match(text)):
        text = text[count.end() :]  # a sender that counts octets in a datagram
    priority = priorities.in_front(text)
    if priority.end:
        text = text[priority.end :].lstrip(_EDGES)
        if text[:2] == "1 " and (message := _structured(text[2:], received, priority)):
            return message
    return _classic(text, received, priority)


@lru_cache(maxsize=4096)
def _usual(priority: str, words: str) -> _Known | None:
    """What PRI and the first two words say; None where that depends on what follows them."""
    host, word, _ = words.split(" ")  # a word may hold other blanks
    if priority and not priorities.in_front(priority).end:
        return None
    if word == host or word[0] == "<" or priorities.level(word).end:
        return None
    if stamps.may_begin(host) or stamps.may_begin(word) or priorities.before_host(words).end:
        return None
    message = _any(f"{priority}Jan  1 00:00:00 {words}x", 0.0)
    size = len(words) + 1
    return _Known(
        message.facility,
        message.severity,
        message.hostname,
        message.app_name,
        message.proc_id,
        size - len(message.text),
        size - len(message.content),
    )


def tag(text: str) -> tuple[str | None, str | None, str]:
    """Split `name:` or `name[pid]:` off; return name, process id and what follows."""
    word, _, content = text.partition(" ")
    if word[-1:] != ":" or len(word) > 128 or word[0] in "[(<{\"':":
        return None, None, text
    name, proc_id = word[:-1], None
    if name[-1] == "]":
        name, _, proc_id = name[:-1].partition("[")
    return name or None, proc_id or None, content.lstrip(" ")


def _classic(
    text: str, received: float, priority: Priority, hostname: str | None = None
) -> SyslogMessage:
    """Read RFC 3164, or what a router takes for it; relays put their own in front."""
    time = None
    relayed, stamped = hostname is not None, False
    stamp = stamps.at_start(text, received)
    for _ in range(_HEADERS):
        if text[:2] == "1 " and (version := _VERSION.match(text)):
            inner = _structured(text[version.end() :], received, priority, hostname)
            if inner is not None:
                return inner
            text = text[version.end() :]
            stamp = stamps.at_start(text, received)
        if stamp is None:
            break
        time, stamped = stamp.time, True
        text = text[stamp.end :].lstrip(_EDGES)
        said = priorities.before_host(text)
        if said.end:  # and TABs between its columns
            text = text[said.end :].replace("\t", " ", 1)
        sure = said.end > 0 or not (relayed or stamp.hostless)
        inner_relay = relayed and not stamp.hostless
        if (stamp := stamps.at_start(text, received)) is None:
            host, text = originators.split_off(text, sure=sure, relayed=inner_relay)
            hostname = host or hostname
            own = priorities.in_front(text)
            text = text[own.end :].lstrip(_EDGES) if own.end else text
            stamp = stamps.at_start(text, received)
            relayed = not own.end
            priority = own if own.end else said if priority.severity is None else priority
    if stamped and (level := priorities.level(text.partition(" ")[0])).end:
        text = text[level.end :].lstrip(" ")
        priority = level if priority.severity is None else priority
    elif not stamped and text[:1] in _DIGITS and (numbers := _NUMBERED.match(text)):
        stamp = stamps.at_start(text[numbers.end() :], received)
        time = stamp.time if stamp else None
    app_name, proc_id, content = tag(text)
    return SyslogMessage(
        received=received,
        facility=priority.facility,
        severity=priority.severity,
        time=time,
        hostname=hostname,
        app_name=app_name,
        proc_id=proc_id,
        text=text,
        content=content,
    )


def _structured(
    text: str, received: float, priority: Priority, relay: str | None = None
) -> SyslogMessage | None:
    """Read what follows `<PRI>1 ` as RFC 5424; None when it does not begin with its stamp."""
    stamp_text, _, text = text.partition(" ")
    stamp = None if stamp_text == "-" else stamps.at_start(stamp_text, received)
    if stamp_text != "-" and stamp is None:
        return None
    host, _, text = text.partition(" ")
    hostname = host if len(host) <= 255 and originators.may_be(host) else relay
    app_name, proc_id, _, data = [*text.split(" ", 3), "", "", "", ""][:4]
    content = _after_elements(data).lstrip(" \ufeff")
    if app_name in _NIL and stamps.at_start(content, received):  # a relay has wrapped all of it
        return _classic(content, received, priority, hostname)
    return SyslogMessage(
        received=received,
        facility=priority.facility,
        severity=priority.severity,
        time=stamp.time if stamp else None,
        hostname=hostname,
        app_name=_value(app_name),
        proc_id=_value(proc_id),
        text=content if app_name in _NIL else text,  # without a tag, what a free-form dialect reads
        content=content,
    )


def _value(field: str) -> str | None:
    return None if field in _NIL else field[:128]


def _after_elements(data: str) -> str:
    """Return MSG: what follows the structured data, all of it when that is broken."""
    if data[:1] == "-":
        return data[1:]
    at = 0
    while found := _ELEMENT.match(data, at):
        at = found.end()
    return data[at:]
