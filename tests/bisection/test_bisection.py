import pytest

from exporter.bisection import Bisection, steps
from exporter.events import Attribution, Cause, Decision, Event, Network
from exporter.host_report import Gateway, Link, Neighbour
from exporter.hosts import Hosts
from tests.world import NOW, rejection, report

STATIONS = {"tv": "00:00:5e:00:53:01", "console": "00:00:5e:00:53:02", "nas": "00:00:5e:00:53:03"}
OTHER = Network("AS64497", "Other", "isp", "JP")


class Lived:
    """A home whose time passes, with its bisection."""

    def __init__(self, configured=None):
        self.hosts = Hosts(configured)
        self.bisection = Bisection(self.hosts)
        self.now = NOW
        self.bisection.streams.listening(NOW)

    def station(self, kind, name, router="attic"):
        mac = STATIONS.get(name, name)
        self.bisection.told(router, Event(kind=kind, mac=mac), self.now)

    def joins(self, *names, router="attic"):
        for name in names:
            self.hosts.inventory.leases.add("gw", lease(name), self.now)
            self.station("wifi_join", name, router)

    def agent(self, name, **changes):
        device = self.hosts.report(report(name, interval_seconds=60.0, **changes), self.now)
        self.bisection.reported(device, self.now)

    def passes(self, minutes, packets=10, **changes):
        for _ in range(minutes):
            if packets:
                self.decides(packets, **changes)
            self.now += 60.0

    def decides(self, packets=1, cause="unknown", device="", **changes):
        decided = Decision(
            rejection=rejection(received=self.now, count=packets, **changes),
            attribution=Attribution(device=device),
            cause=Cause(name=cause, verdict="watch", confidence=0.5),
            last=self.now,
        )
        self.bisection.decided(decided, self.now)

    def found(self, *, among=(), **changes):
        return self.bisection.of(rejection(**changes), self.now, among)


def lease(name):
    number = list(STATIONS).index(name) if name in STATIONS else 9
    mac = STATIONS.get(name, name)
    return Event(kind="dhcp_lease", ip=f"192.168.1.{20 + number}", mac=mac, hostname=name)


@pytest.fixture
def lived():
    one = Lived()
    one.joins("tv", "console", "nas")
    return one


def experiment(lived, name, dry):
    """A quiet day, in which one device is switched off for a while."""
    lived.passes(400)
    lived.station("wifi_leave", name)
    lived.passes(12, packets=0 if dry else 10)
    lived.station("wifi_join", name)
    lived.passes(15)


def test_a_device_that_packets_follow_is_suspected_and_to_be_tried_again(lived):
    experiment(lived, "nas", dry=True)
    found = lived.found()
    assert [lead.device for lead in found.suspects] == ["nas"]
    assert found.suspects[0].confidence < 0.85
    assert (found.step, found.devices, found.minutes) == ("switch_off", ("nas",), 10)
    assert [(t.device, t.packets, t.is_over) for t in found.trials] == [("nas", 0, True)]


def test_a_device_that_packets_do_not_follow_is_not_tried_again(lived):
    experiment(lived, "nas", dry=False)
    found = lived.found()
    assert found.suspects == ()
    assert found.devices == ("console",)  # one of the other two
    assert not found.trials[0].stopped


def test_a_few_packets_are_no_reason_to_ask_anybody(lived):
    lived.passes(5)
    assert lived.found() is None
    assert lived.found(our_port=1, remote=OTHER) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "ANNA-PC"},
        {"cause": "scan"},
        {"cause": "reflection"},
        {"direction": "outbound"},
        {"direction": "local"},
    ],
)
def test_packets_behind_which_no_device_is_to_be_found_do_not_count(lived, changes):
    lived.passes(100, **changes)
    assert list(lived.bisection.streams.known()) == []


def test_where_ports_vary_the_network_tells(lived):
    for port in range(2000, 2100):
        lived.decides(2, our_port=port)
        lived.now += 60.0
    lived.now += 120.0
    assert lived.found(our_port=2001) is not None
    assert lived.found(our_port=2001, remote=OTHER) is None
    lived.decides(200, our_port=None, remote=Network("unknown"))
    assert len(list(lived.bisection.streams.known())) == 101


def test_a_line_without_a_router_is_looked_up_at_all_of_them(lived):
    lived.passes(100)
    assert lived.found(router="explain") == lived.found(router="gw")
    assert lived.found(router="gw", transport="tcp") is None


def test_time_by_time_it_says_what_to_do(lived):
    told = []
    lived.passes(400)
    told.append((lived.found().step, lived.found().devices))
    lived.station("wifi_leave", "console")
    lived.passes(5, packets=0)
    told.append((lived.found().step, lived.found().devices))
    lived.passes(7, packets=0)
    told.append((lived.found().step, lived.found().devices))
    lived.station("wifi_join", "console")
    lived.passes(15, packets=0)
    told.append((lived.found().step, lived.found().devices))
    assert told == [
        ("switch_off", ("console",)),
        ("look_again", ("console",)),
        ("switch_on", ("console",)),
        ("wait", ()),
    ]


def test_of_many_devices_half_are_switched_off_but_never_a_crowd(lived, monkeypatch):
    lived.joins(*(f"00:00:5e:00:53:{n}" for n in range(10, 15)))
    lived.passes(100)
    found = lived.found()
    assert (found.step, len(found.devices)) == ("halves", 4)
    monkeypatch.setattr(steps, "MOST_OFF", 3)
    lived.passes(1)
    assert lived.found().step == "nobody_known"


def test_where_nobody_is_known_or_nobody_is_there_it_says_so(lived):
    fresh = Lived()
    fresh.passes(100)
    assert fresh.found().step == "nobody_known"
    for name in STATIONS:
        lived.station("wifi_leave", name)
    lived.passes(100)
    assert lived.found().step == "others"


def test_with_several_candidates_only_they_are_asked(lived):
    lived.passes(100)
    assert lived.found(among=("tv",)).devices == ("tv",)
    assert lived.found(among=("tv", "nas")).devices == ("nas",)


def test_an_agent_and_a_lease_of_one_device_are_one_device():
    lived = Lived()
    link = Link(interface="wlan0", mac=STATIONS["tv"])
    lived.agent("Living-TV", links=(link,))
    lived.station("wifi_join", "tv")
    lived.passes(100)
    assert lived.found().devices == ("Living-TV",)


def test_a_router_is_not_to_be_switched_off():
    lived = Lived()
    gateway = "00:00:5e:00:53:09"
    near = (Neighbour(ip="192.168.1.1", mac=gateway), Neighbour(ip="192.168.1.7", mac="m"))
    lived.passes(100)
    lived.agent("PC", neighbours=near, gateways=(Gateway(ip="192.168.1.1", mac=gateway),))
    lived.passes(3)
    assert sorted(lived.bisection._devices("gw", int(lived.now // 60))) == ["PC", "m"]


def test_a_report_of_a_spool_or_a_paste_says_nothing_about_now():
    lived = Lived()
    lived.agent("PC", age_seconds=3600.0)
    lived.agent("LAPTOP", agent="paste")
    assert lived.bisection.attendance.known(lived.now) == {}


def test_a_lease_shows_that_a_device_is_there_and_a_wrong_key_or_no_station_nothing():
    lived = Lived()
    for event in (Event(kind="wifi_join"), Event(kind="wifi_auth_failure", mac="m")):
        lived.bisection.told("attic", event, lived.now)
    assert lived.bisection.attendance.known(lived.now) == {}
    lived.station("dhcp_lease", "tv")
    assert list(lived.bisection.attendance.known(lived.now)) == [STATIONS["tv"]]


def test_between_two_routers_a_device_counts_where_it_is():
    """The founding story: the log follows a device from one router to the other."""
    lived = Lived()
    lived.joins(*STATIONS, router="west")
    lived.passes(300, router="west")
    lived.decides(100, router="east", our_port=1)  # it logs, too
    lived.joins("nas", router="east")
    lived.passes(30, router="east")
    lived.joins("nas", router="west")
    lived.passes(20, router="west")
    found = lived.found(router="west")
    assert [lead.device for lead in found.suspects] == ["nas"]
    assert found.trials[0].stopped


def test_a_device_on_wifi_may_also_be_moved(lived):
    experiment(lived, "nas", dry=True)
    lived.decides(100, router="east")
    lived.passes(1)
    assert (lived.found().step, lived.found().devices) == ("move", ("nas",))


def test_what_is_remembered_is_the_same_for_ten_minutes_and_restored(lived):
    experiment(lived, "nas", dry=True)
    lived.passes(10)
    remembered = lived.bisection.remembered(lived.now)
    assert lived.bisection.remembered(lived.now + 1) is remembered
    again = Bisection(lived.hosts)
    again.restore(remembered, lived.now + 60)
    found = again.of(rejection(), lived.now + 180)
    assert [lead.device for lead in found.suspects] == ["nas"]


def test_a_device_that_is_forgotten_is_gone_at_once(lived):
    experiment(lived, "nas", dry=True)
    assert lived.found().suspects
    lived.bisection.remembered(lived.now)
    lived.bisection.forget("NAS")
    assert lived.found().suspects == ()
    assert STATIONS["nas"] not in lived.bisection.remembered(lived.now).attendance
