"""The time stamp at the start of a text: the forms that routers print, to Unix seconds.

    Nov 10 23:04:06            RFC 3164; the year is the one closest to when the message came
    Nov 10 2026 23:04:06       the same with a year, before the time or after it
    2026 Nov 10 23:04:06.5 UTC, Nov 10 2026 23:04:06+09:00    Cisco, Huawei: with a zone
    Tue Nov 10 23:04:06 2026   ctime: OpenWrt's logread, D-Link, `dmesg -T`
    2026-11-10T23:04:06.5+09:00, 2026-11-10 23:04:06    ISO 8601
    2026/11/10 23:04:06        the same with slashes: logs of Japanese routers
    11/10/2026 23:04:06, 11-10-2026 23:04:06, 10.11.26 23:04:06    day first with dots only

A stamp without a zone, or with a name that several zones have, is the collector's local time:
syslog does not say more. In the hour that
comes twice when summer time ends, it is the one closer to when the message came. A flood repeats
the same second, so what was read is remembered by its text.
"""

import re
from calendar import monthrange, timegm
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from time import gmtime, localtime, mktime
from typing import NamedTuple

DAY = 86400
LAST_YEAR = 9998  # the last whose every moment has a date in every zone

_YEAR = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_YEAR, 1)}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

USUAL = rf"(?:{'|'.join(_YEAR)}) [ 0-9][0-9] [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}"  # a pattern
_HOURS = {  # ahead of UTC
    **dict.fromkeys(("UTC", "GMT", "Z", "z", "WET"), 0),
    "CET": 1,
    "WEST": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "PKT": 5,
    "HKT": 8,
    "SGT": 8,
    "AWST": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "EDT": -4,
    "CDT": -5,
    "MDT": -6,
    "PDT": -7,
    "MST": -7,
    "PST": -8,
}
_NAMELESS = ("BST", "IST", "CST", "EST", "AST", "ACST", "ACDT")  # of more than one zone
_WORDS = frozenset((*_YEAR, *_WEEKDAYS))  # with which a stamp begins that does not with a digit
_ZONES = frozenset((*_HOURS, *_NAMELESS))
ZONE = (  # a pattern; what cannot begin one is seen at once
    r"(?=[Zz+-]| [A-Z+-])(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?(?: DST)?| [+-][0-9]{2}:?[0-9]{2}"
    rf"| (?:{'|'.join(sorted(_ZONES))}))(?![A-Za-z0-9])"
)
_NAMED = re.compile(
    r"(?:(?P<early_year>(?:19|20)[0-9]{2}) )?"
    rf"(?P<weekday>(?:{'|'.join(_WEEKDAYS)}) {{1,2}})?"
    rf"(?P<month>{'|'.join(_MONTHS)}) {{1,2}}(?P<day>[0-9]{{1,2}})"
    r"(?: (?P<year>[0-9]{4}))? (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    rf"(?P<fraction>[.,][0-9]{{1,9}})?(?P<zone>{ZONE})?"
    r"(?: (?P<late_year>(?:19|20)[0-9]{2}))?:?(?=[ \t]|$)"
)
_ISO = re.compile(
    r"(?P<stamp>[0-9]{4}(?P<divider>[-/])[0-9]{2}(?P=divider)[0-9]{2}[Tt ]"
    rf"[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:[.,][0-9]{{1,9}})?)(?P<zone>{ZONE})?:?(?=[ \t]|$)"
)
_NUMBERS = re.compile(
    r"([0-9]{1,2})([./-])([0-9]{1,2})\2((?:[0-9]{2}){1,2})[ \t]([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"(?=[ \t]|$)"
)


class Stamp(NamedTuple):
    """A stamp that was recognised."""

    time: float | None  # None: it has the form of a stamp, but there is no such moment
    end: int  # characters it takes, a colon behind it included
    hostless: bool = False  # a form that is used in front of the text, not in front of a host


def at_start(text: str, received: float) -> Stamp | None:
    """Read the stamp that `text` begins with; `received` tells the year that it may lack.

    None costs a few look-ups, so that any text may be asked about.
    """
    head = text[:3]
    if not text[:1].isdigit() and head not in _WORDS:
        return None
    today = int(received // DAY)
    if head in _MONTHS:
        # The usual form by position; digits behind it may be a year, capitals a zone.
        if text[15:16] in ("", " ", "\t") and not _may_go_on(text[16:21]):
            times = _named(text[:15], today)
            if times:
                return Stamp(_closer(times, received), 15)
    elif head not in _WEEKDAYS and not (head in ("199", "202", "203") and text[4:5] == " "):
        if text[4:5] in ("-", "/") and (found := _ISO.match(text)):
            whole, stamp, divider, zone = found.group(0, "stamp", "divider", "zone")
            hostless = divider == "/" or whole[-1] == ":"
            return Stamp(_closer(_iso(stamp, zone), received), len(whole), hostless)
        if text[:1].isdigit() and (found := _NUMBERS.match(text)):
            return Stamp(_closer(_numbers(found[0]), received), found.end(), hostless=True)
        return None
    if found := _NAMED.match(text):
        whole, weekday, year, late = found.group(0, "weekday", "year", "late_year")
        hostless = whole[-1] == ":" or (weekday is not None and (year or late) is not None)
        return Stamp(_closer(_named(whole, today), received), len(whole), hostless)
    return None


def usual(stamp: str, received: float) -> float | None:
    """Read a whole stamp of the pattern USUAL; None where there is no such moment."""
    return _closer(_named(stamp, int(received // DAY)), received)


def may_begin(word: str) -> bool:
    """Whether a stamp may begin or go on with a word, where no word of digits follows it."""
    if word[:1].isdigit():
        return word[4:5] in ("-", "/")
    return word[:3] in _MONTHS or word[:3] in _WEEKDAYS or _may_go_on(word)


def _may_go_on(text: str) -> bool:
    """Whether a year or a zone may begin so."""
    return text[:1].isdigit() or text.partition(" ")[0].rstrip(":") in _ZONES


_Times = tuple[float, ...]  # the moments that a stamp may mean: one, two in a doubled hour, none


def _closer(times: _Times, received: float) -> float | None:
    if len(times) < 2:
        return times[0] if times else None
    return min(times, key=lambda time: abs(time - received))


@lru_cache(maxsize=4096)
def _named(stamp: str, today: int) -> _Times:
    found = _NAMED.fullmatch(stamp)
    if found is None:
        return ()
    month = _MONTHS[found["month"]]
    day, hour, minute, second = (int(found[name]) for name in ("day", "hour", "minute", "second"))
    if year := found["year"] or found["late_year"] or found["early_year"]:
        times = _local(int(year), month, day, hour, minute, second)
    else:
        times = _closest(today, month, day, hour, minute, second)
    ahead = _ahead(found["zone"] or "")
    if times and ahead is not None:
        clock = (localtime(times[0]).tm_year, month, day, hour, minute, second)
        times = (timegm(clock) - ahead,)
    if found["fraction"] is None:
        return times
    return tuple(time + float("0." + found["fraction"][1:]) for time in times)


def _closest(today: int, month: int, day: int, hour: int, minute: int, second: int) -> _Times:
    """Return the moments in the year that brings them closest to `today` (days since 1970)."""
    year = gmtime(today * DAY).tm_year
    reach = 8 if (month, day) == (2, 29) else 1  # 8 years: 1900 and 2100 are no leap years
    years = [
        times
        for candidate in range(year - reach, year + reach + 1)
        if (times := _local(candidate, month, day, hour, minute, second))
    ]
    return min(years, key=lambda times: abs(times[0] - today * DAY), default=())


def _local(year: int, month: int, day: int, hour: int, minute: int, second: int) -> _Times:
    if second > 60:  # that is a leap second
        return ()
    return tuple(time + second for time in _minute(year, month, day, hour, minute))


@lru_cache(maxsize=4096)
def _minute(year: int, month: int, day: int, hour: int, minute: int) -> _Times:
    """The moments at which that minute may begin; to ask the time zone costs more than the rest."""
    # mktime itself would read February 30 as March 1 or 2.
    if not 1970 <= year <= LAST_YEAR or not 1 <= day <= monthrange(year, month)[1]:
        return ()
    if hour > 23 or minute > 59:
        return ()
    clock = (year, month, day, hour, minute, 0, 0, 0)
    try:
        guess = mktime((*clock, -1))
        other = mktime((*clock, 1 - localtime(guess).tm_isdst))
        # In the doubled hour both are that time of day; else the other one is an hour off.
        doubled = localtime(other)[:5] == localtime(guess)[:5] and other != guess
    except (OverflowError, ValueError):  # pragma: no cover - years that Windows does not know
        return ()
    return (guess, other) if doubled else (guess,)


def _ahead(zone: str) -> float | None:
    """How many seconds a zone is ahead of UTC; None where that is not known."""
    name = zone.strip()
    if name.endswith("DST"):  # Huawei: summer time, of which nobody says whether it is included
        return None
    if name[:1] not in ("+", "-"):
        hours = _HOURS.get(name)
        return None if hours is None else hours * 3600.0
    digits = name[1:].replace(":", "").ljust(4, "0")
    return (1 if name[0] == "+" else -1) * (int(digits[:2]) * 3600.0 + int(digits[2:]) * 60.0)


@lru_cache(maxsize=4096)
def _numbers(stamp: str) -> _Times:
    found = _NUMBERS.fullmatch(stamp)
    if found is None:
        return ()
    one, divider, other, year, *clock = found.groups()
    month, day = (other, one) if divider == "." else (one, other)
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    if not 1 <= int(month) <= 12:
        return ()
    return _local(full_year, int(month), int(day), *map(int, clock))


@lru_cache(maxsize=4096)
def _iso(stamp: str, zone: str | None) -> _Times:
    ahead = _ahead(zone or "")
    try:
        moment = datetime.fromisoformat(stamp.upper().replace("/", "-"))
        if ahead is not None:
            moment = moment.replace(tzinfo=timezone(timedelta(seconds=ahead)))
        if not 1970 <= moment.year <= LAST_YEAR:
            return ()
        first, second = moment.timestamp(), moment.replace(fold=1).timestamp()
    except (OverflowError, ValueError):
        return ()
    # Python also gives two moments to an hour that summer time skips: there, the first is meant.
    return (first, second) if second > first else (first,)
