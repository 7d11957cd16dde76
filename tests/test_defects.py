"""What a defect costs: the line that it is in, and no count."""

import pytest

from exporter import causes
from exporter.defects import Defects
from exporter.events import Batch
from exporter.metrics import Limits
from exporter.metrics.declared import ATTRIBUTED, DROPPED, MESSAGES, REJECTED
from tests.flooded import OTHER, Home
from tests.world import NOW, report, socket

ROUTER = "192.168.1.1"


class Broken(Exception):
    """A defect."""


def line(n, port=51413, transport="UDP"):
    sender = f"23.45.{n // 256}.{n % 256}:5000"
    return f"{transport} connection rejected from {sender} to 203.0.113.9:{port}".encode()


def total(home, metric):
    return sum(one.value for one in home.pipe.stages.metrics.store.series[metric.name].values())


def take_in(home, messages, now=NOW):
    home.pipe.process(Batch(received=now, sender=ROUTER, listener="udp", messages=messages))


def known():
    """A home of which the dialect is known, so that floods are read by the block."""
    home = Home(Limits(), keeps=True)
    take_in(home, [line(1, port=1)])
    return home


def breaks_at(monkeypatch, owner, name, is_broken):
    usual = getattr(owner, name)

    def broken(*arguments, **named):
        if is_broken(*arguments):
            raise Broken
        return usual(*arguments, **named)

    monkeypatch.setattr(owner, name, broken)


def is_conserved(home, messages, packets):
    assert total(home, MESSAGES) + total(home, DROPPED) == messages
    assert total(home, REJECTED) == packets


def test_a_line_that_cannot_be_read_costs_no_other(monkeypatch):
    home, bad = known(), b"damaged"
    breaks_at(monkeypatch, home.pipe.intake, "take", lambda _, data: data == bad)
    messages = [line(1), bad, line(2), bad, *map(line, range(600)), line(3)]
    with pytest.raises(Broken):
        take_in(home, messages)
    is_conserved(home, len(messages) + 1, len(messages) - 1)
    dropped = home.pipe.stages.metrics.store.series[DROPPED.name]
    assert {labels: one.value for labels, one in dropped.items()} == {("udp", "defect"): 2}
    assert total(home, ATTRIBUTED) == total(home, REJECTED)


def test_lines_of_a_mixture_are_counted_once_whatever_their_order(monkeypatch):
    home, bad = known(), OTHER[2]
    take_in(home, [*map(line, range(50)), *(line(n, transport="TCP") for n in range(50))])
    breaks_at(monkeypatch, home.pipe.intake, "take", lambda _, data: data == bad)
    mixed = [line(n, 4000 + n % 7, ("UDP", "TCP")[n % 3 == 0]) for n in range(200)]
    with pytest.raises(Broken):
        take_in(home, [*mixed, bad, *mixed])
    is_conserved(home, 1 + 100 + 401, 1 + 100 + 400)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (lambda home: home.pipe.intake, "follow"),
        (lambda home: home.pipe.intake, "pieces"),
        (lambda home: home.pipe._floods, "cut"),
        (lambda home: home.pipe.stages.networks, "look_up_each"),
    ],
)
def test_what_cannot_be_read_by_the_block_is_read_line_by_line(owner, name, monkeypatch):
    home = known()
    if name == "look_up_each":
        home.pipe._floods._stages = home.pipe.stages._replace(networks=Looking())
    else:
        breaks_at(monkeypatch, owner(home), name, lambda *_: True)
    with pytest.raises(Broken):
        take_in(home, list(map(line, range(300))))
    is_conserved(home, 301, 301)
    assert total(home, ATTRIBUTED) == 301


class Looking:
    """Networks of which many at once cannot be looked up."""

    def look_up_each(self, addresses):
        raise Broken


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (lambda home: home.pipe.stages.routers, "rejected_each"),
        (lambda home: home.pipe.stages.routers, "rejected"),
        (lambda home: home.pipe.stages.attributor.nats, "add"),
        (lambda home: home.pipe.spread, "add_each"),
        (lambda home: home.pipe._fronts, "add"),
    ],
)
def test_what_is_noted_of_packets_costs_none_of_them(owner, name, monkeypatch):
    home = known()
    breaks_at(monkeypatch, owner(home), name, lambda *_: True)
    with pytest.raises(Broken):
        take_in(home, [*map(line, range(300)), line(1, transport="TCP")])
    rejected = 1 + (0 if owner(home) is home.pipe._fronts else 301)
    assert total(home, MESSAGES) + total(home, DROPPED) == 302
    assert total(home, MESSAGES) == rejected
    assert total(home, ATTRIBUTED) == total(home, REJECTED) == rejected


def breaks_for_tcp(home, monkeypatch):
    attributor = home.pipe.stages.attributor
    breaks_at(monkeypatch, attributor, "attribute", lambda packets, *_: packets.transport == "tcp")


def test_what_cannot_be_decided_is_counted_as_nobodys_of_unknown_cause(monkeypatch):
    home = known()
    breaks_for_tcp(home, monkeypatch)
    with pytest.raises(Broken):
        take_in(home, [line(1, transport="TCP"), line(2)])
    assert total(home, ATTRIBUTED) == total(home, REJECTED) == 3
    [row] = [one for one in home.evidence.take().rows if one.transport == "tcp"]
    assert (row.cause, row.evidence, row.packets) == ("unknown", "none", 1)


@pytest.mark.parametrize("number", [3, 300])
def test_nor_is_a_cause_needed(number, monkeypatch):
    home = known()
    breaks_at(monkeypatch, causes, "decide", lambda _: True)
    with pytest.raises(Broken):
        take_in(home, list(map(line, range(number))))
    assert total(home, ATTRIBUTED) == total(home, REJECTED) == number + 1


def test_one_place_that_cannot_be_decided_leaves_the_others(monkeypatch):
    home = known()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    take_in(home, [line(1, transport="TCP"), line(2)], NOW + 1)
    assert home.pipe.waiting.packets == 2
    decide = home.pipe._deciding
    breaks_at(
        monkeypatch, decide, "decide", lambda groups, *_: groups[0].rejection.transport == "tcp"
    )
    with pytest.raises(Broken):
        home.pipe.tick(NOW + 200)
    assert (home.pipe.waiting.packets, total(home, ATTRIBUTED)) == (0, 2)
    home.pipe.tick(NOW + 201)  # it is told once


def test_what_was_decided_before_a_defect_is_not_decided_again(monkeypatch):
    home = known()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    messages = [line(1), line(2), line(3)]
    take_in(home, messages, NOW + 1)
    attributor = home.pipe.stages.attributor
    breaks_at(monkeypatch, attributor, "decoy", lambda packets: packets.remote_ip == "23.45.0.2")
    monkeypatch.setattr(attributor.patience, "ripe", lambda now: lambda came: True)
    with pytest.raises(Broken):
        take_in(home, messages, NOW + 2)
    home.pipe.finish(NOW + 3)
    assert total(home, ATTRIBUTED) <= total(home, REJECTED) == 7


def test_a_report_is_taken_whatever_becomes_of_the_packets_that_it_settles(monkeypatch):
    home = known()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    take_in(home, [line(1, transport="TCP"), line(2)], NOW + 1)
    breaks_for_tcp(home, monkeypatch)
    assert home.pipe.report(report("ANNA-PC", socket(40_000)), NOW + 2).name == "ANNA-PC"
    assert total(home, ATTRIBUTED) == total(home, REJECTED) == 3
    with pytest.raises(Broken):
        home.pipe.tick(NOW + 3)


def test_the_end_decides_all_that_it_can(monkeypatch):
    home = known()
    home.pipe.report(report("ANNA-PC", socket(40_000)), NOW)
    take_in(home, [line(1, transport="TCP"), line(2)], NOW + 1)
    breaks_for_tcp(home, monkeypatch)
    with pytest.raises(Broken):
        home.pipe.finish(NOW + 2)
    assert total(home, ATTRIBUTED) == total(home, REJECTED) == 3


def test_the_first_defect_is_told_once():
    defects = Defects()
    for text in ("first", "second"):
        with defects.survived():
            raise Broken(text)
    with pytest.raises(Broken, match="first"):
        defects.tell()
    defects.tell()
