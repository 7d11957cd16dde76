"""What a person does next, once the exporter runs: three lines for the terminal."""

import os
import socket

from exporter.transports import gateway


def next_steps(page: str, address: str, syslog_port: int) -> str:
    """What a person does next, in three lines."""
    return (
        f"1. Open {page}/ : it shows who is knocking, and from which of your devices it comes.\n"
        f"2. In your router, send the log (syslog, UDP) to {address} port {syslog_port}.\n"
        f"3. On each PC: knockwatch agent --server {page}   (or paste netstat output on the page)"
    )


def own_address() -> str:
    """The address under which the home network most likely sees us; nothing is sent."""
    if os.environ.get("KNOCKWATCH_HOST"):
        return os.environ["KNOCKWATCH_HOST"]
    if gateway.masks():  # what a container takes for its address nobody else can reach
        return "SERVER"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: only the route matters
        except OSError:
            return "localhost"
        return str(probe.getsockname()[0])
