r"""Dialects that a user writes: regular expressions with named groups, from the configuration.

    regex = 'DENY (?P<transport>\w+) (?P<source_ip>\S+):(?P<source_port>\d+) to …'

Patterns go in, a Dialect like all others comes out. A group is named as the key of the event that
it fills. RE2 matches in time linear in the line, so that no pattern can stall the others; it knows
neither look-around nor back-references. A pattern is tried on its own sample lines first.
"""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from exporter.dialects import Dialect, Malformed, fields, verdict_words
from exporter.events import Event, Kind, SyslogMessage
from exporter.syslog import header
from exporter.syslog.repeats import MAX_COUNT

MAX_REGEX = 2000  # characters
MAX_LINE = 4096  # characters that are looked at: a pattern may cost a microsecond for each
MAX_TEXT = 255  # characters of a rule, name or interface
_MEMORY = 1 << 20  # bytes of a compiled pattern and its automaton
_SAMPLE_TIME = 1_800_000_000.0  # only the year of a sample's stamp depends on it


class Pattern(NamedTuple):
    """One form of line, as the configuration has it."""

    regex: str
    kind: Kind | None  # None: what the word in the group `action` means
    is_ignored: bool  # known, and worth no event
    samples: tuple[str, ...]  # whole lines, as the router sends them


class _Form(NamedTuple):
    expression: Any  # re2's compiled pattern; the library has no types
    kind: Kind | None
    is_ignored: bool


def dialect(name: str, patterns: Sequence[Pattern]) -> Dialect:
    """Return the dialect of these patterns, which are tried in their order.

    Raises ValueError naming the pattern and what is wrong with it, or with one of its samples.
    """
    forms = [_form(pattern, f"pattern[{number}]") for number, pattern in enumerate(patterns)]

    def claims(message: SyslogMessage) -> bool:
        text = message.text[:MAX_LINE]
        return any(form.expression.search(text) for form in forms)

    def parse(message: SyslogMessage) -> Event | None:
        for form in forms:
            if found := form.expression.search(message.text[:MAX_LINE]):
                return _event(form, found.groupdict())
        raise AssertionError("parse is only called on what claims accepted")

    for number, pattern in enumerate(patterns):
        for place, sample in enumerate(pattern.samples):
            try:
                _try(sample, forms, number)
            except ValueError as error:
                raise ValueError(f"pattern[{number}].samples[{place}]: {error}") from None
    return Dialect(name, "your own", claims, parse, tuple(_examples(patterns)))


def _examples(patterns: Iterable[Pattern]) -> Iterable[str]:
    for pattern in patterns:
        if not pattern.is_ignored:
            yield from (_behind_header(sample)[:MAX_LINE] for sample in pattern.samples)


def _behind_header(sample: str) -> str:
    return header.read(sample.encode(), _SAMPLE_TIME).text


def _text(value: str) -> str | None:
    return value[:MAX_TEXT] or None


def _action(value: str) -> str | None:
    return value[:MAX_TEXT].lower() or None


def _count(value: str) -> int | None:
    if not (value.isdecimal() and value.isascii()):
        return None
    if len(value) > len(str(MAX_COUNT)) or int(value) > MAX_COUNT:
        raise Malformed(f"a count of {value[:20]}")
    return int(value) or None


_READERS: dict[str, Callable[[str], str | int | None]] = {
    "action": _action,
    "transport": fields.transport,
    "source_ip": fields.address,
    "source_port": fields.port,
    "destination_ip": fields.address,
    "destination_port": fields.port,
    "ingress_interface": lambda text: fields.interface(text[:MAX_TEXT]),
    "egress_interface": lambda text: fields.interface(text[:MAX_TEXT]),
    "rule": _text,
    "mac": fields.mac,
    "ip": fields.address,
    "hostname": _text,
    "count": _count,
}


def _form(pattern: Pattern, place: str) -> _Form:
    import re2  # noqa: PLC0415 - 2.5 MB that few need

    if len(pattern.regex) > MAX_REGEX:
        raise ValueError(f"{place}.regex: longer than {MAX_REGEX} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        expression = re2.compile(pattern.regex, options=options)
    except re2.error as error:
        told = error.args[0] if error.args else ""
        why = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise ValueError(f"{place}.regex: {why} (the syntax is that of RE2)") from None
    for group in expression.groupindex:
        if group not in _READERS:
            near = get_close_matches(group, _READERS, n=1, cutoff=0.0)[0]
            raise ValueError(f"{place}.regex: unknown group `{group}`; did you mean `{near}`?")
    if pattern.kind is None and not pattern.is_ignored and "action" not in expression.groupindex:
        raise ValueError(f"{place}: needs a kind, or a group named `action` that holds the verdict")
    if not pattern.samples:
        raise ValueError(f"{place}.samples: needs a line that it matches, as the router sends it")
    return _Form(expression, pattern.kind, pattern.is_ignored)


def _event(form: _Form, groups: dict[str, str | None]) -> Event | None:
    if form.is_ignored:
        return None
    values = {name: _READERS[name](text.strip()) for name, text in groups.items() if text}
    if values.get("transport") in fields.PORTLESS:
        values |= {"source_port": None, "destination_port": None}
    verdict = verdict_words.first(str(values.get("action") or ""))
    kind = form.kind or (verdict[0] if verdict else "other")
    return Event(kind=kind, **values)  # type: ignore[arg-type] # by the readers above


def _try(sample: str, forms: Sequence[_Form], number: int) -> None:
    """Read a sample; whatever a group catches must be readable.

    Raises ValueError saying what is not.
    """
    text = _behind_header(sample)[:MAX_LINE]
    for earlier in range(number):
        if forms[earlier].expression.search(text):
            raise ValueError(f"pattern[{earlier}] matches it before")
    form = forms[number]
    found = form.expression.search(text)
    if found is None:
        raise ValueError(f"the pattern does not match {text!r}")
    event = _event(form, found.groupdict())
    for name, value in found.groupdict().items():
        lost = value and event is not None and getattr(event, name) is None
        portless = name.endswith("_port") and event and event.transport in fields.PORTLESS
        if lost and not portless:
            raise ValueError(f"`{name}` cannot be read from {value!r}")
    if event is not None and form.kind is None and event.kind == "other":
        raise ValueError(f"`action` holds no verdict that is known: {event.action!r}; say the kind")
