"""Every scenario, from bytes to the sentence; see tests/scenarios."""

from collections import Counter
from typing import get_args

import pytest

from exporter.events import CauseName
from tests.scenarios.play import Scenario, play, scenarios

SCENARIOS = scenarios()


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
    if scenario.hour is not None:
        assert played.said_of_the_hour("en") == scenario.hour.en
        assert played.said_of_the_hour("ja") == scenario.hour.ja


def test_there_are_enough_scenarios_of_every_cause():
    causes = Counter(scenario.cause for scenario in SCENARIOS)
    assert set(causes) == set(get_args(CauseName))
    assert min(causes.values()) >= 5
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) >= 60
