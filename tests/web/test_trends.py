"""A sparkline shows each part of the time at its height, and none for what is nothing."""

import re

from exporter.evidence.breakdown import Bars
from exporter.web.trends import HEIGHT, trend


def drawn(*packets: int):
    return trend(Bars(begin=6000.0, width=60, packets=packets))


def test_the_highest_bar_fills_the_drawing_and_the_others_their_part():
    shown = drawn(0, 50, 100)
    assert shown is not None
    bars = re.findall(r"M(\d+) 24v-([\d.]+)h", shown.path)
    assert bars == [("1", "12"), ("2", "24")]
    assert (shown.most, shown.most_at, shown.places) == (100, 6120.0, 3)


def test_one_packet_is_seen_beside_a_million():
    shown = drawn(1, 1_000_000)
    assert shown is not None
    assert float(re.findall(r"v-([\d.]+)h", shown.path)[0]) > HEIGHT / 20


def test_nothing_is_not_drawn():
    assert drawn(0, 0) is None
    assert trend(None) is None
