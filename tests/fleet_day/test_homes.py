from exporter import wire
from exporter.dialects.table import DIALECTS
from exporter.syslog import header
from tests.fleet_day.homes import Home
from tests.fleet_day.internet import OWNERS, Internet

NOW = 1_795_000_000.0
INTERNET = Internet(1)
HOMES = [Home(number, 5.0, INTERNET, NOW) for number in range(30)]


def read(text: bytes):
    message = header.read(text, NOW)
    events = [d.parse(message) for d in DIALECTS if d.claims(message)]
    return next(iter(events), None)


def test_each_line_tells_of_as_many_packets_as_it_says():
    for home in HOMES:
        for line in home.step(NOW + 10):
            event = read(line.text)
            rejected = event is not None and event.kind == "rejected"
            assert line.packets == (event.packets if rejected else 0), line.text


def test_packets_come_from_the_network_that_stands_for_who_brought_them_about():
    look_up = INTERNET.look_up
    for home in HOMES:
        for line in home.step(NOW + 20):
            if line.packets:
                network = look_up(read(line.text).source_ip)
                assert INTERNET.owners[network.asn] == line.owner


def test_each_program_has_a_network_of_its_own():
    owners = [owner for owner in INTERNET.owners.values() if owner]
    assert sorted(owners) == sorted(OWNERS)


def test_a_report_is_whole_when_something_changed_and_small_when_nothing_did():
    device = next(device for home in HOMES for device in home.devices)
    device.changed = True
    first = device.report(NOW + 30)
    assert first is not None
    assert first.full
    assert first.report.sockets
    assert device.report(NOW + 31) is None
    later = device.report(NOW + 46)
    assert later is not None
    assert not later.full
    assert later.report.unchanged_since == 16.0
    assert wire.decode(later.body(NOW + 48)).age_seconds == 2.0


def test_a_device_that_moves_is_told_of_by_its_new_home_alone():
    here = next(home for home in HOMES if home.devices)
    there = next(home for home in HOMES if home is not here)
    device = here.devices[0]
    here.leave(device, NOW + 50)
    there.enter(device, NOW + 50)
    assert device not in here.devices
    assert device in there.devices
    assert device.changed


def test_a_silent_home_writes_nothing():
    home = HOMES[3]
    home.silent = True
    assert list(home.step(NOW + 60)) == []
