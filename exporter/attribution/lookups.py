"""Who asked for which address: the DNS server's own log, joined.

Events of kind `dns` go in; out comes who asked for the name behind an address. dnsmasq prints a
question and its answers as lines of their own, joined by the name; an alias in between carries the
question on to the next answer. With `log-queries=extra`, and in AdGuard Home's log, an answer names
who asked.
"""

from collections.abc import Container, Set
from typing import NamedTuple

import msgspec

from exporter.events import Event

ANSWERED = 10.0  # seconds; a question that nobody answered by then is given up
MAX_NAMES = 2048  # that were asked for lately
MAX_ADDRESSES = 8192
MAX_ASKERS = 16  # of one name or address; more name nobody anyhow


class Lookup(NamedTuple):
    """One device's question for a name that turned out to be an address."""

    asker: str  # its address
    name: str
    when: float


class _Question(msgspec.Struct):
    name: str
    askers: dict[str, float]  # address → when


class Lookups:
    """Questions that wait for their answers, and the answers of the last hours."""

    def __init__(self) -> None:
        self._questions: dict[tuple[str, str], _Question] = {}  # by router and name
        self._chains: dict[str, tuple[_Question, float]] = {}  # by router: an alias, and when
        self._answers: dict[str, dict[str, Lookup]] = {}  # by address and asker

    def add(self, router: str, event: Event, now: float) -> None:
        """Take a question, an alias or an answer in."""
        if event.hostname is None:
            return
        name = event.hostname.lower()
        if event.source_ip is not None and event.ip is not None:
            self._keep(event.ip, Lookup(event.source_ip, name, now))
        elif event.source_ip is not None:
            self._ask(router, name, event.source_ip, now)
        else:
            question = self._question(router, name, now)
            if question is None:
                return
            if event.ip is None:
                self._chains[router] = (question, now)
                return
            for asker, when in question.askers.items():
                if now - when <= ANSWERED:
                    self._keep(event.ip, Lookup(asker, question.name, when))

    @property
    def is_empty(self) -> bool:
        """Whether nobody asked for anything."""
        return not self._answers

    @property
    def addresses(self) -> Set[str]:
        """Every address for which anybody asked."""
        return self._answers.keys()

    def of(self, ip: str, moment: float, within: float) -> list[Lookup]:
        """Who asked for an address up to `within` seconds before a moment, each asker once."""
        return [
            lookup
            for lookup in self._answers.get(ip, {}).values()
            if 0 <= moment - lookup.when <= within
        ]

    def askers(self) -> set[str]:
        """Every address from which anybody asked."""
        answered = (asker for askers in self._answers.values() for asker in askers)
        waiting = (asker for question in self._questions.values() for asker in question.askers)
        return {*answered, *waiting}

    def forget(self, askers: Container[str]) -> None:
        """Drop what was asked for from some addresses."""
        for ip, found in list(self._answers.items()):
            self._answers[ip] = {a: one for a, one in found.items() if a not in askers}
            if not self._answers[ip]:
                del self._answers[ip]
        for question in self._questions.values():  # aliases share these
            question.askers = {a: at for a, at in question.askers.items() if a not in askers}

    def _ask(self, router: str, name: str, asker: str, now: float) -> None:
        question = self._questions.pop((router, name), None) or _Question(name, {})
        if len(self._questions) >= MAX_NAMES:
            del self._questions[next(iter(self._questions))]
        self._questions[router, name] = question
        question.askers = {a: at for a, at in question.askers.items() if now - at <= ANSWERED}
        if len(question.askers) < MAX_ASKERS:
            question.askers[asker] = now

    def _question(self, router: str, name: str, now: float) -> _Question | None:
        """The question that an answer for `name` belongs to: its own, or that of an alias."""
        question = self._questions.get((router, name))
        if question is not None:
            return question
        chain, when = self._chains.get(router, (None, 0.0))
        return chain if now - when <= 1.0 else None

    def _keep(self, ip: str, lookup: Lookup) -> None:
        askers = self._answers.pop(ip, {})
        if len(self._answers) >= MAX_ADDRESSES:
            del self._answers[next(iter(self._answers))]
        self._answers[ip] = askers
        if len(askers) >= MAX_ASKERS and lookup.asker not in askers:
            del askers[next(iter(askers))]
        askers[lookup.asker] = lookup
