"""`knockwatch serve`: from a configuration to the running parts, and back to rest.

This is the one place that builds the parts and owns the only TaskGroup. One event loop decides; see
`pipeline` for what a message meets and `service` for what HTTP sees.
"""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from loguru import logger
from starlette.applications import Starlette

from exporter import build, tables, web
from exporter.addresses import Prefixes
from exporter.config import Config, Listen
from exporter.evidence import EvidenceStore
from exporter.pipeline import Pipeline, Stages
from exporter.service import Service
from exporter.state import StateFile, open_database
from exporter.transports import bind, gateway
from exporter.transports.inbox import Inbox
from exporter.transports.stream import StreamServer
from exporter.transports.udp import UdpReceiver

TICK = 0.2  # seconds between looks at what waits for a decision
WRITE = 60.0  # seconds between writes that no scrape asked for: SD cards wear out
KEEP_ALIVE = 15  # seconds after which an idle HTTP connection is closed


class App:
    """The running parts of one exporter."""

    def __init__(self, config: Config, folder: Path, tokens: frozenset[str] = frozenset()) -> None:
        """Open everything that can fail.

        Raises state.StateError, transports.ListenError or ValueError, each naming what and where.
        """
        self._config = config
        with contextlib.ExitStack() as opened:
            database = open_database(folder / "evidence.sqlite")
            opened.callback(database.close)
            days = config.state.evidence_days
            evidence = EvidenceStore(database, config.state.evidence_rows, days * 86400.0)
            state = StateFile(folder / "state.sqlite")
            opened.callback(state.close)
            self._pipeline = Pipeline(_stages(config), evidence.record)
            self.service = Service(config, self._pipeline, evidence, state, time.time)
            self.service.restore()
            self._http = _Server(_http_settings(web.create(self.service, tokens)))
            self._open_ports(config.listen, opened)
            self._opened = opened.pop_all()
        self.service.before_scrape = self.udp.kernel_drops

    def _open_ports(self, listen: Listen, opened: contextlib.ExitStack) -> None:
        senders = Prefixes((prefix, True) for prefix in listen.allowed_senders)

        def allowed(sender: str) -> bool:
            return senders.look_up(sender) is True

        self._inbox = Inbox(self._dropped)
        self.udp = UdpReceiver(
            self._inbox,
            host=listen.address,
            port=listen.syslog_port,
            clock=time.time,
            allowed=allowed,
            dropped=self._dropped,
            receive_buffer_bytes=listen.receive_buffer_bytes,
        )
        opened.callback(self.udp.close)
        self.tcp = StreamServer(
            self._inbox,
            host=listen.address,
            port=self.udp.port,
            clock=time.time,
            allowed=allowed,
            dropped=self._dropped,
        )
        opened.callback(self.tcp.close)
        self._http_socket = bind(socket.SOCK_STREAM, listen.address, listen.http_port)
        opened.callback(self._http_socket.close)

    @property
    def http_port(self) -> int:
        """The port of the page, the API and /metrics."""
        return int(self._http_socket.getsockname()[1])

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; then decide what waits and store everything."""
        async with asyncio.TaskGroup() as group:
            self.udp.start()
            consumer = group.create_task(self._consume())
            http = group.create_task(self._http.serve(sockets=[self._http_socket]))
            streams = group.create_task(self.tcp.serve())
            others = [
                group.create_task(self._tick()),
                group.create_task(self._write()),
                group.create_task(
                    tables.refresh(self._config.network, self._pipeline.stages.networks)
                ),
            ]
            self.service.ready = True
            await stop.wait()
            self.service.ready = False
            self.udp.close()
            for task in (streams, *others):
                task.cancel()
            await asyncio.wait([streams, *others])
            self._inbox.close()
            await consumer
            self._pipeline.finish(time.time())
            await self.service.write_evidence()
            await self.service.commit()
            self._http.should_exit = True
            await http
        self._opened.close()

    async def _consume(self) -> None:
        while batches := await self._inbox.get():
            for batch in batches:
                self._pipeline.process(batch)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._pipeline.tick(time.time())

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(WRITE)
            await self.service.write_evidence()
            await self.service.commit()

    def _dropped(self, listener: str, reason: str, messages: int) -> None:
        self._pipeline.stages.metrics.dropped(listener, reason, messages, time.time())


def _stages(config: Config) -> Stages:
    gateways = gateway.ours()
    masks = gateways if gateway.in_container() else ()
    return build.stages(config, gateways=gateways, masks=masks)


def _http_settings(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,
        log_level="error",  # a warning for each refused connection would fill the disk
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",  # strict about framing, which keeps request smuggling out
        proxy_headers=False,  # anybody could write X-Forwarded-For
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        limit_concurrency=200,
    )


class _Server(uvicorn.Server):
    """Leaves the signals to us: what waits must be decided and stored first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(config: Config, folder: Path, tokens: frozenset[str] = frozenset()) -> None:
    """Run until SIGTERM or SIGINT.

    Raises what `App` raises when it cannot start.
    """
    app = App(config, folder, tokens)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logger.info(
        "knockwatch {} listens for syslog on UDP and TCP port {} (receive buffer {} of {} bytes)",
        *(
            build.VERSION,
            app.udp.port,
            app.udp.receive_buffer_granted,
            app.udp.receive_buffer_asked,
        ),
    )
    print(next_steps(own_address(), app.http_port, app.udp.port), flush=True)
    await app.run(stop)
    logger.info("stopped; everything that waited is decided and stored")


def next_steps(address: str, http_port: int, syslog_port: int) -> str:
    """What a person does next, in three lines."""
    page = f"http://{address}:{http_port}"
    return (
        f"1. Open {page}/ : it shows who is knocking, and from which of your devices it comes.\n"
        f"2. In your router, send the log (syslog, UDP) to {address} port {syslog_port}.\n"
        f"3. On each PC: knockwatch agent --server {page}   (or paste netstat output on the page)"
    )


def own_address() -> str:
    """The address under which the home network most likely sees us; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: only the route matters
        except OSError:
            return "localhost"
        return str(probe.getsockname()[0])
