"""AVM FRITZ!Box: the sentences of its event list, German or English.

    10.11.26 23:04:06 Internetverbindung wurde erfolgreich hergestellt. IP-Adresse: 203.0.113.9, …
    WLAN-Gerät angemeldet (5 GHz), 866 Mbit/s, notebook, IP 192.168.178.21, MAC 00:00:5E:00:53:05.
    WLAN-Gerät hat sich abgemeldet. MAC-Adresse: 00:00:5E:00:53:05, Name: notebook.
    WLAN-Anmeldung ist gescheitert: Autorisierung fehlgeschlagen. MAC-Adresse: 00:00:5E:00:53:05.
    10.11.26 23:04:06 Internet connection established successfully. IP address: 203.0.113.9

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
    r"(?:Freigabe|Verbindungsaufbau|LAN-Ger|Mesh|Es besteht (?:keine|wieder eine) Verbindung)",
    r"(?:Die |Ihre |The |Your )?FRITZ!",
    r"(?:New )?(?:WLAN|Wi-?Fi|Wireless(?: LAN| network)?) (?:dev|auth|auto|reg|guest|is |was )",
    r"(?:The )?(?:IPv6 )?Internet connection",
    r"IPv6 prefix",
    r"(?:PPPoE|PPP) error|Timeout during PPP",
    r"DSL (?:is |not |does not |sync|connection)",
    r"(?:User .{1,64}? logged in to|Login (?:of|to)) .{0,80}?FRITZ!",
    r"Registration of (?:internet|telephone) number",
)
_START = re.compile(rf"{_STAMP}(?:\[[^\]]{{1,64}}\] *+)?(?:{'|'.join(_STARTS)})", re.IGNORECASE)

_ADDRESS = r"(?:-Adresse|[ -]address)?+[ :]++"
_MAC = re.compile(rf"(?<![A-Za-z])MAC{_ADDRESS}(?P<mac>[0-9A-Fa-f:-]{{17}})", re.IGNORECASE)
_IP = re.compile(rf"(?<![A-Za-z])IP{_ADDRESS}(?P<ip>[0-9A-Fa-f:.]{{2,60}})", re.IGNORECASE)
_FROM = re.compile(
    r" (?:von|from) (?P<ip>(?=[0-9A-Fa-f]{0,4}[.:])[0-9A-Fa-f:.]{2,60})", re.IGNORECASE
)
_NAME = re.compile(r"[ ,]Name: *+(?P<name>[^,\s\[\]()]{1,255}+)", re.IGNORECASE)
_COUNT = re.compile(r"\[ *+(?P<count>[0-9]++) (?:Meldungen|messages)", re.IGNORECASE)
# Fields that may stand where the name is left out.
_NO_NAME = ("Mbit/s", "kbit/s", "Mbps", "GHz)", "GHz")
_LONGEST = 1024
_SUBJECT = 64  # characters in which a sentence names what it is about, its stamp included

# What happens to a station; automatic channels, which make stations join anew, are no station.
_WIFI = re.compile(
    r"(?:wlan[- ]|wi-?fi |wireless )(?:lan |network )?(?P<station>ger|anmeld|dev|auth|reg)?"
)
_LINES = ("internetverbindung", "mobilfunkverbindung", "internet connection")
_FAILED = ("gescheitert", "fehlgeschlagen", "abgewiesen", "failed", "rejected", "denied")
_WRONG = ("falsch", "wrong", "incorrect")
# "deregistered" and "disconnected" hold the words of joining, so these are asked first.
_LEFT = ("abgemeldet", "logged off", "disconnected", "deregistered", "signed off")
_JOINED = ("angemeldet", "logged on", "connected", "registered", "signed on")
_UP = ("hergestellt", "established")
_DOWN = ("getrennt", "unterbrochen", "cleared", "disconnected", "interrupted")
_RESTARTED = ("neu gestartet", "neustart", "restarted", "rebooted")


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line begins, behind its stamp, with one of the list's subjects."""
    if message.text.startswith("error: "):  # "PPPoE error: …", whose first word is taken for a host
        return message.hostname in ("PPPoE", "PPP")
    return _START.match(fields.single_spaced(message.text[:_LONGEST])) is not None


def parse(message: SyslogMessage) -> Event:
    """Read the sentence; one that tells of nothing we count is `other`.

    Raises Malformed for a count above 1,000,000.
    """
    text = fields.single_spaced(message.text[:_LONGEST])
    lower = text.lower()
    count = _count(fields.single_spaced(message.text))
    subject = lower[:_SUBJECT]
    if wifi := _WIFI.search(subject):
        if wifi["station"] and (kind := _wifi(lower)) != "other":
            return _station(text, kind, count)
    elif _has(subject, _LINES):
        return _internet(text, lower, count)
    elif _is_login(lower):
        if _has(lower, (*_FAILED, *_WRONG)):
            return Event(kind="login_failure", source_ip=_address(text), count=count)
    elif _has(lower, _RESTARTED):
        return Event(kind="boot", count=count)
    return Event(kind="other", count=count)


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _is_login(lower: str) -> bool:
    if "anmeldung" in lower:
        return "benutzer" in lower or "fritz!" in lower
    return "fritz!" in lower and ("login" in lower or "logged in" in lower)


def _wifi(lower: str) -> Kind:
    if _has(lower, _FAILED):
        return "wifi_auth_failure"
    if _has(lower, _LEFT):
        return "wifi_leave"
    return "wifi_join" if _has(lower, _JOINED) else "other"


def _station(text: str, kind: Kind, count: int | None) -> Event:
    mac = _MAC.search(text)
    return Event(
        kind=kind,
        mac=fields.mac(mac["mac"]) if mac else endpoints.station(text),
        ip=_address(text),
        hostname=_name(text),
        count=count,
    )


def _internet(text: str, lower: str, count: int | None) -> Event:
    if _has(lower, _UP) and " nicht " not in lower and " not " not in lower:
        return Event(kind="wan_up", ip=_address(text), count=count)
    if _has(lower, _DOWN):
        return Event(kind="wan_down", count=count)
    return Event(kind="other", count=count)


def _address(text: str) -> str | None:
    found = _IP.search(text) or _FROM.search(text)
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
    return int(digits) or None


DIALECT = Dialect(
    "fritzbox",
    "AVM FRITZ!Box",
    claims,
    parse,
    examples=(
        (
            "Internetverbindung wurde erfolgreich hergestellt. IP-Adresse: 203.0.113.9, "
            "DNS-Server: 198.51.100.53 und 198.51.100.54, Gateway: 198.51.100.1"
        ),
        (
            "WLAN-Gerät angemeldet (5 GHz), 866 Mbit/s, notebook, IP 192.168.178.21, MAC "
            "00:00:5E:00:53:05."
        ),
        (
            "Anmeldung des Benutzers admin an der FRITZ!Box-Benutzeroberfläche von IP-Adresse "
            "192.168.178.21 gescheitert (falsches Kennwort)."
        ),
        (
            "Login of the user admin to the FRITZ!Box user interface from IP address "
            "198.51.100.7 failed (wrong password)."
        ),
    ),
)
