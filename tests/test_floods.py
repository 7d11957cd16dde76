"""Floods that are read by the block come to what they would come to line by line."""

import random
from itertools import chain

import msgspec
import pytest

from exporter.events import Batch
from exporter.metrics import Limits
from tests.flooded import ROOMY, TIGHT, Home, Traffic
from tests.world import NOW, report, socket

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("seed", range(24))
def test_floods_come_to_what_their_lines_come_to(seed):
    chance = random.Random(seed)
    limits = chance.choice((TIGHT, ROOMY, Limits()))
    replayed, tells, alive = seed % 4 < 2, chance.random() < 0.3, chance.random() < 0.25
    homes = [Home(limits, tells=tells, line_clock=0.0 if replayed else None) for _ in range(2)]
    by_block, by_line = (home.pipe for home in homes)
    traffic, now = Traffic(chance), NOW
    listener, sender = chance.choice((("udp", "192.168.1.1"), ("udp", "127.0.0.1")))
    if replayed or chance.random() < 0.2:
        listener, sender = "file", ""
    for _ in range(chance.choice((3, 6))):
        messages = traffic.batch()
        batch = Batch(received=now, sender=sender, listener=listener, messages=messages)
        by_block.process(batch)
        taken = list(chain.from_iterable(by_block._counted))  # those of no stranger come last
        assert sorted(taken) == sorted(messages)
        by_line.read(msgspec.structs.replace(batch, messages=taken))
        assert homes[0].state() == homes[1].state(), seed
        now += chance.choice((0.1, 7.0, 130.0))
        for home in homes if alive else ():
            home.pipe.report(report("ANNA-PC", socket()), now)
        if not replayed:
            for home in homes:
                home.pipe.tick(now)
    for home in homes:
        home.pipe.finish(now)
    assert homes[0].state() == homes[1].state(), seed
