"""All episodes behind a router that keeps ports, judged: whose packet was it, and who knew."""

import os
import subprocess

import pytest

from tests.lab.play import play
from tests.lab.report import summary, table
from tests.lab.run import NEEDS
from tests.system.parts.needs import needs

pytestmark = [pytest.mark.system, needs(*NEEDS)]

AGREE = 0.03  # of all packets: how far the measured rate of false names may be from the true one


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Two minutes of work, once for all tests."""
    return summary(play("preserving", tmp_path_factory.mktemp("lab")))


def test_every_refused_packet_is_logged_counted_and_decided_once(found):
    packets = dict(found["packets"])
    assert packets.pop("undecided") == 0
    assert set(packets.values()) == {packets["sent"]}
    assert packets["sent"] > 300


def test_a_name_is_right_and_a_stranger_gets_none(found):
    assert found["precision"] >= 0.99, table(found)


def test_who_can_be_known_is_named(found):
    assert found["recall"] >= 0.95, table(found)


def test_each_episode_shows_what_it_must(found):
    assert [row["short"] for row in found["episodes"].values() if row["short"]] == []


def test_of_the_names_called_nine_tenths_sure_nine_in_ten_are_right(found):
    off = [b for b in found["calibration"] if b["right_by_episode"] < b["low"]]
    assert off == []
    assert len(found["calibration"]) >= 4


def test_the_decoys_measure_the_true_rate_of_false_names(found):
    decoys, names = found["decoys"], found["false_names"]
    assert min(decoys["packets"], names["packets"]) > 100
    measured, true = (rate["named"] / rate["packets"] for rate in (decoys, names))
    assert abs(measured - true) <= AGREE


def test_a_name_is_on_the_metrics_within_five_seconds_at_the_median(found):
    assert found["delay_seconds"]["packets"] > 100
    assert found["delay_seconds"]["median"] <= 5


def test_nothing_of_the_laboratory_is_left(found):
    spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    assert f"kwlab{os.getpid()}x" not in spaces.stdout
