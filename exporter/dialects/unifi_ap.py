"""UniFi access points and switches: their own programs, beside hostapd and dropbear.

    stahtd[12]: [STA-TRACKER].stahtd_dump_event(): {"message_type":"STA_ASSOC_TRACKER",
    "event_type":"sta_leave","mac":"00:00:5e:00:53:02","vap":"wifi0ap6","assoc_status":"0"}
    libubnt[14]: wevent.ubnt_custom_event(): EVENT_STA_JOIN ath0: 00:00:5e:00:53:02 / 3
    US24P250,00005e005301,v4.0.54.10625 switch: TRAPMGR: Cold Start: Unit: 0

The JSON is not always valid, so its pairs are read one by one. A "soft failure" is a station that
roamed or got no address; it is a failed authentication only where the tracker counts one.
Source: lines that users of these devices published.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, Kind, SyslogMessage

_NAMES = frozenset({"stahtd", "mcad", "libubnt", "wevent", "switch"})
_PAIR = re.compile(r'"(?P<key>[a-z_]{1,40}+)"[ \t]{0,8}+:[ \t]{0,8}+"(?P<value>[^"]*+)"')
_CUSTOM = re.compile(
    r"EVENT_STA_(?P<event>[A-Za-z_]++)[ \t]++(?P<interface>[^\s:]{1,64}+):[ \t]*+"
    r"(?P<station>[0-9A-Fa-f:-]{1,17}+)(?:[ \t]*+/[ \t]*+(?P<behind>\S{1,64}+))?"
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("sta_join", "join"), "wifi_join"),
    **dict.fromkeys(("sta_leave", "leave"), "wifi_leave"),
    "failure": "wifi_auth_failure",
}
_ANOMALY = re.compile(
    r"\bvap=(?P<interface>[^\s,]{1,64}+)[ \t]++sta=(?P<station>[0-9A-Fa-f:-]{17})"
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of UniFi's programs wrote the line."""
    if message.app_name in _NAMES:
        return True
    text = message.text
    if "EVENT_STA_" in text or "STA_ASSOC_TRACKER" in text or "ace_reporter." in text:
        return True
    name = programs.hidden(message)
    # "switch:" is any text's word; UniFi's stands behind model,mac,version.
    return name in _NAMES and (name != "switch" or "," in text.partition(" ")[0])


def parse(message: SyslogMessage) -> Event:
    """Read the station and what became of it."""
    text = message.text
    if "EVENT_STA_" in text:
        return _custom(text)
    at = text.find("{")
    if "stahtd" in text and at >= 0:
        return _tracked(text[at:])
    if "TRAPMGR" in text and ("Cold Start" in text or "Warm Start" in text):
        return Event(kind="boot")
    anomaly = _ANOMALY.search(text) if "vap=" in text else None
    if anomaly:
        return Event(
            kind="other",
            ingress_interface=fields.interface(anomaly["interface"]),
            mac=fields.mac(anomaly["station"]),
        )
    return Event(kind="other")


def _tracked(text: str) -> Event:
    pairs = {pair["key"]: pair["value"] for pair in _PAIR.finditer(text)}
    told = pairs.get("event_type", "").strip().lower()
    kind = _KINDS.get(told, "other")
    if told == "soft failure" and _counted(pairs):
        kind = "wifi_auth_failure"
    return Event(
        kind=kind,
        ingress_interface=fields.interface(pairs.get("vap", "")),
        mac=fields.mac(pairs.get("mac", "")),
    )


def _counted(pairs: dict[str, str]) -> bool:
    """Tell whether the tracker counted a failed authentication."""
    return any(
        key.endswith("auth_failures") and value.strip("0 ") != "" for key, value in pairs.items()
    )


def _custom(text: str) -> Event:
    found = _CUSTOM.search(text)
    if found is None:
        return Event(kind="other")
    kind = _KINDS.get(found["event"].lower(), "other")
    return Event(
        kind=kind,
        ingress_interface=fields.interface(found["interface"]),
        mac=fields.mac(found["station"]),
        ip=fields.address(found["behind"] or "") if found["event"] == "IP" else None,
    )


DIALECT = Dialect(
    "unifi_ap",
    "Ubiquiti UniFi access points and switches",
    claims,
    parse,
    examples=(
        (
            "stahtd[6930]: [STA-TRACKER].stahtd_dump_event(): "
            '{"message_type":"STA_ASSOC_TRACKER","mac":"00:00:5E:00:53:02","vap":"ath4",'
            '"event_type":"sta_join","assoc_status":"0"}'
        ),
        "syslog: wevent.ubnt_custom_event(): EVENT_STA_LEAVE ath0: 00:00:5e:00:53:02 / 3",
    ),
)
