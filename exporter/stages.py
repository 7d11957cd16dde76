"""The parts that a pipeline is made of; `build` makes them from a configuration."""

from collections.abc import Mapping
from typing import NamedTuple

from exporter import causes
from exporter.attribution import Attributor
from exporter.attribution.mappings import REMOVED
from exporter.causes import Signs
from exporter.causes.spread import Seen
from exporter.enrichment.direction import NOT_CONFIGURED, Home, Interfaces, rejection
from exporter.enrichment.networks import Networks
from exporter.events import Attribution, Event, Rejection
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

    def configured_as(self, other: "Stages") -> "Stages":
        """Return stages that know and have counted what these do, and do as others are told to.

        These are changed. The others' routers, hosts, attributor and metrics know nothing yet.
        """
        self.routers.use(other.routers)
        self.hosts.inventory.use(other.hosts.inventory)
        self.attributor.use(other.attributor)
        self.metrics.widen(other.metrics.limits, other.routers.rules)
        self.networks.use(other.networks)
        return other._replace(
            routers=self.routers,
            hosts=self.hosts,
            attributor=self.attributor,
            metrics=self.metrics,
            networks=self.networks,
        )

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

    def signs(self, packets: Rejection, attribution: Attribution, seen: Seen) -> Signs:
        """What is known about packets, to find out by it why they came."""
        return causes.gather(
            packets,
            attribution,
            seen,
            knowledge=self.knowledge,
            hosts=self.hosts,
            uplinks=self.routers.uplinks,
        )

    def learn(self, event: Event, router: str, happened: float) -> None:
        """Keep what tells whose a later packet is."""
        if event.kind == "dhcp_lease":
            self.hosts.inventory.leases.add(router, event, happened)
        elif event.kind in ("wifi_join", "wifi_leave"):
            self.hosts.inventory.associations.add(router, event, happened)
        elif event.kind == "port_mapping" or event.action == REMOVED:
            self.attributor.mappings.add(router, event, happened)
        elif event.kind == "wan_up":
            self.routers.uplinks.connected(router, event.ip, happened)
        elif event.kind == "dns" or event.action == "cname":
            self.attributor.lookups.add(router, event, happened)
