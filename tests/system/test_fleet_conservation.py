"""Each packet of a fleet once, whatever becomes of workers and brokers, to two Prometheus servers.

Records are written all the time, some twice, some that are nonsense. Meanwhile one worker is
killed, one is halted until the group has given it up and then goes on, and one broker of three is
killed.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.system.parts import exposition, fleet, prometheus
from tests.system.parts.fleet import ATTRIBUTED, REJECTED, Relay, ready, worker
from tests.system.parts.kafka import Kafka
from tests.system.parts.knockwatch import Server, free_port
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prometheus import Prometheus

pytestmark = needs("kafka", "prometheus")

SITES = 24
PARTITIONS = 6
TOPIC = "conserved"
NO_INSTANCE = """\
    metric_relabel_configs:
      - {source_labels: [shard], regex: .+, target_label: instance, replacement: ""}
"""


def has_seen(watcher: Prometheus, packets: int) -> bool:
    return watcher.number(f"sum({REJECTED})") == packets


@contextmanager
def sending(relay: Relay) -> Iterator[None]:
    """Write records as long as the block runs, some of them twice, some that nobody can read."""
    over = threading.Event()

    def send() -> None:
        number = 0
        while not over.wait(0.02):
            number += 1
            relay.lines(f"site-{number % SITES}", 1 + number % 7)
            if number % 10 == 0:  # as after an answer that was lost: the site has had it
                relay.again()
            if number % 25 == 0:
                relay.raw(b"site-0", b"\xc1")

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        relay.flush()


@contextmanager
def watching(folder: Path, *ports: int) -> Iterator[Prometheus]:
    folder.mkdir()
    targets = '", "'.join(f"127.0.0.1:{port}" for port in ports)
    with prometheus.prometheus(folder, targets, free_port(), more=NO_INSTANCE) as server:
        prometheus.ready(server)
        yield server


def sums(*servers: Server) -> list[float]:
    """What all of them show: rejected packets, and those that are decided."""
    text = fleet.scraped(*servers)
    return [exposition.total(text, metric) for metric in (REJECTED, ATTRIBUTED)]


def test_every_packet_is_counted_once_whatever_is_killed(kafka_cluster: Kafka, tmp_path):
    ports = [free_port() for _ in range(3)]
    with ExitStack() as stack:
        enter = stack.enter_context

        def start(number: int) -> Server:
            http = ports[number]
            return enter(worker(tmp_path, kafka_cluster, TOPIC, partitions=PARTITIONS, http=http))

        servers = [start(0)]
        ready(servers[0])  # it has made the topics
        servers += [start(1), start(2)]
        watchers = [enter(watching(tmp_path / name, *ports)) for name in ("one", "two")]
        relay = Relay(kafka_cluster, TOPIC)
        with sending(relay):
            until(lambda: all(map(fleet.shards, servers)), "shards at all workers", seconds=60)
            servers[0].process.kill()
            servers[1].process.popen.send_signal(signal.SIGSTOP)
            halted = time.monotonic()
            kafka_cluster.kill(2)
            rest = servers[2]
            until(lambda: len(fleet.shards(rest)) == PARTITIONS, "one with all", seconds=60)
            kafka_cluster.start(2)
            assert time.monotonic() - halted > 15, "it was not halted for long enough"
            servers[1].process.popen.send_signal(signal.SIGCONT)
            servers[0] = start(0)
            until(lambda: all(map(fleet.shards, servers)), "shards at all workers", seconds=60)
        until(lambda: sums(*servers) == [relay.sent, relay.sent], "all packets counted", seconds=60)
        text = fleet.scraped(servers[1])
        assert exposition.total(text, "knockwatch_transactions_total", outcome="aborted") >= 1
        for watcher in watchers:
            until(partial(has_seen, watcher, relay.sent), "the same sum")
            assert watcher.number(f"sum(resets({REJECTED}[10m]))") == 0
            # From the zero at which each series was created, by raw samples: nothing extrapolated.
            first = watcher.number(f"sum(min_over_time({REJECTED}[10m]))")
            assert watcher.number(f"sum(max_over_time({REJECTED}[10m]))") - first == relay.sent
            assert watcher.query(f'{REJECTED}{{instance!=""}}') == {}
        for server in servers:
            assert "were deleted before" not in server.process.output()
            assert server.process.stop() == 0
