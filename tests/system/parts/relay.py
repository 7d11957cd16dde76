"""A relay as a user starts it, and what it wrote as a worker takes it."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from exporter.fleet.records import Lines, Record, decode
from tests.system.parts import knockwatch
from tests.system.parts.exposition import total
from tests.system.parts.kafka import Kafka
from tests.system.parts.kafka_records import read
from tests.system.parts.knockwatch import COMMAND, ROOT, Server, free_port
from tests.system.parts.process import started

SITE = 'site = "osaka"'


@contextmanager
def relay(
    folder: Path,
    servers: str,
    topic: str,
    *,
    name: str = "r1",
    relay: str = SITE,
    listen: str = "",
    kafka: str = "",
    more: str = "",
) -> Iterator[Server]:
    """Run `relay` on free ports of the loopback; its spool stays in `folder` for the next one.

    `kafka` is what else [kafka] says.
    """
    folder.mkdir(exist_ok=True)
    http, syslog = free_port(), free_port()
    names = ", ".join(f'"{server}"' for server in servers.split(","))
    config = knockwatch.configuration(
        folder,
        http=http,
        syslog=syslog,
        more=f"{listen}\n[kafka]\nservers = [{names}]\n"
        f'topic = "{topic}"\n{kafka}\n[relay]\nname = "{name}"\n{relay}\n{more}',
    )
    argv = [*COMMAND, "relay", "--config", config, "--state-dir", folder / "state"]
    with started(argv, folder / "relay.log", cwd=ROOT) as process:
        server = Server(process, f"http://127.0.0.1:{http}", syslog)
        knockwatch.ready(server)
        yield server


def once(cluster: Kafka, topic: str) -> list[tuple[str, Record]]:
    """Return site and record of all that a topic holds, each once, as a worker counts them."""
    newest: dict[tuple[str, str], int] = {}
    found = []
    for message in read(cluster, topic):
        record, site = decode(message.value()), (message.key() or b"").decode()
        if record.sequence > newest.get((site, record.session), 0):
            newest[site, record.session] = record.sequence
            found.append((site, record))
    return found


def lines(records: Sequence[tuple[str, Record]], listener: str = "") -> list[bytes]:
    """Return the messages of all records, or of those that came by one listener."""
    return [
        message
        for _, record in records
        if isinstance(record, Lines) and listener in ("", record.listener)
        for message in record.messages
    ]


def balance(server: Server) -> dict[str, float]:
    """Return what became of the messages that a relay received since its start."""
    exposition = server.metrics()
    names = {
        "relayed": "knockwatch_relayed_messages_total",
        "dropped": "knockwatch_dropped_messages_total",
        "waiting": "knockwatch_relay_waiting_messages",
    }
    return {short: total(exposition, name) for short, name in names.items()}


def send(server: Server, *texts: bytes) -> None:
    """Send lines by TCP, one connection for all."""
    with socket.create_connection(("127.0.0.1", server.syslog_port), timeout=10) as sender:
        sender.sendall(b"".join(text + b"\n" for text in texts))
