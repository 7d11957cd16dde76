import msgspec
import pytest

from exporter.host_report import Flow, Gateway, HostReport, Neighbour, Socket
from exporter.hosts import MAX_DEVICES, Hosts
from exporter.hosts import hosts as hosts_module
from exporter.hosts.machines import Conflict

NOW = 1_790_000_000.0


def report(device="ANNA-PC", *ports, **changes):
    sockets = tuple(
        Socket(transport="udp", local_ip="0.0.0.0", local_port=port, process="p.exe", age_seconds=0)
        for port in ports
    )
    fields = {"version": 1, "device": device, "agent": "test", "sockets": sockets} | changes
    return HostReport(**fields)


def ports_at(hosts, moment, grace=0.0, port=51413):
    return [span.device for span in hosts.listeners.on_port("udp", port, moment, grace)]


def test_a_report_replaces_the_one_before():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413, 6881), NOW)
    hosts.report(report("ANNA-PC", 6881), NOW + 15)
    assert ports_at(hosts, NOW + 16) == []
    assert ports_at(hosts, NOW + 16, port=6881) == ["ANNA-PC"]


def test_a_closed_socket_is_remembered_for_the_grace_and_not_longer():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413), NOW)
    hosts.report(report("ANNA-PC"), NOW + 15)
    assert ports_at(hosts, NOW + 600, grace=600) == ["ANNA-PC"]
    assert ports_at(hosts, NOW + 601, grace=600) == []


def test_a_socket_was_not_open_before_it_was_opened():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413), NOW)
    assert ports_at(hosts, NOW - 1, grace=600) == []


def test_a_new_socket_may_have_been_open_since_the_look_before():
    hosts = Hosts()
    hosts.report(report("pc"), NOW)
    hosts.report(report("pc", 51413), NOW + 15)
    assert ports_at(hosts, NOW + 13) == ["pc"]
    assert ports_at(hosts, NOW + 12.9) == []


def test_a_socket_of_unknown_age_may_have_been_open_since_the_report_before():
    hosts = Hosts()
    unknown = Socket(transport="udp", local_ip="0.0.0.0", local_port=51413)
    hosts.report(report("pc"), NOW)
    hosts.report(report("pc", sockets=(unknown,)), NOW + 10)
    assert ports_at(hosts, NOW) == ["pc"]
    assert ports_at(hosts, NOW - 0.1) == []


def test_the_age_of_a_socket_says_since_when_it_was_open():
    hosts = Hosts()
    aged = Socket(transport="udp", local_ip="0.0.0.0", local_port=51413, age_seconds=100.0)
    hosts.report(report(sockets=(aged,)), NOW)
    assert ports_at(hosts, NOW - 100) == ["ANNA-PC"]
    assert ports_at(hosts, NOW - 101) == []


def test_a_silent_agent_counts_for_three_intervals():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413, interval_seconds=15.0), NOW)
    assert ports_at(hosts, NOW + 45) == ["ANNA-PC"]
    assert ports_at(hosts, NOW + 46) == []
    assert [device.name for device in hosts.live(NOW + 45)] == ["ANNA-PC"]
    assert hosts.live(NOW + 46) == []


def test_a_paste_counts_for_ten_minutes_and_is_no_live_agent():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413, agent="paste"), NOW)
    assert ports_at(hosts, NOW + 600) == ["ANNA-PC"]
    assert ports_at(hosts, NOW + 601) == []
    assert hosts.live(NOW) == []


def test_an_agent_outranks_a_paste():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413), NOW)
    with pytest.raises(Conflict, match="an agent reports for ANNA-PC"):
        hosts.report(report("anna-pc", 6881, agent="paste"), NOW + 1)
    assert ports_at(hosts, NOW + 2) == ["ANNA-PC"]
    hosts.report(report("anna-pc", 6881, agent="paste"), NOW + 100)


def test_names_are_compared_without_case_and_kept_with_it():
    hosts = Hosts()
    hosts.report(report("ANNA-PC", 51413), NOW)
    hosts.report(report("anna-pc", 51413), NOW + 15)
    assert [device.name for device in hosts.devices()] == ["ANNA-PC"]
    assert hosts.device("Anna-Pc") is not None


def test_two_machines_cannot_share_a_name_at_one_time():
    hosts = Hosts()
    hosts.report(report("pc", 51413, machine_id="a"), NOW)
    with pytest.raises(Conflict, match="another machine reports as pc"):
        hosts.report(report("pc", 6881, machine_id="b"), NOW + 1)
    with pytest.raises(Conflict, match="another machine reports as pc"):
        hosts.report(report("pc", 6881), NOW + 1)  # it does not say which one it is
    hosts.report(report("pc", 6881, machine_id="b"), NOW + 100)
    assert ports_at(hosts, NOW + 100, port=6881) == ["pc"]


def test_a_spooled_report_never_claims_that_old_sockets_are_open_now():
    hosts = Hosts()
    hosts.report(report("pc", 6881), NOW)
    hosts.report(report("pc", 51413, age_seconds=300.0), NOW + 1)
    assert ports_at(hosts, NOW + 1) == []
    assert ports_at(hosts, NOW - 299) == ["pc"]
    assert ports_at(hosts, NOW + 1, port=6881) == ["pc"]


def test_a_first_report_from_a_spool_is_not_current():
    hosts = Hosts()
    hosts.report(report("pc", 51413, age_seconds=3600.0), NOW)
    assert hosts.live(NOW) == []
    assert ports_at(hosts, NOW, grace=600) == []


def test_unchanged_keeps_the_sockets_open_and_their_age():
    hosts = Hosts()
    hosts.report(report("pc", 51413, addresses=("192.168.1.5",)), NOW)
    hosts.report(HostReport(version=1, device="pc", agent="test", unchanged_since=60.0), NOW + 60)
    assert ports_at(hosts, NOW + 60) == ["pc"]
    assert ports_at(hosts, NOW) == ["pc"]
    assert hosts.inventory.owner("192.168.1.5") == "pc"


def test_unchanged_needs_to_say_nothing_else():
    hosts = Hosts()
    said = report("PC", 51413, machine_id="a", os="Linux", interval_seconds=60.0,
                  gateways=(Gateway(ip="192.168.1.1"),))  # fmt: skip
    aged = msgspec.structs.replace(said.sockets[0], age_seconds=5.0, process_age_seconds=9.0)
    hosts.report(msgspec.structs.replace(said, sockets=(aged,)), NOW)
    short = HostReport(version=1, device="pc", age_seconds=1.0, unchanged_since=60.0)
    known = hosts.report(short, NOW + 61).report
    [socket] = known.sockets
    assert (socket.age_seconds, socket.process_age_seconds) == (65.0, 69.0)
    assert known == msgspec.structs.replace(said, sockets=(socket,), age_seconds=1.0)


def test_unchanged_means_a_report_of_its_own():
    """A laptop that slept does not know that another host has its name by now."""
    hosts = Hosts()
    hosts.report(report("pc", 51413, machine_id="a"), NOW)
    hosts.report(report("pc", 6881, machine_id="b"), NOW + 60)
    late = HostReport(version=1, device="pc", unchanged_since=115.0)
    with pytest.raises(Conflict, match="send a full one"):
        hosts.report(late, NOW + 115)
    hosts.report(msgspec.structs.replace(late, unchanged_since=55.0), NOW + 115)
    assert ports_at(hosts, NOW + 115, port=6881) == ["pc"]


@pytest.mark.parametrize("known", [False, True])
def test_unchanged_without_the_report_it_means_is_refused(known):
    hosts = Hosts()
    if known:
        hosts.report(report("pc", 51413), NOW)
    unchanged = HostReport(version=1, device="pc", agent="test", unchanged_since=10.0)
    with pytest.raises(Conflict, match="send a full one"):
        hosts.report(unchanged, NOW + 60)
    assert ports_at(hosts, NOW + 30) == (["pc"] if known else [])


def test_an_address_of_two_devices_names_neither():
    hosts = Hosts()
    hosts.report(report("a", addresses=("172.17.0.1", "192.168.1.2")), NOW)
    hosts.report(report("b", addresses=("172.17.0.1", "192.168.1.3")), NOW)
    assert hosts.inventory.owner("172.17.0.1") is None
    assert hosts.inventory.owner("192.168.1.2") == "a"
    hosts.report(report("b", addresses=("192.168.1.3",)), NOW + 15)
    assert hosts.inventory.owner("172.17.0.1") == "a"


def test_a_configured_address_names_its_device():
    assert Hosts({"192.168.1.40": "TV"}).inventory.owner("192.168.1.40") == "TV"


def test_flows_are_talk_and_not_open_forever():
    hosts = Hosts()
    flow = Flow(
        transport="udp",
        local_ip="192.168.1.5",
        local_port=50123,
        remote_ip="198.51.100.7",
        remote_port=443,
        age_seconds=30.0,
    )
    hosts.report(report("pc", flows=(flow,)), NOW)
    talked = hosts.listeners.talked_to
    assert [span.device for span in talked("198.51.100.7", NOW, 600)] == ["pc"]
    assert list(talked("198.51.100.7", NOW + 571, 600)) == []


@pytest.mark.thorough
def test_devices_are_bounded():
    hosts = Hosts()
    for moment in (NOW, NOW + 1):
        for number in range(MAX_DEVICES):
            hosts.report(report(f"d{number}"), moment)
    with pytest.raises(Conflict, match="not taken in"):
        hosts.report(report("one-more"), NOW + 1)
    hosts.report(report("d0"), NOW + 2)


@pytest.mark.thorough
def test_made_up_devices_push_out_each_other_and_nobody_who_comes_back():
    hosts = Hosts()
    hosts.report(report("pc", 51413), NOW)
    hosts.report(report("pc", 51413), NOW + 15)
    for number in range(3 * MAX_DEVICES):
        hosts.report(report(f"d{number}", 6881), NOW + 16 + number / 10)
    assert len(list(hosts.devices())) == MAX_DEVICES
    assert len(hosts.listeners) == MAX_DEVICES
    assert ports_at(hosts, NOW + 20) == ["pc"]
    assert hosts.device("d0") is None
    hosts.report(report("new-pc"), NOW + 320)  # a real one stays if it comes back in time
    hosts.report(report("new-pc"), NOW + 335)
    for number in range(MAX_DEVICES):
        hosts.report(report(f"e{number}", 6881), NOW + 336 + number / 10)
    assert hosts.device("new-pc") is not None


def test_closed_sockets_are_bounded(monkeypatch):
    monkeypatch.setattr(hosts_module, "MAX_CLOSED", 10)
    hosts = Hosts()
    for number in range(100):
        hosts.report(report("pc", 50_000 + number), NOW + number)
    assert len(hosts.listeners) == 11


def test_all_open_sockets_are_bounded(monkeypatch):
    monkeypatch.setattr(hosts_module, "MAX_SPANS", 5)
    hosts = Hosts()
    hosts.report(report("a", 1, 2, 3), NOW)
    hosts.report(report("a", 1, 2, 3), NOW + 1)
    with pytest.raises(Conflict, match="no more are taken in"):
        hosts.report(report("b", 1, 2, 3), NOW)
    assert hosts.device("b") is None
    hosts.report(report("a", 4, 5, 6), NOW + 15)


def test_all_that_reports_tell_is_bounded(monkeypatch):
    monkeypatch.setattr(hosts_module, "MAX_SPANS", 5)
    hosts = Hosts()
    near = tuple(Neighbour(ip=f"10.0.0.{n}", mac="00:00:5e:00:53:01") for n in range(3))
    hosts.report(report("garbage", neighbours=near), NOW)
    hosts.report(report("pc", 1, addresses=("10.0.0.5",)), NOW + 1)
    hosts.report(report("pc", 1, 2, 3, 4, addresses=("10.0.0.5",)), NOW + 2)
    assert hosts.device("garbage") is None
    with pytest.raises(Conflict, match="told of 5 sockets and neighbours"):
        hosts.report(report("garbage", neighbours=near), NOW + 3)
    assert hosts.device("pc") is not None


def test_a_busy_device_loses_its_history_before_anybody_is_refused(monkeypatch):
    monkeypatch.setattr(hosts_module, "MAX_SPANS", 50)
    hosts = Hosts()
    hosts.report(report("quiet", 40000), NOW)
    hosts.report(report("quiet"), NOW + 1)
    for number in range(200):
        hosts.report(report("busy", 50_000 + number), NOW + 2 + number)
        assert len(hosts.listeners) <= 50
    assert ports_at(hosts, NOW + 300, grace=600, port=40000) == ["quiet"]


def test_a_clock_that_was_set_back_does_not_freeze_the_sockets():
    hosts = Hosts()
    hosts.report(report("pc", 51413), NOW)
    hosts.report(report("pc", 6881), NOW - 3600)
    assert ports_at(hosts, NOW - 3590, port=6881) == ["pc"]
    assert ports_at(hosts, NOW - 3590) == []
    hosts.report(report("pc", 6881), NOW - 3585)
    assert ports_at(hosts, NOW - 3585, port=6881) == ["pc"]
    assert len(hosts.listeners) == 2


def test_an_address_that_is_reported_twice_is_one():
    hosts = Hosts()
    hosts.report(report("pc", addresses=("10.0.0.5", "10.0.0.5")), NOW)
    assert hosts.inventory.owner("10.0.0.5") == "pc"
    hosts.report(report("pc", addresses=()), NOW + 15)
    assert hosts.inventory.owner("10.0.0.5") is None


def test_old_history_is_forgotten():
    hosts = Hosts()
    hosts.report(report("pc", 51413, addresses=("192.168.1.5",)), NOW)
    hosts.report(report("pc"), NOW + 15)
    hosts.forget_old(NOW + 86_000)
    assert len(hosts.listeners) == 1
    hosts.forget_old(NOW + 86_500)
    assert len(hosts.listeners) == 0
    assert list(hosts.devices()) == []


def test_a_forgotten_device_leaves_nothing():
    hosts = Hosts()
    hosts.report(report("pc", 51413, addresses=("192.168.1.5",)), NOW)
    assert hosts.forget("PC")
    assert not hosts.forget("PC")
    assert len(hosts.listeners) == 0
    assert hosts.inventory.owner("192.168.1.5") is None


def test_a_reopened_port_is_two_spans():
    hosts = Hosts()
    for second, ports in ((0, (51413,)), (15, ()), (30, (51413,))):
        hosts.report(report("pc", *ports), NOW + second)
    spans = list(hosts.listeners.seen_on_port("udp", 51413, NOW + 31))
    assert sorted(span.opened for span in spans) == [NOW, NOW + 28]  # since the look before


def test_the_same_socket_twice_in_a_report_is_one():
    hosts = Hosts()
    hosts.report(report("pc", 51413, 51413), NOW)
    assert len(hosts.listeners) == 1
    hosts.report(report("pc"), NOW + 15)
    assert len(hosts.listeners) == 1


def test_a_report_that_only_changes_text_moves_nothing():
    hosts = Hosts()
    full = report("pc", 51413)
    hosts.report(full, NOW)
    hosts.report(msgspec.structs.replace(full, os="Linux"), NOW + 15)
    assert len(hosts.listeners) == 1
