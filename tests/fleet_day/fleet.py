"""The real parts of a simulated fleet, all on the loopback: Kafka, relays, workers, Prometheus."""

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.bench.server import cpu_seconds, resident
from tests.fleet_day.homes import Home
from tests.fleet_day.ledger import Ledger
from tests.fleet_day.traffic import Gate, Traffic, subscribers
from tests.system.parts import knockwatch, prometheus, web
from tests.system.parts.exposition import Samples, samples
from tests.system.parts.fleet import ready, worker
from tests.system.parts.kafka import Kafka
from tests.system.parts.knockwatch import COMMAND, ROOT, Server, configuration, free_port
from tests.system.parts.process import started, until

TOPIC = GROUP = "fleet-day"
RULES = (
    *(
        ROOT / f"deploy/prometheus/rules/{name}.yml"
        for name in ("rejections", "routers", "devices", "knockwatch")
    ),
    *(ROOT / "deploy/fleet/rules").glob("*.yml"),
)
# A shard's series are the same wherever it is held.
NO_INSTANCE = """\
    metric_relabel_configs:
      - {source_labels: [shard], regex: .+, target_label: instance, replacement: ""}
"""


class Spent(NamedTuple):
    """What a process has used so far."""

    core: float  # seconds
    memory: float  # MB


class Relay:
    """A relay that may be ended and started again, at the same ports and with the same spool."""

    def __init__(self, folder: Path, config: Path, gate: Gate, stack: ExitStack) -> None:
        self.gate = gate
        self.core = 0.0  # seconds of its former runs
        self._folder = folder
        self._config = config
        self._stack = stack
        self.server = self._started()

    def start(self) -> None:
        """Start it again, and let its senders go on."""
        self.server = self._started()
        self.open()

    def open(self) -> None:
        """Let its senders go on when it is ready."""
        knockwatch.ready(self.server)
        self.gate.open.set()

    def end(self, traffic: Traffic, ledger: Ledger, *, kill: bool) -> None:
        """Hold its senders, wait until everything is at the broker, and end it."""
        with traffic.lock:
            self.gate.open.clear()
        ledger.ended(self.settled())
        self.core += cpu_seconds(self.server.process.pid)
        if kill:
            self.server.process.kill()
        else:
            self.server.process.stop()

    def settled(self) -> Samples:
        """Return what it shows once nothing waits in it, nor in the kernel for it."""
        seen: list[Samples] = []

        def at_rest() -> bool:
            seen.append(self.shown())
            waiting = seen[-1]["knockwatch_relay_waiting_messages", frozenset()]
            same = len(seen) > 1 and _relayed(seen[-1]) == _relayed(seen[-2])
            time.sleep(0.5)
            return same and waiting == 0

        until(at_rest, "relay at rest", seconds=60)
        return seen[-1]

    def shown(self) -> Samples:
        """Scrape it."""
        return samples(web.get(f"{self.server.url}/metrics", seconds=30).text)

    def _started(self) -> Server:
        argv = [*COMMAND, "relay", "--config", self._config, "--state-dir", self._folder / "state"]
        process = self._stack.enter_context(started(argv, self._folder / "relay.log", cwd=ROOT))
        return Server(process, f"http://127.0.0.1:{self.gate.http}", self.gate.syslog)


class Fleet:
    """All parts while they run."""

    def __init__(
        self, folder: Path, stack: ExitStack, cluster: Kafka, *, partitions: int, workers: int
    ) -> None:
        """`workers` is how many there will be at most, over all."""
        self._folder = folder
        self._stack = stack
        self._partitions = partitions
        self._ports = [free_port() for _ in range(workers)]
        self._keys = folder / "relays"
        self._keys.write_text("")
        self._keys.chmod(0o600)
        self.kafka = cluster
        self.relays: list[Relay] = []
        self.workers: list[Server] = []  # all that were ever started
        self.core = 0.0  # seconds of the workers that have ended

    def add_worker(self) -> Server:
        """Start one more."""
        number = len(self.workers)
        server = self._stack.enter_context(
            worker(
                self._folder,
                self.kafka,
                TOPIC,
                partitions=self._partitions,
                http=self._ports[number],
                more=f'[fleet]\nrelays = "{self._keys}"\n',
            )
        )
        self.workers.append(server)
        return server

    def end_worker(self, server: Server, *, kill: bool) -> None:
        """End one."""
        self.core += cpu_seconds(server.process.pid)
        if kill:
            server.process.kill()
        else:
            server.process.stop()

    def add_relay(self, homes: Sequence[Home], *, own: bool = False) -> Relay:
        """Start a relay of a provider's subscribers, or of one site alone."""
        number = len(self.relays)
        folder = self._folder / f"relay-{number}"
        folder.mkdir()
        secret = f"secret-of-relay-{number}-".ljust(40, "x")
        (folder / "key").write_text(secret)
        (folder / "key").chmod(0o600)
        with self._keys.open("a") as keys:
            sites = homes[0].name if own else "*"
            keys.write(f"relay-{number} {secret} {sites}\n")
        file = folder / "subscribers"
        file.write_text(subscribers(homes))
        whose = f'site = "{homes[0].name}"' if own else f'subscribers = "{file}"'
        gate = Gate(free_port(), free_port())
        names = ", ".join(f'"{one}"' for one in self.kafka.bootstrap.split(","))
        config = configuration(
            folder,
            http=gate.http,
            syslog=gate.syslog,
            more=f'[kafka]\nservers = [{names}]\ntopic = "{TOPIC}"\n'
            f'[relay]\nname = "relay-{number}"\nkey_file = "{folder / "key"}"\n{whose}\n',
        )
        relay = Relay(folder, config, gate, self._stack)
        self.relays.append(relay)
        return relay

    def prometheus(self, interval: str) -> prometheus.Prometheus:
        """Start one that scrapes all."""
        ports = [*self._ports, *(relay.gate.http for relay in self.relays)]
        targets = '", "'.join(f"127.0.0.1:{port}" for port in ports)
        more = f"{NO_INSTANCE}rule_files: {json.dumps(list(map(str, RULES)))}\n"
        server = self._stack.enter_context(
            prometheus.prometheus(self._folder, targets, free_port(), interval=interval, more=more)
        )
        prometheus.ready(server)
        return server

    def running(self) -> list[Server]:
        """Return the workers that run."""
        return [server for server in self.workers if server.process.running()]

    def shown(self) -> list[Samples]:
        """Scrape all workers that run."""
        return [
            samples(web.get(f"{server.url}/metrics", seconds=60).text) for server in self.running()
        ]

    def ready(self) -> None:
        """Wait until all workers have their shards."""
        ready(*self.running())

    def spent(self) -> dict[str, Spent]:
        """Return what workers, relays and broker have used, those that have ended included."""
        workers, relays = self.running(), [relay.server for relay in self.relays]
        of_relays = self.core_of_relays() + sum(cpu_seconds(s.process.pid) for s in relays)
        broker = self.kafka.process(1).pid
        return {
            "workers": Spent(
                self.core + sum(cpu_seconds(s.process.pid) for s in workers),
                sum(resident(s.process.pid) for s in workers),
            ),
            "relays": Spent(of_relays, sum(resident(s.process.pid) for s in relays)),
            "broker": Spent(cpu_seconds(broker), resident(broker)),
        }

    def core_of_relays(self) -> float:
        """Return the seconds of the relays' former runs."""
        return sum(relay.core for relay in self.relays)


def _relayed(shown: Samples) -> float:
    return sum(v for (name, _), v in shown.items() if name == "knockwatch_relayed_messages_total")
