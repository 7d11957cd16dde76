"""A real Kafka on the loopback, of one node or three; nodes can be killed and started again."""

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

from tests.system.parts.kafka_node import (
    START_SECONDS,
    Node,
    listens,
    prepare,
    properties,
)
from tests.system.parts.kafka_security import ADMIN, Plaintext
from tests.system.parts.process import Process, started, until


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
        """Let a user do something with a topic, a group or a transactional id of that name.

        A name that ends in `*` stands for all that begin alike.
        """
        like = ResourcePatternType.PREFIXED if name.endswith("*") else ResourcePatternType.LITERAL
        who = f"User:{user}"
        rules = [
            AclBinding(
                kind, name.removesuffix("*"), like, who, "*", operation, AclPermissionType.ALLOW
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
            demands.enrol(cluster.admin)
            yield cluster
        finally:
            for node in nodes.values():
                node.end()
