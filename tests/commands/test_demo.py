import json
import random
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from exporter import build, wire
from exporter.commands import demo
from exporter.dialects.table import recognise
from exporter.direct import Direct
from exporter.events import Batch
from exporter.pipeline import Pipeline
from exporter.settings import Config
from exporter.syslog import header
from tests.rejections import NOW
from tests.test_tables import http, serving


def played(seconds: float = 30) -> list[tuple[float, str]]:
    return demo.lines(seconds, random.Random(1))


def test_the_same_show_is_played_every_time():
    assert demo.lines(30, random.Random(7)) == demo.lines(30, random.Random(7))
    assert demo.lines(30, random.Random(7)) != demo.lines(30, random.Random(8))


def test_lines_come_in_their_order_within_the_time():
    moments = [moment for moment, _ in played()]
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] <= 30
    assert played(0) == []


def test_every_line_is_one_of_the_founding_dialect():
    for _, line in played():
        message = header.read(f"<5>Nov 23 01:14:21 home-router FIREWALL: {line}".encode(), NOW)
        dialect = recognise(message)
        assert dialect is not None
        assert dialect.name == "connection"
        event = dialect.parse(message)
        assert event is not None
        assert (event.kind, event.destination_ip) == ("rejected", demo.WAN)
        assert None not in (event.source_ip, event.source_port, event.destination_port)


def test_the_reports_are_what_an_agent_may_send():
    reports = demo.reports()
    for report in reports:
        assert wire.decode(wire.encode(report)) == report
    assert len({report.device for report in reports}) == 3


def test_the_show_tells_the_founding_story():
    decisions = []
    pipeline = Pipeline(build.stages(Config()), decisions.append)
    for report in demo.reports():
        pipeline.report(report, NOW)
    for moment, line in played():
        pipeline.process(
            Batch(received=NOW + 1 + moment, sender="", listener="udp", messages=[line.encode()])
        )
    pipeline.finish(NOW + 60)
    named = {(d.attribution.device, d.attribution.process, d.cause.name) for d in decisions}
    assert ("ANNA-PC", "netsession_win.exe", "p2p") in named
    assert {device for device, *_ in named} == {"ANNA-PC", ""}  # the scanners are nobody's


class Stage:
    """A server that takes reports and knows one suspect, and a syslog port."""

    def __init__(self, refusal: bytes = b"") -> None:
        stage = self
        self.posted: list[Any] = []

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stage.posted.append((self.path, json.loads(body)))
                self.send_response(403 if refusal else 200)
                self.end_headers()
                self.wfile.write(refusal)

            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"suspects": [{"summary": "It was netsession_win.exe."}]}')

            def log_message(self, *_: object) -> None: ...

        self.http = HTTPServer(("127.0.0.1", 0), Answer)
        self.syslog = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.syslog.bind(("127.0.0.1", 0))
        self.syslog.settimeout(5)
        self._thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.01}
        )

    def __enter__(self) -> "Stage":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self._thread.join()
        self.http.server_close()
        self.syslog.close()

    def play(self, **options: Any) -> int:
        chosen: dict[str, Any] = {
            "syslog": f"127.0.0.1:{self.syslog.getsockname()[1]}",
            "seconds": 0.2,
        } | options
        return demo.run(
            f"http://127.0.0.1:{self.http.server_address[1]}", direct=Direct(), **chosen
        )


def test_it_is_played_over_real_sockets(capsys):
    with Stage() as stage:
        assert stage.play() == 0
        assert [path for path, _ in stage.posted] == ["/api/v1/reports"] * 3
        assert stage.posted[0][1]["device"] == "ANNA-PC"
        line = stage.syslog.recv(2000)
    message = header.read(line, NOW)
    assert message.hostname == demo.ROUTER
    assert message.time is not None
    out, err = capsys.readouterr()
    assert "It was netsession_win.exe." in out
    assert err == ""


def test_a_refusal_is_told_in_the_servers_words(capsys):
    with Stage(refusal=b'{"error": "a token is needed"}') as stage:
        assert stage.play() == 1
    out, err = capsys.readouterr()
    assert "a token is needed" in err
    assert out == ""


@pytest.mark.parametrize("syslog", ["localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999"])
def test_a_syslog_address_that_is_none_is_told(capsys, syslog):
    with Stage() as stage:
        assert stage.play(syslog=syslog) == 1
    assert "--syslog" in capsys.readouterr().err


def test_a_server_that_is_none_is_told(capsys):
    with serving(b"220 this is a mail server\r\n") as url:
        assert demo.run(url, "127.0.0.1:9", Direct(), seconds=0.1) == 1
    assert demo.run("ftp://127.0.0.1/", "127.0.0.1:9", Direct(), seconds=0.1) == 1
    assert capsys.readouterr().err.count("knockwatch: the demo needs a running") == 2


def test_no_proxy_comes_between(capsys, monkeypatch):
    with serving(http(b"", "502 Bad Gateway")) as proxy, Stage() as stage:
        monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers its proxies
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        assert stage.play() == 0
