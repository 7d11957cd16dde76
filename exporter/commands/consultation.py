"""`knockwatch doctor`: ask a running exporter what it finds, and put it on paper.

The exporter's address goes in, the lines to print and whether all is well come out. What it finds
is its own word (`doctor`); whether it can be reached from here is said here.
"""

import socket
import urllib.error
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urlsplit

import msgspec

from exporter.direct import Direct
from exporter.doctor import Finding, State, next_step
from exporter.explanation.words import Language, say

SECONDS = 10  # until an exporter must have answered
CONNECT_SECONDS = 3
MOST_BYTES = 4 * 1024 * 1024
_MARKS = {"ok": "ok  ", "warn": "warn", "fail": "fail"}


class _Heard(msgspec.Struct, frozen=True):
    messages: int


class _Condition(msgspec.Struct, frozen=True):
    syslog_port: int
    listeners: tuple[_Heard, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What `GET /api/v1/doctor` answers."""

    findings: tuple[Finding, ...]
    next: str
    condition: _Condition | None = None


def consult(url: str, language: Language, direct: Direct) -> tuple[str, bool]:
    """Return what to print, the next step first, and whether there is nothing to do.

    Raises ValueError when `url` is none.
    """
    report = _ask(url.rstrip("/"), language, direct)
    found, step = report.findings, report.next
    if report.condition is not None and report.condition.syslog_port:
        found = (found[0], _reached(url, report.condition, language), *found[1:])
        step = next_step(found, language)
    width = max(_width(finding.hop) for finding in found)
    lines = [
        f"{_MARKS[f.state]}  {f.hop}{' ' * (width - _width(f.hop))}  {f.sentence}" for f in found
    ]
    told = say(language, "doctor.next", step=step)
    fine = all(finding.state == "ok" for finding in found)
    return "\n".join((told, "", *lines)), fine


def _ask(url: str, language: Language, direct: Direct) -> Report:
    address = f"{url}/api/v1/doctor?lang={language}"
    try:
        with direct.open(address, seconds=SECONDS) as answer:
            report = msgspec.json.decode(answer.read(MOST_BYTES), type=Report)
            return report if report.findings else _absent("older", url, "{}", language)
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.UNAUTHORIZED:
            return _absent("closed", url, error.reason, language)
        return _absent("older", url, f"{error.code} {error.reason}", language)
    except urllib.error.URLError as error:
        return _absent("absent", url, str(error.reason), language)
    except (OSError, HTTPException) as error:
        return _absent("absent", url, str(error) or repr(error), language)
    except msgspec.MsgspecError as error:
        return _absent("older", url, str(error), language)


def _reached(url: str, condition: _Condition, language: Language) -> Finding:
    """Whether the port for log lines can be reached from here; by TCP: UDP answers nothing."""
    host, port = urlsplit(url).hostname or "", condition.syslog_port
    hop, words = say(language, "doctor.listener"), {"host": host, "port": str(port)}
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        words["error"] = error.strerror or str(error)
        step = say(language, "doctor.listener.closed.step", **words)
        state: State = "warn" if any(one.messages for one in condition.listeners) else "fail"
        return Finding(hop, state, say(language, "doctor.listener.closed", **words), step)
    return Finding(hop, "ok", say(language, "doctor.listener.open", **words))


def _absent(topic: str, url: str, error: str, language: Language) -> Report:
    key, words = f"doctor.serve.{topic}", {"url": url, "error": error}
    step = say(language, f"{key}.step")
    found = Finding(say(language, "doctor.serve"), "fail", say(language, key, **words), step)
    return Report((found,), next_step((found,), language))


def _width(text: str) -> int:
    """How many columns of a terminal a text takes; Japanese characters take two."""
    return sum(1 if character.isascii() else 2 for character in text)
