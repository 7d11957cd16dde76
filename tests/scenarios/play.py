"""Play a scenario: bytes in, the last packet's decision and its sentences out."""

import re
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from exporter import build, explanation
from exporter.enrichment import JoinedTables, read_table
from exporter.enrichment.asn import embedded
from exporter.events import Batch, Decision
from exporter.evidence import EvidenceStore
from exporter.explain import Answer, explain
from exporter.explanation import Language
from exporter.host_report import Flow, HostReport, Socket
from exporter.pipeline import Pipeline
from exporter.settings import Config, SpecialPrefix
from exporter.web.culprits import subject_of

FOLDER = Path(__file__).parent
START = 1_794_322_000.0  # 2026-11-10, 14:46 UTC
HOUR = 3600.0
INTERVAL = 15.0  # seconds between the reports of an agent
_SOCKET = re.compile(
    r"(?P<transport>udp|tcp) (?:(?P<local>\[\S+\]|[0-9.]+):)?(?P<port>\d+)"
    r"(?: nat (?P<nat>\d+))?(?:>(?P<remote>\[\S+\]|[0-9.]+):(?P<remote_port>\d+))?"
    r"(?: (?P<process>.+))?"
)


class Lines(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One line, or many like it: `{n}`, `{port}` and `{isp}`, a household's address, differ."""

    line: str
    times: int = 1
    first: int = 1  # n of the first
    every: float = 1.0  # seconds
    after: float = 0.0  # seconds since the line before


class Report(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a device reported."""

    device: str
    at: float = -5.0  # seconds since the first line, or since the last for `late_reports`
    address: str = "192.168.1.10"
    addresses: tuple[str, ...] = ()  # besides
    os: str = "windows"
    sockets: tuple[str, ...] = ()  # "udp 51413 netsession_win.exe", "tcp 50000>192.0.2.20:443 …"
    flows: tuple[str, ...] = ()  # "udp 192.168.1.44:50321 nat 50321>192.0.2.20:443"


class Hour(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is said of the hour's first suspect."""

    en: str
    ja: str = ""


class Scenario(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens, and what must be said of the last packet."""

    name: str
    config: dict[str, Any] = {}
    reports: tuple[Report, ...] = ()
    late_reports: tuple[Report, ...] = ()
    lines: tuple[str | Lines, ...]
    cause: str
    verdict: str
    device: str = ""  # "" when nobody may be named
    process: str = ""
    en: str = ""
    ja: str = ""
    hour: Hour | None = None


class Played(NamedTuple):
    """What came of it."""

    decision: Decision
    pipeline: Pipeline
    store: EvidenceStore
    line: str  # the last one
    now: float

    def said(self, language: Language) -> str:
        """The summary of the last packet."""
        decision = self.decision
        packets, process = decision.rejection, decision.attribution.process
        application = self.pipeline.stages.knowledge.application(
            process, packets.transport, packets.our_port
        )
        return explanation.summary(explanation.of_decision(decision, application), language)

    def said_of_the_hour(self, language: Language) -> str:
        """The summary of the first suspect of the last hour."""
        first = self.store.suspects(self.now - HOUR, self.now + 1)[0]
        subject = subject_of(first, self.pipeline.stages.knowledge, HOUR)
        return explanation.summary(subject, language)

    def explained(self, language: Language) -> Answer:
        """What is said of the last line when it comes once more."""
        router = self.decision.rejection.router
        return explain(self.line, self.pipeline, self.now, language, router)


def scenarios() -> list[Scenario]:
    """Every scenario."""
    found: list[Scenario] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        found += msgspec.yaml.decode(file.read_bytes(), type=list[Scenario])
    return found


def play(scenario: Scenario) -> Played:
    """Send a scenario's reports and lines through a pipeline."""
    special = [SpecialPrefix(prefix="100.64.0.0/10", kind="private")]
    config = msgspec.convert(
        {"network": {"special": msgspec.to_builtins(special)}, **scenario.config}, Config
    )
    with patch("exporter.enrichment.networks.embedded", _networks):  # unpacked once, not each time
        stages = build.stages(config)
    store = EvidenceStore(sqlite3.connect(":memory:"))
    decisions: list[Decision] = []
    pipeline = Pipeline(stages, decisions.append)
    for report in sorted(scenario.reports, key=lambda report: report.at):
        pipeline.report(_report(report), START + report.at)
    now, line, told = START, "", START
    alive = {report.device: report for report in scenario.reports if report.at > -45}
    for when, line in _timed(scenario.lines):
        while told + INTERVAL < when and alive and when - START < HOUR:
            told += INTERVAL
            for report in alive.values():
                pipeline.report(_report(report, told - START), told)
        now = when
        pipeline.process(
            Batch(received=when, sender="192.168.1.1", listener="udp", messages=[line.encode()])
        )
        pipeline.tick(when)
    for report in scenario.late_reports:
        pipeline.report(_report(report), now + max(report.at, 1.0))
    pipeline.finish(now + 1)
    for decision in decisions:
        store.record(decision)
    store.write(store.take(), now + 1)
    last = max(reversed(decisions), key=lambda decision: decision.last)
    return Played(last, pipeline, store, line, now)


@cache
def _networks() -> JoinedTables:
    ours = read_table((FOLDER / "networks.tsv").read_bytes(), "networks.tsv")
    return JoinedTables([ours, embedded()])


def _timed(lines: tuple[str | Lines, ...]) -> Iterator[tuple[float, str]]:
    when = START
    for entry in lines:
        many = Lines(line=entry) if isinstance(entry, str) else entry
        when += many.after
        for n in range(many.first, many.first + many.times):
            yield when, _filled(many.line, n)
            when += many.every


def _filled(line: str, n: int) -> str:
    household = f"198.51.100.{n % 8 * 32 + n // 8 % 31 + 1}"
    words = {"{n}": str(n), "{isp}": household, "{port}": str(20011 + n * 317 % 40000)}
    for place, word in words.items():
        line = line.replace(place, word)
    return line


def _report(report: Report, later: float = 0.0) -> HostReport:
    """The report, or the same some seconds later."""
    flows = [_ends(text) for text in report.flows]
    return HostReport(
        version=1,
        device=report.device,
        os=report.os,
        agent="knockwatch test",
        addresses=(report.address, *report.addresses),
        sockets=tuple(_socket(_ends(text), later) for text in report.sockets),
        flows=tuple(
            Flow(
                transport=flow["transport"],
                local_ip=flow["local"],
                local_port=int(flow["port"]),
                remote_ip=flow["remote"],
                remote_port=int(flow["remote_port"]),
                nat_port=int(flow["nat"]) if flow["nat"] else None,
            )
            for flow in flows
        ),
    )


def _socket(ends: re.Match[str], later: float) -> Socket:
    remote = ends["remote"]
    listens = ends["transport"] == "tcp" and not remote
    return Socket(
        transport=ends["transport"],
        local_ip="0.0.0.0" if not remote or "[" not in remote else "::",
        local_port=int(ends["port"]),
        remote_ip=remote.strip("[]") if remote else None,
        remote_port=int(ends["remote_port"]) if remote else None,
        state="listen" if listens else None,
        process=ends["process"],
        age_seconds=60.0 + later,
    )


def _ends(text: str) -> re.Match[str]:
    found = _SOCKET.fullmatch(text)
    if found is None:
        raise ValueError(f"no socket: {text!r}")
    return found
