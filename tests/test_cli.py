import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from exporter import build, cli, wire
from exporter.config import parse
from exporter.knowledge import load
from exporter.settings import Config
from tests.answering import answering
from tests.test_config import EXAMPLE, uncommented
from tests.test_tables import http, serving

FOUNDING = "UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413"
SAMPLES = Path(__file__).parent / "sockets_text" / "samples"
KEYS = (
    *("line", "router", "dialect", "outcome", "event", "network", "device", "process"),
    *("evidence", "confidence", "candidates", "cause", "verdict", "application"),
    *("at_least", "headline", "summary", "certainty", "advice", "steps"),
)


KNOWLEDGE = load()  # takes a while


@pytest.fixture(autouse=True)
def nobodys_settings(monkeypatch, tmp_path):
    """No configuration of the machine; a home of its own; what is large is read once."""
    monkeypatch.setattr(build, "load", lambda extra: KNOWLEDGE)
    for name in ("KNOCKWATCH_CONFIG", "STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def run(capfd):
    """Run a command; give its exit code, and what it wrote to both outputs."""

    def command(*arguments: object) -> tuple[int, str, str]:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return (code, *capfd.readouterr())

    return command


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes, name: str = "knockwatch.toml") -> Path:
        path: Path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


# --- exit codes and errors -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("replay",),
        ("explain",),
        ("agent",),
        ("explain", "--lang", "de", "x"),
        ("demo", "--seconds", "x"),
        ("replay", "--no-such-option", "-"),
        ("check", "--log-level", "loud"),
    ],
    ids=str,
)
def test_wrong_usage_is_2_and_told_on_standard_error(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "usage: knockwatch" in err


@pytest.mark.parametrize("command", ["serve", "replay", "explain", "check", "healthcheck"])
def test_a_broken_configuration_is_2_and_names_file_and_key(run, file, command):
    config = file("[listen]\nhttp_prot = 1")
    more = {"replay": ["-"], "explain": [FOUNDING]}.get(command, [])
    code, out, err = run(command, "--config", config, *more)
    assert (code, out) == (2, "")
    expected = f"{config}: unknown key `listen.http_prot`; did you mean `http_port`?"
    assert err == f"knockwatch: {expected}\n"


def test_a_configuration_of_the_environment_is_used(run, file, monkeypatch):
    monkeypatch.setenv("KNOCKWATCH_CONFIG", str(file("[listen]\nhttp_port = 'x'")))
    code, _, err = run("check")
    assert code == 2
    assert "listen.http_port: expected `int`" in err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("replay", "no-such-file.log"), "no-such-file.log"),
        (("explain", FOUNDING, "--sockets", "no-such-file.txt"), "no-such-file.txt"),
        (("agent", "--server", "http://127.0.0.1:1", "--token-file", "no-such-token"), "no-such-t"),
        (("replay", "."), "."),
    ],
)
def test_a_file_that_is_not_there_is_1_and_named(run, arguments, named):
    code, _, err = run(*arguments)
    assert code == 1
    assert err.startswith(f"knockwatch: {named}")
    assert "Errno" not in err


def test_a_state_folder_that_cannot_be_written_is_1_and_named(run, file):
    folder = file("this is a file", "state")
    code, _, err = run("serve", "--state-dir", folder)
    assert code == 1
    assert f"cannot keep state in {folder}" in err


def test_a_taken_port_is_1_and_named(run, file, tmp_path):
    with serving(b"") as url:
        port = int(url.split(":")[2].partition("/")[0])
        config = file(f'[listen]\naddress = "127.0.0.1"\nhttp_port = {port}\nsyslog_port = 0\n')
        code, _, err = run("serve", "--config", config, "--state-dir", tmp_path / "state")
    assert code == 1
    assert f"TCP port {port}" in err


@pytest.mark.parametrize(
    "time", ["yesterday", "nan", "inf", "-1", "1e30", "9999999999999", "2026-13-01", ""]
)
def test_a_time_that_is_none_is_2(run, time):
    code, _, err = run("replay", f"--now={time}", "-")
    assert code == 2
    assert "argument --now: not a time" in err


def test_an_interrupted_command_ends_with_1_and_no_traceback(run, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("exporter.config.load", interrupted)
    assert run("check") == (1, "", "")


def test_the_agent_prints_exactly_a_report(run):
    code, out, _ = run("agent", "--server", "http://127.0.0.1:1", "--device", "ANNA-PC", "--print")
    assert code == 0
    assert wire.decode(out.encode()).device == "ANNA-PC"


def test_the_version_is_printed(run):
    assert run("--version") == (0, f"knockwatch {build.VERSION}\n", "")


def test_python_runs_the_package():
    argv = [sys.executable, "-m", "exporter", "--version"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == f"knockwatch {build.VERSION}\n"


# --- check ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[network]\nspecial = []",
        "[[router]]\nname = 'a \"quoted\\\\ name'\n[[router]]\nname = 'ルーター'",
    ],
)
def test_check_prints_what_is_in_force_as_one_would_write_it(run, file, text):
    code, out, err = run("check", "--config", file(text))
    assert (code, err) == (0, "")
    assert parse(out) == parse(text)


def test_check_of_the_whole_example_prints_it_all(run, file, tmp_path):
    token = file("secret\n", "token")
    text = uncommented().replace('file = ""', f'file = "{token}"')
    code, out, _ = run("check", "--config", file(text))
    assert code == 0
    assert parse(out) == parse(text)
    assert "secret" not in out


def test_check_of_the_defaults_and_the_example_is_the_same(run):
    assert run("check") == run("check", "--config", EXAMPLE)
    assert parse(run("check")[1]) == Config()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), ("", "holds no token"), ("# none\n  # here\n\n", "holds no token")],
)
def test_a_token_file_without_tokens_is_2(run, file, tmp_path, content, complaint):
    token = tmp_path / "token"
    if content is not None:
        token.write_text(content)
    code, _, err = run("check", "--config", file(f'[tokens]\nfile = "{token}"'))
    assert code == 2
    assert "tokens.file" in err
    assert complaint in err
    assert str(token) in err


def test_nothing_is_written_by_commands_that_only_answer(run, file, tmp_path):
    for arguments in (("check",), ("explain", FOUNDING), ("replay", file(FOUNDING, "x.log"))):
        assert run(*arguments)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.log"]


# --- replay --------------------------------------------------------------------------------------


def test_replay_prints_the_exposition_or_the_events(run, file):
    log = file(f"{FOUNDING}\n\n", "router.log")
    code, out, err = run("replay", log)
    assert (code, err) == (0, "")
    assert 'knockwatch_messages_total{dialect="connection",outcome="event",router="replay"}' in out
    code, out, err = run("replay", "--router", "gate", "--events", log)
    assert (code, err) == (0, "")
    assert [json.loads(row)["router"] for row in out.splitlines()] == ["gate", "gate"]


def test_a_name_that_is_no_text_is_replaced_not_refused(run, file):
    log = file(f"{FOUNDING}\n", "router.log")
    code, out, _ = run("replay", "--router", os.fsdecode(b"b\xfcro"), log)
    assert code == 0
    assert 'router="b\ufffdro"' in out


def test_replay_takes_now_as_a_date_or_as_seconds(run, file):
    log = file(f"Nov 10 12:00:00 gate {FOUNDING}\n", "router.log")
    for now in ("2024-12-01T00:00:00Z", "2024-12-01", "1733011200", "1733011200.5"):
        _, out, _ = run("replay", "--events", "--now", now, log)
        assert json.loads(out)["event"]["time"].startswith("2024-11-1")


# --- explain -------------------------------------------------------------------------------------


def test_explain_has_exactly_the_keys_of_the_contract(run):
    for line in (FOUNDING, "hello", "", "NAT TX-ERROR List Create Error"):
        code, out, err = run("explain", line, "--json")
        assert (code, err) == (0, "")
        answer = json.loads(out)
        assert tuple(answer) == KEYS
        assert answer["line"] == line
    assert answer["event"] == {"kind": "nat_fault"}


@pytest.mark.parametrize(
    "sample", ["windows-en", "windows-en-utf16-bom", "windows-ja-cp932", "windows-ja-utf8",
               "windows-ja-utf16"]
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_founding_case_names_the_program(run, sample, language):
    sockets = SAMPLES / f"{sample}.txt"
    code, out, err = run("explain", FOUNDING, "--sockets", sockets, "--json", "--lang", language)
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["device"], answer["process"]) == ("this device", "netsession_win.exe")
    assert answer["evidence"] == "socket"
    assert answer["confidence"] >= 0.85
    assert answer["network"]["asn"] == "AS20940"
    assert answer["application"] == "Akamai NetSession Interface"
    assert answer["event"]["destination_port"] == 51413
    assert "netsession_win.exe" in answer["summary"]
    assert any("぀" <= letter <= "ヿ" for letter in answer["summary"]) == (language == "ja")


def test_explain_in_words_says_what_it_is_and_how_it_was_found(run):
    code, out, _ = run(
        "explain", FOUNDING, "--sockets", SAMPLES / "windows-en.txt", "--device", "ANNA-PC"
    )
    assert code == 0
    assert "netsession_win.exe" in out
    assert "ANNA-PC" in out
    assert "\n  1. " in out


def test_explain_without_sockets_names_nobody(run):
    _, out, _ = run("explain", FOUNDING, "--json")
    answer = json.loads(out)
    assert (answer["device"], answer["process"], answer["evidence"]) == (None, None, "none")
    assert answer["candidates"] == []


def test_explain_follows_the_language_of_the_configuration(run, file):
    japanese = run("explain", FOUNDING, "--config", file('language = "ja"'))[1]
    assert japanese == run("explain", FOUNDING, "--lang", "ja")[1]
    assert japanese != run("explain", FOUNDING)[1]


def test_sockets_that_are_none_are_1_and_told_what_to_paste(run, file):
    code, out, err = run("explain", FOUNDING, "--sockets", file("hello", "netstat.txt"))
    assert (code, out) == (1, "")
    assert "netstat.txt: no list of sockets was found" in err


@pytest.mark.parametrize("line", [f"拒否 {FOUNDING}".encode("cp932"), b"\xff\xfe", b"\x1b[2J"])
def test_a_line_that_is_no_text_is_explained(run, line):
    for option in ((), ("--json",)):
        typed = os.fsdecode(line), "--device", os.fsdecode(b"b\xfcro")
        code, out, _ = run("explain", *typed, *option)
        assert code == 0
        assert out


# --- healthcheck ---------------------------------------------------------------------------------


@contextlib.contextmanager
def listening(host: str, status: int) -> Iterator[int]:
    """Answer /-/ready with a status on a free port of that address."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/-/ready" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with answering(Ready, host) as port:
        yield port


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 1), (404, 1), (503, 1)])
def test_healthcheck_is_0_only_when_ready(run, file, status, code):
    with listening("127.0.0.1", status) as port:
        config = file(f"[listen]\nhttp_port = {port}")
        assert run("healthcheck", "--config", config)[0] == code
        assert run("healthcheck", "--url", f"http://127.0.0.1:{port}")[0] == code


def test_healthcheck_asks_the_address_that_is_configured(run, file):
    with listening("127.0.0.2", 200) as port:
        assert run("healthcheck", "--config", file(f"[listen]\nhttp_port = {port}"))[0] == 1
        there = file(f"[listen]\naddress = '127.0.0.2'\nhttp_port = {port}")
        assert run("healthcheck", "--config", there)[0] == 0


def test_healthcheck_asks_no_proxy(run, file, monkeypatch):
    with serving(http(b"", "502 Bad Gateway")) as proxy, listening("127.0.0.1", 200) as port:
        monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers its proxies
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        assert run("healthcheck", "--config", file(f"[listen]\nhttp_port = {port}"))[0] == 0


def test_healthcheck_says_why_not(run, file):
    with serving(b"220 this is a mail server\r\n") as url:
        code, _, err = run("healthcheck", "--url", url)
    assert code == 1
    assert url in err
    code, _, err = run("healthcheck", "--url", url)  # nobody listens there any more
    assert code == 1
    assert url in err
    assert run("healthcheck", "--url", "nonsense")[0] == 1


# --- demo ----------------------------------------------------------------------------------------


def test_a_demo_without_a_server_is_1_and_told_what_it_needs(run):
    with serving(b"") as url:
        nobody = url.removesuffix("/table.csv")
    code, out, err = run("demo", "--server", nobody)
    assert (code, out) == (1, "")
    assert "needs a running `knockwatch serve`" in err


def test_explain_and_check_use_the_configured_tables(run, file):
    table = file("198.51.100.0,198.51.100.255,64500,Our Own Network\n", "own.csv")
    config = file(f'[network]\ntables = ["{table}"]\nspecial = []\n')
    line = "UDP connection rejected from 198.51.100.7:1 to 203.0.113.9:51413"
    code, out, _ = run("explain", line, "--config", config)
    assert (code, "Our Own Network" in out) == (0, True)
    code, _, error = run("check", "--config", file('[network]\ntables = ["/nowhere.csv"]\n'))
    assert (code, "/nowhere.csv" in error) == (1, True)
