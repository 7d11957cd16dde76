"""A relay without a broker, in this process; with one: `tests/system/test_relay`."""

import asyncio
import socket
from http.client import HTTPConnection

import pytest

from exporter.config import parse
from exporter.fleet.relay import Relay
from exporter.fleet.spool import Spool
from exporter.transports import ListenError
from tests.system.parts.exposition import total
from tests.web.test_doors import USERS

CONFIG = """
[listen]
address = "127.0.0.1"
syslog_port = 0
http_port = 0
[kafka]
servers = ["127.0.0.1:9"]
[relay]
site = "osaka"
"""


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr("exporter.fleet.kafka._SECONDS", 0.2)


def sent(relay, *messages):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, ("127.0.0.1", relay.receivers.udp.port))


async def shown(relay, name):
    return total((await relay.exposition(""))[0].decode(), name)


async def until(condition):
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.02)


def running(relay, scenario):
    """Play a scenario with a relay, then stop it; return how many records were lost."""

    async def played():
        stop = asyncio.Event()
        run = asyncio.ensure_future(relay.run(stop))
        try:
            await scenario()
        finally:
            stop.set()
            lost = await run
        return lost

    return asyncio.run(played())


@pytest.mark.thorough
def test_without_a_broker_all_is_kept_and_the_next_run_has_it(tmp_path):
    relay = Relay(parse(CONFIG), tmp_path)

    async def scenario():
        assert await shown(relay, "knockwatch_relay_waiting_messages") == 0
        sent(relay, b"one", b"two", b"")

        async def waits():
            return await shown(relay, "knockwatch_relay_waiting_messages") == 3

        await until(waits)

    assert running(relay, scenario) == 0
    spool = Spool(tmp_path / "spool.sqlite")
    assert (spool.records, spool.messages) == (1, 3)
    spool.close()
    again = Relay(parse(CONFIG), tmp_path)

    async def still():
        assert await shown(again, "knockwatch_relay_waiting_messages") == 3
        assert await shown(again, "knockwatch_relay_spool_records") == 1
        assert await shown(again, "knockwatch_relay_oldest_timestamp_seconds") > 1.7e9

    assert running(again, still) == 0


def test_a_defect_costs_its_batch_and_is_counted(tmp_path, monkeypatch):
    relay = Relay(parse(CONFIG), tmp_path)

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(relay._places, "sender", broken)

    async def scenario():
        sent(relay, b"one", b"two")

        async def dropped():
            return await shown(relay, "knockwatch_dropped_messages_total") == 2

        await until(dropped)
        assert await shown(relay, "knockwatch_internal_errors_total") >= 1
        assert await shown(relay, "knockwatch_relay_waiting_messages") == 0

    assert running(relay, scenario) == 0


def test_its_http_asks_for_what_the_web_configuration_says(tmp_path):
    web = tmp_path / "web.yml"
    web.write_text(USERS)
    text = CONFIG.replace("[kafka]", f'web_config = "{web}"\n[kafka]')
    relay = Relay(parse(text), tmp_path)
    port = relay._http_socket.getsockname()[1]
    statuses = []

    def ask():
        for path in ("/metrics", "/-/ready"):
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            statuses.append(connection.getresponse().status)
            connection.close()

    async def scenario():
        await asyncio.to_thread(ask)

    running(relay, scenario)
    assert statuses == [401, 200]


def test_a_port_that_is_taken_leaves_nothing_open(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        config = CONFIG.replace("http_port = 0", f"http_port = {holder.getsockname()[1]}")
        with pytest.raises(ListenError):
            Relay(parse(config), tmp_path)
    Spool(tmp_path / "spool.sqlite").close()
