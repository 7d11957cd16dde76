"""A real agent whose server is away, comes back, wants a token, and forgets."""

import re
import socket
import urllib.parse
from contextlib import contextmanager

from tests.system.parts import web
from tests.system.parts.founding import line
from tests.system.parts.knockwatch import (
    COMMAND,
    ROOT,
    Server,
    configuration,
    free_port,
    ready,
    run,
    serve,
)
from tests.system.parts.process import started, until


@contextmanager
def serve_on(folder, http: int, syslog: int):
    """Run a server on given ports, with a state of its own each time."""
    folder.mkdir()
    config = configuration(folder, http=http, syslog=syslog)
    argv = [*COMMAND, "serve", "--config", config, "--state-dir", folder / "state"]
    with started(argv, folder / "serve.log", cwd=ROOT) as process:
        server = Server(process, f"http://127.0.0.1:{http}", syslog)
        ready(server)
        yield server


@contextmanager
def agent(folder, url: str):
    argv = [*COMMAND, "agent", "--server", url, "--device", "PC", "--interval", "1"]
    argv += ["--state-dir", folder / "agent"]
    with started(argv, folder / "agent.log", cwd=ROOT) as process:
        yield process


def waiting(folder) -> str:
    """Return what waits on disk, in words that JSON has."""
    files = (folder / "agent").rglob("*.json")
    return "".join(file.read_text() for file in files if file.exists())


def reports(server: Server) -> bool:
    return 'device="PC"' in server.metrics()


def explained(server: Server, port: int) -> dict[str, object]:
    answer = web.get_json(f"{server.url}/api/v1/explain", line=line("198.51.100.7:3478", port))
    assert isinstance(answer, dict)
    return answer


def test_what_was_open_while_the_server_was_away_is_known_when_it_is_back(tmp_path):
    http, syslog = free_port(), free_port()
    url = f"http://127.0.0.1:{http}"
    with serve_on(tmp_path / "before", http, syslog) as server, agent(tmp_path, url) as first:
        until(lambda: reports(server), "a report")
        assert server.process.stop() == 0
        with socket.socket(type=socket.SOCK_DGRAM) as mine:
            mine.bind(("0.0.0.0", 0))
            port = mine.getsockname()[1]
            until(lambda: f'"local_port":{port},' in waiting(tmp_path), "report on disk")
        files = len(list((tmp_path / "agent").rglob("*.json")))
        until(lambda: len(list((tmp_path / "agent").rglob("*.json"))) > files, "end of it")
        assert first.stop() == 0
    with agent(tmp_path, url), serve_on(tmp_path / "after", http, syslog) as server:
        until(lambda: reports(server) and not waiting(tmp_path), "what waited", seconds=90)
        told = explained(server, port)
    assert "PC" in {told["device"], *(one["device"] for one in told["candidates"])}


def test_a_device_is_paired_by_a_code_of_the_page_and_forgotten(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("mine\n")
    with serve(tmp_path, more=f'[tokens]\nfile = "{tokens}"\n') as server:
        once = ["agent", "--server", server.url, "--device", "PC", "--once"]
        once += ["--state-dir", str(tmp_path / "agent")]
        refused = run(*once)
        assert refused.returncode == 1
        assert "--pair" in refused.stderr
        form = urllib.parse.urlencode({"token": "mine"}).encode()
        page = web.post(f"{server.url}/add", form, kind="application/x-www-form-urlencoded")
        code = re.search(r"--pair ([A-Z2-9-]{9})<", page.text)
        assert code
        assert run(*once, "--pair", code[1]).returncode == 0
        assert run(*once).returncode == 0
        assert reports(server)
        forget = ["forget", "PC", "--url", server.url]
        assert run(*forget).returncode == 1
        done = run(*forget, "--token-file", tokens)
        assert (done.returncode, "  1 tokens\n" in done.stdout) == (0, True)
        assert run(*once).returncode == 1  # its token went, too
        assert "device_info{" not in server.metrics()
