import pytest

from exporter.bisection.coincidence import Judgement, Lead, Trial
from exporter.bisection.steps import MOST_OFF, next_step


def leads(*scores):
    return [
        Lead(device=f"pc-{n}", score=score, confidence=0.5, followed=1, changes=1)
        for n, score in enumerate(scores)
    ]


def trial(**changes):
    told = {"device": "tv", "minutes": 10, "packets": 0, "before": 5.0}
    return Trial(**{**told, "is_over": False, "enough": True, **changes})


def judged(*trials, of=()):
    return Judgement(leads=list(of), trials=list(trials), window=5)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"enough": False}, ("look_again", ("tv",))),
        ({}, ("switch_on", ("tv",))),
        ({"packets": 50}, ("wait", ())),  # they went on without it
        ({"is_over": True}, ("wait", ())),  # it is on again
    ],
)
def test_what_is_off_comes_before_all_else(changes, step):
    assert next_step(judged(trial(**changes), of=leads(3.0)), leads(3.0), raining=False) == step


@pytest.mark.parametrize(
    ("scores", "step"),
    [
        ((), ("nobody_known", ())),
        ((3.0,), ("switch_off", ("pc-0",))),
        ((3.0, 2.5, 1.0), ("switch_off", ("pc-0",))),  # the third is clearly less likely
        ((3.0, 2.9, 2.8, 2.7), ("halves", ("pc-0", "pc-1"))),
        ((-1.0, -1.0), ("others", ())),
        ((3.0,) * (2 * MOST_OFF + 2), ("nobody_known", ())),  # nobody switches off so many
    ],
)
def test_while_packets_come_those_are_asked_that_tell_most(scores, step):
    known = leads(*scores)
    assert next_step(judged(of=known), known, raining=True) == step


def test_where_nobody_known_is_there_it_is_others():
    assert next_step(judged(of=leads(3.0)), [], raining=True) == ("others", ())
