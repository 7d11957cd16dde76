"""The token of a device: fetched with a code once, and kept."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter import wire
from exporter.agent import run
from exporter.agent.folder import of_agent
from exporter.agent.pairing import PairingError, fetched, kept
from exporter.agent.post import Server as There
from exporter.agent.post import ServerAwayError
from tests.agent.servers import Server, bound, serving

PAIRED: tuple[int, dict[str, str], bytes] = (200, {}, b'{"device": "PC", "token": "s3cret"}')


@pytest.fixture
def server() -> Iterator[Server]:
    with bound() as found, serving(found):
        yield found


def once(server: Server, folder: Path, code: str | None = None, *, print_only: bool = False) -> int:
    return run(
        server.url,
        device="PC",
        token=None,
        interval=15.0,
        once=True,
        print_only=print_only,
        state_dir=str(folder),
        pairing_code=code,
    )


def test_a_code_fetches_a_token_that_is_kept_for_its_owner_alone(server: Server, tmp_path: Path):
    server.answers = [PAIRED]
    assert fetched(There(server.url), tmp_path / "agent", "PC", "ABCD-EFGH") == "s3cret"
    path, headers, body = server.posted.get(timeout=20)
    assert (path, json.loads(body)) == ("/api/v1/pair", {"code": "ABCD-EFGH", "device": "PC"})
    assert "Authorization" not in headers
    assert kept(tmp_path / "agent") == "s3cret"
    (file,) = (tmp_path / "agent").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_paired_agent_reports_with_its_token_from_then_on(server: Server, tmp_path: Path):
    server.answers = [PAIRED]
    assert once(server, tmp_path, "ABCDEFGH") == 0
    assert once(server, tmp_path) == 0
    asked = [server.posted.get(timeout=20) for _ in range(3)]
    assert [path for path, _, _ in asked] == ["/api/v1/pair"] + ["/api/v1/reports"] * 2
    assert [headers.get("Authorization") for _, headers, _ in asked[1:]] == ["Bearer s3cret"] * 2
    assert wire.decode(asked[2][2]).device == "PC"


def test_without_pairing_no_token_is_sent(server: Server, tmp_path: Path):
    assert once(server, tmp_path) == 0
    assert "Authorization" not in server.posted.get(timeout=20)[1]


@pytest.mark.parametrize(
    "answer",
    [(403, {}, b'{"error": "this code is not good"}'), (200, {}, b"{}"), (200, {}, b"\xff")],
)
def test_a_code_that_is_no_good_ends_the_agent(server: Server, tmp_path: Path, answer):
    server.answers = [answer]
    assert once(server, tmp_path, "ABCDEFGH") == 1
    assert [path for path, _, _ in server.posted.queue] == ["/api/v1/pair"]
    assert kept(of_agent(str(tmp_path), server.url, "PC")) is None


def test_the_same_command_can_be_started_again(server: Server, tmp_path: Path):
    server.answers = [PAIRED]
    assert once(server, tmp_path, "ABCDEFGH") == 0
    server.answers = [(403, {}, b'{"error": "this code is not good, or no longer"}')]
    assert once(server, tmp_path, "ABCDEFGH") == 0
    *_, (path, headers, _) = server.posted.queue
    assert (path, headers["Authorization"]) == ("/api/v1/reports", "Bearer s3cret")


def test_a_server_that_is_away_ends_the_pairing_and_not_the_code(tmp_path: Path):
    with bound() as nobody:
        with pytest.raises(ServerAwayError):
            fetched(There(nobody.url), tmp_path, "PC", "ABCDEFGH")
        assert once(nobody, tmp_path, "ABCDEFGH") == 1


def test_a_code_is_not_used_up_where_its_token_cannot_be_kept(server: Server, tmp_path: Path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "agent", None):
        with pytest.raises(PairingError, match=r"folder|cannot be kept"):
            fetched(There(server.url), place, "PC", "ABCDEFGH")
    assert server.posted.empty()


def test_a_kept_token_that_cannot_be_read_is_told(tmp_path: Path):
    (tmp_path / "token").write_bytes(b"\xff")
    with pytest.raises(PairingError, match="cannot be read"):
        kept(tmp_path)
    assert kept(None) is None
    assert kept(tmp_path / "nowhere") is None


def test_print_fetches_nothing(server: Server, tmp_path: Path, capfdbinary):
    assert once(server, tmp_path, "ABCDEFGH", print_only=True) == 0
    assert wire.decode(capfdbinary.readouterr().out).device == "PC"
    assert server.posted.empty()
    assert list(tmp_path.iterdir()) == []
