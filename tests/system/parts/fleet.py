"""A fleet: records as relays write them, counted as they are sent, and workers that count them."""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from confluent_kafka import Producer

from exporter.fleet.kafka import PARTITIONER
from exporter.fleet.records import Lines, encode
from tests.system.parts import exposition, web
from tests.system.parts.kafka import Kafka
from tests.system.parts.knockwatch import COMMAND, ROOT, Server, free_port
from tests.system.parts.process import started, until

REJECTED = "knockwatch_rejected_packets_total"
ATTRIBUTED = "knockwatch_attributed_packets_total"
LINE = b"UDP connection rejected from 198.51.%d.%d:3478 to 203.0.113.9:51413"


class Relay:
    """Writes lines of sites, and knows how many."""

    def __init__(self, cluster: Kafka, topic: str) -> None:
        self.topic = topic
        self.sent = 0  # packets
        self.session = uuid.uuid4().hex
        self._sequence = itertools.count(1)
        self._last = b"", b""
        self._producer = Producer(
            cluster.client()
            | {"enable.idempotence": True, "partitioner": PARTITIONER, "linger.ms": 2}
        )

    def lines(self, site: str, packets: int) -> None:
        """Write one record of a site."""
        messages = [LINE % (n // 200 % 200, n % 200) for n in range(packets)]
        record = Lines(
            session=self.session,
            sequence=next(self._sequence),
            region="",
            received=datetime.now(UTC).timestamp(),
            listener="udp",
            sender="192.168.1.1",
            messages=messages,
        )
        self._last = site.encode(), encode(record)
        self.raw(*self._last)
        self.sent += packets

    def again(self) -> None:
        """Write the last record of lines once more, as after an answer that was lost."""
        self.raw(*self._last)

    def raw(self, key: bytes, value: bytes) -> None:
        """Write any record."""
        self._producer.produce(self.topic, value, key, headers={"kind": b"lines"})
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until brokers have all."""
        if self._producer.flush(60):
            raise RuntimeError("brokers did not take all records")


@contextmanager
def worker(
    folder: Path,
    cluster: Kafka,
    topic: str,
    *,
    partitions: int = 4,
    http: int = 0,
    group: str = "",
    more: str = "",
) -> Iterator[Server]:
    """Run a worker, by default of the topic's group and on a free port.

    It is a member when it is ready. `more` goes on with [kafka], and may have other tables behind
    it.
    """
    http = http or free_port()
    config = folder / f"worker-{http}.toml"
    config.write_text(
        f'[listen]\naddress = "127.0.0.1"\nhttp_port = {http}\n'
        f'[kafka]\nservers = ["{cluster.bootstrap}"]\ntopic = "{topic}"\n'
        f'group = "{group or topic}"\n'
        f"partitions = {partitions}\n{more}"
    )
    log = folder / f"worker-{http}.log"
    with started([*COMMAND, "serve", "--config", config], log, cwd=ROOT) as process:
        yield Server(process, f"http://127.0.0.1:{http}", 0)


def is_ready(server: Server) -> bool:
    """Tell whether it is a member of the group, and all its shards are restored."""
    try:
        return web.get(f"{server.url}/-/ready", seconds=2).status == 200
    except OSError:
        return False


def ready(*servers: Server) -> None:
    """Wait for that."""
    for server in servers:
        until(partial(is_ready, server), "ready worker", seconds=60)


def scraped(*servers: Server) -> str:
    """What those that answer show, one after the other."""
    texts = []
    for server in servers:
        try:
            texts.append(web.get(f"{server.url}/metrics", accept=web.OPENMETRICS).text)
        except OSError:
            continue  # it was killed, or is halted
    return "\n".join(texts)


def counted(*servers: Server, metric: str = REJECTED) -> float:
    """Return the sum that those show that answer."""
    return exposition.total(scraped(*servers), metric)


def shards(server: Server) -> set[str]:
    """Return the partitions that a worker shows."""
    samples = exposition.samples(scraped(server))
    return {dict(labels)["shard"] for name, labels in samples if name == "knockwatch_shard_sites"}
