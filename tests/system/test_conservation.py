"""Nothing that was shown is taken back, and every message counts once: a few rounds of the oracle.

`python -m tests.oracle` plays hundreds.
"""

import os
import random
import signal
import time

from tests.oracle import play
from tests.oracle.home import home
from tests.oracle.play import played
from tests.system.parts.needs import needs
from tests.system.parts.process import until

ROUNDS = 6
LATE = 2.5  # seconds that a scrape waits for its answer


@needs("namespaces", "faketime")
def test_the_laws_hold_over_kills_a_full_disk_damage_and_clock_jumps(tmp_path):
    account = played(tmp_path, random.randrange(10**6), ROUNDS, watched=False)
    assert not account.broken, str(account)


@needs("namespaces", "prometheus")
def test_prometheus_adds_up_what_was_counted(tmp_path):
    account = played(tmp_path, random.randrange(10**6), ROUNDS, watched=True)
    assert not account.broken, str(account)
    assert account.series


@needs("namespaces", "prometheus")
def test_what_is_born_while_a_scrape_waits_for_its_answer_is_no_restart(tmp_path):
    with (
        home(tmp_path, random.Random(1), clock=False) as place,
        play.watching(place, interval="5s") as watch,
    ):
        place.start()
        assert place.process is not None
        until(lambda: watch.number("scrape_samples_scraped") > 0, "first scrape")
        for name in ("udp", "tcp", "stdin"):
            scraped = watch.number("timestamp(up)")
            until(lambda s=scraped: watch.number("timestamp(up)") > s, "next scrape")
            time.sleep(4.0)
            os.kill(place.process.pid, signal.SIGSTOP)
            time.sleep(1.0 + LATE)
            place.send(name)
            os.kill(place.process.pid, signal.SIGCONT)
        place.settle()
        assert play.seen_by(watch, place) > 20
