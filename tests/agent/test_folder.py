"""Where an agent keeps what is its own."""

from pathlib import Path

import pytest

from exporter.agent.folder import of_agent, write_private

SERVER = "http://192.168.1.10:10151"


def parent(given: str | None = None, **environment: str) -> Path:
    place = of_agent(given, SERVER, "PC", environment)
    assert place
    return place.parent


def test_the_folder_is_the_given_one_else_systemds_else_the_users(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parent("/given", STATE_DIRECTORY="/systemd") == Path("/given")
    assert parent(STATE_DIRECTORY="/systemd:/more", XDG_STATE_HOME="/x") == Path("/systemd")
    assert parent(XDG_STATE_HOME="/x") == Path("/x/knockwatch")
    assert parent() == tmp_path / ".local/state/knockwatch"


def test_a_user_without_a_home_has_none(monkeypatch):
    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert of_agent(None, SERVER, "PC", {}) is None


def test_two_agents_of_one_user_do_not_share_a_folder():
    places = {
        of_agent("/state", server, device)
        for server, device in ((SERVER, "PC"), (SERVER, "NAS"), ("http://192.168.1.11", "PC"))
    }
    assert len(places) == 3
    assert of_agent("/state", f"{SERVER}/", "pc") == of_agent("/state", SERVER, "PC")


@pytest.mark.parametrize("before", [None, b"an older and longer text"])
def test_what_is_written_is_whole_and_for_its_owner_alone(tmp_path: Path, before: bytes | None):
    file = tmp_path / "new folder" / "token"
    if before is not None:
        write_private(file, before)
        file.chmod(0o644)
    write_private(file, b"s3cret")
    assert file.read_bytes() == b"s3cret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["token"]
