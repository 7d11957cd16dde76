"""Who is asked for networks and names, and that others are when the configuration has changed."""

import asyncio

import msgspec
import pytest

from exporter import enquiries
from exporter.enquiries import Enquiries, _resolvers
from exporter.settings import Config, NetworkTable
from exporter.transports import gateway


def test_our_router_is_asked_unless_another_is_named_or_nobody(monkeypatch):
    monkeypatch.setattr(gateway, "ours", lambda: ["192.168.1.1", "192.168.1.1"])
    monkeypatch.setattr(gateway, "masks", list)
    assert _resolvers("gateway") == ["192.168.1.1"]
    assert _resolvers("off") == []
    assert _resolvers("192.168.1.53") == ["192.168.1.53"]
    monkeypatch.setattr(gateway, "masks", lambda: ["192.168.1.1"])
    assert _resolvers("gateway") == []  # the container's network, not the home's


class Service:
    """What a service is asked for."""

    def __init__(self) -> None:
        self.config = Config()
        self.tables: list[object] = []
        self.pipeline = self.stages = self.networks = self

    def replace_table(self, table: object) -> None:
        self.tables.append(table)

    def use(self, **network) -> None:
        self.config = msgspec.structs.replace(self.config, network=NetworkTable(**network))


@pytest.fixture
def asked(monkeypatch):
    """What is asked for: tables and resolvers, in their order."""
    made: list[tuple[object, ...]] = []

    async def refresh(settings, networks):
        made.append((settings.tables, settings.refresh_hours))
        await asyncio.sleep(60)

    async def names(self):
        made.append((self._service.config.network.resolver,))
        await asyncio.sleep(60)

    monkeypatch.setattr(enquiries.tables, "refresh", refresh)
    monkeypatch.setattr(Enquiries, "_names", names)
    monkeypatch.setattr(enquiries, "embedded", lambda: "embedded")
    return made


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.to_thread(int)
    await asyncio.sleep(0.05)


def test_others_are_asked_when_that_is_configured_and_nobody_anew_without_need(asked):
    async def scenario():
        service = Service()
        asking = Enquiries(service)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asking.serve())
            await turns()
            assert asked == [((), 24.0), ("gateway",)]
            service.use(lan_prefixes=("10.9.0.0/16",))  # asks nobody
            asking.renew()
            await turns()
            assert len(asked) == 2
            service.use(tables=("a.mmdb",), resolver="off")
            asking.renew()
            await turns()
            assert asked[2:] == [(("a.mmdb",), 24.0), ("off",)]
            assert service.tables == []
            service.use(resolver="off")
            asking.renew()
            await turns()
            assert service.tables == ["embedded"]  # ours again
            assert asked[4:] in ([((), 24.0), ("off",)], [("off",), ((), 24.0)])
            task.cancel()

    asyncio.run(scenario())
