"""What is wrong between a router and its numbers, hop by hop, and the one thing to do next.

The condition of a running exporter goes in, findings in words come out, in the order in which a
line travels. A hop is a function in HOPS: to look at one more thing, add a row. Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from exporter.explanation.quantities import duration, number, share
from exporter.explanation.words import Language, say

SILENT = 3600.0  # seconds without a line, after which nothing is known about now
LATE = 300.0  # seconds by which a clock may be wrong, or a line late
MANY, MOST = 0.1, 0.5  # of a router's lines
MOST_NAMED = 10  # devices
SCRAPED = 600.0  # seconds; Prometheus asks every 15 or 60

State = Literal["ok", "warn", "fail"]


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """What came in at one listener since the start."""

    name: str
    messages: int
    seconds: float  # ago, the last one


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that were refused or lost since the start."""

    listener: str
    reason: str
    messages: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The newest form of lines that were not understood."""

    text: str
    error: str | None = None
    near: str | None = None  # title of the dialect that it resembles
    example: str | None = None  # how that one writes


class RouterCondition(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one router since the start."""

    name: str
    seconds: float  # since its last message
    masked: bool = False
    limited: bool = False
    offset: float | None = None  # its clock minus ours, in seconds
    lag: float = 0.0
    messages: int = 0
    not_understood: int = 0
    rejected: int = 0
    no_verdict: int = 0
    sample: Sample | None = None  # of what was not understood
    unjudged: str | None = None  # form of the newest packet line without a verdict


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the hops look at. Times are seconds ago."""

    version: str
    up_seconds: float
    ready: bool
    syslog_port: int
    listeners: tuple[Listener, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    routers: tuple[RouterCondition, ...] = ()
    unheard: tuple[str, ...] = ()  # routers of the configuration that sent nothing
    agents: tuple[str, ...] = ()  # that report
    old_agents: tuple[str, ...] = ()  # that did
    scraped: float | None = None


class Finding(msgspec.Struct, frozen=True):
    """What is found at one hop, and what to do about it."""

    hop: str
    state: State
    sentence: str
    step: str = ""


Found = tuple[State, str, dict[str, str]]  # state, phrase below `doctor.HOP`, its words


def findings(condition: Condition, language: Language) -> tuple[Finding, ...]:
    """Return what is found at each hop, in the order of a line's way."""
    found = []
    for hop, look in HOPS:
        for state, topic, words in look(condition, language):
            key = f"doctor.{hop}.{topic}"
            step = "" if state == "ok" else say(language, f"{key}.step", **words)
            name = say(language, f"doctor.{hop}")
            found.append(Finding(name, state, say(language, key, **words), step))
    return tuple(found)


def next_step(found: Sequence[Finding], language: Language) -> str:
    """Return the one thing to do next: what fails first on the way, else what is worth a look."""
    for state in ("fail", "warn"):
        for finding in found:
            if finding.state == state:
                return finding.step
    return say(language, "doctor.nothing")


def _serve(condition: Condition, language: Language) -> Iterator[Found]:
    words = {"version": condition.version, "for": duration(condition.up_seconds, language)}
    yield ("ok", "ready", words) if condition.ready else ("fail", "starting", words)


def _arrival(condition: Condition, language: Language) -> Iterator[Found]:
    port = str(condition.syslog_port)
    arrives = any(listener.messages for listener in condition.listeners)
    for lost in condition.dropped:
        denied = lost.reason == "denied_sender"
        words = {"listener": lost.listener, "n": number(lost.messages), "reason": lost.reason}
        state: State = "fail" if denied and not arrives else "warn"
        yield state, "denied" if denied else "lost", words
    if not arrives:
        words = {"port": port, "for": duration(condition.up_seconds, language)}
        yield "fail", "nothing", words
    for listener in condition.listeners:
        ago = duration(listener.seconds, language)
        words = {"listener": listener.name, "n": number(listener.messages), "ago": ago}
        silent = all(other.seconds > SILENT for other in condition.listeners)
        yield ("warn", "silent", words) if silent else ("ok", "heard", words)
    for router in condition.unheard:
        yield "warn", "unheard", {"router": router, "port": port}


def _sender(condition: Condition, _: Language) -> Iterator[Found]:
    for router in condition.routers:
        if router.masked:
            yield "warn", "masked", {"router": router.name}


def _lines(condition: Condition, language: Language) -> Iterator[Found]:
    for router in condition.routers:
        if not router.messages:
            continue
        part = router.not_understood / router.messages
        words = {
            "router": router.name,
            "share": _share(router.not_understood, router.messages, language),
            "n": number(router.messages),
            "sample": _sampled(router.sample, language),
        }
        if part < MANY:
            yield "ok", "understood", words
        else:
            yield "fail" if part >= MOST else "warn", "unread", words


def _verdicts(condition: Condition, _: Language) -> Iterator[Found]:
    for router in condition.routers:
        words = {
            "router": router.name,
            "n": number(router.rejected),
            "unjudged": number(router.no_verdict),
            "sample": router.unjudged or "",
        }
        if router.no_verdict >= max(1.0, MANY * (router.no_verdict + router.rejected)):
            yield "warn" if router.rejected else "fail", "none", words
        elif router.rejected:
            yield "ok", "told", words
        elif router.messages > router.not_understood:
            yield "warn", "nothing", words


def _clock(condition: Condition, language: Language) -> Iterator[Found]:
    for router in condition.routers:
        if router.offset is not None and abs(router.offset) > LATE:
            wrong = duration(abs(router.offset), language)
            topic = "ahead" if router.offset > 0 else "behind"
            yield "warn", topic, {"router": router.name, "wrong": wrong}
        if router.lag > LATE:
            yield "warn", "late", {"router": router.name, "lag": duration(router.lag, language)}


def _limit(condition: Condition, _: Language) -> Iterator[Found]:
    for router in condition.routers:
        if router.limited:
            yield "warn", "limited", {"router": router.name}


def _devices(condition: Condition, language: Language) -> Iterator[Found]:
    for name in condition.old_agents:
        yield "warn", "old", {"device": name}
    if condition.agents:
        names = say(language, "comma").join(condition.agents[:MOST_NAMED])
        more = "…" if len(condition.agents) > MOST_NAMED else ""
        yield "ok", "report", {"devices": names + more}
    elif not condition.old_agents:
        yield "warn", "none", {}


def _scrape(condition: Condition, language: Language) -> Iterator[Found]:
    if condition.scraped is None:
        yield "warn", "never", {}
        return
    words = {"ago": duration(condition.scraped, language)}
    yield ("ok", "seen", words) if condition.scraped <= SCRAPED else ("warn", "old", words)


HOPS: tuple[tuple[str, Callable[[Condition, Language], Iterator[Found]]], ...] = (
    ("serve", _serve),
    ("arrival", _arrival),
    ("sender", _sender),
    ("lines", _lines),
    ("verdicts", _verdicts),
    ("clock", _clock),
    ("limit", _limit),
    ("devices", _devices),
    ("scrape", _scrape),
)


def _share(part: int, whole: int, language: Language) -> str:
    if part in (0, whole):
        return say(language, "share", percent="0" if part == 0 else "100")
    return share(part, whole, language)


def _sampled(sample: Sample | None, language: Language) -> str:
    """The newest sample as sentences: the line, why, and what it resembles."""
    if sample is None:
        return ""
    told = [say(language, "doctor.sample", line=sample.text)]
    if sample.error is not None:
        told.append(say(language, "doctor.sample.error", error=sample.error))
    elif sample.near is not None:
        words = {"dialect": sample.near, "example": sample.example or ""}
        told.append(say(language, "doctor.sample.near", **words))
    return say(language, "space").join(("", *told))
