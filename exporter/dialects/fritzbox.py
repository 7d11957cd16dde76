"""AVM FRITZ!Box: the German sentences of its event list.

    10.11.26 23:04:06 Internetverbindung wurde erfolgreich hergestellt. IP-Adresse: 203.0.113.9, …
    WLAN-Gerät angemeldet (5 GHz), 866 Mbit/s, notebook, IP 192.168.178.21, MAC 00:00:5E:00:53:05.
    WLAN-Gerät hat sich abgemeldet. MAC-Adresse: 00:00:5E:00:53:05, Name: notebook.
    WLAN-Anmeldung ist gescheitert: Autorisierung fehlgeschlagen. MAC-Adresse: 00:00:5E:00:53:05.

The list has no packets. Wording changes with the firmware, so few words decide. Umlauts may come
broken: none is looked for. `[3 Meldungen seit …]` at the end is a count. Sources: AVM's
explanations of the messages, event lists published by users.
"""

import re

from exporter.dialects import Dialect, Malformed, endpoints, fields
from exporter.events import Event, Kind, SyslogMessage
from exporter.syslog.repeats import MAX_COUNT

_STAMP = (
    r"(?:[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2}),? +[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})? +)?"
)
_STARTS = (
    r"(?:Neues )?WLAN-(?:Ger|Anmeld|Funk|Autokanal|.{1,3}bertragung|Gast|Zugang|Repeater|Sende)",
    r"WLAN (?:ist|wurde|wird)",
    r"(?:Die )?Internetverbindung",
    r"IPv6-Pr",
    r"DSL(?:-| (?:ist|antwortet|wurde|wird))",
    r"Anmeldung (?:des|eines|einer|der|an der|am|beim|von)",
    r"(?:PPPoE|PPP)-(?:Fehler|Verbindung|Aushandlung)",
    r"Zeit.{1,2}berschreitung bei",
    r"(?:Internettelefonie|Internetrufnummer|Mobilfunkverbindung|Portfreigabe|Portweiterleitung)",
    r"(?:Die |Ihre )?FRITZ!",
)
_START = re.compile(rf"{_STAMP}(?:\[[^\]]{{1,64}}\] *+)?(?:{'|'.join(_STARTS)})", re.IGNORECASE)

_MAC = re.compile(r"(?<![A-Za-z])MAC(?:-Adresse)?+[ :]++(?P<mac>[0-9A-Fa-f:-]{17})", re.IGNORECASE)
_IP = re.compile(r"(?<![A-Za-z])IP(?:-Adresse)?+[ :]++(?P<ip>[0-9A-Fa-f:.]{2,60})", re.IGNORECASE)
_NAME = re.compile(r"[ ,]Name: *+(?P<name>[^,\s\[\]()]{1,255}+)", re.IGNORECASE)
_COUNT = re.compile(r"\[ *+(?P<count>[0-9]++) Meldungen", re.IGNORECASE)
_NO_NAME = ("Mbit/s", "kbit/s", "GHz")  # fields that may stand where the name is left out
_LONGEST = 1024


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line begins, behind its stamp, with one of the list's subjects."""
    return _START.match(message.text) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the sentence; one that tells of nothing we count is `other`.

    Raises Malformed for a count above 1,000,000.
    """
    text = message.text[:_LONGEST]
    lower = text.lower()
    count = _count(message.text)
    if "wlan-" in lower:
        if (kind := _wifi(lower)) != "other":
            return _station(text, kind, count)
    elif "internetverbindung" in lower:
        return _internet(text, lower, count)
    elif "anmeldung" in lower and ("benutzer" in lower or "fritz!" in lower):
        if "gescheitert" in lower or "fehlgeschlagen" in lower or "falsch" in lower:
            return Event(kind="login_failure", source_ip=_address(text), count=count)
    elif "neu gestartet" in lower or "neustart" in lower:
        return Event(kind="boot", count=count)
    return Event(kind="other", count=count)


def _wifi(lower: str) -> Kind:
    if "gescheitert" in lower or "fehlgeschlagen" in lower or "abgewiesen" in lower:
        return "wifi_auth_failure"
    if "abgemeldet" in lower:
        return "wifi_leave"
    return "wifi_join" if "angemeldet" in lower else "other"


def _station(text: str, kind: Kind, count: int | None) -> Event:
    mac = _MAC.search(text)
    return Event(
        kind=kind,
        mac=fields.mac(mac["mac"]) if mac else None,
        ip=_address(text),
        hostname=_name(text),
        count=count,
    )


def _internet(text: str, lower: str, count: int | None) -> Event:
    if "hergestellt" in lower and " nicht " not in lower:
        return Event(kind="wan_up", ip=_address(text), count=count)
    if "getrennt" in lower or "unterbrochen" in lower:
        return Event(kind="wan_down", count=count)
    return Event(kind="other", count=count)


def _address(text: str) -> str | None:
    found = _IP.search(text)
    return endpoints.endpoint(found["ip"].rstrip("."))[0] if found else None


def _name(text: str) -> str | None:
    """Read `Name: X`, or the field before the address: `…, X, IP …`."""
    if found := _NAME.search(text):
        return found["name"].rstrip(".") or None
    end = text.find(", IP ")
    begin = text.rfind(", ", 0, end) if end > 0 else -1
    name = text[begin + 2 : end].strip() if begin >= 0 else ""
    return None if not name or len(name) > 255 or name.endswith(_NO_NAME) else name


def _count(text: str) -> int | None:
    at = text.rfind("[")
    found = _COUNT.match(text, at) if at > 0 else None
    if found is None:
        return None
    digits = found["count"]
    if len(digits) > len(str(MAX_COUNT)) or int(digits) > MAX_COUNT:
        raise Malformed(f"{digits[:20]} equal messages")
    return int(digits)


DIALECT = Dialect("fritzbox", "AVM FRITZ!Box", claims, parse)
