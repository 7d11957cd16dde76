"""A simulated fleet for a minute: what was sent is counted, whatever ends and comes back meanwhile.

`python -m tests.fleet_day` does it at full size, and prints figures.
"""

import pytest

from tests.fleet_day.day import Outcome, live
from tests.fleet_day.plan import Plan
from tests.system.parts.kafka import Kafka
from tests.system.parts.needs import needs

pytestmark = needs("kafka", "prometheus")

PLAN = Plan(sites=100, minutes=0.75, rate=2.0, relays=2, own=1, partitions=6, scrape="5s")


@pytest.fixture(scope="module")
def outcome(kafka: Kafka, tmp_path_factory) -> Outcome:
    return live(PLAN, tmp_path_factory.mktemp("fleet"), kafka)


def test_each_line_is_counted_once_or_known_to_be_dropped(outcome):
    balance = outcome.balance
    assert balance.sent > PLAN.sites * 45
    assert balance.missing == 0
    if not balance.dropped:
        assert balance.wrong == {}  # by site and region, too


def test_each_packet_is_counted_and_decided_once(outcome):
    assert outcome.balance.undecided == 0
    assert outcome.balance.decided == outcome.balance.packets[1]
    if not outcome.balance.dropped:
        assert outcome.balance.wrong_packets == {}


def test_prometheus_has_it_all_and_saw_no_counter_restart(outcome):
    assert outcome.stored == (outcome.balance.counted, outcome.balance.packets[1])
    assert outcome.resets == 0


def test_names_are_those_of_the_programs_that_brought_packets_about(outcome):
    verdicts = dict.fromkeys(("right", "wrong", "none"), 0.0)
    for (truth, verdict), packets in outcome.names.items():
        if truth not in ("", "?"):
            verdicts[verdict] += packets
    assert verdicts["wrong"] == 0
    assert verdicts["right"] > verdicts["none"]


def test_hardly_any_packet_of_nobody_has_a_name(outcome):
    nobodys = {v: n for (truth, v), n in outcome.names.items() if truth == ""}
    # A stranger may knock at the very port that a program has: then it says so.
    assert nobodys.get("wrong", 0.0) <= 0.01 * sum(nobodys.values())


def test_it_all_happened(outcome):
    happened = set(outcome.happened)
    for what in (
        "worker killed",
        "worker added",
        "worker stopped",
        "relay killed",
        "relay stopped",
    ):
        assert what in happened
    assert outcome.reports["accepted"] > 0
