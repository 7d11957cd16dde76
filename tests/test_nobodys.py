"""What is decided for whole sorts of senders comes to what it would come to packet by packet."""

import random

import pytest

from exporter.events import Batch
from exporter.metrics import Limits
from exporter.metrics.tallies import Tallies
from tests.flooded import ROOMY, Home
from tests.world import NOW

NOTED = (53, 123, 443, 3478, 6881)


def flood(chance, lines, second, protocol):
    """Lines of senders that try much, a few of them from ports that say something."""
    senders = [
        f"{chance.choice((8, 23, 23, 104, 185))}.{chance.randrange(60)}.7.{n}"
        for n in range(chance.choice((3, 20, 60)))
    ]
    ports = [chance.choice((0, 22, 53, 6881, *range(40000, 40400))) for _ in range(30)]
    ours = ports[: chance.choice((1, 4, 30))]
    rare = chance.choice((0.0, 0.01, 0.05, 0.5))
    for n in range(lines):
        port = chance.choice(ours)
        theirs = chance.randrange(1024, 65536)
        if chance.random() < rare:
            theirs = chance.choice((*NOTED, port))
        at = int(second + n * 0.01)
        yield (
            f"<4>Nov 10 {at // 3600:02}:{at // 60 % 60:02}:{at % 60:02} gate kernel: {protocol} "
            f"connection rejected from {chance.choice(senders)}:{theirs} to 203.0.113.9:{port}"
        ).encode()


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(12))
def test_sorts_of_senders_come_to_what_their_packets_come_to(seed, monkeypatch):
    chance, counted = random.Random(seed), []
    in_all = Tallies.attributed_in_all

    def spy(self, like, totals, now):
        counted.append(sum(totals.values()))
        in_all(self, like, totals, now)

    monkeypatch.setattr(Tallies, "attributed_in_all", spy)
    limits = chance.choice((ROOMY, Limits(), Limits(source_asn=6)))
    by_block, by_line = (Home(limits, tells=False, line_clock=0.0) for _ in range(2))
    second = chance.randrange(50_000)
    for _ in range(4):
        protocol = chance.choice(("UDP", "UDP", "TCP"))
        lines = [*flood(chance, chance.choice((200, 900)), second, protocol)]
        batch = Batch(received=NOW, sender="", listener="file", messages=lines)
        by_block.pipe.process(batch)
        by_line.pipe.read(batch)
        assert by_block.state() == by_line.state()
        second += chance.choice((0, 60, 400))
    assert max(counted) > 100
