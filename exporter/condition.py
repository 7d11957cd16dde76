"""The condition of a running exporter, as the doctor looks at it.

The pipeline goes in, with what its counters grew by since the start; a Condition comes out. It
changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping

from exporter import metrics as m
from exporter.dialects import nearest
from exporter.dialects.nearest import Examples
from exporter.doctor import Condition, Dropped, Listener, RouterCondition, Sample
from exporter.pipeline import Pipeline
from exporter.redaction import filled
from exporter.routers import Router
from exporter.series import Declaration
from exporter.unread import Kind, Unread

MOST_ROUTERS = 50  # most recently heard

Grown = Callable[[Declaration], Mapping[tuple[str, ...], float]]  # by labels, since the start


def of(
    pipeline: Pipeline,
    grown: Grown,
    now: float,
    *,
    version: str,
    started: float,
    ready: bool,
    scraped: float | None,
    syslog_port: int,
) -> Condition:
    """Return the condition at `now`; `scraped` is when the last scrape was."""
    stages = pipeline.stages
    heard = sorted(stages.routers.known(), key=lambda router: -router.last_message)
    numbers = _Numbers(grown)
    examples = nearest.examples(stages.reader.dialects)
    devices = [device for device in stages.hosts.devices() if device.is_agent]
    return Condition(
        version=version,
        up_seconds=max(0.0, now - started),
        ready=ready,
        syslog_port=syslog_port,
        listeners=tuple(
            Listener(name=name, messages=one.messages, seconds=max(0.0, now - one.last))
            for name, one in sorted(pipeline.arrived.items())
        ),
        dropped=_dropped(grown),
        routers=tuple(
            _router(router, pipeline.unread.of(router.name), numbers, examples, now)
            for router in heard[:MOST_ROUTERS]
        ),
        unheard=tuple(sorted(stages.routers.rules.keys() - {router.name for router in heard})),
        agents=tuple(device.name for device in devices if now <= device.current_until),
        old_agents=tuple(device.name for device in devices if now > device.current_until),
        scraped=None if scraped is None else max(0.0, now - scraped),
    )


def _dropped(grown: Grown) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(listener=listener, reason=reason, messages=int(messages))
        for (listener, reason), messages in sorted(grown(m.DROPPED).items())
        if messages >= 1
    )


class _Numbers:
    """Messages and packets by router, since the start."""

    def __init__(self, grown: Grown) -> None:
        self.messages: dict[str, int] = {}
        self.not_understood: dict[str, int] = {}
        for (router, _, outcome), messages in grown(m.MESSAGES).items():
            _add(self.messages, router, messages)
            if outcome in ("unrecognised", "malformed"):
                _add(self.not_understood, router, messages)
        self.rejected: dict[str, int] = {}
        for labels, packets in grown(m.REJECTED).items():
            _add(self.rejected, labels[0], packets)


def _router(
    router: Router, unread: Unread, numbers: _Numbers, examples: Examples, now: float
) -> RouterCondition:
    return RouterCondition(
        name=router.name,
        seconds=max(0.0, now - router.last_message),
        masked=router.masked,
        limited=router.plateau.limited(now),
        offset=router.clock.offset,
        lag=router.clock.lag,
        messages=numbers.messages.get(router.name, 0),
        not_understood=numbers.not_understood.get(router.name, 0),
        rejected=numbers.rejected.get(router.name, 0),
        no_verdict=unread.no_verdict,
        sample=_sample(unread, examples),
        unjudged=_newest(unread, ("no_verdict",))[0],
    )


def _sample(unread: Unread, examples: Examples) -> Sample | None:
    text, error = _newest(unread, ("unrecognised", "malformed"))
    if text is None:
        return None
    near = examples.nearest(filled(text)) if error is None else None
    return Sample(
        text=text,
        error=error,
        near=near and near.title,
        example=near and near.example,
    )


def _newest(unread: Unread, kinds: Iterable[Kind]) -> tuple[str | None, str | None]:
    """The text and the error of the newest form of these kinds."""
    for form in unread.newest:
        if form.kind in kinds:
            return form.text, form.error
    return None, None


def _add(counts: dict[str, int], key: str, amount: float) -> None:
    counts[key] = counts.get(key, 0) + int(amount)
