"""The hops of a line's way, each with what may be wrong there.

A hop is a function in HOPS: to look at one more thing, add a row. What it yields names a phrase
below `doctor.HOP`, and one with `.step` unless all is well.
"""

from collections.abc import Callable, Iterator

from exporter.doctor.records import Condition, RouterCondition, Sample, State
from exporter.explanation.quantities import duration, number, share
from exporter.explanation.words import Language, say

SILENT = 3600.0  # seconds without a line, after which nothing is known about now
RARELY = 10  # times as long as there is between two lines of a router
LATE = 300.0  # seconds by which a clock may be wrong, or a line late
MANY, MOST = 0.1, 0.5  # of a router's lines, of all packets
MOST_NAMED = 10  # devices
SCRAPED = 600.0  # seconds; Prometheus asks every 15 or 60

Found = tuple[State, str, dict[str, str]]  # state, phrase below `doctor.HOP`, its words


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
        alone = condition.address.startswith("127.") or condition.address == "::1"
        yield "fail", "alone" if alone else "nothing", words | {"address": condition.address}
    silent = all(listener.seconds > SILENT for listener in condition.listeners)
    for listener in condition.listeners:
        ago = duration(listener.seconds, language)
        words = {"listener": listener.name, "n": number(listener.messages), "ago": ago}
        yield ("warn", "silent", words) if silent else ("ok", "heard", words)
    for router in condition.routers:
        if not silent and router.rejected and router.seconds > _patience(router, condition):
            words = {"router": router.name, "ago": duration(router.seconds, language)}
            yield "warn", "quiet", words
    for name in condition.unheard:
        yield "warn", "unheard", {"router": name, "port": port}


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
            "dialects": say(language, "comma").join(router.dialects or router.read_as),
        }
        if part < MANY:
            yield "ok", "understood", words
        elif router.is_stranger:
            yield ("ok" if _others(router, condition) else "fail"), "stranger", words
        elif router.dialects:
            yield "fail" if part >= MOST else "warn", "misread", words
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
            # An access point tells who joins it, and rejects nothing.
            other = not router.routes and not router.configured and _others(router, condition)
            yield ("ok", "other", words) if other else ("warn", "nothing", words)


def _clock(condition: Condition, language: Language) -> Iterator[Found]:
    for router in condition.routers:
        if router.is_stranger:
            continue
        if router.offset is not None and abs(router.offset) > LATE:
            minutes = round(abs(router.offset) / 60)  # 9 hours, though its line took a second
            wrong = duration(60.0 * minutes, language)
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
        yield "ok", "report", {"devices": _named(condition.agents, language)}
        if condition.silent_devices:
            missed = condition.nobodys >= max(1.0, MANY * condition.decided)
            words = {
                "devices": _named(condition.silent_devices, language),
                "share": _share(condition.nobodys, max(1, condition.decided), language),
                "n": number(condition.decided),
            }
            yield ("warn", "missed", words) if missed else ("ok", "without", words)
    elif condition.refused_reports:
        yield "warn", "refused", {"n": number(condition.refused_reports)}
    elif not condition.old_agents:
        yield "warn", "none", {}


def _store(condition: Condition, _: Language) -> Iterator[Found]:
    for trouble in condition.troubles:
        yield "fail", trouble.database, {"error": trouble.error}
    if not condition.troubles:
        yield "ok", "kept", {}


def _scrape(condition: Condition, language: Language) -> Iterator[Found]:
    if condition.scraped is None:
        yield "warn", "never", {}
        return
    words = {"ago": duration(condition.scraped, language)}
    yield ("ok", "seen", words) if condition.scraped <= SCRAPED else ("warn", "old", words)


def _canary(condition: Condition, language: Language) -> Iterator[Found]:
    canary = condition.canary
    if canary is None:
        return
    ago = "" if canary.seconds is None else duration(canary.seconds, language)
    yield ("fail", canary.failed, {}) if canary.failed else ("ok", "named", {"ago": ago})


HOPS: tuple[tuple[str, Callable[[Condition, Language], Iterator[Found]]], ...] = (
    ("serve", _serve),
    ("arrival", _arrival),
    ("sender", _sender),
    ("lines", _lines),
    ("verdicts", _verdicts),
    ("clock", _clock),
    ("limit", _limit),
    ("devices", _devices),
    ("canary", _canary),
    ("store", _store),
    ("scrape", _scrape),
)


def _patience(router: RouterCondition, condition: Condition) -> float:
    """For how long a router may say nothing: where little is rejected, nights are silent."""
    return max(SILENT, RARELY * condition.up_seconds / max(1, router.messages))


def _others(router: RouterCondition, condition: Condition) -> bool:
    """Whether another tells of rejected packets."""
    return any(other.rejected for other in condition.routers if other is not router)


def _named(devices: tuple[str, ...], language: Language) -> str:
    more = "…" if len(devices) > MOST_NAMED else ""
    return say(language, "comma").join(devices[:MOST_NAMED]) + more


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
