"""From a configuration to the stages of a pipeline: what `serve`, `replay` and `explain` share."""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Literal

from exporter.addresses import canonical
from exporter.attribution import Attributor
from exporter.config import Config, Router
from exporter.enrichment.direction import Home, Interfaces
from exporter.enrichment.networks import Networks
from exporter.hosts import Hosts
from exporter.knowledge import Knowledge, load
from exporter.metrics import Metrics
from exporter.pipeline import Stages
from exporter.routers import RouterRule, Routers

VERSION = version("knockwatch")
_SCANNED = frozenset(["scan", "iot_botnet", "exploit", "reflection"])


def stages(config: Config, *, gateways: Iterable[str] = (), masks: Iterable[str] = ()) -> Stages:
    """Build every stage. `gateways` are ours; `masks` are those that hide their senders.

    Raises ValueError naming what of the configuration or the package's data cannot be used.
    """
    knowledge = load()
    special = config.network.special
    networks = Networks(
        knowledge.networks,
        special=None if special is None else [(entry.prefix, entry.kind) for entry in special],
    )
    hosts = Hosts(
        {
            canonical(address) or address: device.name
            for device in config.device
            for address in device.addresses
        }
    )
    metrics = Metrics(config.budgets)
    for router in config.router:
        metrics.store.place("router", router.name)
    return Stages(
        routers=Routers(map(_rule, config.router), gateways, masks),
        interfaces={
            router.name: Interfaces(
                frozenset(router.lan_interfaces), frozenset(router.wan_interfaces)
            )
            for router in config.router
        },
        home=Home(config.network.lan_prefixes),
        networks=networks,
        knowledge=knowledge,
        hosts=hosts,
        attributor=Attributor(hosts, port_kind(knowledge), config.windows),
        metrics=metrics,
    )


def port_kind(
    knowledge: Knowledge,
) -> Callable[[str, int], Literal["scan_port", "everyone_port"] | None]:
    """Which ports name nobody: those that scanners try, and those that every device opens."""

    def kind(transport: str, port: int) -> Literal["scan_port", "everyone_port"] | None:
        if port in knowledge.everyone_ports:
            return "everyone_port"
        entry = knowledge.port(transport, port)
        return "scan_port" if entry is not None and entry.kind in _SCANNED else None

    return kind


def _rule(router: Router) -> RouterRule:
    senders = frozenset(canonical(address) or address for address in router.addresses)
    return RouterRule(name=router.name, senders=senders, hosts=frozenset(router.hosts))
