"""A service in a folder, as a program that starts, is sent to, scraped and killed."""

import asyncio
from typing import Any

from exporter import build
from exporter.config import parse
from exporter.events import Batch
from exporter.evidence import EvidenceStore
from exporter.pipeline import Pipeline
from exporter.service import Service
from exporter.storage.database import open_database
from exporter.storage.state import StateFile
from tests.world import NOW

FOUNDING = b"UDP connection rejected from 23.45.67.89:3478 to 203.0.113.9:51413"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


OPEN: list[Any] = []  # databases of services that were never told to stop


def kill():
    """Let go of the databases as the end of a process does; what was not committed is gone."""
    while OPEN:
        OPEN.pop().close()


def start(folder, config="", clock=None):
    kill()  # a folder belongs to one process
    settings = parse(config)
    database = open_database(folder / "evidence.sqlite")
    evidence = EvidenceStore(database)
    pipeline = Pipeline(build.stages(settings), evidence.record)
    state = StateFile(folder / "state.sqlite")
    OPEN.extend([database, state])
    service = Service(settings, pipeline, evidence, state, clock or Clock())
    service.restore()
    return service


def send(service, *messages):
    batch = Batch(
        received=service.clock(), sender="192.168.1.1", listener="udp", messages=list(messages)
    )
    return service.pipeline.process(batch)


def scrape(service, accept=""):
    return asyncio.run(service.scrape(accept))[0].decode()


def sample(body, start):
    return [line.rpartition(" ")[2] for line in body.splitlines() if line.startswith(start)]


REJECTED = "knockwatch_rejected_packets_total{"
