import pytest

from exporter.host_report import HostReport, Socket
from exporter.hosts.listeners import HISTORY, Listeners, Span, spans
from tests.world import NOW, STRANGER, flow, report, socket


def span(**changes):
    fields = {
        "device": "pc",
        "transport": "udp",
        "local_ip": "0.0.0.0",
        "local_port": 51413,
        "inside_port": 51413,
        "remote_ip": None,
        "process": "p",
        "opened": NOW,
        "last_seen": NOW + 60,
        "current_until": NOW + 105,
    }
    return Span(**(fields | changes))


def test_a_span_matches_from_its_opening_to_the_end_of_its_report():
    one = span()
    assert not one.at(NOW - 0.1, 0)
    assert one.at(NOW, 0)
    assert one.at(NOW + 105, 0)
    assert not one.at(NOW + 105.1, 0)


def test_the_grace_counts_from_the_last_sighting():
    assert span().at(NOW + 660, 600)
    assert not span().at(NOW + 660.1, 600)


def test_ports_of_another_transport_are_not_found():
    listeners = Listeners()
    listeners.add(span())
    assert list(listeners.on_port("tcp", 51413, NOW, 0)) == []
    assert len(list(listeners.on_port("udp", 51413, NOW, 0))) == 1


def test_what_was_removed_is_not_found():
    listeners = Listeners()
    one, two = span(remote_ip="198.51.100.1"), span(remote_ip="198.51.100.1")
    listeners.add(one)
    listeners.add(two)
    listeners.remove(one)
    assert list(listeners.talked_to("198.51.100.1", NOW, 0)) == [two]
    assert list(listeners.on_port("udp", 51413, NOW, 0)) == [two]
    listeners.remove(two)
    assert list(listeners.talked_to("198.51.100.1", NOW, 0)) == []
    assert len(listeners) == 0


def test_history_reaches_back_a_day():
    listeners = Listeners()
    listeners.add(span(current_until=NOW + 60))
    assert len(list(listeners.seen_on_port("udp", 51413, NOW + 60 + HISTORY))) == 1
    assert list(listeners.seen_on_port("udp", 51413, NOW + 61 + HISTORY)) == []


def test_a_socket_of_unknown_age_was_open_when_it_was_seen():
    socket = Socket(transport="udp", local_ip="::", local_port=1, process=None)
    report = HostReport(version=1, device="pc", sockets=(socket,))
    [one] = spans(report, NOW, NOW + 45)
    assert (one.opened, one.last_seen, one.process) == (NOW, NOW, "")


@pytest.mark.parametrize(
    ("process_age", "opened"), [(None, -3.0), (60.0, -3.0), (2.5, -2.5), (0.0, -1.0), (9e9, -3.0)]
)
def test_a_socket_may_be_older_than_the_first_look_at_it_but_not_than_its_process(
    process_age, opened
):
    """A program that was started after a packet came cannot be whom it was for."""
    said = report("pc", socket(age_seconds=1.0, process_age_seconds=process_age))
    [one] = spans(said, NOW, NOW + 45, looked=NOW - 15)
    assert one.opened == NOW + opened
    [first] = spans(said, NOW, NOW + 45)
    assert first.opened == NOW - 1.0


def program(*sockets, age=5.0):
    """Return the program of a conversation that was seen so many seconds ago, by one report."""
    said = report("A", *sockets, flows=(flow(age_seconds=age),))
    return list(spans(said, NOW, NOW))[-1].process


def test_a_program_that_has_the_port_only_since_the_conversation_ended_is_not_its_program():
    assert program(socket(age_seconds=60.0)) == "netsession_win.exe"
    assert program(socket(age_seconds=5.0), age=60.0) == ""
    assert program(socket(age_seconds=None), age=60.0) == "netsession_win.exe"  # not told


def test_of_several_programs_at_a_port_the_one_connected_to_the_same_end_is_meant():
    near = socket(process="a", remote_ip=STRANGER)
    far = socket(process="b", remote_ip="192.0.2.99")
    assert program(near, far) == "a"
    assert program(far) == ""
    assert program(near, socket(process="c")) == ""
