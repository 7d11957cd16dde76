import pytest

from exporter.events import Event
from exporter.routers import echoes as module
from exporter.routers.echoes import WINDOW, Echoes
from tests.world import NOW

JOIN = Event(kind="wifi_join", mac="00:00:5e:00:53:02")
LEAVE = Event(kind="wifi_leave", mac="00:00:5e:00:53:02")
MAPPING = Event(kind="port_mapping", transport="udp", destination_port=6881, ip="192.168.1.2")


@pytest.mark.parametrize("event", [JOIN, LEAVE, MAPPING])
def test_the_lines_of_one_moment_say_one_thing(event):
    echoes = Echoes()
    assert [echoes.again("ap", event, NOW + at) for at in (0, 0, 1, 9)] == [False, True, True, True]


def test_what_happens_again_later_is_no_echo():
    echoes = Echoes()
    assert not echoes.again("ap", JOIN, NOW)
    assert not echoes.again("ap", JOIN, NOW + WINDOW)
    assert not echoes.again("ap", JOIN, NOW)  # the clock was set back


def test_a_chain_of_lines_is_not_one_for_ever():
    echoes = Echoes()
    counted = [not echoes.again("ap", JOIN, NOW + at) for at in range(30)]
    assert counted.count(True) == 3


def test_a_station_that_left_in_between_joins_once_more():
    echoes = Echoes()
    assert [echoes.again("ap", one, NOW) for one in (JOIN, LEAVE, JOIN, JOIN)] == [
        *(False, False, False, True)
    ]


@pytest.mark.parametrize(
    "other",
    [
        Event(kind="wifi_join", mac="00:00:5e:00:53:03"),
        Event(kind="wifi_join"),
        Event(kind="rejected", mac="00:00:5e:00:53:02"),
    ],
)
def test_other_events_are_no_echoes(other):
    echoes = Echoes()
    echoes.again("ap", JOIN, NOW)
    assert not echoes.again("ap", other, NOW)
    if other.mac != JOIN.mac or other.kind == "rejected":
        assert not echoes.again("second-ap", JOIN, NOW)


def test_the_least_recently_told_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_TOLD", 2)
    echoes = Echoes()
    stations = [Event(kind="wifi_join", mac=f"00:00:5e:00:53:0{n}") for n in range(3)]
    assert not any(echoes.again("ap", station, NOW) for station in stations)
    assert not echoes.again("ap", stations[0], NOW)
    assert echoes.again("ap", stations[2], NOW)
