"""The oracle sees what breaks a law; and what keeps it passes."""

import pytest

from tests.oracle.ledger import Broken, Ledger, increases
from tests.system.parts.exposition import samples

UDP = 'router="gate-udp"'
FILE = 'router="gate-file"'


def shown(messages=2, rejected=2, decided=2, waiting=0, by_country=2, created=100.0, router=UDP):
    return samples(
        f"""knockwatch_messages_total{{{router},outcome="event"}} {messages}
knockwatch_messages_created{{{router},outcome="event"}} {created}
knockwatch_rejected_packets_total{{{router}}} {rejected}
knockwatch_attributed_packets_total{{{router}}} {decided}
knockwatch_rejected_packets_by_country_total{{{router}}} {by_country}
knockwatch_undecided_packets {waiting}
knockwatch_state_errors_total{{database="state"}} 3
"""
    )


@pytest.fixture
def ledger():
    made = Ledger()
    made.begin({})
    made.sent["udp"] = made.rejected["udp"] = 2
    made.sent["file"] = made.rejected["file"] = 2
    made.check(shown())
    return made


@pytest.mark.parametrize(
    ("scrape", "words"),
    [
        (shown(messages=1, rejected=1, decided=1, by_country=1), "was 2, now 1"),
        (shown(created=101.0), "began at 100.0, now at 101.0"),
        (shown(messages=3, rejected=3, decided=3, by_country=3), "3 of udp arrived, but 2"),
        (shown(waiting=1), "2 rejected, but 2 decided and 1 waiting"),
        (shown(by_country=3), "2 rejected, but 3 by country"),
        ({}, "no longer shown"),
    ],
    ids=["less", "moved", "too many", "not in balance", "countries", "gone"],
)
def test_what_breaks_a_law_is_seen(ledger, scrape, words):
    with pytest.raises(Broken, match=words):
        ledger.check(scrape)


def test_more_packets_than_lines_about_them_are_seen(ledger):
    ledger.sent["udp"] += 1
    with pytest.raises(Broken, match="3 packets rejected by udp, 2 sent"):
        ledger.check(shown(messages=3, rejected=3, decided=3, by_country=3))


def test_what_this_process_alone_counts_may_begin_anew(ledger):
    without = {key: value for key, value in shown().items() if "state_errors" not in key[0]}
    ledger.check(without)


def test_of_half_a_scrape_what_is_there_is_compared(ledger):
    ledger.compare({})
    with pytest.raises(Broken, match="was 2, now 1"):
        ledger.compare(shown(messages=1))


def test_datagrams_may_be_lost_with_the_process_and_are_no_longer_waited_for(ledger):
    ledger.sent["udp"] += 5
    assert not ledger.settled(shown(), ["udp"])
    ledger.begin(shown())
    assert ledger.settled(shown(), ["udp"])


def test_after_a_clean_stop_no_datagram_is_lost(ledger):
    ledger.sent["udp"] += 5
    with pytest.raises(Broken, match="2 of udp after a clean stop, 7 were taken"):
        ledger.begin(shown(), exact=["udp"])


def test_lines_of_a_file_are_waited_for_over_a_kill(ledger):
    ledger.begin(shown())
    assert ledger.missing(shown()) == {"file": 2}
    both = shown() | shown(router=FILE)
    assert ledger.settled(both)
    with pytest.raises(Broken, match="3 of file arrived, but 2"):
        ledger.check(shown() | shown(3, 3, 3, 0, 3, router=FILE))


def test_after_a_loss_of_the_state_only_the_file_itself_is_read_again(ledger):
    ledger.begin_anew(1, 1)
    again = shown(1, 1, 1, 0, 1, created=200.0, router=FILE)
    ledger.begin(again)
    assert ledger.settled(again)


def test_prometheus_takes_what_falls_for_a_restart():
    found = increases({("fine", frozenset()): [0, 2, 2, 5], ("reset", frozenset()): [4, 0, 5]})
    assert list(found.values()) == [(5, 0), (5, 1)]
