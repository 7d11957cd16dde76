"""When something happened, as people write it: a moment, and how much around it. Pure.

A moment without a zone is the server's local time, as the clock on the wall of that home shows it.
"""

import re
from datetime import datetime

from exporter.web.refusals import Refusal

AROUND = 600.0  # seconds on either side, unless it is said
MOST_AROUND = 86_400.0
# Of all calendars, with what is around it and in every zone: the year 10000 is in none.
_LAST = 253_402_300_800.0 - 2 * MOST_AROUND
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_WIDTH = re.compile(r"(\d{1,6})(?:\.0)? ?([smhd]?)", re.ASCII)
_SECONDS = re.compile(r"\d{9,12}(?:\.\d{1,6})?", re.ASCII)  # shorter: a date without a time
# A "+" of an address that nobody encoded arrives as a blank.
_BLANK_ZONE = re.compile(r" (\d\d:?\d\d)$", re.ASCII)


def moment(text: str) -> float:
    """Return the moment that is meant: 2026-11-24T03:12, with or without zone, or Unix seconds.

    Raises Refusal.
    """
    written = text.strip()
    try:
        if _SECONDS.fullmatch(written):
            found = float(written)
        elif len(written) < len("2026-11-24T03"):
            raise Refusal(400, "refused.moment", moment=text[:40])
        else:
            found = _read(written).timestamp()
    except (ValueError, OverflowError, OSError):
        raise Refusal(400, "refused.moment", moment=text[:40]) from None
    if not 0 <= found < _LAST:
        raise Refusal(400, "refused.moment", moment=text[:40])
    return found


def around(text: str) -> float:
    """Return the seconds on either side of a moment: 600, 10m, 1h; ten minutes for "".

    Raises Refusal.
    """
    if not text.strip():
        return AROUND
    width = _WIDTH.fullmatch(text.strip().lower())
    seconds = float(width[1]) * _UNITS[width[2]] if width else 0.0
    if not 1 <= seconds <= MOST_AROUND:
        raise Refusal(400, "refused.around", around=text[:40])
    return seconds


def _read(text: str) -> datetime:
    """Raises ValueError."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(_BLANK_ZONE.sub(r"+\1", text))
