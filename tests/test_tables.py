import asyncio
import contextlib
import socketserver
import threading
from collections.abc import Iterator

import pytest
from loguru import logger

from exporter import tables
from exporter.enrichment import Networks
from exporter.knowledge import load
from exporter.settings import NetworkTable

ONE = b"198.51.100.0,198.51.100.255,64500,One\n"
TWO = b"198.51.100.0,198.51.100.255,64501,Two\n203.0.113.0,203.0.113.255,64502,Three\n"
BROKEN = b"198.51.100.0,198.51.100.255\n"


@contextlib.contextmanager
def serving(answer: bytes) -> Iterator[str]:
    """Serve raw bytes, whatever is asked; give the URL."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/table.csv"
        finally:
            server.shutdown()
            thread.join()


def http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body


@pytest.fixture
def file(tmp_path):
    def write(data: bytes, name: str = "table.csv") -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def test_a_file_and_a_url_are_read(file):
    assert tables.fetch(file(ONE)).look_up("198.51.100.7").asn == 64500
    with serving(http(ONE)) as url:
        assert tables.fetch(url).look_up("198.51.100.7").asn == 64500


def test_of_several_tables_the_first_that_knows_an_address_answers(file):
    joined = tables.read((file(ONE, "one.csv"), file(TWO, "two.csv")))
    assert joined.look_up("198.51.100.7").asn == 64500
    assert joined.look_up("203.0.113.7").asn == 64502


def test_what_cannot_be_had_is_an_error_that_names_the_source(file, tmp_path):
    for source in (str(tmp_path / "missing.csv"), str(tmp_path), file(BROKEN), file(b"", "e.csv")):
        with pytest.raises((OSError, ValueError)) as caught:
            tables.read((source,))
        assert source in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 this is a mail server\r\n",
        http(b"", "404 Not Found"),
        http(b"<html>", "200 OK"),
        http(ONE, length=10_000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
    ],
    ids=["nothing", "mail", "404", "page", "cut", "cut chunk", "endless header"],
)
def test_a_server_that_answers_wrongly_is_an_error_that_names_the_source(answer):
    with serving(answer) as url, pytest.raises((OSError, ValueError)) as caught:
        tables.read((url,))
    assert url in str(caught.value)


def test_a_table_that_is_too_large_is_not_read(file, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    source = file(ONE)
    with pytest.raises(ValueError, match="larger than 10 bytes") as caught:
        tables.read((source,))
    assert source in str(caught.value)


def test_without_tables_nothing_is_refreshed():
    asyncio.run(asyncio.wait_for(tables.refresh(NetworkTable(), Networks(load().networks)), 5))


def refreshed(sources: tuple[str, ...], networks: Networks) -> str:
    """Refresh until the first message of the log; return it."""

    async def run() -> str:
        logged: asyncio.Queue[str] = asyncio.Queue()
        sink = logger.add(logged.put_nowait, format="{level} {message}")  # the loop itself logs
        try:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(tables.refresh(NetworkTable(tables=sources), networks))
                message = await asyncio.wait_for(logged.get(), 10)
                task.cancel()  # while it waits for the next time
            return str(message)
        finally:
            logger.remove(sink)

    return asyncio.run(run())


def test_the_networks_answer_from_the_tables_once_they_are_read(file):
    networks = Networks(load().networks, special=[])
    assert networks.look_up("198.51.100.7").asn == "unknown"
    message = refreshed((file(ONE),), networks)
    assert message.startswith("INFO")
    assert networks.look_up("198.51.100.7").asn == "AS64500"


def test_when_a_table_fails_the_answers_stay_as_they_were(file, tmp_path):
    networks = Networks(load().networks, special=[])
    refreshed((file(ONE),), networks)
    missing = str(tmp_path / "missing.csv")
    with serving(b"220 this is a mail server\r\n") as url:
        for source in (missing, file(BROKEN, "broken.csv"), url):
            message = refreshed((file(TWO, "two.csv"), source), networks)
            assert message.startswith("ERROR")
            assert source in message
            assert networks.look_up("198.51.100.7").asn == "AS64500"
            assert networks.look_up("203.0.113.7").asn == "unknown"
