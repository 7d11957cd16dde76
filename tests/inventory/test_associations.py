import pytest

from exporter.events import Event
from exporter.hosts import Hosts
from exporter.inventory import associations as module
from exporter.inventory.associations import SILENT, Associations
from exporter.metrics import exposition
from exporter.routers import Routers
from tests.world import NOW

MAC = "00:00:5e:00:53:02"


def said(*steps):
    """Take steps in: kind, access point, seconds."""
    associations = Associations()
    for kind, router, at in steps:
        associations.add(router, Event(kind=f"wifi_{kind}", mac=MAC), NOW + at)
    return associations


def where(associations, at=0.0):
    return [(one.access_point, one.since - NOW) for one in associations.current(NOW + at)]


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ((("join", "a", 0),), [("a", 0)]),
        ((("join", "a", 0), ("join", "a", 50)), [("a", 0)]),  # it is still there
        ((("join", "a", 0), ("join", "b", 50)), [("b", 50)]),
        ((("join", "a", 0), ("join", "b", 50), ("leave", "a", 55)), [("b", 50)]),
        ((("join", "a", 0), ("leave", "a", 50)), []),
        ((("leave", "a", 0),), []),
    ],
)
def test_a_station_is_where_it_joined_last(steps, place):
    assert where(said(*steps), 60) == place


def test_a_join_of_yesterday_says_nothing_about_now():
    assert where(said(("join", "a", 0)), SILENT) == [("a", 0)]
    assert where(said(("join", "a", 0)), SILENT + 1) == []


def test_a_line_without_a_station_says_nothing():
    associations = Associations()
    associations.add("a", Event(kind="wifi_join"), NOW)
    assert associations.all() == []


def test_the_station_heard_longest_ago_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_STATIONS", 2)
    associations = Associations()
    for number in (1, 2, 1, 3):
        associations.add("a", Event(kind="wifi_join", mac=f"00:00:5e:00:53:0{number}"), NOW)
    assert {one.station[-1] for one in associations.all()} == {"1", "3"}


def test_the_metrics_show_a_device_on_its_access_point():
    hosts = Hosts({MAC: "TV"})
    hosts.inventory.associations.add("attic-ap", Event(kind="wifi_join", mac=MAC), NOW)
    families = exposition.state(Routers(), hosts, 0, NOW + 60, version="1.2.3", scrape_seconds=0.25)
    shown = {f.declaration.name: [sample[0] for sample in f.samples] for f in families}
    assert shown["knockwatch_device_access_point"] == [("TV", "attic-ap")]
