"""What is decided by columns comes to what it would come to packet by packet."""

import random

import pytest

from exporter import deciding
from exporter.attribution import waiting
from exporter.bisection import streams
from exporter.events import Batch, Event
from exporter.evidence import store
from exporter.metrics import Limits
from exporter.storage import remembered
from tests.flooded import ROOMY, TIGHT, Home, Traffic, packet_by_packet
from tests.world import NOW, flow, report, socket

ROUTER = "192.168.1.1"
SENTENCE = "UDP connection rejected from {}:5000 to 203.0.113.9:{}"


def homes(monkeypatch, limits, **kept):
    """Two that differ only in how they decide."""
    by_columns, by_packet = Home(limits, **kept), Home(limits, **kept)
    packet_by_packet(by_packet.pipe._deciding, monkeypatch)
    return by_columns, by_packet


def known(chance, traffic):
    """What a home's hosts and its router's log tell while it is flooded."""
    ports, sources = chance.sample(traffic.ports, k=min(2, len(traffic.ports))), traffic.sources
    open_there = tuple(socket(port, age_seconds=chance.choice((5.0, 3600.0))) for port in ports[:1])
    talks = tuple(flow(40_007, chance.choice(sources)) for _ in range(chance.randrange(3)))
    yield lambda pipe, now: pipe.report(report("ANNA-PC", *open_there, flows=talks), now)
    some = chance.choice(((), (socket(40_100),)))
    yield lambda pipe, now: pipe.report(report("BEN-PC", *some, interval_seconds=5.0), now)
    mapped = Event(
        kind="port_mapping", transport="udp", destination_port=ports[-1], ip="192.168.1.23"
    )
    yield lambda pipe, now: pipe.stages.attributor.mappings.add(ROUTER, mapped, now)
    asked = Event(kind="dns", source_ip="192.168.1.23", ip=chance.choice(sources), hostname="x")
    yield lambda pipe, now: pipe.stages.attributor.lookups.add(ROUTER, asked, now)
    yield lambda pipe, now: pipe.stages.routers.uplinks.connected(ROUTER, "203.0.113.9", now)


def restarted(both, now, fresh):
    """Fresh homes that remember what these would store."""
    for old, new in zip(both, fresh, strict=True):
        assert remembered.restore(new.pipe, remembered.parts(old.pipe, now), now) == {}
        assert new.pipe.waiting.packets == old.pipe.waiting.packets
    return fresh


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(40))
def test_columns_come_to_what_their_packets_come_to(seed, monkeypatch):
    chance = random.Random(seed)
    monkeypatch.setattr(waiting, "MAX_GROUPS", chance.choice((7, 300, 10_000)))
    monkeypatch.setattr(store, "MAX_GATHERED", chance.choice((5, 200, 20_000)))
    monkeypatch.setattr(streams, "MAX_STREAMS", chance.choice((3, 1000)))
    limits = chance.choice((TIGHT, ROOMY, Limits()))
    kept = chance.choice(({"keeps": True}, {"keeps": True}, {"tells": True}, {}))
    both, traffic, now = homes(monkeypatch, limits, **kept), Traffic(chance), NOW
    tellings = [one for one in known(chance, traffic) if chance.random() < 0.6]
    for _ in range(chance.choice((4, 8))):
        messages = traffic.batch()
        batch = Batch(received=now, sender=ROUTER, listener="udp", messages=messages)
        if chance.random() < 0.15:
            both = restarted(both, now, homes(monkeypatch, limits, **kept))
        for home in both:
            home.pipe.process(batch)
        assert both[0].state() == both[1].state(), seed
        now += chance.choice((0.1, 7.0, 29.0, 130.0, 400.0))
        for tell in tellings:
            if chance.random() < 0.7:
                for home in both:
                    tell(home.pipe, now)
        for home in both:
            home.pipe.tick(now)
        assert both[0].state() == both[1].state(), seed
    for home in both:
        home.pipe.finish(now)
    assert both[0].state() == both[1].state(), seed
    assert len(both[0].pipe.waiting) == 0


def flood(home, count, port=51413, now=NOW):
    lines = [SENTENCE.format(f"23.45.{n // 256}.{n % 256}", port).encode() for n in range(count)]
    home.pipe.process(Batch(received=now, sender=ROUTER, listener="udp", messages=lines))


def decided_alone(home):
    """How many groups are decided one by one from now on."""
    alone, conclude = [], home.pipe._deciding._conclude
    home.pipe._deciding._conclude = lambda *told: (alone.append(1), conclude(*told))
    return alone


def flooded():
    """A home of which the dialect is known, so that it is read by the block."""
    home = Home(Limits(), keeps=True)
    flood(home, 1, port=1)
    return home


def test_a_flood_of_strangers_is_decided_by_columns_where_nobody_reports():
    home = flooded()
    alone = decided_alone(home)
    flood(home, 500)
    assert (alone, len(home.pipe.waiting)) == ([], 0)
    assert len(home.evidence.take().rows) == 501


def test_with_a_host_that_reports_it_waits_and_is_decided_by_columns():
    home = flooded()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    alone = decided_alone(home)
    flood(home, 500, now=NOW + 1)
    assert (alone, home.pipe.waiting.packets) == ([], 500)
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW + 2)
    assert (alone, home.pipe.waiting.packets) == ([], 0)
    assert {row.evidence for row in home.evidence.take().rows} == {"none"}


def test_what_finds_no_room_is_decided_at_once_and_by_columns(monkeypatch):
    monkeypatch.setattr(waiting, "MAX_GROUPS", 100)
    home = flooded()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    alone = decided_alone(home)
    flood(home, 500, now=NOW + 1)
    assert (alone, len(home.pipe.waiting)) == ([], 100)
    assert sum(row.packets for row in home.evidence.take().rows) == 401
    flood(home, 100, now=NOW + 2)  # the same: they find those that wait
    assert (alone, home.pipe.waiting.packets) == ([], 200)


def test_of_which_anything_is_known_each_is_decided_for_itself():
    home = flooded()
    home.pipe.report(report("ANNA-PC", socket()), NOW)
    alone = decided_alone(home)
    flood(home, 60, now=NOW + 1)
    assert len(alone) == 60
    assert {row.device for row in home.evidence.take().rows} == {"", "ANNA-PC"}


def test_few_are_decided_one_by_one():
    home = flooded()
    alone = decided_alone(home)
    flood(home, deciding.FEW - 1)
    assert len(alone) == deciding.FEW - 1


def test_more_that_waits_than_may_lets_no_other_wait(monkeypatch):
    home = flooded()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    flood(home, 100, now=NOW + 1)
    monkeypatch.setattr(waiting, "MAX_GROUPS", 90)  # as after a restart with a lower bound
    flood(home, 500, port=51414, now=NOW + 2)
    assert home.pipe.waiting.packets == 100
