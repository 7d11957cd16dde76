from exporter import traffic as module
from exporter.traffic import Traffic
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
