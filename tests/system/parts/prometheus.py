"""A real Prometheus that scrapes one target and can be asked in PromQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.system.parts import web
from tests.system.parts.process import found, started, until

CONFIG = """
global:
  scrape_interval: {interval}
  scrape_protocols: [OpenMetricsText1.0.0]
scrape_configs:
  - job_name: knockwatch
    static_configs: [{{targets: ["{target}"]}}]
"""
# Without it a series that is born at 5 shows no increase of 5.
FEATURES = "--enable-feature=created-timestamp-zero-ingestion"
# By the name that its makers gave it: where Debian's package has it, below /usr.
UNPACKED = {
    "prometheus": "bin/prometheus",
    "promtool": "bin/promtool",
    "alertmanager": "bin/prometheus-alertmanager",
    "amtool": "bin/amtool",
    "docker-compose": "libexec/docker/cli-plugins/docker-compose",
    "victoria-metrics": "bin/victoria-metrics",
}


class Prometheus(NamedTuple):
    """A running Prometheus; ask it from inside its own network."""

    url: str

    def query(self, promql: str, *, at: float | None = None) -> dict[frozenset[str], float]:
        """Return the value of each series, by its labels written `name=value`."""
        when = {} if at is None else {"time": repr(at)}
        answer = web.get_json(f"{self.url}/api/v1/query", query=promql, **when)
        return {
            frozenset(f"{name}={value}" for name, value in series["metric"].items()): float(
                series["value"][1]
            )
            for series in answer["data"]["result"]
        }

    def number(self, promql: str, *, at: float | None = None) -> float:
        """Return the only value of a query; 0 when it has none."""
        values = list(self.query(promql, at=at).values())
        if len(values) > 1:
            raise RuntimeError(f"{promql}: {len(values)} series where one was expected")
        return values[0] if values else 0.0


def parts() -> Path:
    """Return the folder into which `install.sh` unpacks what is not installed."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("KNOCKWATCH_TEST_PARTS") or f"{cache}/knockwatch-test-parts")


def binary(name: str) -> Path | None:
    """Return the path of a program that `install.sh` unpacks, or else of an installed one."""
    usr = parts() / "sid" / "usr"
    for unpacked in (usr / UNPACKED[name], Path("/usr") / UNPACKED[name]):
        if unpacked.exists():
            return unpacked
    installed = found(name)
    return Path(installed) if installed else None


@contextmanager
def prometheus(
    folder: Path,
    target: str,
    port: int,
    *,
    namespace: str | None = None,
    interval: str = "1s",
    more: str = "",
) -> Iterator[Prometheus]:
    """Scrape `target` (host:port) every `interval` until the block ends, with `more` settings."""
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(target=target, interval=interval) + more)
    argv = [
        binary("prometheus") or "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        FEATURES,
    ]
    with started(argv, folder / "prometheus.log", namespace=namespace) as process:
        yield Prometheus(f"http://127.0.0.1:{port}")
        if not process.running():
            raise RuntimeError("prometheus ended by itself")


def ready(server: Prometheus) -> None:
    """Wait until it answers."""

    def answers() -> bool:
        try:
            return web.get(f"{server.url}/-/ready", seconds=2).status == 200
        except OSError:
            return False

    until(answers, "ready Prometheus", seconds=30)
