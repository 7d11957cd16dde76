import random

import pytest

from exporter import causes
from exporter.causes import alike
from exporter.causes.alike import Ways
from exporter.causes.spread import Seen, Spread
from exporter.events import Network
from exporter.hosts import Hosts
from exporter.knowledge import load
from exporter.routers.uplinks import Uplinks
from tests.rejections import decision, rejection

KNOWLEDGE = load()
NOW = 1000.0
KINDS = ("cloud", "hosting", "isp", "cdn", "scanner", "research", "unknown", "private")
PORTS = ["0", "22", "53", "80", "123", "443", "1900", "5060", "6881", "1023", "1024"]


class Around:
    """What was seen around senders and ports, made up."""

    def __init__(self, chance):
        self.chance = chance
        self.sources, self.ports = {}, {}

    def until(self, now):
        return now + 300.0

    def of_source(self, source):
        choice = self.chance.choice
        return self.sources.setdefault(source, (choice((1, 4, 5, 19, 20, 64)), choice((1, 20, 21))))

    def of_port(self, transport, port, now):
        choice = self.chance.choice
        many, rate = choice((1, 2, 7, 8)), choice((1.0, 2999.0, 3000.0, 30000.0))
        return self.ports.setdefault((transport, port), (many, rate))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(30))
def test_each_packet_has_the_name_that_it_would_have_alone(seed):
    chance = random.Random(seed)
    around, uplinks = Around(chance), Uplinks()
    ways = Ways(KNOWLEDGE, around)
    transport, signal = chance.choice(
        [("udp", ""), ("tcp", "S"), ("tcp", "SA"), ("tcp", "R"), ("tcp", "A"), ("tcp", "F")]
    )
    if chance.random() < 0.5:
        uplinks.connected("gate", "203.0.113.8", NOW - 9000)
        uplinks.connected("gate", "203.0.113.9", NOW - 60)
    of = {f"s{n}": chance.choice(KINDS) for n in range(30)}
    sources = chance.choices(list(of), k=300)
    networks = {
        source: Network("private" if kind == "private" else "AS1", "", kind)
        for source, kind in of.items()
    }
    theirs = chance.choices([*PORTS, "50000"], k=300)
    ours = chance.choices([*PORTS, "3074", *map(str, range(40_000, 40_020))], k=300)

    def alone(at):
        packet = rejection(
            received=NOW,
            transport=transport,
            signal=signal,
            remote_ip=sources[at],
            remote_port=int(theirs[at]),
            our_port=int(ours[at]),
            source=networks[sources[at]],
        )
        tried, own = around.of_source(sources[at])
        seen = Seen(tried, *around.of_port(transport, int(ours[at]), NOW), own)
        whose = decision(packet).attribution
        signs = causes.gather(
            packet, whose, seen, knowledge=KNOWLEDGE, hosts=Hosts(), uplinks=uplinks
        )
        return causes.decide(signs).name

    sorts = ways.sorts(sources, networks, NOW)
    one = {sort: source for source, sort in sorts.items()}

    def of_sort(sort, port):
        at = sources.index(one[sort])
        theirs[at], ours[at] = "50001", port  # of theirs nothing is known, and it is none of ours
        return alone(at)

    for few in (ours[:1], ours[:2], ours[:9]):
        names = ways.names_of_sorts("equal", transport, one, few, NOW, of_sort)
        assert ways.names_of_sorts("equal", transport, one, few, NOW, None) == names
        for sort in one:
            each = {of_sort(sort, port) for port in few}
            assert each == {names[sort.number]} if sort.number in names else len(each) > 1

    columns = (sources, theirs, ours)
    told = ways.names("equal", transport, columns, networks, NOW, alone)
    assert told == [alone(at) for at in range(300)]
    assert (
        ways.names("equal", transport, columns, networks, NOW, None) == told
    )  # nothing is asked again
    assert len(set(told)) > 1


def test_senders_of_ever_new_networks_are_not_all_kept(monkeypatch):
    monkeypatch.setattr(alike, "MAX_SORTS", 50)
    ways = Ways(load(), Spread())
    for batch in range(20):
        numbers = range(30 * batch, 30 * batch + 30)
        networks = {f"23.45.{n // 256}.{n % 256}": Network(f"AS{n}") for n in numbers}
        sorts = ways.sorts(networks, networks, 0.0)
        assert len({sort.asn for sort in sorts.values()}) == 30
        assert len(ways._sorts) <= 50 + 30
