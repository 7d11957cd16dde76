import pytest

from exporter.causes import ours
from exporter.events import Reason
from tests.causes.cases import FORWARD, HELD, MAPPED, TCP, Case, peers, signs
from tests.rejections import named


def test_a_dead_forward_is_surer_where_the_device_reports():
    silent = ours.forwarded(signs(Case("", "", "", who=FORWARD)))
    dead = ours.forwarded(signs(Case("", "", "", who=FORWARD, ken=())))
    assert silent is not None
    assert dead is not None
    assert silent.confidence < dead.confidence
    values = {"device": "KEN-PC", "port": 51413}
    assert (silent.reasons, dead.reasons) == (
        (Reason("forward_silent", values),),
        (Reason("forward_dead", values),),
    )


def test_what_a_program_asked_for_is_told_by_the_router():
    cause = ours.forwarded(signs(Case("", "", "", who=MAPPED)))
    assert cause is not None
    assert cause.reasons[0] == MAPPED.reasons[0]


@pytest.mark.parametrize("evidence", ["flow", "socket", "none"])
def test_a_forward_is_the_routers_word_alone(evidence):
    assert ours.forwarded(signs(Case("", "", "", who=named(evidence=evidence)))) is None


def test_many_who_know_of_an_open_port_are_surer_than_one():
    one, many = (
        ours.open_here(signs(Case("", "", "", {**TCP, "our_port": 8333}, HELD, seen)))
        for seen in (peers(1), peers())
    )
    assert one is not None
    assert many is not None
    assert one.confidence < many.confidence
