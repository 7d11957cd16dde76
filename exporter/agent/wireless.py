"""Which access point a wireless link hangs on: its name (SSID) and its station (BSSID).

Asked of nl80211, which needs no rights. A client's BSSID is the only station it knows; an access
point's is its own. Nothing is asked of links that are not wireless. Sources: linux/nl80211.h,
linux/genetlink.h. Tested on answers laid out as there; not run against a radio.
"""

import struct
import sys
from pathlib import Path
from typing import NamedTuple

from exporter.agent.netlink import GENERIC, Message, ask, attribute, attributes

_CONTROLLER, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 0x10, 3, 1, 2
_GET_INTERFACE, _GET_STATION = 5, 17
_INDEX, _TYPE, _MAC, _SSID = 3, 5, 6, 52  # NL80211_ATTR_*
_STATION, _ACCESS_POINT = 2, 3  # NL80211_IFTYPE_*
_COMMAND = struct.Struct("=BBH")  # genlmsghdr: command, version, reserved
_NUMBER = struct.Struct("=I")


class AccessPoint(NamedTuple):
    """What is known of it; a link that is not associated has neither."""

    ssid: str | None
    bssid: str | None


def is_wireless(interface: str, links: Path = Path("/sys/class/net")) -> bool:
    """Tell whether a link is a radio."""
    return (links / interface / "phy80211").exists()


def access_point(index: int) -> AccessPoint:
    """Return what the link of that index hangs on, or is.

    Raises OSError when the kernel does not tell.
    """
    family = _family()
    link = list(_about(family, _GET_INTERFACE, index, every=False))
    return read(link, list(_about(family, _GET_STATION, index, every=True)))


def read(link: list[Message], stations: list[Message]) -> AccessPoint:
    """Return what the answers about a link and about its stations say."""
    found = attributes(link[0][1], _COMMAND.size) if link else {}
    kind = int.from_bytes(found.get(_TYPE, b""), sys.byteorder)
    name = found.get(_SSID, b"")
    ssid = name.decode(errors="replace") if name.strip(b"\0") else None  # zeros: it is hidden
    if kind == _ACCESS_POINT:
        return AccessPoint(ssid, _mac(found))
    if kind != _STATION or len(stations) != 1:
        return AccessPoint(ssid if kind == _STATION else None, None)
    return AccessPoint(ssid, _mac(attributes(stations[0][1], _COMMAND.size)))


def _family() -> int:
    request = _COMMAND.pack(_GET_FAMILY, 1, 0) + attribute(_FAMILY_NAME, b"nl80211\0")
    for _, body in ask(GENERIC, _CONTROLLER, request, every=False):
        return int.from_bytes(attributes(body, _COMMAND.size).get(_FAMILY_ID, b""), sys.byteorder)
    raise OSError("no nl80211 here")


def _about(family: int, command: int, index: int, *, every: bool) -> list[Message]:
    request = _COMMAND.pack(command, 0, 0) + attribute(_INDEX, _NUMBER.pack(index))
    return list(ask(GENERIC, family, request, every=every))


def _mac(found: dict[int, bytes]) -> str | None:
    octets = found.get(_MAC, b"")
    return octets.hex(":") if len(octets) == 6 else None
