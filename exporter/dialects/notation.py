"""How network equipment writes quantities and stations: `hit-cnt 144`, `0000.5e00.5301`.

Text as printed goes in; what a record holds comes out, or None for text that cannot be read.
"""

import re

from exporter.dialects import Malformed, fields
from exporter.syslog.repeats import MAX_COUNT

_DIGITS = re.compile(r"[0-9A-Fa-f]{12}|01([0-9A-Fa-f]{12})")  # 01: DHCP's client id of Ethernet


def count(text: str | None) -> int | None:
    """Return how many packets a line stands for; None when it does not say, or says none.

    Raises Malformed when that is more than can be believed.
    """
    if not text or not text.isdecimal() or not text.isascii():
        return None
    if len(text) > 20 or int(text) > MAX_COUNT:
        raise Malformed(f"a count of {text[:20]}")
    return int(text) or None


def mac(text: str | None) -> str | None:
    """Return a hardware address written in three or six groups, or behind a client id's type."""
    if not text or len(text) > 24:
        return None
    digits = text.replace(".", "").replace(":", "").replace("-", "")
    if not (found := _DIGITS.fullmatch(digits)):
        return None
    station = found[1] or digits
    return fields.mac(":".join(station[at : at + 2] for at in range(0, 12, 2)))
