"""`knockwatch relay`: lines and reports of sites on their way to Kafka, and nothing lost of them.

The parts are those of `serve` up to the inbox. Then whose it is is looked up, messages of a sender
are gathered to records, and `outgoing` brings them to the brokers, by the disk if it has to.
"""

import asyncio
import contextlib
import socket
import time
from pathlib import Path

from loguru import logger
from prometheus_client import PlatformCollector, ProcessCollector

from exporter import heap
from exporter.access.tokens import Tokens
from exporter.build import VERSION
from exporter.ending import told_to_end
from exporter.events import Batch
from exporter.fleet import relay_http
from exporter.fleet import relay_metrics as rm
from exporter.fleet.gathering import Gathering
from exporter.fleet.link import Link
from exporter.fleet.outgoing import WRITE, Outgoing
from exporter.fleet.relay_parts import parts
from exporter.fleet.session import Session, renumbered
from exporter.fleet.spool import Spool
from exporter.metrics import formats
from exporter.receivers import Receivers
from exporter.recurring import regularly
from exporter.settings import Config
from exporter.transports import Losses, OncePerMinute, bind
from exporter.transports.inbox import Inbox
from exporter.web.configuration import WebConfiguration
from exporter.web.server import HttpServer

GATHER = 1.0  # seconds that a message waits for others of its sender
RENEW = 5.0  # seconds between looks at whether certificate and subscribers have changed


class Relay:
    """The running parts of one relay."""

    def __init__(self, config: Config, folder: Path, tokens: Tokens | None = None) -> None:
        """Open everything that can fail; a broker need not be there.

        Raises ConfigError, database.StateError or transports.ListenError.
        """
        places, writer = parts(config)
        self.ready = False
        self._places = places
        self._log_due = OncePerMinute()
        self._metrics = rm.RelayMetrics(time.time)
        self._process = [ProcessCollector(registry=None), PlatformCollector(registry=None)]
        self._losses = Losses()
        self._inbox = Inbox(self._losses)
        self._session = Session()
        self._gathering = Gathering(self._session)
        self._flushing: asyncio.TimerHandle | None = None
        self._held = False
        self._link = Link(writer, clock=time.monotonic)
        with contextlib.ExitStack() as opened:
            spool = Spool(folder / "spool.sqlite")
            opened.callback(spool.close)
            self._outgoing = Outgoing(
                spool,
                self._link,
                self._metrics,
                most_bytes=config.relay.spool_bytes,
                renumber=renumbered,
                clock=time.monotonic,
            )
            self.receivers = Receivers(config, self._inbox, self._losses, {}, time.time)
            opened.callback(self.receivers.close)
            listen = config.listen
            self._http_socket = bind(socket.SOCK_STREAM, listen.address, listen.http_port)
            opened.callback(self._http_socket.close)
            self._opened = opened.pop_all()
        ways = relay_http.Ways(places, self._session, self._outgoing, self._metrics, time.time)
        names = frozenset(name.lower() for name in listen.host_names)
        application = relay_http.create(self, ways, names, tokens)
        web = WebConfiguration(listen.web_config)
        self._http = HttpServer(application, web, relay_http.admits(places, tokens))

    async def run(self, stop: asyncio.Event) -> int:
        """Relay until `stop`, then bring all into safety; return how many records could not be."""
        async with asyncio.TaskGroup() as group:
            linking = group.create_task(self._link.keep())
            outgoing = group.create_task(self._outgoing.run())
            consumer = group.create_task(self._consume())
            http = group.create_task(self._http.serve(sockets=[self._http_socket]))
            streams = self.receivers.start(group)
            regular = [
                group.create_task(regularly(stop, RENEW, self._renew, self._metrics.failed)),
                group.create_task(regularly(stop, WRITE, self._look, self._metrics.failed)),
            ]
            self.ready = True
            await stop.wait()
            self.ready = False
            self.receivers.udp.close()
            for stream in streams:
                stream.cancel()
            await asyncio.wait([*streams, *regular])
            self._inbox.close()
            await consumer
            self._flush()
            self._http.end()
            await http
            self._outgoing.stop()
            lost = await outgoing
            linking.cancel()
        self._opened.close()
        return lost

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return what `/metrics` shows, in the format that is asked for."""
        self.receivers.udp.kernel_drops()
        for (listener, reason), messages in self._losses.take().items():
            self._metrics.dropped(listener, reason, messages)
        waiting = self._outgoing.waiting
        spool = waiting.disk.spool
        messages = waiting.messages + self._gathering.messages + self._inbox.messages
        state = (
            (rm.WAITING, float(messages)),
            (rm.OLDEST, waiting.oldest),
            (rm.SPOOL_BYTES, float(spool.bytes)),
            (rm.SPOOL_RECORDS, float(spool.records)),
            (rm.SUBSCRIBERS, float(len(self._places))),
            (rm.SUBSCRIBERS_STALE, float(self._places.stale)),
        )
        families = self._metrics.families(state)
        return await asyncio.to_thread(formats.encode, families, accept, self._process)

    async def _consume(self) -> None:
        while batches := await self._inbox.get():
            for batch in batches:
                try:
                    self._take(batch)
                except Exception as error:  # noqa: BLE001 - the rest goes on
                    self._metrics.dropped(batch.listener, "defect", len(batch.messages))
                    self._metrics.failed("lines", error)
            self._hold()

    def _take(self, batch: Batch) -> None:
        place = self._places.sender(batch.sender, batch.names)
        if place is None:
            self._metrics.dropped(batch.listener, "unknown_site", len(batch.messages))
            if self._log_due(batch.received, batch.sender):
                logger.warning("{} is no subscriber's: messages dropped", batch.sender)
        elif batch.listener == "udp" and self._outgoing.full():
            self._metrics.dropped(batch.listener, "spool_full", len(batch.messages))
        else:
            for row in self._gathering.add(place, batch):
                self._outgoing.add(row)
            if self._flushing is None and self._gathering.messages:
                self._flushing = asyncio.get_running_loop().call_later(GATHER, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        for row in self._gathering.flush():
            self._outgoing.add(row)

    async def _look(self) -> None:
        self._hold()

    def _hold(self) -> None:
        """Read TCP only while there is room for it, and for what of it was read already."""
        full = self._outgoing.full(self._inbox.bytes + self._gathering.bytes)
        if full != self._held:
            self._held = full
            self._inbox.hold(full)
            if full:
                logger.error("the spool is full: datagrams are dropped, TCP is not read")
            else:
                logger.info("the spool has room again")

    async def _renew(self) -> None:
        await self.receivers.renew()
        await asyncio.to_thread(self._places.renew)


async def run(config: Config, folder: Path, tokens: Tokens | None = None) -> int:
    """Relay until SIGTERM or SIGINT; return how many records were lost at the end.

    Raises what `Relay` raises when it cannot start.
    """
    relay = Relay(config, folder, tokens)
    heap.settle()
    stop = told_to_end()
    logger.info(
        "knockwatch {} relays for {} to {}",
        VERSION,
        config.relay.site or config.relay.subscribers,
        ", ".join(config.kafka.servers),
    )
    lost = await relay.run(stop)
    if lost:
        logger.error("stopped; {} records are lost, no broker and no disk took them", lost)
    else:
        logger.info("stopped; everything is at the brokers or in the spool")
    return lost
