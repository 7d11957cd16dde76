"""What is decided at once, what waits for hosts' reports, and when that is over."""

import pytest

from exporter.events import Batch
from exporter.metrics import Limits
from tests.flooded import Home
from tests.world import NOW, report, socket

LINE = b"UDP connection rejected from 23.45.67.89:5000 to 203.0.113.9:51413"


@pytest.fixture
def pipe():
    return Home(Limits(), keeps=True).pipe


def hears(pipe, now=NOW):
    pipe.process(Batch(received=now, sender="192.168.1.1", listener="udp", messages=[LINE]))


def test_where_no_agent_is_alive_nothing_waits(pipe):
    hears(pipe)
    assert pipe.waiting.packets == 0


def test_an_agents_next_report_is_waited_for_and_not_for_ever(pipe):
    pipe.report(report("ANNA-PC", interval_seconds=30.0), NOW)
    hears(pipe, NOW + 1)
    pipe.tick(NOW + 2)
    assert pipe.waiting.packets == 1
    pipe.tick(NOW + 1 + 45)  # one and a half of its interval
    assert pipe.waiting.packets == 0


def test_a_report_decides_what_waited_for_it(pipe):
    pipe.report(report("ANNA-PC", interval_seconds=30.0), NOW)
    hears(pipe, NOW + 1)
    pipe.report(report("ANNA-PC", socket(51413), interval_seconds=30.0), NOW + 20)
    assert pipe.waiting.packets == 0


def test_at_the_end_nothing_waits(pipe):
    pipe.report(report("ANNA-PC", interval_seconds=30.0), NOW)
    hears(pipe, NOW + 1)
    pipe.finish(NOW + 2)
    assert pipe.waiting.packets == 0
