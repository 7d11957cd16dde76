import pytest

from exporter.causes.reasons import our_port, rate, remote_port, sources
from exporter.causes.spread import Seen
from exporter.events import Reason
from tests.causes.cases import Case, signs


@pytest.mark.parametrize(("seen", "said"), [(3000.0, 3000), (45_030.0, 45_000), (7.4, 7), (0.2, 0)])
def test_a_rate_is_told_in_two_figures(seen, said):
    told = rate(signs(Case("", "", "", seen=Seen(1, 1, seen))))
    assert told == Reason("packets_per_minute", {"packets": said})


def test_ports_and_senders_are_told_as_they_were():
    told = signs(Case("", "", "", {"our_port": 51413, "remote_port": 3478}, seen=Seen(1, 9, 1.0)))
    assert our_port("x", told) == Reason("x", {"port": 51413})
    assert remote_port("x", told) == Reason("x", {"port": 3478})
    assert sources(told) == Reason("sources_at_port", {"sources": 9})
