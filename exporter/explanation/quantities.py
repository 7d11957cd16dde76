"""How much, how long and how sure, in words."""

from exporter.explanation.subjects import Subject
from exporter.explanation.words import Language, say

_UNITS = (86400, 3600, 60, 1)  # seconds
_DAY = 86400


def number(value: int) -> str:
    """Return a number with its thousands separated."""
    return f"{value:,}"


def packets(subject: Subject, language: Language) -> str:
    """Return what a sentence is about: "This packet", "98 % of 4,211 rejected packets in …"."""
    packets, total = subject.packets, subject.total
    if subject.period_seconds is None:
        return say(language, f"packets.{packets}", "packets", packets=number(packets))
    during = period(subject.period_seconds, language)
    if packets >= total:
        exact = "least" if subject.at_least else str(packets)
        keys = (f"packets.all.{exact}", "packets.all")
        return say(language, *keys, total=number(packets), period=during)
    key = "packets.least" if subject.at_least else "packets.count"
    count = say(language, key, count=number(total))
    part = share(packets, total, language)
    return say(language, "packets.share", share=part, total=count, period=during)


def share(part: int, total: int, language: Language) -> str:
    """Return a part of a larger total in percent; never 0 % of something, nor 100 % of less."""
    percent = round(100 * part / total)
    if percent < 1:
        return say(language, "share.under")
    if percent > 99:
        return say(language, "share.over")
    return say(language, "share", percent=str(percent))


def duration(seconds: float, language: Language) -> str:
    """Return a length of time, rounded down: "3 hours"."""
    if seconds < 1:
        return say(language, "duration.0")
    unit, count = _unit(seconds)
    return say(language, f"duration.{unit}.{count}", f"duration.{unit}", n=number(count))


def period(seconds: float, language: Language) -> str:
    """Return a period that ends now: "in the last hour"."""
    unit, count = _unit(max(seconds, 1))
    return say(language, f"period.{unit}.{count}", f"period.{unit}", n=number(count))


def ports(transport: str, ports: tuple[int, ...], language: Language) -> str:
    """Return ports of ours, "UDP port 51413"; without any, what else a packet is sent to."""
    if not ports:
        return say(language, "ports.none")
    named = say(language, "comma").join(str(port) for port in ports[:3])
    key = "port" if len(ports) == 1 else "ports.more" if len(ports) > 3 else "ports"
    return say(language, key, transport=transport.upper(), ports=named).strip()


def confidence(value: float, language: Language) -> str:
    """Return a confidence with two decimals; nothing is quite certain."""
    return say(language, "confidence.over") if value >= 0.995 else f"{value:.2f}"


def _unit(seconds: float) -> tuple[int, int]:
    """Return the unit, in seconds, that says a time best, and how many of it: 24 hours, 2 days."""
    unit = next(u for u in _UNITS if seconds >= 2 * u or (int(seconds) == u and u < _DAY))
    return unit, int(seconds // unit)
