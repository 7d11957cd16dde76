"""`knockwatch serve`: from a configuration to the running parts, and back to rest.

This is the one place that builds the parts and owns the only TaskGroup. One event loop decides; see
`pipeline` for what a message meets and `service` for what HTTP sees.
"""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loguru import logger

from exporter import build, heap, web
from exporter.access.tokens import Tokens
from exporter.canary import LISTENER, Canary, Where
from exporter.ending import told_to_end
from exporter.enquiries import Enquiries
from exporter.next_steps import next_steps, own_address
from exporter.pipeline import Pipeline
from exporter.receivers import Receivers
from exporter.recurring import regularly
from exporter.reloading import Reloading, bounds
from exporter.service import Service
from exporter.settings import Config
from exporter.stages import Stages
from exporter.storage.evidence_file import EvidenceFile
from exporter.storage.state import StateFile
from exporter.transports import Losses, OncePerMinute, bind, gateway
from exporter.transports.inbox import Inbox
from exporter.web import guard
from exporter.web.configuration import WebConfiguration
from exporter.web.server import HttpServer

TICK = 1.0  # seconds between looks at what waits; a report that settles it looks, too
RENEW = 60.0  # seconds between looks at whether the certificate was renewed
WRITE = 60.0  # seconds between writes that no scrape asked for: SD cards wear out


class App:
    """The running parts of one exporter."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        tokens: Tokens | None = None,
        read: Callable[[], Config] | None = None,
    ) -> None:
        """Open everything that can fail; `read` reads the configuration anew.

        Raises database.StateError, config.ConfigError, transports.ListenError or ValueError, each
        naming what and where.
        """
        self._log_failure = OncePerMinute()
        with contextlib.ExitStack() as opened:
            evidence = EvidenceFile(folder / "evidence.sqlite", bounds(config))
            opened.callback(evidence.close)
            state = StateFile(folder / "state.sqlite")
            opened.callback(state.close)
            self._pipeline = Pipeline(
                _stages(config), evidence.store.record, evidence.store.record_each
            )
            self.service = Service(
                config,
                self._pipeline,
                evidence.store,
                state,
                time.time,
                begin_anew=evidence.begin_anew,
                trouble=evidence.trouble,
            )
            self.service.restore()
            self._web = WebConfiguration(config.listen.web_config)
            application = web.create(self.service, tokens)
            admits = guard.admits(tokens, self.service.secret)
            self._http = HttpServer(application, self._web, admits)
            self._warn(tokens)
            self._losses = Losses()
            self._inbox = Inbox(self._losses)
            self.canary = Canary(self.service, self._inbox)
            self.receivers = Receivers(
                config,
                self._inbox,
                self._losses,
                self.service.positions,
                time.time,
                aside=self.canary.aside,
            )
            opened.callback(self.receivers.close)
            listen = config.listen
            self._http_socket = bind(socket.SOCK_STREAM, listen.address, listen.http_port)
            opened.callback(self._http_socket.close)
            self._opened = opened.pop_all()
        self.service.before_scrape = self._count_losses
        self.reloading = Reloading(
            self.service, evidence.store, self.receivers, self._web, read or (lambda: config)
        )
        self._enquiries = Enquiries(self.service)

    def _warn(self, tokens: Tokens | None) -> None:
        """Say what of the configuration is not as its owner will have meant it."""
        if tokens is not None and tokens.plain:
            logger.warning(
                "{} tokens stand in {} as they are: put there what `knockwatch token NAME "
                "--token-file FILE` prints for each",
                tokens.plain,
                self.service.config.tokens.file,
            )
        if self._web.passwords.are_asked_for and tokens is None:
            logger.warning("no agent can report: users have passwords, and [tokens] no file")

    @property
    def scheme(self) -> str:
        """How the page is reached: "http", or "https" with TLS."""
        return "http" if self._web.context is None else "https"

    @property
    def http_port(self) -> int:
        """The port of the page, the API and /metrics."""
        return int(self._http_socket.getsockname()[1])

    def where(self) -> Where:
        """Where the canary finds us; who must show a certificate to HTTP is not found there."""
        certificate = self._web.settings.tls_server_config.cert_file
        address = self.service.config.listen.address
        return Where(address, self.receivers.udp.port, self.http_port, certificate)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; then decide what waits and store everything."""
        asyncio.get_running_loop().set_exception_handler(self._survived)
        async with asyncio.TaskGroup() as group:
            consumer = group.create_task(self._consume())
            http = group.create_task(self._http.serve(sockets=[self._http_socket]))
            streams = self.receivers.start(group)
            regular = [
                group.create_task(regularly(stop, TICK, self._tick, self._failed)),
                group.create_task(regularly(stop, WRITE, self._write, self._failed)),
                group.create_task(regularly(stop, RENEW, self.receivers.renew, self._failed)),
            ]
            asked = [
                group.create_task(self.reloading.serve(self._enquiries.renew)),
                group.create_task(self._enquiries.serve()),
                group.create_task(self.canary.serve(self.where)),
            ]
            self.service.ready = True
            await stop.wait()
            self.service.ready = False
            self.receivers.udp.close()
            for task in (*streams, *asked):
                task.cancel()
            await asyncio.wait([*streams, *asked, *regular])
            self._inbox.close()
            await consumer
            self._count_losses()
            try:
                self._pipeline.finish(time.time())
            except Exception as error:  # noqa: BLE001 - what is decided must be stored
                self._failed("finish", error)
            await self._write()
            self._http.end()
            await http
        self.service.close()
        self._opened.close()

    async def _consume(self) -> None:
        while batches := await self._inbox.get():
            due = False
            for batch in batches:
                try:
                    if batch.listener == LISTENER:
                        self.canary.take(batch)
                        continue
                    self._pipeline.process(batch)
                except Exception as error:  # noqa: BLE001 - it did what it could, and the rest goes on
                    self._failed("lines", error)
                due |= self.service.counted(batch)
            if due:
                await self.service.commit()

    async def _tick(self) -> None:
        self._pipeline.tick(time.time())

    async def _write(self) -> None:
        await self.service.write_evidence()
        await self.service.commit()

    def _survived(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What the event loop meets beside our tasks: told once a minute, not for each try.

        Without descriptors it would be thousands of times a second.
        """
        error = context.get("exception")
        if not isinstance(error, OSError):
            self._pipeline.stages.metrics.internal_error("connection", time.time())
        why = getattr(error, "strerror", None) or repr(error)
        if self._log_failure(time.time(), "loop", why):
            logger.error("a connection failed, the rest goes on: {}: {}", context["message"], why)

    def _failed(self, task: str, error: Exception) -> None:
        now = time.time()
        self._pipeline.stages.metrics.internal_error(task, now)
        if self._log_failure(now, task):
            logger.opt(exception=error).error("{} failed; the rest goes on", task)

    def _count_losses(self) -> None:
        """Count what was dropped: by the kernel, or in a receiver's thread."""
        self.receivers.udp.kernel_drops()
        for (listener, reason), messages in self._losses.take().items():
            self._pipeline.stages.metrics.dropped(listener, reason, messages, time.time())


def _stages(config: Config) -> Stages:
    return build.stages(config, gateways=gateway.ours(), masks=gateway.masks())


async def serve(
    config: Config,
    folder: Path,
    tokens: Tokens | None = None,
    read: Callable[[], Config] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; take the configuration that `read` reads at each SIGHUP.

    Raises what `App` raises when it cannot start.
    """
    app = App(config, folder, tokens, read)
    heap.settle()
    stop = told_to_end()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.reloading.ask)
    udp = app.receivers.udp
    logger.info(
        "knockwatch {} listens for syslog on UDP and TCP port {} (receive buffer {} of {} bytes)",
        build.VERSION,
        udp.port,
        udp.receive_buffer_granted,
        udp.receive_buffer_asked,
    )
    page = f"{app.scheme}://{own_address()}:{app.http_port}"
    print(next_steps(page, own_address(), udp.port), flush=True)
    await app.run(stop)
    if app.service.unstored:
        logger.error("stopped; what came last is not stored: {}", app.service.unstored)
    else:
        logger.info("stopped; everything that waited is decided and stored")
