"""`knockwatch serve` with brokers configured: a worker of a fleet, from its start to its rest.

It is a member of the consumer group, holds the shards of its partitions, and shows them over HTTP.
A failure that a new membership can mend ends a membership, not the program. One event loop, as in
`app`.
"""

import asyncio
import contextlib
import socket
import time
from collections import Counter
from functools import partial
from pathlib import Path
from uuid import uuid4

from confluent_kafka import KafkaException
from loguru import logger
from prometheus_client import PlatformCollector, ProcessCollector

from exporter import build, heap, tables
from exporter.config import ConfigError
from exporter.ending import told_to_end
from exporter.fleet import exposition, kafka, worker_http, worker_metrics
from exporter.fleet.membership import Membership
from exporter.fleet.pseudonyms import Pseudonyms
from exporter.fleet.relay_keys import RelayKeyError, RelayKeys, own_secret
from exporter.fleet.shard import Shard
from exporter.fleet.transactions import Aborted, Broken
from exporter.metrics import formats
from exporter.settings import Config
from exporter.transports import OncePerMinute, bind
from exporter.web.configuration import WebConfiguration
from exporter.web.server import HttpServer

SCRAPE = 5.0  # seconds that a scrape waits for its commit; then it shows what is stored
AGAIN = 5.0  # seconds before brokers are tried again
RENEW = 10.0  # seconds between looks at whether the relays' keys have changed
_EXPECTED = (TimeoutError, KafkaException, Broken, Aborted, LookupError)


class Worker:
    """The running parts of one worker."""

    def __init__(self, config: Config) -> None:
        """Open everything that can fail but for Kafka.

        Raises config.ConfigError, transports.ListenError or ValueError, each naming what and where.
        """
        self._config = config
        self._name = f"{config.kafka.group}-{uuid4()}"
        self._keys = _keys(config)
        self._pseudonyms = _pseudonyms(config)
        self._like = build.stages(config)
        self._log_failure = OncePerMinute()
        self._membership: Membership | None = None
        self._errors: Counter[str] = Counter()  # by what failed
        self._outcomes: Counter[str] = Counter(committed=0, aborted=0)  # of transactions
        self._process = [ProcessCollector(registry=None), PlatformCollector(registry=None)]
        asked = worker_http.Asked(self.scrape, lambda: self.ready)
        web = WebConfiguration(config.listen.web_config)
        self._http = HttpServer(worker_http.create(config, asked), web)
        listen = config.listen
        self._socket = bind(socket.SOCK_STREAM, listen.address, listen.http_port)

    @property
    def http_port(self) -> int:
        """The port of /metrics."""
        return int(self._socket.getsockname()[1])

    @property
    def ready(self) -> bool:
        """Whether we are a member of the group, and all our shards are restored."""
        return self._membership is not None and self._membership.holding.ready

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then store everything and leave the group.

        Raises ValueError for what nobody should go on after.
        """
        failure: Exception | None = None
        async with asyncio.TaskGroup() as group:
            http = group.create_task(self._http.serve(sockets=[self._socket]))
            networks = tables.refresh(self._config.network, self._like.networks)
            others = [group.create_task(networks), group.create_task(self._renew_keys())]
            try:
                await self._work(stop)
            except Exception as error:  # noqa: BLE001 - raised again, once the rest has ended
                failure = error
            for task in others:
                task.cancel()
            self._http.end()
            await http
        self._socket.close()
        if failure is not None:
            raise failure

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """The exposition, after what it shows is safely stored."""
        begun = time.time()
        shown: list[tuple[Shard, int]] = []
        if self._membership is not None:
            holding = self._membership.holding
            await holding.commit(SCRAPE)
            shown = holding.shown()
        lags = [(shard.partition, lag) for shard, lag in shown]
        families = [
            *exposition.take([shard for shard, _ in shown], self._like.networks, begun),
            *worker_metrics.take(lags, self._outcomes, self._errors),
        ]
        return await asyncio.to_thread(formats.encode, families, accept, self._process)

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await asyncio.to_thread(kafka.make_topics, self._config.kafka)
                await self._be_a_member(stop)
            except (TimeoutError, Broken, KafkaException) as error:
                self._failed("membership", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), AGAIN)

    async def _be_a_member(self, stop: asyncio.Event) -> None:
        self._membership = Membership(
            self._config,
            self._new_shard,
            name=self._name,
            clock=time.time,
            failed=self._failed,
            outcomes=self._outcomes,
        )
        try:
            await self._membership.run(stop)
        finally:
            self._membership = None

    def _new_shard(self, partition: int) -> Shard:
        return Shard(
            partition,
            self._config,
            self._like,
            keys=self._keys,
            pseudonyms=self._pseudonyms,
            failed=partial(self._failed, "lines"),
        )

    async def _renew_keys(self) -> None:
        while self._keys is not None:
            await asyncio.sleep(RENEW)
            self._keys.renew()

    def _failed(self, task: str, error: Exception) -> None:
        """Count what is survived, and say it once a minute; in any thread."""
        self._errors[task] += 1
        if self._log_failure(time.time(), task):
            defect = None if isinstance(error, _EXPECTED) else error
            logger.opt(exception=defect).error("{}: {}; the rest goes on", task, error)


def check(config: Config) -> None:
    """Read the files of which a worker is told. Raises ConfigError naming the key."""
    _keys(config)
    _pseudonyms(config)


def _keys(config: Config) -> RelayKeys | None:
    """The relays' keys; None when everybody is believed."""
    if not config.fleet.relays:
        logger.warning("fleet.relays names no file: whoever reaches the brokers is believed")
        return None
    try:
        return RelayKeys(Path(config.fleet.relays))
    except RelayKeyError as error:
        raise ConfigError(f"fleet.relays: {error}") from None


def _pseudonyms(config: Config) -> Pseudonyms:
    if not config.fleet.pseudonym_key:
        return Pseudonyms()
    try:
        return Pseudonyms(own_secret(Path(config.fleet.pseudonym_key)))
    except RelayKeyError as error:
        raise ConfigError(f"fleet.pseudonym_key: {error}") from None


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT.

    Raises what `Worker` raises when it cannot start, and what it cannot go on after.
    """
    worker = Worker(config)
    heap.settle()
    stop = told_to_end()
    brokers = config.kafka
    logger.info(
        "knockwatch {} works on topic {} of {} in group {}; metrics on port {}",
        *(build.VERSION, brokers.topic, ", ".join(brokers.servers), brokers.group),
        worker.http_port,
    )
    await worker.run(stop)
    logger.info("stopped; the group was left")
