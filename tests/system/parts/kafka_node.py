"""One node of a Kafka, broker and controller in one (KRaft): its folder, its ports, its process.

Timeouts are short and internal topics small, so that a test sees within seconds what takes minutes
in operation: a rebalance, a broker that is missed, a transaction that nobody ends, compaction.
"""

import os
import random
import shutil
import socket
import subprocess
from pathlib import Path

from tests.system.parts.kafka_security import Plaintext
from tests.system.parts.process import Process
from tests.system.parts.prometheus import parts

# A test needs a node soon, and never for long.
JAVA = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
LOG = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
CLUSTER_ID = "a25vY2t3YXRjaC10ZXN0cw"  # 16 bytes in base64
START_SECONDS = 60.0
# Java's archive of the classes that a node loads: with it a node starts in half the time.
CLASSES = "classes.jsa"

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
    """One node: its folder, its ports, and its process while it runs.

    Raises LookupError where there is no Kafka.
    """

    def __init__(self, number: int, folder: Path) -> None:
        home = jars()
        if home is None:
            raise LookupError("no Kafka on this machine")
        self.number = number
        self.folder = folder
        self.port = lasting_port()
        self.controller_port = lasting_port()
        self.properties = folder / "server.properties"
        self.process: Process | None = None
        self._home = home
        self._archive = home / CLASSES
        folder.mkdir(parents=True)

    def java(self, main: str, *arguments: object) -> list[str]:
        """Return the command line of one of Kafka's programs."""
        if self._archive.exists():
            classes = f"-XX:SharedArchiveFile={self._archive}"
        else:
            classes = f"-XX:ArchiveClassesAtExit={self.folder / CLASSES}"
        return [*JAVA, classes, LOG, "-cp", f"{self._home}/*", main, *map(str, arguments)]

    def end(self) -> None:
        """End it at once, as nobody reads its data again.

        The very first node ends in order: so Java writes the archive, which is kept, whole or not
        at all.
        """
        if self.process is None or not self.process.running():
            return
        if not self._archive.exists():
            self.process.popen.terminate()
            self.process.popen.wait(START_SECONDS)
            written = shutil.copy(self.folder / CLASSES, f"{self._archive}.{os.getpid()}")
            Path(written).rename(self._archive)
        else:
            self.process.kill()


def lasting_port() -> int:
    """Return a free port that a node finds free again after a pause.

    Not one of those that clients are given as their own: one that tries again and again to reach
    a node that is away would sooner or later be connected to itself.
    """
    for port in random.sample(range(20000, 32768), 100):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")


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
