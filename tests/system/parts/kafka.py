"""A real Kafka on the loopback: nodes that are broker and controller in one (KRaft), one or three.

Timeouts are short and internal topics small, so that a test sees within seconds what takes minutes
in operation: a rebalance, a broker that is missed, a transaction that nobody ends, compaction.
"""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from tests.system.parts.kafka_security import ADMIN, Plaintext
from tests.system.parts.knockwatch import free_port
from tests.system.parts.process import Process, started, until
from tests.system.parts.prometheus import parts

# A test needs a node soon, and never for long.
JAVA = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
LOG = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
CLUSTER_ID = "a25vY2t3YXRjaC10ZXN0cw"  # 16 bytes in base64
START_SECONDS = 60.0

QUICK = {
    "auto.create.topics.enable": "false",  # a misspelt topic is an error
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "4000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "log.retention.check.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
    "log.cleaner.dedupe.buffer.size": str(4 << 20),  # bytes; of 256 MB in all
    "num.network.threads": "2",
    "num.io.threads": "2",
}


def jars() -> Path | None:
    """Return the folder into which `install.sh` put Kafka, if it did."""
    return next(parts().glob("kafka-[0-9]*"), None)


class Node:
    """One node: its folder, its ports, and its process while it runs."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.folder = folder
        self.port = free_port()
        self.controller_port = free_port()
        self.properties = folder / "server.properties"
        self.process: Process | None = None
        folder.mkdir(parents=True)

    def java(self, main: str, *arguments: object) -> list[str]:
        """Return the command line of one of Kafka's programs."""
        return [*JAVA, LOG, "-cp", f"{jars()}/*", main, *map(str, arguments)]


class Kafka:
    """The nodes of one cluster, by their numbers from 1; clients reach it at `bootstrap`."""

    def __init__(self, nodes: dict[int, Node], security: Plaintext, stack: ExitStack) -> None:
        self.nodes = nodes
        self.bootstrap = ",".join(f"localhost:{node.port}" for node in nodes.values())
        self.security = security
        self.admin = AdminClient(self.client() | {"log_level": 0})  # it asks before they answer
        self._stack = stack  # ends what was started

    def client(self, user: str = ADMIN) -> dict[str, str]:
        """Return what a client in librdkafka's words needs to be told, to be that user."""
        return {"bootstrap.servers": self.bootstrap, **self.security.client(user)}

    def start(self, *numbers: int) -> None:
        """Start nodes that do not run, and wait until they are part of the cluster."""
        for node in map(self.nodes.__getitem__, numbers):
            argv = node.java("kafka.Kafka", node.properties)
            node.process = self._stack.enter_context(started(argv, node.folder / "kafka.log"))
        until(lambda: self._here(numbers), "Kafka", seconds=START_SECONDS)

    def stop(self, number: int) -> None:
        """Ask a node to end: it hands over what it leads."""
        self.process(number).stop()

    def kill(self, number: int) -> None:
        """End a node as a power cut would."""
        self.process(number).kill()

    def process(self, number: int) -> Process:
        """Return a node's process, the last one if it has ended."""
        process = self.nodes[number].process
        if process is None:
            raise RuntimeError(f"node {number} was never started")
        return process

    def topic(self, name: str, *, partitions: int = 1, **settings: str) -> str:
        """Create a topic on all nodes and return its name; of settings the dots are written `_`."""
        config = {key.replace("_", "."): value for key, value in settings.items()}
        wanted = NewTopic(name, partitions, len(self.nodes), config=config)
        self.admin.create_topics([wanted])[name].result(START_SECONDS)
        until(lambda: len(self.leaders(name)) == partitions, f"leaders of {name}")
        return name

    def leaders(self, topic: str) -> dict[int, int]:
        """Return by partition the node that leads it; those that nobody leads are missing."""
        known = self.admin.list_topics(topic, timeout=5).topics[topic].partitions.values()
        return {partition.id: partition.leader for partition in known if partition.leader > 0}

    def allow(self, user: str, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        """Let a user do something with a topic, a group or a transactional id of that name."""
        rules = [
            AclBinding(
                kind,
                name,
                ResourcePatternType.LITERAL,
                f"User:{user}",
                "*",
                operation,
                AclPermissionType.ALLOW,
            )
            for operation in operations
        ]
        for done in self.admin.create_acls(rules).values():
            done.result(START_SECONDS)

    def _here(self, numbers: Sequence[int]) -> bool:
        """Tell whether these nodes take part; fail when one has ended by itself."""
        for number in numbers:
            if not self.process(number).running():
                said = self.process(number).output()
                raise RuntimeError(f"Kafka ended while starting: {said}")
            if not listens(self.nodes[number].port):
                return False  # of one that was killed the others speak for seconds yet
        try:
            return set(self.admin.list_topics(timeout=1).brokers) >= set(numbers)
        except KafkaException:
            return False


@contextmanager
def kafka(folder: Path, *, size: int = 1, security: Plaintext | None = None) -> Iterator[Kafka]:
    """Run a cluster of so many nodes, empty at first; its data is thrown away with the folder."""
    demands = security or Plaintext()
    nodes = {number: Node(number, folder / f"kafka-{number}") for number in range(1, size + 1)}
    for node in nodes.values():
        lines = properties(node, nodes, demands).items()
        node.properties.write_text("".join(f"{key}={value}\n" for key, value in lines))
    prepare(nodes)
    with ExitStack() as stack:
        cluster = Kafka(nodes, demands, stack)
        try:
            cluster.start(*nodes)
            yield cluster
        finally:
            end(nodes)


def properties(node: Node, nodes: dict[int, Node], security: Plaintext) -> dict[str, str]:
    """Return a node's configuration."""
    voters = (f"{other.number}@127.0.0.1:{other.controller_port}" for other in nodes.values())
    copies = {
        f"{topic}.{key}": str(value)
        for topic in ("transaction.state.log", "share.coordinator.state.topic")
        for key, value in (("replication.factor", len(nodes)), ("min.isr", len(nodes) // 2 + 1))
    }
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"CLIENTS://localhost:{node.port},"
        f"CONTROLLERS://127.0.0.1:{node.controller_port}",
        "listener.security.protocol.map": f"CLIENTS:{security.protocol},CONTROLLERS:PLAINTEXT",
        "controller.listener.names": "CONTROLLERS",
        "inter.broker.listener.name": "CLIENTS",
        "log.dirs": str(node.folder / "data"),
        "offsets.topic.replication.factor": str(len(nodes)),
        "default.replication.factor": str(len(nodes)),
        "min.insync.replicas": str(len(nodes) // 2 + 1),
        **copies,
        **QUICK,
        **security.broker(),
    }


def prepare(nodes: dict[int, Node]) -> None:
    """Format the nodes' folders, all at the same time."""
    runs = [
        subprocess.Popen(
            node.java(
                *("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID),
                *("--config", node.properties),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for node in nodes.values()
    ]
    for run in runs:
        said, _ = run.communicate(timeout=START_SECONDS)
        if run.returncode:
            raise RuntimeError(f"Kafka's folder was not formatted: {said}")


def listens(port: int) -> bool:
    """Tell whether a node takes connections, which it does once it is part of the cluster."""
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True


def end(nodes: dict[int, Node]) -> None:
    """End all nodes at once: an orderly end takes seconds, and nobody reads the data again."""
    for node in nodes.values():
        if node.process is not None and node.process.running():
            node.process.kill()
