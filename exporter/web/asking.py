"""Which packets a reader asks for: the query of an address goes in, a question comes out. Pure.

The names are those of `GET /api/v1/decisions`: an empty value is any, `nobody=1` are packets of no
device, `unnamed=1` those of no known program. The order of the address is the reader's way, and is
kept.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple, get_args

from exporter.events import CauseName, Direction
from exporter.evidence.breakdown import PAGE, Question
from exporter.web.moments import around, moment
from exporter.web.periods import Period, chosen
from exporter.web.refusals import Refusal

MOST_PAGES = 200
_OLDEST = 86_400.0  # seconds for which the pages of a list stay together

# What can be asked for, and its column.
COLUMNS: Mapping[str, str] = {
    "device": "device",
    "process": "process",
    "network": "asn",
    "port": "our_port",
    "transport": "transport",
    "remote": "remote_ip",
    "router": "router",
    "cause": "cause",
    "direction": "direction",
}
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_NOBODY = {"nobody": "device", "unnamed": "process"}  # switches that ask for "" there
_CHOICES = {"cause": get_args(CauseName), "direction": get_args(Direction)}


class Asked(NamedTuple):
    """What a reader asks for."""

    question: Question
    period: Period | None  # None: around a moment
    at: float | None
    span: Mapping[str, str]  # the part of the address that says when
    filters: Mapping[str, str]  # the part that says which, in its order
    page: int  # from 1

    @property
    def skipped(self) -> int:
        """How many rows stand on the pages before."""
        return (self.page - 1) * PAGE


def read(query: Mapping[str, str], now: float) -> Asked:
    """Return what an address asks for.

    Raises Refusal.
    """
    filters = {name: value for name, value in query.items() if value and _is_filter(name, value)}
    columns = {COLUMNS[name]: value for name, value in filters.items() if name in COLUMNS}
    columns |= {_NOBODY[name]: "" for name in filters if name in _NOBODY}
    facts: dict[str, object] = dict(columns)
    if "our_port" in columns:
        facts["our_port"] = _port(columns["our_port"])
    page = _number(query.get("page") or "1")
    if page is None or not 1 <= page <= MOST_PAGES:
        raise Refusal(400, "refused.page", most=MOST_PAGES)
    if query.get("at"):
        at, width = moment(query["at"]), around(query.get("around", ""))
        question = Question(since=at - width, until=at + width, **facts)  # type: ignore[arg-type]
        span = {"at": query["at"], "around": f"{width:g}"}
        return Asked(question, None, at, span, filters, page)
    period = chosen(query.get("period"))
    until = _pinned(query.get("until", ""), now)
    question = Question(since=until - period.seconds, until=until, **facts)  # type: ignore[arg-type]
    return Asked(question, period, None, {"period": period.name}, filters, page)


def filters_of(name: str, value: str | int | None, transport: str = "") -> dict[str, str]:
    """Return the part of an address that asks for one value; empty where there is none to ask."""
    if name == "port":
        return {} if value is None else {"port": str(value), "transport": transport}
    if value == "":
        switch = next((switch for switch, column in _NOBODY.items() if column == name), None)
        return {switch: "1"} if switch else {}
    return {name: str(value)}


def without(filters: Mapping[str, str], name: str) -> dict[str, str]:
    """Return filters without those of one kind."""
    gone = {name} | {switch for switch, column in _NOBODY.items() if column == name}
    gone |= {"transport"} if name == "port" else set()
    return {key: value for key, value in filters.items() if key not in gone}


def kind(name: str) -> str:
    """Return what a filter is about: that of `nobody` is the device."""
    return _NOBODY.get(name, name)


def _is_filter(name: str, value: str) -> bool:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise Refusal(400, "refused.choice", name=name, value=value[:40])
    return name in COLUMNS or name in _NOBODY


def _port(text: str) -> int:
    port = _number(text)
    if port is None or port > 65535:
        raise Refusal(400, "refused.port", port=text[:40])
    return port


def _number(text: str) -> int | None:
    """Return a number of at most nine digits: more are none of ours, and SQLite has bounds."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _pinned(text: str, now: float) -> float:
    """The end of the period: a moment that the pages of one list share, else now."""
    if _SECONDS.fullmatch(text) and now - _OLDEST <= float(text) <= now:
        return float(text)
    return now
