"""Every test of this folder carries the mark `system`; and the parts that some of them share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.system.parts import kafka as kafka_part
from tests.system.parts import pasts
from tests.system.parts.kafka import Kafka
from tests.system.parts.pasts import Home, Lived
from tests.system.parts.prometheus import Prometheus
from tests.system.parts.victoria_metrics import victoria_metrics

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def lived(tmp_path_factory) -> dict[str, Lived]:
    """The pasts of a home in four states: half a minute of work, once for all tests."""
    now = round(datetime.now(UTC).timestamp())
    return pasts.live(tmp_path_factory.mktemp("pasts"), now)


@pytest.fixture(scope="module")
def homes(lived, tmp_path_factory) -> Iterator[dict[str, Home]]:
    """A Prometheus for each of them."""
    with pasts.homes(lived, tmp_path_factory.mktemp("homes")) as running:
        yield running


@pytest.fixture(scope="session")
def kafka(tmp_path_factory) -> Iterator[Kafka]:
    """One node for all tests: each makes topics and groups with names of its own."""
    with kafka_part.kafka(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def kafka_cluster(tmp_path_factory) -> Iterator[Kafka]:
    """Three nodes; a test that ends one starts it again."""
    with kafka_part.kafka(tmp_path_factory.mktemp("kafka-cluster"), size=3) as cluster:
        yield cluster


@pytest.fixture
def long_term(tmp_path) -> Iterator[Prometheus]:
    """An empty VictoriaMetrics, which starts within a second."""
    with victoria_metrics(tmp_path) as server:
        yield server
