"""A real VictoriaMetrics: what a Prometheus writes to it can be asked for in PromQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.parts.knockwatch import free_port
from tests.system.parts.process import started
from tests.system.parts.prometheus import Prometheus, binary, ready

# What was written is seen by the next query, not half a minute later.
AT_ONCE = ("-search.latencyOffset=0s", "-search.disableCache")


@contextmanager
def victoria_metrics(folder: Path, *flags: str) -> Iterator[Prometheus]:
    """Run one, with more of its flags; it speaks Prometheus' language at Prometheus' paths."""
    port = free_port()
    argv = [
        binary("victoria-metrics") or "victoria-metrics",
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder / 'victoria-metrics'}",
        "-memory.allowedBytes=256MB",
        "-loggerLevel=WARN",
        *AT_ONCE,
        *flags,
    ]
    with started(argv, folder / "victoria-metrics.log") as process:
        server = Prometheus(f"http://127.0.0.1:{port}")
        ready(server)
        yield server
        if not process.running():
            raise RuntimeError("VictoriaMetrics ended by itself")


def remote_write(to: Prometheus) -> str:
    """Return the part of a Prometheus' configuration that sends all of its samples there."""
    return f"""
remote_write:
  - url: {to.url}/api/v1/write
    queue_config: {{batch_send_deadline: 200ms}}
"""
