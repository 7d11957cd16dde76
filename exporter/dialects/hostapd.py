"""hostapd, the access point daemon of Linux: who joined the Wi-Fi, who left, whose key was wrong.

    hostapd: wlan0: STA 00:00:5e:00:53:02 IEEE 802.11: associated (aid 1)
    hostapd: phy1-ap0: AP-STA-DISCONNECTED 00:00:5e:00:53:02

One join prints up to four lines; each that says so is a join, and telling that they are one is the
reader's task. Key handshakes and 802.11 authentication, which every station passes, are `other`.
Source: hostapd's src/ap/ (hostapd_logger, wpa_msg) and src/common/wpa_ctrl.h.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, Kind, SyslogMessage

_NAME = "hostapd"
_LINE = re.compile(
    r"(?:(?P<interface>[^\s:]{1,64}+):[ \t]++)?(?:"
    r"STA[ \t]++(?P<station>[0-9A-F:.-]{1,32}+)[ \t]++(?P<section>[^:]{1,32}+):(?P<says>.{0,200})|"
    r"Station[ \t]++(?P<refused>[0-9A-F:.-]{1,32}+)[ \t]++not allowed to authenticate|"
    r"(?P<control>[A-Z]{2,8}-[A-Z0-9-]++)(?P<behind>.{0,200}))",
    re.IGNORECASE | re.DOTALL,
)
_CONTROLS: dict[str, Kind] = {
    "AP-STA-CONNECTED": "wifi_join",
    "AP-STA-DISCONNECTED": "wifi_leave",
    "AP-STA-POSSIBLE-PSK-MISMATCH": "wifi_auth_failure",
    "AP-REJECTED-MAX-STA": "wifi_auth_failure",
    "AP-REJECTED-BLOCKED-STA": "wifi_auth_failure",
    "SAE-UNKNOWN-PASSWORD-IDENTIFIER": "wifi_auth_failure",
    "CTRL-EVENT-EAP-FAILURE": "wifi_auth_failure",
    "CTRL-EVENT-EAP-FAILURE2": "wifi_auth_failure",
    "CTRL-EVENT-EAP-TIMEOUT-FAILURE": "wifi_auth_failure",
}
_LEFT = ("disassociated", "deauthenticated", "disconnected")
_JOINED = ("associated", "reassociated")
_FAILED = ("fail", "reject", "mismatch", "invalid mic", "not allowed", "denied")


def claims(message: SyslogMessage) -> bool:
    """Tell whether hostapd wrote the line."""
    return message.app_name == _NAME or programs.hidden(message) == _NAME


def parse(message: SyslogMessage) -> Event:
    """Read the station and what became of it; a cut address is left out."""
    line = _LINE.match(programs.words(message, _NAME))
    if line is None:
        return Event(kind="other")
    if line["control"]:
        kind = _CONTROLS.get(line["control"].upper(), "other")
        station = (line["behind"].split(None, 1) or [""])[0].rstrip(",;")
    elif line["refused"]:
        kind, station = "wifi_auth_failure", line["refused"]
    else:
        kind, station = _kind(line["section"], line["says"]), line["station"]
    return Event(
        kind=kind, ingress_interface=fields.interface(line["interface"] or ""), mac=_mac(station)
    )


def _mac(text: str) -> str | None:
    return fields.mac(text.removeprefix("addr=").strip("[]()"))


def _kind(section: str, says: str) -> Kind:
    if section.strip().upper() in ("DRIVER", "MLME"):
        return "other"  # about frames, not about the station's state
    says = says.strip().lower()
    if says.startswith(_LEFT):
        return "wifi_leave"
    if says.startswith(_JOINED):
        return "wifi_join"
    return "wifi_auth_failure" if any(word in says for word in _FAILED) else "other"


DIALECT = Dialect(
    "hostapd",
    "hostapd: OpenWrt, ASUS, UniFi and most Linux access points",
    claims,
    parse,
    examples=(
        "hostapd: wlan0: STA 00:00:5e:00:53:02 IEEE 802.11: associated (aid 1)",
        "hostapd: wlan0: AP-STA-CONNECTED 00:00:5e:00:53:02",
        "hostapd: wlan0: STA 00:00:5e:00:53:02 WPA: pairwise key handshake completed (RSN)",
    ),
)
