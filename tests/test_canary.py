"""A line and a report of our own, through the real inputs, and in none of the user's numbers."""

import asyncio
import threading
import time
import urllib.request

import pytest

from exporter.canary import LATE, Canary, Where
from tests import test_reloading
from tests.test_app import CONFIG, FOUNDING, counted, get, run, send, until
from tests.test_reloading import LOOPS
from tests.transports.authority import Authority
from tests.web.test_doors import USERS
from tests.web.test_reports import body

pytestmark = pytest.mark.thorough

loops = test_reloading.loops  # remembers the loop in which an app runs

OFF = "[canary]\nevery_seconds = 0\n"


def sing(app, where=None):
    """Let the canary sing once; return the step that failed."""
    until(lambda: (LOOPS and app._http.started) or time.sleep(0.05))
    song = app.canary.sing(where or app.where())
    return asyncio.run_coroutine_threadsafe(song, LOOPS[-1]).result(30)


def shown(app, name):
    return [line for line in get(app, "/metrics").splitlines() if line.startswith(name)]


def foreign(body):
    """The lines of an exposition that tell of messages, packets or devices."""
    names = ("messages", "rejected", "attributed", "device", "router", "reports", "process_info")
    starts = tuple(f"knockwatch_{name}" for name in names)
    return [line for line in body.splitlines() if line.startswith(starts)]


def test_it_is_named_by_the_real_ways_and_counted_nowhere(tmp_path):
    def steps(app):
        send(app, *[FOUNDING] * 3)
        before = foreign(until(lambda: counted(app, 3)))
        for _ in range(3):
            assert sing(app) == ""
        assert foreign(get(app, "/metrics")) == before
        assert len(shown(app, "knockwatch_canary_last_success_timestamp_seconds ")) == 1
        assert shown(app, "knockwatch_canary_failures_total{") == []
        service = app.service
        assert app._pipeline.arrived["udp"].messages == 3
        assert not list(service.pipeline.unread.known())
        assert list(service.pipeline.stages.hosts.devices()) == []
        assert get(app, "/api/v1/devices").count("canary") == 0
        return get(app, "/api/v1/doctor")

    body = run(tmp_path, steps, CONFIG + OFF)
    assert "traced to its program" in body


@pytest.mark.parametrize(
    "more",
    ['allowed_senders = ["192.0.2.1/32"]\n', "sender_burst = 1\nsender_messages_per_second = 1\n"],
)
def test_whom_we_hear_does_not_concern_it(tmp_path, more):
    def steps(app):
        assert [sing(app) for _ in range(3)] == [""] * 3
        return shown(app, "knockwatch_dropped_messages_total{")

    assert run(tmp_path, steps, CONFIG + more + OFF) == []


def test_it_gets_in_by_tls_and_past_passwords(tmp_path):
    files, web = Authority(tmp_path).issue(), tmp_path / "web.yml"
    tls = f"{{cert_file: {files.certificate}, key_file: {files.key}}}"
    web.write_text(f"tls_server_config: {tls}\n{USERS}")

    def steps(app):
        return sing(app)

    assert run(tmp_path / "state", steps, f'{CONFIG}web_config = "{web}"\n{OFF}') == ""


class Deaf(Where):
    """Somebody whose datagrams are lost."""

    def send(self, line: bytes) -> None:
        """Lose it."""


def test_each_step_that_fails_is_told(tmp_path, monkeypatch):
    quick = OFF + "within_seconds = 1\n"

    def steps(app):
        here = app.where()
        port = app.receivers.udp.port
        nobody = Where("127.0.0.1", port, 9, "")
        assert sing(app, nobody) == "report"
        assert sing(app, Deaf("127.0.0.1", port, app.http_port, "")) == "line"
        monkeypatch.setattr(Canary, "_report", lambda self, report: None)
        app.service.canary = lambda report: None
        assert sing(app, here) == "attribution"
        failures = shown(app, "knockwatch_canary_failures_total{")
        assert [line.rpartition(" ")[2] for line in failures] == ["1.0"] * 3
        return get(app, "/api/v1/doctor")

    assert "was not traced to its program" in run(tmp_path, steps, CONFIG + quick)


def test_a_line_that_comes_late_is_still_none_of_a_router(tmp_path):
    kept, told = [], threading.Event()

    class Late(Where):
        def send(self, line):
            kept.append((super().send, line))

    def steps(app):
        late = Late("127.0.0.1", app.receivers.udp.port, app.http_port, "")
        assert sing(app, late) == "line"
        assert sing(app) == ""
        [(send_now, line)] = kept
        send_now(line)
        send(app, FOUNDING)
        until(lambda: counted(app, 1))
        told.set()
        return shown(app, "knockwatch_messages_total{")

    [line] = run(tmp_path, steps, f"{CONFIG}{OFF}within_seconds = 1\n")
    assert line.endswith(" 1.0")
    assert told.is_set()
    assert LATE > 60


def test_nobody_else_reports_as_the_canary(tmp_path):
    def steps(app):
        assert get(app, "/-/ready")
        heard = []
        app.service.canary = heard.append
        for secret in ("", "x", app.service.secret[:-1]):
            url = f"http://127.0.0.1:{app.http_port}/api/v1/reports"
            headers = {"Authorization": f"Bearer {secret}"}
            urllib.request.urlopen(urllib.request.Request(url, body(), headers), timeout=10).close()
        return heard, [d.name for d in app._pipeline.stages.hosts.devices()]

    assert run(tmp_path, steps, CONFIG + OFF) == ([], ["PC"])
