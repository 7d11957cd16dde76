import asyncio
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from hashlib import blake2b

import pytest

from exporter.app import App
from exporter.config import ConfigError, parse
from exporter.storage.database import StateError
from exporter.transports import ListenError
from tests.transports.authority import HOST, Authority

FOUNDING = b"UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413"
CONFIG = '[listen]\naddress = "127.0.0.1"\nsyslog_port = 0\nhttp_port = 0\n'


def run(folder, steps, config=CONFIG):
    """Serve from a fresh app while `steps(app)` runs in a thread; what it returns."""

    async def serve():
        app, stop = App(parse(config), folder), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(app.run(stop))
            try:
                return await asyncio.to_thread(steps, app)
            finally:
                stop.set()

    return asyncio.run(serve())


def get(app, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{app.http_port}{path}", timeout=10) as answer:
        return answer.read().decode()


def send(app, *lines):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for line in lines:
            sender.sendto(line, ("127.0.0.1", app.receivers.udp.port))


def until(happened):
    """Wait until something is true: datagrams that come together are read together."""
    end = time.monotonic() + 10
    while not (found := happened()):
        if time.monotonic() > end:
            raise AssertionError("it did not happen")
        time.sleep(0.01)
    return found


def counted(app, packets):
    body = get(app, "/metrics")
    values = [
        float(line.rpartition(" ")[2])
        for line in body.splitlines()
        if line.startswith("knockwatch_rejected_packets_total{")
    ]
    return body if sum(values) == packets else None


def test_lines_go_in_and_metrics_come_out(tmp_path):
    def steps(app):
        send(app, *[FOUNDING] * 3)
        with socket.create_connection(("127.0.0.1", app.receivers.tcp.port)) as stream:
            stream.sendall(FOUNDING + b"\n" + FOUNDING + b"\n")
        return until(lambda: counted(app, 5))

    body = run(tmp_path, steps)
    assert 'knockwatch_messages_total{dialect="connection",outcome="event"' in body
    assert 'source_asn="AS20940"' in body


def speak(port, context, line):
    """Send a line over TLS; return the certificate of the server."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        shown = tls.getpeercert(binary_form=True)
        tls.sendall(line + b"\n")
        tls.unwrap().close()
        return shown


def test_lines_come_in_over_tls_by_a_certificate_that_is_renewed(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.app.RENEW", 0.05)
    ca = Authority(tmp_path)
    files, context = ca.issue(), ca.sender()

    def steps(app):
        first = speak(app.receivers.tls.port, context, FOUNDING)
        files.both.write_bytes(ca.issue().both.read_bytes())
        until(lambda: speak(app.receivers.tls.port, context, b"x") != first)
        return until(lambda: counted(app, 1))

    tls = f'tls_port = 0\ntls_certificate = "{files.both}"\n'
    assert 'outcome="event"' in run(tmp_path / "state", steps, CONFIG + tls)


def test_a_certificate_that_cannot_be_read_stops_the_start(tmp_path):
    config = f'{CONFIG}tls_certificate = "{tmp_path}/none.pem"\n'
    with pytest.raises(ConfigError, match=r"listen\.tls_certificate: .*none\.pem"):
        App(parse(config), tmp_path / "state")


def test_lines_of_a_file_are_counted_once_over_a_restart(tmp_path):
    log = tmp_path / "router.log"
    log.write_bytes(FOUNDING + b"\n")
    config = f'{CONFIG}files = ["{log}"]\n'
    run(tmp_path, lambda app: until(lambda: counted(app, 1)), config)
    with log.open("ab") as file:
        file.write(FOUNDING + b"\n" + b"x" * 70_000 + b"\n" + FOUNDING + b"\n")
    body = run(tmp_path, lambda app: until(lambda: counted(app, 3)), config)
    assert 'knockwatch_dropped_messages_total{listener="file",reason="oversize"} 1.0' in body
    assert f'router="{log}"' in body


def test_a_file_is_known_as_soon_as_its_first_lines_are(tmp_path):
    log = tmp_path / "router.log"
    log.write_bytes(FOUNDING + b"\n")

    none = blake2b(b"\x80").digest()  # of no positions

    def steps(app):
        def stored():  # without a scrape, which would store it
            assert get(app, "/-/ready")
            return app.service._storing._stored.get("positions", none) != none

        return until(stored)

    assert run(tmp_path, steps, f'{CONFIG}files = ["{log}"]\n')


def test_what_arrived_before_the_stop_is_decided_and_stored(tmp_path):
    run(tmp_path, lambda app: send(app, *[FOUNDING] * 4))

    def steps(app):
        return until(lambda: counted(app, 4))

    body = run(tmp_path, steps)
    assert "knockwatch_attributed_packets_total{" in body
    assert "knockwatch_undecided_packets 0.0" in body


def test_a_ready_server_says_so(tmp_path):
    assert run(tmp_path, lambda app: (get(app, "/-/ready"), get(app, "/-/healthy")))


def test_a_taken_port_names_itself(tmp_path):
    def steps(app):
        for key, port in (("syslog_port", app.receivers.udp.port), ("http_port", app.http_port)):
            config = CONFIG.replace(f"{key} = 0", f"{key} = {port}")
            with pytest.raises(ListenError, match=f"port {port}.*address already in use"):
                App(parse(config), tmp_path / key)

    run(tmp_path / "first", steps)


def test_an_evidence_database_of_another_kind_is_set_aside(tmp_path):
    foreign = sqlite3.connect(tmp_path / "evidence.sqlite")
    foreign.execute("CREATE TABLE decisions (what TEXT)")
    foreign.commit()
    foreign.close()
    assert run(tmp_path, lambda app: get(app, "/-/ready"))
    assert (tmp_path / "evidence.sqlite.broken-1").exists()


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="file"):
        App(parse(CONFIG), tmp_path / "file")


def test_a_refused_sender_is_counted_and_not_read(tmp_path):
    def steps(app):
        send(app, FOUNDING)
        wanted = 'knockwatch_dropped_messages_total{listener="udp",reason="denied_sender"} 1.0'
        return until(lambda: (body := get(app, "/metrics")) and wanted in body and body)

    body = run(tmp_path, steps, CONFIG + 'allowed_senders = ["192.168.0.0/16"]\n')
    assert "knockwatch_messages_total{" not in body


def test_a_defect_costs_its_batch_and_not_the_program(tmp_path):
    def steps(app):
        process = app._pipeline.process

        def fails_once(batch):
            app._pipeline.process = process
            raise RuntimeError("a defect")

        app._pipeline.process = fails_once
        send(app, FOUNDING)
        wanted = 'knockwatch_internal_errors_total{task="lines"} 1.0'
        until(lambda: wanted in get(app, "/metrics"))
        send(app, FOUNDING)
        return until(lambda: counted(app, 1))

    assert run(tmp_path, steps)


def test_a_defect_of_the_clock_work_is_survived(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.app.TICK", 0.05)

    def steps(app):
        tick = app._pipeline.tick

        def fails_once(now):
            app._pipeline.tick = tick
            raise RuntimeError("a defect")

        app._pipeline.tick = fails_once
        wanted = 'knockwatch_internal_errors_total{task="tick"} 1.0'
        return until(lambda: wanted in get(app, "/metrics"))

    assert run(tmp_path, steps)


def test_an_unknown_path_is_a_clear_404(tmp_path):
    def steps(app):
        with pytest.raises(urllib.error.HTTPError) as error:
            get(app, "/nothing")
        code = error.value.code
        error.value.close()
        return code

    assert run(tmp_path, steps) == 404


def test_a_line_that_cannot_be_read_is_counted_and_costs_no_other(tmp_path):
    def steps(app):
        take = app._pipeline.intake.take

        def broken(batch, data):
            if data == b"damaged":
                raise ValueError
            return take(batch, data)

        app._pipeline.intake.take = broken
        lines = b"\n".join([FOUNDING, b"damaged", FOUNDING, FOUNDING, b""])
        with socket.create_connection(("127.0.0.1", app.receivers.tcp.port)) as stream:
            stream.sendall(lines)
        return until(lambda: counted(app, 3))

    body = run(tmp_path, steps)
    assert 'knockwatch_dropped_messages_total{listener="tcp",reason="defect"} 1.0' in body
    assert 'knockwatch_internal_errors_total{task="lines"} 1.0' in body


def test_what_cannot_be_decided_at_the_stop_keeps_nothing_from_being_stored(tmp_path):
    def steps(app):
        def broken(now):
            raise ValueError

        send(app, *[FOUNDING] * 4)
        until(lambda: counted(app, 4))
        app._pipeline.finish = broken
        send(app, FOUNDING)
        until(lambda: app._pipeline.arrived["udp"].messages == 5 or get(app, "/-/ready") is None)

    run(tmp_path, steps)
    assert run(tmp_path, lambda app: until(lambda: counted(app, 5)))
