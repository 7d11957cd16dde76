"""Two workers that show what a test says they have: for what is about their scrapes alone."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from exporter.metrics import declared as m
from exporter.metrics.formats import Family, Sample, encode
from exporter.metrics.series import Declaration

PACKETS = m.REJECTED._replace(labels=("site", "shard"))  # the other labels do not matter here
TRANSACTIONS = Declaration("knockwatch_transactions_total", "counter", "Of this process.", ())


class Worker:
    """Its shards by number, and what of each site it has counted."""

    def __init__(self) -> None:
        self.shards: dict[str, dict[str, int]] = {}
        self.target = ""  # HOST:PORT

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """What a scrape gets."""
        counted: list[Sample] = [
            ((site, shard), float(number), None)
            for shard, sites in self.shards.items()
            for site, number in sites.items()
        ]
        families = [Family(PACKETS, counted), Family(TRANSACTIONS, [((), 1.0, None)])]
        return encode(families, accept)


@contextmanager
def workers(count: int) -> Iterator[list[Worker]]:
    """Run that many, each at a port of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(_worker()) for _ in range(count)]


@contextmanager
def _worker() -> Iterator[Worker]:
    worker = Worker()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = worker.exposition(self.headers.get("Accept", ""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        worker.target = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield worker
        finally:
            server.shutdown()
            thread.join()
