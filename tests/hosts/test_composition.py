from exporter.events import Event
from exporter.host_report import HostReport, Link, Neighbour
from exporter.hosts import Hosts
from exporter.hosts import composition as module
from exporter.hosts.composition import home
from exporter.inventory import Inventory

NOW = 1_790_000_000.0
CABLE, RADIO, PHONE, PHONE_2 = (f"00:00:5e:00:53:0{number}" for number in range(2, 6))


def lived():
    """A home with a laptop that reports, two phones of one name, a TV, and a silent stranger."""
    hosts = Hosts(inventory=Inventory({"192.168.1.40": "TV"}))
    laptop = HostReport(
        version=1,
        device="laptop",
        machine_id="m1",
        agent="knockwatch-agent/1",
        addresses=("192.168.1.23", "2001:db8::5", "192.168.1.9"),
        links=(Link(interface="eth0", mac=CABLE), Link(interface="wlan0", mac=RADIO)),
        neighbours=(Neighbour(ip="192.168.1.77", mac="00:00:5e:00:53:77"),),
    )
    hosts.report(HostReport(version=1, device="bridge", addresses=("172.17.0.1",)), NOW - 40)
    hosts.report(laptop, NOW - 30)
    for ip, mac in (("192.168.1.30", PHONE), ("192.168.1.31", PHONE_2)):
        lease = Event(kind="dhcp_lease", ip=ip, mac=mac, hostname="iPhone")
        hosts.inventory.leases.add("gate", lease, NOW - 20)
    hosts.inventory.associations.add("attic", Event(kind="wifi_join", mac=PHONE), NOW - 10)
    return hosts


def test_a_device_is_shown_with_every_address_and_station_and_the_rule_behind_each():
    [laptop] = [one for one in home(lived(), NOW).devices if one.device == "laptop"]
    assert [part.place for part in laptop.parts] == [
        *("192.168.1.9", "192.168.1.23", "2001:db8::5", CABLE, RADIO)
    ]
    assert {part.reasons[0].code for part in laptop.parts} == {"reported"}
    assert {part.seen for part in laptop.parts} == {NOW - 30}
    assert (laptop.agent, laptop.is_current) == ("knockwatch-agent/1", True)


def test_what_reports_comes_first_and_nothing_is_merged_by_a_makers_name():
    names = [one.device for one in home(lived(), NOW).devices]
    assert names == ["bridge", "laptop", "iPhone (00:53:04)", "iPhone (00:53:05)", "TV"]


def test_a_device_without_an_agent_tells_its_lease_and_its_access_point():
    devices = {one.device: one for one in home(lived(), NOW).devices}
    phone = devices["iPhone (00:53:04)"]
    assert [(part.place, part.since) for part in phone.parts] == [
        ("192.168.1.30", NOW - 20),
        (PHONE, None),
    ]
    assert (phone.agent, phone.joined and phone.joined.access_point) == (None, "attic")
    assert devices["TV"].parts[0].reasons[0].code == "configured"


def test_an_address_of_several_is_nobodys_and_says_so():
    hosts = lived()
    report = HostReport(version=1, device="other", addresses=("172.17.0.1", "192.168.1.50"))
    hosts.report(report, NOW)
    [part] = [part for part in home(hosts, NOW).nobodys if part.place == "172.17.0.1"]
    assert part.reasons[0].values == {"devices": "bridge, other"}


def test_a_renamed_machine_tells_what_it_was_called():
    hosts = lived()
    known = hosts.device("laptop").report
    hosts.report(
        HostReport(
            version=1,
            device="travel",
            machine_id="m1",
            addresses=known.addresses,
            links=known.links,
        ),
        NOW,
    )
    [travel] = [one for one in home(hosts, NOW).devices if one.device == "travel"]
    assert travel.formerly == {"laptop": NOW}
    assert "laptop" not in [one.device for one in home(hosts, NOW).devices]


def test_a_home_that_has_too_many_addresses_says_how_many_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "MAX_PARTS", 3)
    told = home(lived(), NOW)
    assert sum(len(one.parts) for one in told.devices) + len(told.nobodys) <= 3
    assert told.left_out == 9


def test_an_empty_home_is_empty():
    told = home(Hosts(), NOW)
    assert (told.devices, told.nobodys, told.left_out) == ((), (), 0)
