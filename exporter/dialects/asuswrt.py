"""ASUS routers, Asuswrt-Merlin: Broadcom's Wi-Fi event daemon, roaming assistant, WAN monitor.

    wlceventd: wlceventd_proc_event(645): eth6: Deauth_ind 00:00:5E:00:53:02, status: 0, reason: …
    roamast: wl1.2: disconnect weak signal strength station [00:00:5e:00:53:02]
    WAN Connection: WAN was restored.

Authentication ("Auth") comes before association ("Assoc") and is `other` unless it failed. The
roaming assistant says what it is going to do; the event daemon says what happened, so only the
latter's lines are joins and leaves. Firewall lines are netfilter's. Source: lines that users of
these routers published.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, Kind, SyslogMessage

_SIGN = "wlceventd_proc_event"
_NAMES = frozenset({"wlceventd", "WLCEVENTD", "roamast"})
_OTHERS = frozenset(
    {"bsd", "rc_service", "WATCHDOG", "acsd", "cfg_server", "BWDPI", "disk_monitor"}
)
_WLC = re.compile(
    r"(?:(?P<interface>[^\s:]{1,64}+):[ \t]*+)?(?P<event>[A-Za-z]++)(?:_ind|_IND)?[ \t]++"
    r"(?P<station>[0-9A-Fa-f:-]{1,17}+)"
    r"(?:,[ \t]*+status:[ \t]*+(?P<status>[^,]{0,80}+))?",
    re.IGNORECASE,
)
_EVENTS: dict[str, Kind] = {
    **dict.fromkeys(("assoc", "reassoc"), "wifi_join"),
    **dict.fromkeys(("disassoc", "deauth"), "wifi_leave"),
}
_ATTEMPTS = frozenset({"auth", "assoc", "reassoc"})
_ROAMAST = re.compile(
    r"(?:(?P<interface>[^\s:]{1,64}+):[ \t]++)?(?:.{0,120}?\bclient |[^\[]{0,120}+)"
    r"\[(?P<station>[0-9A-Fa-f:-]{17})\]"
)
_WAN = re.compile(r"WAN(?:\([0-9]\))?[ _]Connection: ")
_WAN_UP = ("WAN was restored", "WAN was connected")
_WAN_DOWN = ("Ethernet link down", "Fail to connect", "WAN was exceptionally disconnected")


def claims(message: SyslogMessage) -> bool:
    """Tell whether one of the programs above wrote the line."""
    text = message.text
    return (
        message.app_name in _NAMES
        or message.app_name in _OTHERS
        or _SIGN in text
        or "WLC_SCB_" in text
        or "SBF: dhd" in text
        or (text.startswith(("WAN", "Connection: ")) and _is_wan(message))
        or programs.hidden(message) in _NAMES
    )


def parse(message: SyslogMessage) -> Event:
    """Read the station and what became of it, or the state of the WAN."""
    text = message.text
    if _is_wan(message):
        return _wan(text.partition(": ")[2].lstrip())
    if message.app_name == "roamast" or programs.hidden(message) == "roamast":
        return _roaming(programs.words(message, "roamast"))
    at = text.find(_SIGN)
    says = text[at:].partition("):")[2] if at >= 0 else message.content
    found = _WLC.match(says.lstrip())
    if found is None:
        return Event(kind="other")
    name = found["event"].lower().removesuffix("_ind")
    kind: Kind = _EVENTS.get(name, "other")
    if name in _ATTEMPTS and found["status"] and not _succeeded(found["status"]):
        kind = "wifi_auth_failure"
    return Event(
        kind=kind,
        ingress_interface=fields.interface(found["interface"] or ""),
        mac=fields.mac(found["station"]),
    )


def _is_wan(message: SyslogMessage) -> bool:
    """Tell whether the tag is "WAN Connection"; without a host, "WAN" was taken for one."""
    if message.text.startswith("Connection: "):
        return message.hostname == "WAN"
    return _WAN.match(message.text) is not None


def _succeeded(status: str) -> bool:
    status = status.strip().lower()
    # A cut line ends inside the word.
    return status in ("", "0") or status.startswith("success") or "success".startswith(status)


def _roaming(says: str) -> Event:
    found = _ROAMAST.match(says)
    if found is None:
        return Event(kind="other")
    return Event(
        kind="other",
        ingress_interface=fields.interface(found["interface"] or ""),
        mac=fields.mac(found["station"]),
    )


def _wan(says: str) -> Event:
    if says.startswith(_WAN_UP):
        return Event(kind="wan_up")
    return Event(kind="wan_down" if says.startswith(_WAN_DOWN) else "other")


DIALECT = Dialect(
    "asuswrt",
    "ASUS routers, Asuswrt-Merlin (Wi-Fi and WAN lines)",
    claims,
    parse,
    examples=(
        (
            "wlceventd: wlceventd_proc_event(722): wl3.1: Assoc 00:00:5E:00:53:02, status: "
            "Successful (0), rssi:-47"
        ),
        "WAN(0) Connection: WAN was restored.",
    ),
)
