"""The command that lets a running exporter forget a device: what it asks, and what it prints."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from exporter import cli
from exporter.commands.forget import ask
from exporter.direct import Direct, bearer
from tests.agent.servers import Server, bound, serving

DELETED = {"evidence": 30, "sockets": 2, "leases": 1, "associations": 0, "acknowledged": 0}
DELETED |= {"tokens": 1}


def told(**facts: object) -> bytes:
    flags = {"configured_token": False, "returns_if_it_reports": False}
    return json.dumps({"device": "ANNA-PC", "deleted": DELETED, **flags, **facts}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with bound() as found, serving(found):
        yield found


def test_what_was_deleted_is_printed_line_by_line(server: Server):
    server.answers = [(200, {}, told())]
    assert ask(f"{server.url}/", "ANNA-PC", Direct()).splitlines() == [
        "Deleted of ANNA-PC:",
        "  30 rows of evidence",
        "  2 sockets and conversations",
        "  1 leases",
        "  0 Wi-Fi stations",
        "  0 acknowledged programs",
        "  1 tokens",
        "Counters stay: they only count, and Prometheus has them already.",
    ]


def test_what_is_left_to_do_is_said(server: Server):
    server.answers = [(200, {}, told(configured_token=True, returns_if_it_reports=True))]
    words = ask(server.url, "ANNA-PC", Direct())
    assert "yours to remove" in words
    assert "set aside" not in words
    assert "stop its agent first" in words


def test_files_that_were_set_aside_are_named(server: Server):
    server.answers = [(200, {}, told(set_aside=["a.broken-1", "b.broken-2"]))]
    assert "delete them: a.broken-1, b.broken-2" in ask(server.url, "ANNA-PC", Direct())


@pytest.mark.parametrize("name", ["ANNA-PC", "a b/c?d#e", "アンナの PC", "..", "%2e"])
def test_any_name_is_asked_for_as_it_is(server: Server, name: str):
    server.answers = [(200, {}, told())]
    ask(server.url, name, Direct(None, bearer("s3cret")))
    path, headers, body = server.posted.get(timeout=20)
    assert path.count("/") == 4
    assert unquote(path) == f"/api/v1/forget/{name}"
    assert (headers["Authorization"], body) == ("Bearer s3cret", b"")


def test_the_exporters_own_words_say_why_not(server: Server):
    server.answers = [(404, {}, b'{"error": "nothing is stored of X"}')]
    with pytest.raises(ValueError, match="nothing is stored of X"):
        ask(server.url, "X", Direct())


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ((500, {}, b"<html>"), "HTTP 500"),
        ((200, {}, b"<html>"), "not an answer of this program"),
        ((204, {}, b""), "not an answer of this program"),
    ],
)
def test_an_answer_of_something_else_is_told(server: Server, answer, complaint: str):
    server.answers = [answer]
    with pytest.raises(ValueError, match=complaint):
        ask(server.url, "X", Direct())


def test_without_a_running_exporter_it_says_what_is_needed(capsys):
    with bound() as nobody:
        assert cli.main(["forget", "X", "--url", nobody.url]) == 1
    assert "a running serve is needed" in capsys.readouterr().err
    assert cli.main(["forget", "X", "--url", "file:///etc/passwd"]) == 1


def test_the_command_asks_the_configured_exporter_with_its_token(
    server: Server, tmp_path: Path, capsys
):
    token, config = tmp_path / "token", tmp_path / "knockwatch.toml"
    token.write_text("s3cret\n")
    config.write_text(f"[listen]\naddress = '127.0.0.1'\nhttp_port = {server.server_address[1]}\n")
    server.answers = [(200, {}, told())]
    arguments = ["forget", "ANNA-PC", "--config", str(config), "--token-file", str(token)]
    assert cli.main(arguments) == 0
    assert "30 rows of evidence" in capsys.readouterr().out
    assert server.posted.get(timeout=20)[1]["Authorization"] == "Bearer s3cret"
