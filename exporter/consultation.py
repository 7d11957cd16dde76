"""`knockwatch doctor`: ask a running exporter what it finds, and put it on paper.

The exporter's address goes in, the lines to print and whether anything fails come out. What an
exporter finds is its own word (`doctor`); that none answers is said here.
"""

import urllib.error
import urllib.request
from http.client import HTTPException

import msgspec

from exporter.doctor import Finding, next_step
from exporter.explanation.words import Language, say

SECONDS = 10  # until an exporter must have answered
MOST_BYTES = 4 * 1024 * 1024
_MARKS = {"ok": "ok  ", "warn": "warn", "fail": "fail"}


class Report(msgspec.Struct, frozen=True):
    """What `GET /api/v1/doctor` answers."""

    findings: tuple[Finding, ...]
    next: str


def consult(url: str, language: Language) -> tuple[str, bool]:
    """Return what to print, and whether nothing fails on the way of a line.

    Raises ValueError when `url` is none.
    """
    report = _ask(url.rstrip("/"), language)
    width = max(_width(finding.hop) for finding in report.findings)
    lines = [
        f"{_MARKS[f.state]}  {f.hop}{' ' * (width - _width(f.hop))}  {f.sentence}"
        for f in report.findings
    ]
    told = say(language, "doctor.next", step=report.next)
    fine = all(finding.state != "fail" for finding in report.findings)
    return "\n".join((*lines, "", told)), fine


def _ask(url: str, language: Language) -> Report:
    address = f"{url}/api/v1/doctor?lang={language}"
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"not an address of an exporter: {url!r}; write http://HOST:10151")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is in this home
    try:
        with direct.open(address, timeout=SECONDS) as answer:
            report = msgspec.json.decode(answer.read(MOST_BYTES), type=Report)
            return report if report.findings else _absent("older", url, "{}", language)
    except urllib.error.HTTPError as error:
        return _absent("older", url, f"{error.code} {error.reason}", language)
    except urllib.error.URLError as error:
        return _absent("absent", url, str(error.reason), language)
    except (OSError, HTTPException) as error:
        return _absent("absent", url, str(error) or repr(error), language)
    except msgspec.MsgspecError as error:
        return _absent("older", url, str(error), language)


def _absent(topic: str, url: str, error: str, language: Language) -> Report:
    key, words = f"doctor.serve.{topic}", {"url": url, "error": error}
    step = say(language, f"{key}.step")
    found = Finding(say(language, "doctor.serve"), "fail", say(language, key, **words), step)
    return Report((found,), next_step((found,), language))


def _width(text: str) -> int:
    """How many columns of a terminal a text takes; Japanese characters take two."""
    return sum(1 if character.isascii() else 2 for character in text)
