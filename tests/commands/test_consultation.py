"""The doctor's command: what the exporter found on paper, its exit code, and who answers not."""

import contextlib
import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from exporter import cli
from exporter.commands.consultation import consult
from exporter.direct import Direct
from exporter.explanation.words import say
from tests.answering import answering

FOUND = [
    {"hop": "exporter", "state": "ok", "sentence": "It answers.", "step": ""},
    {"hop": "到着", "state": "warn", "sentence": "Silent.", "step": "Look."},
]


@contextlib.contextmanager
def exporter(body: bytes, status: int = 200) -> Iterator[int]:
    """Answer the doctor's question, in English, on a free port."""

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if self.path == "/api/v1/doctor?lang=en" else b"?")

        def log_message(self, *_):
            pass

    with answering(Exporter) as port:
        yield port


def report(*findings: dict[str, str], step: str = "Look.", **more: object) -> bytes:
    return json.dumps({"findings": findings, "next": step, "more": 1, **more}).encode()


def test_the_next_step_comes_first_and_each_hop_is_a_line():
    with exporter(report(*FOUND)) as port:
        told, fine = consult(f"http://127.0.0.1:{port}/", "en", Direct())
    assert told.splitlines() == [
        "Next: Look.",
        "",
        "ok    exporter  It answers.",
        "warn  到着      Silent.",
    ]
    assert not fine


def test_the_exit_code_is_0_only_where_there_is_nothing_to_do(capsys, monkeypatch):
    monkeypatch.delenv("KNOCKWATCH_CONFIG", raising=False)
    for state, code in (("ok", 0), ("warn", 1), ("fail", 1)):
        with exporter(report(FOUND[0] | {"state": state})) as port:
            assert cli.main(["doctor", "--url", f"http://127.0.0.1:{port}"]) == code
        assert "It answers." in capsys.readouterr().out


def condition(port: int, messages: int) -> dict[str, object]:
    return {"syslog_port": port, "listeners": [{"name": "udp", "messages": messages}]}


def test_the_port_for_lines_is_tried_from_here():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        body = report(FOUND[0], step="Nothing.", condition=condition(port, 0))
        with exporter(body) as http:
            told, fine = consult(f"http://127.0.0.1:{http}", "en", Direct())
    assert fine
    assert told.splitlines()[3].startswith("ok    listener  ")
    assert str(port) in told


@pytest.mark.parametrize(("messages", "mark"), [(0, "fail"), (5, "warn")])
def test_a_port_behind_a_firewall_is_found_and_comes_before_what_follows_from_it(messages, mark):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    body = report(*FOUND, condition=condition(port, messages))
    with exporter(body) as http:
        told, fine = consult(f"http://127.0.0.1:{http}", "en", Direct())
    assert not fine
    assert told.splitlines()[3].startswith(f"{mark}  listener  ")
    assert "firewall" in told.splitlines()[0]


def test_the_configured_address_is_asked(tmp_path, capsys):
    with exporter(report(FOUND[0])) as port:
        config = tmp_path / "knockwatch.toml"
        config.write_text(f"[listen]\nhttp_port = {port}\n")
        assert cli.main(["doctor", "--config", str(config)]) == 0
    assert "It answers." in capsys.readouterr().out


@pytest.mark.parametrize("language", ["en", "ja"])
def test_that_nobody_answers_is_the_finding(language, capsys):
    with exporter(b"") as port:
        pass  # it has ended
    assert cli.main(["doctor", "--url", f"http://127.0.0.1:{port}", "--lang", language]) == 1
    told = capsys.readouterr().out
    assert say(language, "doctor.serve.absent.step") in told
    assert f"http://127.0.0.1:{port}" in told


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"?", 200), (b'{"findings": 1}', 200), (b"", 404), (b'{"findings":[],"next":""}', 200)],
)
def test_an_answer_that_is_no_doctors_says_so(body, status):
    with exporter(body, status) as port:
        told, fine = consult(f"http://127.0.0.1:{port}", "en", Direct())
    assert not fine
    assert say("en", "doctor.serve.older.step") in told


def test_a_url_that_is_none_is_a_usage_error(capsys):
    assert cli.main(["doctor", "--url", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_a_broken_configuration_is_a_usage_error_that_names_the_key(tmp_path, capsys):
    config = tmp_path / "knockwatch.toml"
    config.write_text("[listen]\nhttp_prot = 1")
    assert cli.main(["doctor", "--config", str(config)]) == 2
    assert "listen.http_prot" in capsys.readouterr().err
