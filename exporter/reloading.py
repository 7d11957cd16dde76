"""A running exporter takes another configuration, and loses nothing that it counted or knows.

`prepare` builds and tries all that is new, and raises what is wrong with it before anything is
touched; `Prepared.apply` changes the running parts, in one step of the event loop. What cannot be
changed while we run keeps its former value, and is named. Tokens, certificates and the web
configuration are read again by themselves, whenever their files change.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from loguru import logger

from exporter import build
from exporter.addresses import Prefixes
from exporter.enrichment import Table
from exporter.evidence import Bounds, EvidenceStore
from exporter.metrics.formats import Family
from exporter.metrics.ourselves import RELOAD_SUCCESS_TIME, RELOAD_SUCCESSFUL
from exporter.pipeline import Pipeline
from exporter.receivers import Receivers, rates
from exporter.service import Service
from exporter.settings import Config
from exporter.stages import Stages
from exporter.transports import certificate
from exporter.transports.certificate import Certificate
from exporter.web.configuration import WebConfiguration

# By table: what is opened, or who is asked, at the start alone.
_AT_START = {
    "listen": ("address", "syslog_port", "http_port", "tls_port", "receive_buffer_bytes"),
    "tokens": ("file", "observers"),
}
_WHOLE = ("kafka", "relay", "fleet")


class Reloading:
    """Takes the configuration of a running service anew; `serve` belongs in a TaskGroup."""

    def __init__(
        self,
        service: Service,
        store: EvidenceStore,
        receivers: Receivers,
        web: WebConfiguration,
        read: Callable[[], Config],
    ) -> None:
        """`read` reads the configuration; at the start the one in force was asked for last."""
        self._service, self._store, self._receivers = service, store, receivers
        self._web, self._read = web, read
        self._asked = asyncio.Event()
        self._successful, self._at = True, service.clock()
        service.watched.append(self._families)

    def ask(self) -> None:
        """Take the configuration anew, soon."""
        self._asked.set()

    async def serve(self, changed: Callable[[], object]) -> None:
        """Do it whenever it is asked for, until cancelled; call `changed` when it was done."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            if await self.reload():
                changed()

    async def reload(self) -> bool:
        """Take it as it stands now. One that cannot be used changes nothing, which is logged."""
        self._successful = False
        try:
            prepared = await self._prepare()
        except (OSError, ValueError) as error:
            logger.error("not reloaded, the configuration in force stays: {}", error)
            return False
        except Exception as error:  # noqa: BLE001 - a defect must not end what runs
            logger.opt(exception=error).error("not reloaded, the configuration in force stays")
            return False
        prepared.apply(self._service.pipeline, self._store, self._receivers)
        self._service.use(prepared.config)
        self._successful, self._at = True, self._service.clock()
        logger.info("configuration reloaded")
        for key in prepared.kept:
            logger.warning("{} stays as it was: to change it needs a restart", key)
        return True

    async def _prepare(self) -> "Prepared":
        running, table = self._service.config, self._service.pipeline.stages.networks.table
        new = await asyncio.to_thread(self._read)
        prepared = await asyncio.to_thread(prepare, new, running, table)
        if new.listen.web_config != running.listen.web_config:
            self._web.use(new.listen.web_config)
        return prepared

    def _families(self) -> list[Family]:
        return [
            Family(RELOAD_SUCCESSFUL, [((), float(self._successful), None)]),
            Family(RELOAD_SUCCESS_TIME, [((), self._at, None)]),
        ]


class Prepared(NamedTuple):
    """A configuration that can be used."""

    config: Config  # with the former values of what cannot be changed
    kept: tuple[str, ...]  # the keys of these
    stages: Stages  # new ones: what they remember is nothing
    certificate: Certificate | None

    def apply(self, pipeline: Pipeline, store: EvidenceStore, receivers: Receivers) -> None:
        """Change the running parts."""
        pipeline.use(self.stages)
        store.bounds = bounds(self.config)
        listen = self.config.listen
        senders = Prefixes((prefix, True) for prefix in listen.allowed_senders)
        receivers.use(listen, senders, rates(listen), self.certificate)


def prepare(new: Config, running: Config, table: Table) -> Prepared:
    """Build what a configuration asks for; it blocks for a moment. `table` is in use already.

    Raises ConfigError or ValueError naming what cannot be used.
    """
    kept = tuple(_kept(new, running))
    config = _with_former(new, running, kept)
    return Prepared(
        config, kept, build.stages(config, table=table), certificate.configured(config.listen)
    )


def bounds(config: Config) -> Bounds:
    """Return how much evidence a configuration lets us keep."""
    kept = config.state
    return Bounds(
        rows=kept.evidence_rows, seconds=kept.evidence_days * 86_400.0, bytes=kept.evidence_bytes
    )


def _kept(new: Config, running: Config) -> Iterator[str]:
    """The keys that differ and cannot be changed while we run."""
    for table, keys in _AT_START.items():
        for key in keys:
            if getattr(getattr(new, table), key) != getattr(getattr(running, table), key):
                yield f"{table}.{key}"
    if bool(new.listen.tls_certificate) != bool(running.listen.tls_certificate):
        yield from ("listen.tls_certificate", "listen.tls_key", "listen.tls_client_ca")
    if new.files != running.files:  # whose lines they hold is another matter
        yield "listen.files"
    for key in new.budgets.__struct_fields__:
        if getattr(new.budgets, key) < getattr(running.budgets, key):
            yield f"budgets.{key}"
    yield from (table for table in _WHOLE if getattr(new, table) != getattr(running, table))


def _with_former(new: Config, running: Config, kept: tuple[str, ...]) -> Config:
    for place in kept:
        table, _, key = place.partition(".")
        former = getattr(running, table)
        if key:
            value = {key: getattr(former, key)}
            former = msgspec.structs.replace(getattr(new, table), **value)
        new = msgspec.structs.replace(new, **{table: former})
    return new
