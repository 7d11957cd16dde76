"""What is asked of others while we run: tables of networks, and the LAN's resolver for names.

A service goes in; it answers by what was found. When [network] has changed, others are asked.
"""

import asyncio

from exporter import reverse_dns, tables
from exporter.enrichment import embedded
from exporter.service import Service
from exporter.transports import gateway


class Enquiries:
    """`serve` belongs in the caller's TaskGroup."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._changed = asyncio.Event()

    def renew(self) -> None:
        """Look at what is configured now."""
        self._changed.set()

    async def serve(self) -> None:
        """Ask, until cancelled."""
        before: object = None
        while True:
            asked = self._asked()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._networks(anew=before is not None))]
                tasks.append(group.create_task(self._names()))
                while asked == self._asked():
                    await self._changed.wait()
                    self._changed.clear()
                for task in tasks:
                    task.cancel()
            before = asked

    def _asked(self) -> tuple[object, ...]:
        network = self._service.config.network
        return network.tables, network.refresh_hours, network.resolver

    async def _networks(self, *, anew: bool) -> None:
        network, networks = self._service.config.network, self._service.pipeline.stages.networks
        if anew and not network.tables:
            networks.replace_table(await asyncio.to_thread(embedded))
        await tables.refresh(network, networks)

    async def _names(self) -> None:
        """Ask for the names of the home's own addresses."""
        stages, clock = self._service.pipeline.stages, self._service.clock
        await reverse_dns.keep_asking(
            stages.hosts.inventory.resolved,
            _resolvers(self._service.config.network.resolver),
            clock,
            lambda outcome: stages.metrics.reverse_lookup(outcome, clock()),
        )


def _resolvers(resolver: str) -> list[str]:
    """Whom to ask for names; a container's own gateway is no router of the home."""
    if resolver == "gateway":
        return [] if gateway.masks() else list(dict.fromkeys(gateway.ours()))
    return [] if resolver == "off" else [resolver]
