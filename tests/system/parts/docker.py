"""A Docker daemon of the test's own, in a network of its own, and Compose to drive it.

    router (192.168.1.1, and 192.168.1.3) ── cable ── dock (192.168.1.2: dockerd, its bridges)

The daemon has its own folders and socket, and its own network, process and mount namespaces:
nothing of it is seen on the machine, and when it ends, however it ends, every container ends too.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.parts.images import Image, write
from tests.system.parts.lab import COUNTER, Lab, cable, run
from tests.system.parts.process import Process, found, started, until
from tests.system.parts.program import HOLD_PORT
from tests.system.parts.prometheus import binary

ROUTER, ACCESS_POINT, DOCK = "192.168.1.1", "192.168.1.3", "192.168.1.2"
STOP_SECONDS = 30.0
BECOME_NOBODY = "import os, socket, sys, time; os.setgid(65534); os.setuid(65534)\n"


class Docker(NamedTuple):
    """A running daemon, and the network it is in."""

    socket: str
    network: Lab  # nodes `router` and `dock`
    pid: int  # of dockerd, as this machine counts

    def __call__(self, *arguments: object, seconds: float = 300.0) -> str:
        """Run `docker` and return what it prints; raise RuntimeError with all it said."""
        return command([found("docker") or "docker", *arguments], self.environment(), seconds)

    def environment(self) -> dict[str, str]:
        """Return the environment of a program that speaks to this daemon and to no other."""
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DOCKER_HOST": self.socket,
            "DOCKER_CONFIG": str(Path(self.socket.removeprefix("unix://")).parent),
            "DOCKER_BUILDKIT": "0",  # the daemon's own builder: BuildKit's client is not here
            "COMPOSE_ANSI": "never",
        }

    def inspect(self, name: str) -> Any:
        """Return what the daemon knows of a container or an image."""
        return json.loads(self("inspect", name))[0]

    def machine(self, *argv: str) -> str:
        """Run a command on what the daemon takes for its machine."""
        return run("nsenter", f"--target={self.pid}", "--pid", "--net", "--mount", *argv)

    @contextmanager
    def holder(self, port: int) -> Iterator[str]:
        """Let a program of the user nobody hold a UDP port of the machine; yield its name."""
        python = Path(sys.executable).resolve()
        spaces = (f"--target={self.pid}", "--pid", "--net")
        argv = ["nsenter", *spaces, python, "-S", "-c", BECOME_NOBODY + HOLD_PORT, port]
        log = Path(self.socket.removeprefix("unix://")).parent / "holder.log"
        with started(argv, log) as process:
            until(lambda: "bound" in process.output(), f"holder of port {port}")
            yield python.name


class Project(NamedTuple):
    """A folder with compose files, and the daemon that runs them."""

    docker: Docker
    folder: Path
    files: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def __call__(self, *arguments: object, seconds: float = 300.0) -> str:
        """Run `docker compose` there and return what it prints on standard output."""
        chosen = [part for file in self.files for part in ("-f", file)]
        environment = self.docker.environment() | dict(self.settings)
        argv = [found("docker") or "docker", "compose", *chosen, *arguments]
        return command(argv, environment, seconds, self.folder)

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self("ps", "--all", "--quiet", service).strip()

    def state(self, service: str) -> Any:
        """Return the state of a service's container."""
        return self.docker.inspect(self.container(service))["State"]

    def health(self, service: str) -> str:
        """Return `healthy`, `starting` or `unhealthy`."""
        return str(self.state(service)["Health"]["Status"])


def command(
    argv: Sequence[object],
    environment: dict[str, str] | None,
    seconds: float,
    folder: Path | None = None,
    text: str | None = None,
) -> str:
    """Run a program to its end; raise RuntimeError with all that it said when it fails."""
    done = subprocess.run(
        [*map(str, argv)],
        input=text,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        said = f"{done.stdout[-4000:]}{done.stderr[-4000:]}".strip()
        raise RuntimeError(f"{' '.join(map(str, argv))}: {said}")
    return done.stdout


@contextmanager
def docker(folder: Path, images: Sequence[Image]) -> Iterator[Docker]:
    """Run a daemon with nothing but these base images until the block ends."""
    with network() as lab, daemon(folder, lab) as server:
        for image in images:
            load(server, image, folder)
        yield server


@contextmanager
def network() -> Iterator[Lab]:
    """Build the two nodes and their cable, and take them down."""
    lab = Lab(f"kw{os.getpid()}d{next(COUNTER)}")
    try:
        for node in ("router", "dock"):
            run("ip", "netns", "add", lab.name(node))
            run("ip", "-n", lab.name(node), "link", "set", "lo", "up")
        cable(lab, "router", "lan", "dock", "eth0")
        for address in (ROUTER, ACCESS_POINT):
            run("ip", "-n", lab.name("router"), "addr", "add", f"{address}/24", "dev", "lan")
        run("ip", "-n", lab.name("dock"), "addr", "add", f"{DOCK}/24", "dev", "eth0")
        run("ip", "-n", lab.name("dock"), "route", "add", "default", "via", ROUTER)
        yield lab
    finally:
        for node in ("router", "dock"):
            subprocess.run(["ip", "netns", "del", lab.name(node)], check=False, capture_output=True)


@contextmanager
def daemon(folder: Path, lab: Lab) -> Iterator[Docker]:
    """Run dockerd in the network of `dock`; end it, and with it whatever it runs."""
    socket = f"unix://{folder}/docker.sock"
    argv = [
        "nsenter",
        f"--net=/run/netns/{lab.name('dock')}",
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
        found("dockerd") or "dockerd",
        f"--host={socket}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'docker.pid'}",
        f"--cgroup-parent=/{lab.prefix}",
        "--log-level=warn",
    ]
    plugins = folder / "cli-plugins"  # where `docker` looks for `docker compose`
    plugins.mkdir()
    (plugins / "docker-compose").symlink_to(binary("docker-compose") or "docker-compose")
    with started(argv, folder / "dockerd.log") as unshare:
        try:
            until(lambda: answers(socket, unshare), "answer of dockerd", seconds=60)
            server = Docker(socket, lab, child(unshare.pid))
            yield server
        finally:
            stop(unshare)
            shutil.rmtree(folder / "data", ignore_errors=True)
            forget(lab.prefix)


def answers(socket: str, process: Process) -> bool:
    """Tell whether the daemon takes commands; fail at once when it has ended."""
    if not process.running():
        raise RuntimeError("dockerd ended while starting")
    argv = [found("docker") or "docker", "--host", socket, "version"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def child(pid: int) -> int:
    """Return the only child of a process."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def stop(unshare: Process) -> None:
    """Let dockerd stop its containers; `unshare` itself takes no signal but the last."""
    try:
        os.kill(child(unshare.pid), signal.SIGTERM)
        unshare.popen.wait(STOP_SECONDS)
    except (IndexError, OSError, subprocess.TimeoutExpired):
        unshare.kill()


def forget(group: str) -> None:
    """Remove the empty control group that dockerd leaves, of either version of control groups."""
    root = Path("/sys/fs/cgroup")
    for place in (*root.glob(group), *root.glob(f"*/{group}")):
        with contextlib.suppress(OSError):
            place.rmdir()


def load(server: Docker, image: Image, folder: Path) -> None:
    """Make one base image."""
    archive = folder / "image.tar"
    write(image, archive)
    settings = [part for setting in image.settings for part in ("--change", setting)]
    server("import", *settings, archive, image.name)
    archive.unlink()
