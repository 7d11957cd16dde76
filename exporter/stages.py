"""The parts that a pipeline is made of; `build` makes them from a configuration."""

from collections.abc import Mapping
from typing import NamedTuple

from exporter.attribution import Attributor
from exporter.enrichment.direction import NOT_CONFIGURED, Home, Interfaces, rejection
from exporter.enrichment.networks import Networks
from exporter.events import Event, Rejection
from exporter.hosts import Hosts
from exporter.knowledge import Knowledge
from exporter.metrics import Metrics
from exporter.reading import Reader
from exporter.routers import Routers


class Stages(NamedTuple):
    """The parts that a pipeline is made of."""

    routers: Routers
    reader: Reader
    interfaces: Mapping[str, Interfaces]  # by router
    home: Home
    networks: Networks
    knowledge: Knowledge
    hosts: Hosts
    attributor: Attributor
    metrics: Metrics

    def rejection(
        self, event: Event, router: str, received: float, line: str = "", *, outside: bool = False
    ) -> Rejection:
        """The rejected packet of an event, with its sides and networks named."""
        return rejection(
            event,
            router=router,
            received=received,
            home=self.home,
            networks=self.networks,
            interfaces=self.interfaces.get(router, NOT_CONFIGURED),
            outside=outside,
            line=line,
        )
