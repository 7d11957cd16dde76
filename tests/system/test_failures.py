"""A start that cannot be: the message names what is wrong and where, the status tells which."""

import socket
import subprocess

import pytest

from tests.system.parts.exposition import total
from tests.system.parts.founding import flood
from tests.system.parts.knockwatch import COMMAND, ROOT, configuration, free_port, serve
from tests.system.parts.process import until

FAILED = 1
USAGE = 2


def refused_start(config, state) -> tuple[int, str]:
    """Start `serve` where it cannot start; return its status and its words."""
    argv = [*COMMAND, "serve", "--config", config, "--state-dir", state]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["http", "udp", "tcp"])
def test_a_taken_port_is_named_and_ends_the_start(tmp_path, kind):
    http, syslog = free_port(), free_port()
    port = http if kind == "http" else syslog
    config = configuration(tmp_path, http=http, syslog=syslog)
    taken = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    with socket.socket(type=taken) as holder:
        holder.bind(("127.0.0.1", port))
        if kind != "udp":
            holder.listen()
        status, words = refused_start(config, tmp_path / "state")
    assert status == FAILED
    assert str(port) in words


def test_a_broken_configuration_is_named_with_its_line(tmp_path):
    config = tmp_path / "broken.toml"
    config.write_text("[listen]\nhttp = \n")
    status, words = refused_start(config, tmp_path / "state")
    assert status == USAGE
    assert "broken.toml" in words
    assert "line 2" in words


def test_an_unknown_key_names_the_nearest_known_one(tmp_path):
    config = tmp_path / "knockwatch.toml"
    config.write_text("[listn]\n")
    status, words = refused_start(config, tmp_path / "state")
    assert status == USAGE
    assert "listn" in words
    assert "listen" in words.replace("listn", "")


def test_a_missing_configuration_is_named(tmp_path):
    status, words = refused_start(tmp_path / "nowhere.toml", tmp_path / "state")
    assert status == USAGE
    assert "nowhere.toml" in words


def test_a_state_folder_that_is_a_file_is_named(tmp_path):
    state = tmp_path / "state"
    state.write_text("not a folder")
    config = configuration(tmp_path, http=free_port(), syslog=free_port())
    status, words = refused_start(config, state)
    assert status == FAILED
    assert str(state) in words


def test_an_unreadable_database_is_set_aside_and_the_rest_goes_on(tmp_path):
    with serve(tmp_path) as server:
        assert server.process.stop() == 0
    databases = [file for file in (tmp_path / "state").iterdir() if file.is_file()]
    assert databases
    for file in databases:
        file.write_bytes(b"no database at all" * 400)
    with serve(tmp_path) as server:
        for file in databases:
            assert str(file) in server.process.output()
            assert any(file.parent.glob(f"{file.name}.broken-*"))
        server.send(*flood(3))
        until(lambda: total(server.metrics(), "knockwatch_messages_total") == 3, "messages")
