from exporter.attribution import MAX_GRACE
from exporter.attribution.patience import Patience
from tests.world import NOW, home, rejection, report


def ripe(hosts, packet, now):
    return Patience(hosts).ripe(now)(packet.received)


def test_without_a_live_agent_the_decision_is_made_at_once():
    assert ripe(home(), rejection(), NOW)
    assert ripe(home(report("A", agent="paste")), rejection(), NOW)


def test_with_live_agents_the_decision_waits_until_all_have_reported_after_the_packet():
    hosts = home(report("A"), report("B"), at=NOW - 5)
    assert not ripe(hosts, rejection(), NOW + 5)
    hosts.report(report("A"), NOW + 6)
    assert not ripe(hosts, rejection(), NOW + 6)
    hosts.report(report("B"), NOW + 7)
    assert ripe(hosts, rejection(), NOW + 7)


def test_the_decision_waits_no_longer_than_one_and_a_half_intervals():
    hosts = home(report("A", interval_seconds=20.0), report("B", interval_seconds=10.0))
    assert not ripe(hosts, rejection(), NOW + 29.9)
    assert ripe(hosts, rejection(), NOW + 30)


def test_the_decision_never_waits_longer_than_two_minutes():
    hosts = home(report("A", interval_seconds=3600.0))
    assert not ripe(hosts, rejection(), NOW + MAX_GRACE - 1)
    assert ripe(hosts, rejection(), NOW + MAX_GRACE)


def test_a_clock_that_was_set_back_does_not_hold_a_decision():
    assert ripe(home(report("A")), rejection(), NOW - 3000)


def test_who_was_alive_before_a_restart_is_waited_for_until_it_reports_or_time_is_over():
    hosts = home()
    patience = Patience(hosts)
    patience.awaits(["A"], NOW + 20)
    assert not patience.ripe(NOW + 19)(NOW)
    assert patience.ripe(NOW + 20)(NOW)
    hosts.report(report("A"), NOW + 5)
    assert not patience.is_awaiting(NOW + 5)
    assert patience.ripe(NOW + 6)(NOW)
