"""A running laboratory: the network, the router's services, knockwatch and its agents.

In: a kind of NAT and a folder; out: a `Laboratory`, on which episodes play. `Stage` is what one
episode has of it: addresses of the internet that nobody else uses, programs, and the router.
"""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import services
from tests.lab.internet import Internet, Listening, Remote
from tests.lab.program import Program, program
from tests.lab.truth import NOBODY, Truth
from tests.lab.watch import Watch, watching
from tests.lab.world import ADDRESSES, BOX, CARRIER, MAP_E_PORTS, WAN, Nat, world
from tests.system.parts import knockwatch, web
from tests.system.parts.lab import Lab
from tests.system.parts.process import Process, until

AGENTS = ("pc", "laptop", "phone", "nas", "mini")  # nothing of ours runs on the tv
INTERVAL = 15  # seconds: the default
SHARE = 7  # addresses of each documentation network that an episode has
ASNS = (*range(64496, 64512), *range(65536, 65552), *range(64512, 64520))  # nobody's, or private
CONFIG = """
[network]
tables = ["{tables}"]

[[network.special]]
prefix = "192.168.0.0/16"
kind = "private"
"""
NAMES = {f"cdn{number}.example": f"192.0.2.{number}" for number in range(1, 255)}


@dataclass
class Laboratory:
    """Everything that runs, and the stack that ends it."""

    nat: Nat
    lab: Lab
    folder: Path
    internet: Internet
    server: knockwatch.Server
    watch: Watch
    stack: ExitStack
    refusals: list[str] = field(default_factory=list)
    programs: dict[tuple[str, str], Program] = field(default_factory=dict)

    def program(self, host: str, name: str) -> Program:
        """Return the program of that name on a host, started if it does not run yet."""
        if (host, name) not in self.programs:
            place = self.lab.name(host)
            running = self.stack.enter_context(program(host, name, self.folder, place))
            self.programs[host, name] = running
        return self.programs[host, name]

    def paste(self, device: str, text: str) -> None:
        """Paste a device's list of sockets, as a person does."""
        with self.lab.inside("box"):
            answer = web.post(f"{self.server.url}/api/v1/sockets/{device}", text.encode())
        if answer.status >= 300:
            self.refusals.append(f"the paste for {device} is refused: {answer.text}")

    def spooled(self, report: dict[str, object]) -> None:
        """Send a report that an agent made earlier, as from its spool."""
        with self.lab.inside("box"):
            text = json.dumps(report).encode()
            answer = web.post(f"{self.server.url}/api/v1/reports", text)
        if answer.status >= 300:
            self.refusals.append(f"a spooled report is refused: {answer.text}")

    def agent(self, host: str, interval: int = INTERVAL) -> Process:
        """Start the agent of a host."""
        url, place = f"http://{BOX}:10151", self.lab.name(host)
        started = knockwatch.agent(place, self.folder, url, device=host, interval=interval)
        return self.stack.enter_context(started)

    def hears(self, agents: Mapping[str, Process]) -> bool:
        """Tell whether every agent has been heard; fail at once when one has ended."""
        if not all(process.running() for process in agents.values()):
            raise RuntimeError("a knockwatch agent ended while starting")
        return self.watch.devices() >= set(agents)


class Stage:
    """What one episode acts on."""

    def __init__(self, laboratory: Laboratory, episode: str, number: int) -> None:
        self.laboratory = laboratory
        self.lab, self.nat, self.folder = laboratory.lab, laboratory.nat, laboratory.folder
        self.episode = episode
        self.program = laboratory.program
        self._addresses = deque(addresses(number))
        self._beyond = iter(f"203.0.113.{host}" for host in range(130, 250))
        self._v6 = iter(f"2001:db8:f:{number:x}::{host:x}" for host in range(1, 100))

    def remote(self, port: int, *, v6: bool = False) -> Remote:
        """Return somebody out there who has not been seen before."""
        ip = next(self._v6) if v6 else self._addresses.popleft()
        return self.laboratory.internet.remote(ip, port)

    def beyond(self, port: int) -> Remote:
        """Return somebody beyond the carrier, who is one episode's alone."""
        return self.laboratory.internet.remote(next(self._beyond), port)

    def answer(self, remote: Remote, carriers: int, port: int, truth: Truth) -> None:
        """Let a remote beyond the carrier send to a port of the carrier's, behind which is ours."""
        self.laboratory.internet.note(self.episode, "udp", remote.ip, port, truth)
        remote.socket.sendto(b"late", (CARRIER, carriers))

    def listening(self, port: int) -> Listening:
        """Return somebody out there who takes TCP connections."""
        return self.laboratory.internet.listening(self._addresses.popleft(), port)

    def named(self, port: int) -> tuple[str, Remote]:
        """Return somebody out there that DNS knows, and the name."""
        ip = self._addresses.pop()
        return f"cdn{ip.rpartition('.')[2]}.example", self.laboratory.internet.remote(ip, port)

    def meets(self, who: Program, port: int, remote: Remote, *, connected: bool = False) -> int:
        """Let a program say hello to a remote; return its port as the outside sees it."""
        who.send(port, None if connected else remote.place)
        seen = remote.heard()
        self.laboratory.internet.given["udp", seen].add((who.host, who.name))
        return seen

    def takes(self, who: Program, listening: Listening) -> int:
        """Let a remote take a program's TCP connection; return the port that it comes from."""
        seen = listening.met()
        self.laboratory.internet.given["tcp", seen].add((who.host, who.name))
        return seen

    def maps(self, who: Program, port: int, outside: int) -> None:
        """Let a program have the router open a port for it."""
        services.map_port(self.lab, who.host, f"192.168.1.{ADDRESSES[who.host]}", port, outside)
        self.laboratory.internet.given["udp", outside].add((who.host, who.name))

    def knock(
        self, remote: Remote, port: int, truth: Truth = NOBODY, *, at: str = WAN, times: int = 1
    ) -> None:
        """Let a remote send what the router refuses, if it comes to this home at all."""
        self.laboratory.internet.knock(self.episode, remote, port, truth, at=at, times=times)

    def segment(
        self, source: int, port: int, flags: int, ip: str | None = None, truth: Truth = NOBODY
    ) -> str:
        """Let somebody send a TCP segment that belongs to no connection; return the address."""
        ip = ip or self._addresses.popleft()
        self.laboratory.internet.segment(self.episode, ip, source, port, truth, flags)
        return ip


def addresses(number: int) -> list[str]:
    """Return the addresses of the internet that belong to an episode; the last ones have names."""
    hosts = range(number * SHARE + 1, (number + 1) * SHARE + 1)
    return [f"{net}.{host}" for net in ("198.51.100", "192.0.2") for host in hosts]


def asn(number: int) -> str:
    """Return an episode's network as labels write it."""
    return f"AS{ASNS[number]}"


def networks(episodes: Sequence[str]) -> str:
    """Return the table of networks: each episode's addresses are one network."""
    rows = []
    for number, name in enumerate(episodes):
        low, high = number * SHARE + 1, (number + 1) * SHARE
        ranges = [(f"{net}.{low}", f"{net}.{high}") for net in ("198.51.100", "192.0.2")]
        ranges.append((f"2001:db8:f:{number:x}::", f"2001:db8:f:{number:x}:ffff:ffff:ffff:ffff"))
        rows += [f"{a},{b},{ASNS[number]},{name}\n" for a, b in ranges]
    return "".join(rows)


@contextmanager
def laboratory(nat: Nat, folder: Path, episodes: Sequence[str]) -> Iterator[Laboratory]:
    """Start everything, hand it out when each agent is heard, and stop it."""
    tables = folder / "networks.csv"
    tables.write_text(networks(episodes))
    config = folder / "knockwatch.toml"
    config.write_text(CONFIG.format(tables=tables))
    with ExitStack() as stack:
        lab = stack.enter_context(world(nat))
        stack.enter_context(services.services(lab, folder, NAMES))
        box = lab.name("box")
        server = stack.enter_context(knockwatch.serve_in(box, folder, config))
        with lab.inside("box"):
            knockwatch.ready(server)
        for host in ("tv", "laptop"):
            services.ask_for_address(lab, host, folder)
        watch = stack.enter_context(watching(lab, server))
        internet = Internet(lab, None if nat != "map_e" else frozenset(MAP_E_PORTS))
        stack.callback(internet.close)
        running = Laboratory(nat, lab, folder, internet, server, watch, stack)
        agents = {host: running.agent(host) for host in AGENTS}
        until(lambda: running.hears(agents), "report of every agent", seconds=40)
        yield running


def wait(seconds: float) -> None:
    """Let time pass: conversations are forgotten by the router's clock alone."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, "end of time", seconds=seconds + 5)
