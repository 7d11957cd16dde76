"""Every scenario, from bytes to the sentence; see tests/scenarios."""

from collections import Counter
from importlib import resources
from typing import get_args

import msgspec.yaml
import pytest

from exporter.events import CauseName
from exporter.knowledge.records import PortsFile
from tests.scenarios.play import Scenario, play, scenarios
from tests.scenarios.record import recorded

SCENARIOS = scenarios()
_PORTS = msgspec.yaml.decode(
    resources.files("exporter.knowledge").joinpath("ports.yaml").read_bytes(), type=PortsFile
)
ENGLISH_NAMES = {port.name for port in _PORTS.dest_ports if port.name_ja} | {
    hint.name for hint in _PORTS.source_port_hints if hint.name_ja
}


@pytest.mark.thorough
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_people_are_told_what_happened_and_whoever_asks_is_told_the_same(scenario: Scenario):
    played = play(scenario)
    decision = played.decision
    whose = decision.attribution
    assert (decision.cause.name, decision.cause.verdict) == (scenario.cause, scenario.verdict)
    assert (whose.device, whose.process) == (scenario.device, scenario.process)
    assert played.said("en") == scenario.en
    assert played.said("ja") == scenario.ja
    answer = played.explained("en")
    if answer.cause is not None:  # of a repetition alone nothing is known
        assert (answer.cause, answer.verdict) == (scenario.cause, scenario.verdict)
        assert (answer.device or "", answer.process or "") == (scenario.device, scenario.process)
        assert answer.summary == scenario.en
    japanese = played.explained("ja")
    told = "\n".join((japanese.summary, japanese.advice, *japanese.steps, scenario.ja))
    assert [name for name in ENGLISH_NAMES if name in told] == []
    if scenario.hour is not None:
        assert played.said_of_the_hour("en") == scenario.hour.en
        assert played.said_of_the_hour("ja") == scenario.hour.ja


def test_there_are_enough_scenarios_of_every_cause():
    causes = Counter(scenario.cause for scenario in SCENARIOS)
    assert set(causes) == set(get_args(CauseName))
    assert min(causes.values()) >= 5
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) >= 60


def test_what_is_recorded_keeps_what_people_wrote():
    line = "TCP connection rejected from 198.51.100.7:4000 to 203.0.113.9:23"
    entry = f'- name: x\n  lines: ["{line}"]\n  cause: scan\n  verdict: benign\n'
    once = recorded(entry)
    assert once.startswith(entry)
    assert once.count("\n  en: ") == once.count("\n  ja: ") == 1
    assert recorded(once) == once
