"""Handshakes of TLS that do not come, are too many, or are over at once."""

import asyncio
import contextlib
import socket
import ssl
from asyncio import sslproto

import pytest

from exporter import pem
from exporter.web import handshakes
from exporter.web.handshakes import Handshakes
from tests.transports.authority import HOST, Authority

PLACES = pem.Places("certificate", "key", "client_ca")


class Echo(asyncio.Protocol):
    """Says what it hears, and that it was told of the connection before."""

    transport: asyncio.Transport

    def connection_made(self, transport):
        assert transport.get_extra_info("ssl_object") is not None
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def serving(authority, steps, seconds=10.0):
    """Run `steps(port)` in a thread beside a server."""
    files = authority.issue()
    context = pem.server_context(pem.Files(str(files.certificate), str(files.key)), PLACES)

    async def both():
        underway = Handshakes()
        server = await asyncio.get_running_loop().create_server(
            lambda: underway.protocol(Echo, context, seconds), "127.0.0.1", 0
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            answer = await asyncio.to_thread(steps, port)
        async with asyncio.timeout(10):
            while len(underway):
                await asyncio.sleep(0.01)
        return answer

    return asyncio.run(both())


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def said(authority, port):
    return echoed(authority, connect(port))


def echoed(authority, plain):
    with authority.sender().wrap_socket(plain, server_hostname=HOST) as tls:
        tls.sendall(b"hello")
        return tls.recv(100)


def test_who_says_nothing_has_few_places_and_those_of_nobody_else(authority, monkeypatch):
    monkeypatch.setattr(handshakes, "MOST_OF_A_CLIENT", 3)

    def steps(port):
        with contextlib.ExitStack() as opened:
            silent = [opened.enter_context(connect(port)) for _ in range(6)]
            for late in silent[3:]:
                with contextlib.suppress(ConnectionError):
                    assert late.recv(1) == b""
            for early in silent[:3]:
                early.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    early.recv(1)
            other = opened.enter_context(socket.socket())
            other.bind(("127.0.0.2", 0))
            other.settimeout(10)
            other.connect(("127.0.0.1", port))
            assert echoed(authority, other) == b"hello"
        return said(authority, port)  # they hung up, and left their places

    assert serving(authority, steps) == b"hello"


def test_all_together_have_few(authority, monkeypatch):
    monkeypatch.setattr(handshakes, "MOST", 1)

    def steps(port):
        with connect(port) as silent, connect(port) as late, contextlib.suppress(ConnectionError):
            silent.settimeout(0.05)
            with pytest.raises(TimeoutError):
                silent.recv(1)
            assert late.recv(1) == b""

    serving(authority, steps)


def test_what_comes_with_the_end_of_a_handshake_is_heard(authority):
    """A client may speak in the same breath, before anybody was told of it."""

    def steps(port):
        with connect(port) as plain:
            arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = authority.sender().wrap_bio(arrived, leaving, server_hostname=HOST)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    plain.sendall(leaving.read())
                    arrived.write(plain.recv(65536))
            tls.write(b"at once")
            plain.sendall(leaving.read())
            while True:
                try:
                    return tls.read(100)
                except ssl.SSLWantReadError:
                    arrived.write(plain.recv(65536))

    for _ in range(20):
        assert serving(authority, steps) == b"at once"


def test_what_is_no_tls_or_does_not_come_is_closed_without_a_word(authority, caplog):
    def steps(port):
        with connect(port) as other, contextlib.suppress(ConnectionError):
            other.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while other.recv(100):
                pass
        with connect(port) as silent, contextlib.suppress(ConnectionError):
            assert silent.recv(1) == b""

    serving(authority, steps, seconds=0.3)
    assert not caplog.records


def test_a_connection_takes_little_memory():
    """asyncio keeps 256 KiB for each by itself: a hundred of them are what we may have in all."""
    assert sslproto.SSLProtocol.max_size <= 64 * 1024
