import socket
import time

import pytest

from tests.test_app import get, run, until


def test_a_connection_that_says_nothing_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.KEEP_ALIVE", 0.1)

    def steps(app):
        with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as silent:
            return silent.recv(1)

    assert run(tmp_path, steps) == b""


def test_a_reader_that_hangs_up_is_not_written_to_a_thousand_times(tmp_path, caplog):
    async def scrape(accept):
        return bytes(20_000_000), "text/plain"

    def steps(app):
        app.service.scrape = scrape
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as reader:
                reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                reader.recv(1)
        until(lambda: not app._http.server_state.connections or time.sleep(0.05))

    run(tmp_path, steps)
    assert not caplog.records


def test_a_reader_that_takes_nothing_is_closed_and_one_that_reads_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.KEEP_ALIVE", 0.5)
    body = bytes(20_000_000)  # more than the kernel takes at once

    async def scrape(accept):
        return body, "text/plain"

    def ask(app):
        reader = socket.create_connection(("127.0.0.1", app.http_port), timeout=10)
        reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return reader

    def steps(app):
        app.service.scrape = scrape
        connections, read = app._http.server_state.connections, 0
        with ask(app), ask(app) as reading:
            until(lambda: len(connections) == 2 or time.sleep(0.05))
            while read < len(body):
                read += len(reading.recv(100_000)) or pytest.fail("closed while it was read")
                time.sleep(0.006)
            until(lambda: not connections or time.sleep(0.05))

    run(tmp_path, steps)


def test_a_reader_that_does_not_read_does_not_hold_the_stop(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.STOP_SECONDS", 1)
    held = []

    def steps(app):
        held.append(socket.create_connection(("127.0.0.1", app.http_port), timeout=10))
        held[0].sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return get(app, "/-/ready")

    assert run(tmp_path, steps)
    held[0].close()
