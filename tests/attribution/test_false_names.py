"""Names given in homes that were drawn at random: which are wrong, and how sure they were called.

Print the figures of many homes with `python -m tests.attribution.test_false_names 500`.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

import pytest

from exporter.events import Decision
from tests.simulation import Answer, Home
from tests.test_pipeline import pipeline

pytestmark = pytest.mark.thorough

HOMES = 80
NEAR = 0.07  # how far the share of right names may lie below what was stated: a home weighs much


class Homes:
    """What became of every packet of many homes."""

    def __init__(self, seeds: Iterable[int]) -> None:
        self.answers: list[Answer] = []
        self.decoys: dict[str, float] = defaultdict(float)
        for seed in seeds:
            decided: list[Decision] = []
            line_pipe = pipeline(decided.append)
            self.answers += Home(seed).play(line_pipe, decided)
            series = line_pipe.stages.metrics.store.series["knockwatch_attribution_decoys_total"]
            for (evidence,), one in series.items():
                self.decoys[evidence] += one.value

    def named(self):
        """The answers that name somebody, by evidence."""
        found = defaultdict(list)
        for answer in self.answers:
            if answer.decision.attribution.device:
                found[answer.decision.attribution.evidence].append(answer)
        return found

    def false(self):
        """Of the packets that nobody at home brought about, the share that got a name."""
        nobodys = [a for a in self.answers if not any(t.device for t in a.truths)]
        return fmean(a.decision.attribution.device != "" for a in nobodys)

    def false_decoys(self):
        named = sum(
            n for evidence, n in self.decoys.items() if evidence not in ("none", "ambiguous")
        )
        return named / sum(self.decoys.values())


@pytest.fixture(scope="module")
def homes():
    return Homes(range(HOMES))


def test_every_packet_is_decided_and_has_its_truth(homes):
    assert len(homes.answers) > 4000
    assert all(answer.truths for answer in homes.answers)


def test_a_wrong_name_is_given_only_where_what_can_be_seen_does_not_tell_the_right_one(homes):
    against = [
        (a.decision.attribution, a.truths)
        for answers in homes.named().values()
        for a in answers
        if not a.right and all(truth.visible for truth in a.truths)
    ]
    assert against == []


def test_who_can_be_seen_is_named(homes):
    seen = [a for a in homes.answers if all(truth.visible for truth in a.truths)]
    assert len(seen) > 1000
    assert fmean(a.right for a in seen) >= 0.9  # the others share their port with somebody


@pytest.mark.parametrize("evidence", ["mapping", "flow", "socket", "remote"])
def test_as_many_names_are_right_as_their_confidence_says(homes, evidence):
    answers = homes.named()[evidence]
    stated = fmean(a.decision.attribution.confidence for a in answers)
    assert len(answers) >= 100
    assert fmean(a.right for a in answers) >= stated - NEAR


def test_decoys_agree_with_the_true_rate_of_false_names(homes):
    assert homes.false() <= 0.01
    assert abs(homes.false() - homes.false_decoys()) <= 0.01


def main(homes):
    for evidence, answers in sorted(homes.named().items()):
        stated = fmean(a.decision.attribution.confidence for a in answers)
        right = fmean(a.right for a in answers)
        print(f"{evidence:8} {len(answers):6} names, called {stated:.4f}: {right:.4f} right")
    print(f"nobody's packets named: {homes.false():.4f}, decoys: {homes.false_decoys():.4f}")


if __name__ == "__main__":
    main(Homes(range(int(sys.argv[1]))))
