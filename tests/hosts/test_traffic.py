from exporter.hosts import traffic as module
from exporter.hosts.traffic import Traffic
from tests.world import flow, report, socket


def one(*counts, **changes):
    """A report of a program with conversations that count so many bytes."""
    flows = [flow(remote=f"198.51.100.{n}", bytes=count) for n, count in enumerate(counts)]
    return report("ANNA-PC", socket(process="a.exe"), flows=tuple(flows), **changes)


def test_the_first_report_tells_nothing_new():
    assert Traffic().add(one(5000)) == {}


def test_what_grew_since_the_report_before_is_the_programs():
    traffic = Traffic()
    traffic.add(one(5000, 100))
    assert traffic.add(one(5600, 100, 40)) == {"a.exe": 640}
    assert traffic.add(one(5600, 100, 40)) == {}


def test_a_conversation_that_began_anew_counts_from_its_beginning():
    traffic = Traffic()
    traffic.add(one(5000))
    assert traffic.add(one(300)) == {"a.exe": 300}


def test_a_port_of_two_programs_is_neithers_and_one_of_nobody_is_nobodys():
    traffic = Traffic()
    traffic.add(report("PC"))
    both = (socket(process="a"), socket(process="b"))
    assert traffic.add(report("PC", *both, flows=(flow(bytes=9),))) == {}
    assert traffic.add(report("PC", flows=(flow(remote="192.0.2.9", bytes=9),))) == {}


def short(*flows):
    """A heartbeat as it is taken in: the sockets are those of the report before."""
    return report("ANNA-PC", socket(process="a.exe"), flows=flows)


def test_what_a_heartbeat_leaves_out_is_not_new_when_it_is_told_again():
    traffic = Traffic()
    traffic.add(one(5000, 100))
    assert traffic.add(short(flow(remote="198.51.100.1", bytes=130)), complete=False) == {
        "a.exe": 30
    }
    assert traffic.add(short(), complete=False) == {}
    assert traffic.add(one(5000, 130)) == {}
    assert traffic.add(one(130)) == {"a.exe": 130}  # this one has ended, and begun anew


def connection(count, port=40000, remote="198.51.100.7"):
    return flow(port, remote=remote, transport="tcp", bytes=count)


def connected(process, port=40000, remote="198.51.100.7"):
    ends = {"local_ip": "192.168.1.23", "remote_ip": remote, "remote_port": 3478}
    return socket(port, process, transport="tcp", state="established", **ends)


def test_the_last_bytes_of_a_connection_are_the_programs_that_had_it():
    traffic = Traffic()
    traffic.add(report("PC", connected("a"), flows=(connection(100),)))
    assert traffic.add(report("PC", flows=(connection(700),))) == {"a": 600}
    assert traffic.add(report("PC", flows=(connection(700),))) == {}


def test_a_connection_that_nobody_saw_open_is_not_another_ones_of_that_port():
    traffic = Traffic()
    traffic.add(report("PC"))
    brief = connection(900, remote="198.51.100.8")
    assert traffic.add(report("PC", connected("a"), flows=(brief, connection(5)))) == {"a": 5}


def test_a_servers_connections_are_its_own():
    traffic = Traffic()
    traffic.add(report("PC"))
    listener = socket(443, "nginx", transport="tcp", state="listen")
    assert traffic.add(report("PC", listener, flows=(connection(900, port=443),))) == {"nginx": 900}


def test_what_a_router_forwards_is_none_of_its_own_programs():
    traffic = Traffic()
    traffic.add(report("router"))
    mine = socket(process="a")
    there = report("router", mine, flows=(flow(bytes=9),), addresses=("192.168.1.1",))
    assert traffic.add(there) == {}


def test_conversations_of_a_device_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_COUNTED", 2)
    traffic = Traffic()
    traffic.add(one(10, 20, 30))
    assert traffic.add(one(11, 21, 31)) == {"a.exe": 2}
    traffic.add(short(flow(remote="192.0.2.1", bytes=1)), complete=False)
    assert [len(found) for found in traffic._counted.values()] == [2]
    assert traffic.add(short(flow(remote="198.51.100.0", bytes=12)), complete=False) == {"a.exe": 1}


def test_conversations_without_a_count_tell_nothing():
    traffic = Traffic()
    traffic.add(one(None))
    assert traffic.add(one(None)) == {}


def test_devices_are_apart_and_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_DEVICES", 1)
    traffic = Traffic()
    traffic.add(one(100))
    traffic.add(report("BEN-PC"))
    assert traffic.add(one(200)) == {}  # the first was forgotten


def test_all_conversations_are_bounded_those_told_longest_ago_go_first(monkeypatch):
    monkeypatch.setattr(module, "MAX_ALL", 4)
    traffic = Traffic()
    three = tuple(flow(remote=f"192.0.2.{n}", bytes=1) for n in range(3))
    traffic.add(report("garbage", flows=three))
    traffic.add(report("ANNA-PC", flows=three[:2]))
    traffic.add(report("BEN-PC", flows=three[:2]))
    assert sum(map(len, traffic._counted.values())) == 4
    assert "garbage" not in traffic._counted
