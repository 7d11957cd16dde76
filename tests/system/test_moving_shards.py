"""A shard moves between workers, and its counters go on: as scraped, and where that is written to.

Two real Prometheus servers with the fleet's own configuration write to one real VictoriaMetrics.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.system.parts.knockwatch import ROOT, free_port
from tests.system.parts.needs import needs
from tests.system.parts.process import started, until
from tests.system.parts.prometheus import FEATURES, Prometheus, binary, ready
from tests.system.parts.shown_workers import PACKETS, TRANSACTIONS, Worker, workers
from tests.system.parts.victoria_metrics import victoria_metrics

pytestmark = needs("prometheus", "victoria-metrics")

SHIPPED = ROOT / "deploy" / "fleet" / "prometheus.yml"
COUNTED = PACKETS.name
SERIES = 3  # osaka and kobe in shard 3, nara in shard 4


def test_sums_are_exact_over_moves_in_both_servers_and_where_they_write_to(tmp_path):
    with (
        workers(2) as (first, second),
        victoria_metrics(tmp_path, "-dedup.minScrapeInterval=1s") as long_term,
        server(tmp_path / "a", "a", [first, second], long_term) as one,
        server(tmp_path / "b", "b", [first, second], long_term) as other,
    ):
        everywhere = (one, other, long_term)
        first.shards = {"3": {"osaka": 0, "kobe": 0}, "4": {"nara": 0}}
        for place in everywhere:
            shows(place, f"count({COUNTED})", SERIES)
        first.shards["3"]["osaka"] = 1000
        first.shards["4"]["nara"] = 7
        seen(everywhere, 1007)

        moving = first.shards.pop("3")  # given away; nobody shows it
        until(lambda: one.number(f"count({COUNTED})") == 1, "a scrape without the shard")
        moving["kobe"] += 500
        second.shards["3"] = moving
        seen(everywhere, 1507)

        second.shards["3"]["osaka"] += 20
        second.shards["4"] = {"nara": 100}  # taken over while the other one is still asked
        del first.shards["4"]
        seen(everywhere, 1620)

        for place in everywhere:
            assert place.number(f"sum(resets({COUNTED}[10m]))") == 0
            grown = f"max_over_time({COUNTED}[10m]) - min_over_time({COUNTED}[10m])"
            assert place.number(f"sum({grown})") == 1620
            # One series for each, whoever showed it; what is of a process is of each.
            assert place.number(f"count(last_over_time({COUNTED}[10m]))") == SERIES
            assert place.number(f"count({TRANSACTIONS.name})") == 2
        assert long_term.number(f"sum(increase({COUNTED}[10m]))") == 1620
        labels = set(one.query(COUNTED))
        assert labels == set(other.query(COUNTED)) == set(long_term.query(COUNTED))
        assert frozenset(
            {f"__name__={COUNTED}", "job=knockwatch", "site=osaka", "shard=3"}
        ) in labels  # fmt: skip


def test_a_shard_whose_series_keep_their_instance_would_be_noticed(tmp_path):
    with (
        workers(2) as (first, second),
        server(tmp_path, "a", [first, second], relabel=False) as one,
    ):
        first.shards = {"3": {"osaka": 10}}
        seen([one], 10)
        second.shards, first.shards = first.shards, {}
        both = f"count(last_over_time({COUNTED}[10m]))"
        until(lambda: one.number(both) == 2, "the same counter twice")


@contextmanager
def server(
    folder: Path,
    replica: str,
    shown: list[Worker],
    to: Prometheus | None = None,
    *,
    relabel: bool = True,
) -> Iterator[Prometheus]:
    """Run a Prometheus as it is shipped, but for where things are and how often it asks."""
    folder.mkdir(exist_ok=True)
    config = shipped([worker.target for worker in shown], replica, to)
    if not relabel:
        del config["scrape_configs"][0]["metric_relabel_configs"]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    port = free_port()
    argv = [
        binary("prometheus") or "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        FEATURES,
    ]
    with started(argv, folder / "prometheus.log"):
        running = Prometheus(f"http://127.0.0.1:{port}")
        ready(running)
        yield running


def shipped(targets: list[str], replica: str, to: Prometheus | None) -> dict[str, Any]:
    """Return the fleet's configuration for these workers, without rules and alerts."""
    config: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())
    config["global"] |= {"scrape_interval": "1s"}
    config["global"]["external_labels"]["replica"] = replica
    del config["rule_files"], config["alerting"]
    (of_workers,) = (j for j in config["scrape_configs"] if j["job_name"] == "knockwatch")
    del of_workers["dns_sd_configs"]
    of_workers["static_configs"] = [{"targets": targets}]
    config["scrape_configs"] = [of_workers]
    (write,) = config.pop("remote_write")
    if to is not None:
        write |= {"url": f"{to.url}/api/v1/write"}
        write |= {"queue_config": {"batch_send_deadline": "200ms"}}
        config["remote_write"] = [write]
    return config


def seen(places: Iterable[Prometheus], total: int) -> None:
    """Wait until each of them shows that sum."""
    for place in places:
        shows(place, f"sum({COUNTED})", total)


def shows(place: Prometheus, query: str, value: float) -> None:
    """Wait until it answers that."""
    until(lambda: place.number(query) == value, f"{query} of {value} at {place.url}", seconds=40)
