"""Facility and severity, as they stand in front of a message or behind its stamp.

    <4>                        PRI of syslog
    kern.warn   warning        as syslogd and logread write them out
    Kernel.Warning             Kiwi, in front of the host

Text goes in; numbers come out, and how many characters they take.
"""

from typing import NamedTuple

_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news"),
    *("uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock"),
    *(f"local{number}" for number in range(8)),
)
_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_SEVERITY = {name: number for number, name in enumerate(_SEVERITIES)}
_SEVERITY |= {"panic": 0, "critical": 2, "error": 3, "warn": 4}
_IN_WORDS = {"Kern": "Kernel", "Lpr": "LPR", "Uucp": "UUCP", "Ntp": "NTP", "Ftp": "FTP"}


class Priority(NamedTuple):
    """What a message says of itself; None: it does not say."""

    facility: int | None = None
    severity: int | None = None
    end: int = 0  # characters that say so


_NONE = Priority()
# "13", and zero-padded as some firmware prints it; 192 and above are no priority.
_PRIORITY = {
    text: Priority(*divmod(number, 8), len(text) + 2)
    for number in range(192)
    for text in (str(number), f"{number:02}", f"{number:03}")
}
_LEVEL = {name: Priority(None, severity, len(name)) for name, severity in _SEVERITY.items()}
_LEVEL |= {
    f"{facility}.{name}": Priority(number, severity, len(facility) + 1 + len(name))
    for number, facility in enumerate(_FACILITIES)
    for name, severity in _SEVERITY.items()
}
_BEFORE_HOST = {
    f"{_IN_WORDS.get(facility.title(), facility.title())}.{name.title()}": (number, severity)
    for number, facility in enumerate(_FACILITIES)
    for name, severity in {**_SEVERITY, "emergency": 0}.items()
}


def in_front(text: str) -> Priority:
    """Read PRI at the start of a text; what is above 191 is none."""
    if text[:1] != "<":
        return _NONE
    end = text.find(">", 1, 5)
    return _PRIORITY.get(text[1:end], _NONE) if end > 0 else _NONE


def level(word: str) -> Priority:
    """Read the word that stands between host and tag."""
    return _LEVEL.get(word, _NONE)


def before_host(text: str) -> Priority:
    """Read the word in front of the host; blanks behind it are part of it."""
    if not text[:1].isupper():
        return _NONE
    word = text[:24].split(None, 1)[0]
    found = _BEFORE_HOST.get(word)
    rest = text[len(word) :]
    return Priority(*found, len(text) - len(rest.lstrip(" \t"))) if found else _NONE
