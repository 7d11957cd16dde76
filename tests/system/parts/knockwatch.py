"""The program under test, as a user starts it: `serve`, `agent`, and the one-shot commands."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.parts import web
from tests.system.parts.process import Process, started, until

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "exporter")


class Server(NamedTuple):
    """A running `serve` and where it listens."""

    process: Process
    url: str
    syslog_port: int

    def metrics(self) -> str:
        """Scrape it once, as OpenMetrics."""
        return web.get(f"{self.url}/metrics", accept=web.OPENMETRICS).text

    def send(self, *lines: str) -> None:
        """Send each line as one datagram from this machine."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for line in lines:
                sender.sendto(line.encode(), ("127.0.0.1", self.syslog_port))


def run(*arguments: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command of knockwatch to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def configuration(folder: Path, *, http: int, syslog: int, more: str = "") -> Path:
    """Write a configuration that listens on the loopback only."""
    file = folder / "knockwatch.toml"
    listen = f'address = "127.0.0.1"\nhttp_port = {http}\nsyslog_port = {syslog}\n'
    file.write_text(f"[listen]\n{listen}{more}")
    return file


@contextmanager
def serve(folder: Path, *, more: str = "") -> Iterator[Server]:
    """Run `serve` on free ports of the loopback; its state stays in `folder` for the next one."""
    http, syslog = free_port(), free_port()
    config = configuration(folder, http=http, syslog=syslog, more=more)
    argv = [*COMMAND, "serve", "--config", config, "--state-dir", folder / "state"]
    with started(argv, folder / "serve.log", cwd=ROOT) as process:
        server = Server(process, f"http://127.0.0.1:{http}", syslog)
        ready(server)
        yield server


@contextmanager
def serve_in(namespace: str, folder: Path, config: Path | None = None) -> Iterator[Server]:
    """Run `serve` in a network of its own, by default with no configuration at all."""
    chosen = [] if config is None else ["--config", config]
    argv = [*COMMAND, "serve", *chosen, "--state-dir", folder / "state"]
    with started(argv, folder / "serve.log", cwd=ROOT, namespace=namespace) as process:
        yield Server(process, "http://127.0.0.1:10151", 5514)


@contextmanager
def agent(
    namespace: str, folder: Path, server: str, *more: str, device: str, interval: int = 1
) -> Iterator[Process]:
    """Run the agent of a host that has that network, with `more` options."""
    argv = [
        *COMMAND,
        "agent",
        "--server",
        server,
        "--device",
        device,
        "--interval",
        f"{interval:g}",
        "--state-dir",
        folder / f"agent-{device}",  # reports that wait must not reach another test's server
        *more,
    ]
    with started(argv, folder / f"agent-{device}.log", cwd=ROOT, namespace=namespace) as process:
        yield process


def ready(server: Server) -> None:
    """Wait until it says that it is ready; fail at once when it has ended."""

    def answers() -> bool:
        if not server.process.running():
            raise RuntimeError("knockwatch serve ended while starting")
        try:
            return web.get(f"{server.url}/-/ready", seconds=2).status == 200
        except OSError:
            return False

    until(answers, "ready knockwatch")


def free_port() -> int:
    """Return a port that nobody has, neither for TCP nor for UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
