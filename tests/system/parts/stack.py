"""The compose stack of this repository as a user has it, in a folder of its own."""

import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.system.parts import web
from tests.system.parts.docker import DOCK, ROUTER, Docker, Project, command
from tests.system.parts.exposition import total
from tests.system.parts.knockwatch import ROOT
from tests.system.parts.prometheus import Prometheus

FILES = ("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
FOLDERS = ("exporter", "deploy", "dashboards/generated")
SERVICES = ("exporter", "prometheus", "alertmanager")
# The image of Grafana cannot be had without a registry; everything else of the stack runs.
WITHOUT_GRAFANA = "services: {grafana: !reset null}\n"
UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
PAGE = "http://127.0.0.1:10151"
REJECTED = "knockwatch_rejected_packets_total"


class Stack(NamedTuple):
    """The running stack, asked and told as from its machine and from the home network."""

    project: Project
    docker: Docker

    def metrics(self) -> str:
        """Scrape the exporter once, through its published port."""
        with self.docker.network.inside("dock"):
            return web.get(f"{PAGE}/metrics", accept=web.OPENMETRICS, seconds=30).text

    def counted(self, port: int) -> float:
        """Return how many rejected packets of a port are counted, whoever sent them."""
        return total(self.metrics(), REJECTED, destination_port=str(port))

    def ready(self) -> bool:
        """Tell whether the exporter says that it is ready."""
        try:
            with self.docker.network.inside("dock"):
                return web.get(f"{PAGE}/-/ready", seconds=2).status == 200
        except OSError:
            return False

    def query(self, promql: str) -> float:
        """Return the only value of a query to the stack's Prometheus."""
        with self.docker.network.inside("dock"):
            return Prometheus("http://127.0.0.1:9090").number(promql)

    def send(self, message: str, *, sender: str = ROUTER, port: int = 514) -> None:
        """Send one datagram as the router, or as the access point."""
        with self.docker.network.inside("router"), socket.socket(type=socket.SOCK_DGRAM) as router:
            router.bind((sender, 0))
            router.sendto(message.encode(), (DOCK, port))

    def run(self, script: str) -> str:
        """Run what the documentation tells the user to type, in the project's folder."""
        environment = self.docker.environment() | {"COMPOSE_FILE": ":".join(self.project.files)}
        return command(["sh", "-eu"], environment, 300.0, self.project.folder, script)

    def get(self, url: str) -> Any:
        """Return the decoded answer of something on the machine."""
        with self.docker.network.inside("dock"):
            return web.get_json(url)


def copy(folder: Path) -> None:
    """Copy what a user's checkout holds, and none of the secrets of whoever runs the tests."""
    for file in (*FILES, *(file.name for file in ROOT.glob("docker-compose*.yml"))):
        shutil.copy(ROOT / file, folder / file)
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    (folder / "secrets").mkdir()
    (folder / "without-grafana.yml").write_text(WITHOUT_GRAFANA)


class Stream:
    """A router that never stops logging, over one socket, as routers do.

    While the exporter is up its lines speak of port `UP`, and while it may be down of port `DOWN`:
    so the first kind must all be counted, and of the second no more than were sent.
    """

    UP, DOWN = 51000, 51999
    HOST = "gate"

    def __init__(self, server: Docker, interval: float = 0.01) -> None:
        """Send a line each `interval` seconds from the router to the published port 514."""
        self.sent = {self.UP: 0, self.DOWN: 0}
        self._port = self.UP
        self._interval = interval
        self._stop = threading.Event()
        self._turn = threading.Lock()
        with server.network.inside("router"):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(("0.0.0.0", 0))
        self._thread = threading.Thread(target=self._run)

    def speak_of(self, port: int) -> None:
        """Change what the next line is about."""
        with self._turn:
            self._port = port

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            with self._turn:
                self.sent[self._port] += 1
                number = self.sent[self._port]
                remote = f"23.45.67.{1 + number % 200}:3478"
                line = f"UDP connection rejected from {remote} to 203.0.113.9:{self._port}"
                stamp = time.strftime("%b %d %H:%M:%S")
                message = f"<5>{stamp} {self.HOST} FIREWALL: {line}"
                self._socket.sendto(message.encode(), (DOCK, 514))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


@contextmanager
def tcp(server: Docker) -> Iterator[Callable[[bytes], None]]:
    """Let the router send bytes over TCP, of which none is lost."""
    with server.network.inside("router"), socket.create_connection((DOCK, 514)) as connection:
        yield connection.sendall


def documented(heading: str) -> str:
    """Return the commands of the first block under a heading of docs/docker.md."""
    text = (ROOT / "docs" / "docker.md").read_text()
    section = text.split(f"\n## {heading}\n", 1)[1]
    return section.split("```sh\n", 1)[1].split("```", 1)[0]


def memory(stack: Stack, service: str) -> float:
    """Return the megabytes of a container as Docker counts them: without what can be dropped."""
    container = stack.project.container(service)
    shown = stack.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container)
    number = re.match("[0-9.]+", shown)
    if number is None:
        raise RuntimeError(f"docker stats: not understood: {shown!r}")
    return float(number[0]) * UNITS[shown[number.end() : number.end() + 3]] / 1e6
