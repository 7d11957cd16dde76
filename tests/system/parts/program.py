"""A program of a given name that holds a UDP port open: the culprit of the founding case."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.parts.process import Process, started, until

HOLD_PORT = """
import socket, sys, time
held = socket.socket(type=socket.SOCK_DGRAM)
held.bind(("0.0.0.0", int(sys.argv[1])))
print("bound", flush=True)
for target in sys.argv[2:]:
    host, port = target.rsplit(":", 1)
    held.sendto(b"hello", (host, int(port)))
while True:
    time.sleep(60)
"""


@contextmanager
def holding(
    port: int, name: str, folder: Path, *, namespace: str, greets: tuple[str, ...] = ()
) -> Iterator[Process]:
    """Run a process called `name` that has a UDP port; it may first send one datagram to others.

    It is the running Python under another name, so /proc shows the name as for any program.
    """
    executable = folder / name
    shutil.copy(Path(sys.executable).resolve(), executable)
    home = {"PYTHONHOME": sys.base_prefix}  # the copy does not find its library by itself
    argv = [executable, "-S", "-c", HOLD_PORT, str(port), *greets]
    with started(argv, folder / f"{name}.log", namespace=namespace, env=home) as process:
        until(lambda: "bound" in process.output(), f"{name} with port {port}")
        yield process
