"""A Prometheus of the loopback that scrapes nothing: its past was written into it."""

import json
import shutil
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.parts import tsdb, web
from tests.system.parts.history import Series
from tests.system.parts.knockwatch import free_port
from tests.system.parts.process import started
from tests.system.parts.prometheus import Prometheus, binary, ready

CONFIG = "storage: {tsdb: {out_of_order_time_window: 15d}}\n"
Json = dict[str, Any]


class Server(NamedTuple):
    """Where it answers."""

    url: str

    def ask(self, path: str, **query: str | list[str]) -> Json:
        """Return the decoded answer of the API, an error's too."""
        encoded = urllib.parse.urlencode(query, doseq=True)
        answer = web.get(f"{self.url}/api/v1/{path}?{encoded}", seconds=60)
        decoded: Json = json.loads(answer.text)
        return decoded

    def range(self, expr: str, start: float, end: float, step: float) -> list[Json]:
        """Return the series of a range query. Raises for an error."""
        answer = self.ask("query_range", query=expr, start=f"{start}", end=f"{end}", step=f"{step}")
        if answer["status"] != "success":
            raise RuntimeError(f"{expr}: {answer.get('error')}")
        found: list[Json] = answer["data"]["result"]
        return found

    def write(self, series: Iterable[Series]) -> None:
        """Add to its past."""
        tsdb.remote_write(self.url, series)


@contextmanager
def remembering(folder: Path, blocks: Iterable[Path], config: str = CONFIG) -> Iterator[Server]:
    """Run one whose storage holds these blocks."""
    storage = folder / "tsdb"
    storage.mkdir(parents=True)
    for one in blocks:
        for block in one.iterdir():
            shutil.copytree(block, storage / block.name)
    file = folder / "prometheus.yml"
    file.write_text(config)
    port = free_port()
    argv: list[object] = [
        binary("prometheus") or "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={storage}",
        "--storage.tsdb.retention.time=100d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    ]
    with started(argv, folder / "prometheus.log"):
        server = Server(f"http://127.0.0.1:{port}")
        ready(Prometheus(server.url))
        yield server
