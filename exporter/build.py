"""From a configuration to the stages of a pipeline: what `serve`, `replay` and `explain` share."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from exporter.addresses import canonical
from exporter.attribution import Attributor
from exporter.attribution.mappings import Forward, Mappings
from exporter.dialects import Dialect, custom, fields
from exporter.dialects.table import DIALECTS
from exporter.enrichment import Table
from exporter.enrichment.direction import Home, Interfaces
from exporter.enrichment.networks import Networks
from exporter.events import STDIN
from exporter.hosts import Hosts
from exporter.inventory import Inventory
from exporter.knowledge import Knowledge, load
from exporter.metrics import Metrics
from exporter.reading import Reader, Rule
from exporter.routers import RouterRule, Routers
from exporter.settings import Config, Router
from exporter.stages import Stages

VERSION = version("knockwatch")
_SCANNED = frozenset(["scan", "iot_botnet", "exploit", "reflection"])


def stages(
    config: Config,
    *,
    gateways: Iterable[str] = (),
    masks: Iterable[str] = (),
    table: Table | None = None,
) -> Stages:
    """Build every stage. `gateways` are ours; `masks` are those that hide their senders.

    `table` is one of AS numbers that was read before.

    Raises ValueError naming what of the configuration or the package's data cannot be used.
    """
    knowledge = own_knowledge(config)
    special = config.network.special
    networks = Networks(
        knowledge.networks,
        table,
        special=None if special is None else [(entry.prefix, entry.kind) for entry in special],
    )
    metrics = Metrics(config.budgets)
    for router in config.router:
        metrics.store.place("router", router.name)
    hosts = Hosts(inventory=_inventory(config))
    return Stages(
        routers=Routers(map(_rule, config.router), gateways, masks),
        reader=reader(config),
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
        attributor=_attributor(config, hosts, knowledge),
        metrics=metrics,
    )


def of_another_site(like: Stages, config: Config, metrics: Metrics) -> Stages:
    """The stages of one more site: its own where homes differ, the others' where they do not."""
    hosts = Hosts(inventory=_inventory(config))
    return like._replace(
        routers=Routers(map(_rule, config.router)),
        hosts=hosts,
        attributor=_attributor(config, hosts, like.knowledge),
        metrics=metrics,
    )


def own_knowledge(config: Config) -> Knowledge:
    """What programs, ports and networks mean, with the user's own files.

    Raises ValueError naming the file and the place of what cannot be used.
    """
    extra = []
    for number, file in enumerate(config.knowledge.files):
        try:
            extra.append((file, Path(file).read_bytes()))
        except OSError as error:
            raise ValueError(f"knowledge.files[{number}]: cannot be read: {error}") from None
    return load(extra)


def reader(config: Config) -> Reader:
    """What reads the lines: the user's dialects, and what is said of single routers.

    Raises ValueError naming the key of what cannot be used.
    """
    own = _own_dialects(config)
    return Reader(own, _reading_rules(config, own))


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


def _attributor(config: Config, hosts: Hosts, knowledge: Knowledge) -> Attributor:
    forwards = (
        Forward(router=f.router, transport=f.transport, port=f.port, device=f.device)
        for f in config.port_forward
    )
    return Attributor(hosts, port_kind(knowledge), config.windows, Mappings(forwards))


def _inventory(config: Config) -> Inventory:
    """Whose addresses, stations and radios are configured."""
    return Inventory(
        {
            _place(text): device.name
            for device in config.device
            for text in (*device.addresses, *device.macs)
        },
        excluded={device.name: frozenset(map(_place, device.excludes)) for device in config.device},
        access_points={
            _place(text): router.name for router in config.router for text in router.bssids
        },
    )


def _place(text: str) -> str:
    return canonical(text) or fields.mac(text) or text


def _rule(router: Router) -> RouterRule:
    senders = frozenset(canonical(address) or address for address in router.addresses)
    files = frozenset(STDIN if file == "-" else file for file in router.files)
    hosts = frozenset(router.hosts)
    return RouterRule(name=router.name, senders=senders, hosts=hosts, files=files)


def _own_dialects(config: Config) -> tuple[Dialect, ...]:
    """The user's dialects.

    Raises ValueError naming the key of one that cannot be used.
    """
    made: list[Dialect] = []
    for number, entry in enumerate(config.dialect):
        if entry.name in {dialect.name for dialect in (*DIALECTS, *made)}:
            raise ValueError(f"dialect[{number}].name: {entry.name!r} is taken")
        patterns = [
            custom.Pattern(
                p.regex, None if p.kind == "ignored" else p.kind, p.kind == "ignored", p.samples
            )
            for p in entry.pattern
        ]
        try:
            made.append(custom.dialect(entry.name, patterns))
        except ValueError as error:
            raise ValueError(f"dialect[{number}].{error}") from None
    return tuple(made)


def _reading_rules(config: Config, own: Iterable[Dialect]) -> dict[str, Rule]:
    """How each router's lines are to be read.

    Raises ValueError for a dialect that nobody knows, naming the nearest.
    """
    known = {dialect.name: dialect for dialect in (*own, *DIALECTS)}
    rules = {}
    for number, router in enumerate(config.router):
        names = (router.dialect,) if isinstance(router.dialect, str) else router.dialect
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
                raise ValueError(
                    f"router[{number}].dialect: {name!r} is unknown; did you mean {near!r}?"
                )
        rules[router.name] = Rule(tuple(known[name] for name in names), router.meanings)
    return rules
