"""The agent as its command line starts it: what it is told, and the parts that follow from that.

It reports until SIGTERM, or once. When a report is due and what it says is `push`'s.
"""

import signal
import sys
import time
import uuid
from pathlib import Path

from loguru import logger

from exporter import wire
from exporter.agent import folder, host, pairing
from exporter.agent.complaints import Complaints
from exporter.agent.outbox import BOOT, Outbox
from exporter.agent.port_table import PortTableReader, available
from exporter.agent.post import Post, ReportRefusedError, Server, ServerAwayError
from exporter.agent.push import POLL, Agent, report
from exporter.agent.snapshot import Collector
from exporter.agent.spool import Spool
from exporter.agent.watch import Watch
from exporter.host_report import HostReport
from exporter.wire import WireError

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def run(
    server: str,
    *,
    device: str | None,
    token: str | None,
    interval: float,
    once: bool,
    print_only: bool,
    ca_file: str | None = None,
    state_dir: str | None = None,
    pairing_code: str | None = None,
    upnp: bool = False,
) -> int:
    """Report this host to `server` until SIGTERM; return the exit code.

    `once` sends one report; `print_only` writes to standard output what would be sent. Reports that
    must wait for the server are kept in `state_dir`, and so is the token that a code was good for.
    With `upnp` the router is asked for its port mappings.
    """
    about = _about(device, interval)
    if upnp and not available():
        logger.error("agent cannot start: --upnp needs knockwatch's extra: pip install '.[upnp]'")
        return 2
    try:
        wire.decode(wire.encode(about))  # the server will judge by the same rules
        there = Server(server, token, ca_file)
        place = folder.of_agent(state_dir, server, about.device)
        if token is None and not print_only:
            own = _own_token(there, place, about.device, pairing_code)
            there = Server(server, own, ca_file)
    except (WireError, ValueError) as error:
        logger.error("agent cannot start: {}", error)
        return 2
    except (pairing.PairingError, ServerAwayError) as error:
        logger.error("agent cannot start: {}", error)
        return 1
    complaints = Complaints(host.uptime)
    ports = PortTableReader(host.uptime, complaints) if upnp else None
    if not print_only:
        logger.info("reporting {} to {}", about.device, server)
    if once or print_only:
        return _once(about, collector(), _print if print_only else there.post, ports)
    return _until_stopped(_agent(about, there, place, complaints, ports))


def _about(device: str | None, interval: float) -> HostReport:
    return HostReport(
        version=wire.VERSION,
        device=host.device_name() if device is None else device,
        machine_id=host.machine_id(),
        interval_seconds=float(interval),
        os=host.system()[: wire.MAX_LABEL],
        agent=host.agent(),
    )


def _own_token(there: Server, place: Path | None, device: str, code: str | None) -> str | None:
    token = pairing.kept(place)
    if code is None:
        return token
    try:
        return pairing.fetched(there, place, device, code)
    except pairing.PairingError as error:
        if token is None:
            raise
        logger.warning("the token of an earlier pairing is used: {}", error)
        return token  # as when the same command is started again


def _agent(
    about: HostReport,
    there: Server,
    place: Path | None,
    complaints: Complaints,
    ports: PortTableReader | None,
) -> Agent:
    outbox = Outbox(
        there.post,
        clock=host.uptime,
        complaints=complaints,
        era=_era(),
        spool=None if place is None else Spool(place / "spool"),
        server_time=there.time,
    )
    return Agent(about, collector(), outbox, clock=host.uptime, complaints=complaints, ports=ports)


def collector() -> Collector:
    """Return the best way to look at this host."""
    if sys.platform == "linux":
        from exporter.agent.linux import Linux, works  # noqa: PLC0415 - pyroute2 is Linux only

        if works():
            return Linux()
        logger.info("netlink shows no sockets here, psutil is used")
    from exporter.agent.portable import Portable  # noqa: PLC0415 - 3 MiB that Linux can do without

    return Portable()


def _once(
    about: HostReport, collector: Collector, post: Post, ports: PortTableReader | None
) -> int:
    try:
        seen = collector.snapshot()
        table = None if ports is None else ports.now(seen.gateways)
        post(wire.encode(report(about, seen, Watch(), host.uptime(), table)))
    except (OSError, ValueError, ServerAwayError, ReportRefusedError) as error:
        logger.error("report not delivered: {}", error)
        return 1
    return 0


def _era() -> str:
    """Return what tells this start of the host from others; else this one of the agent."""
    try:
        return BOOT + _BOOT_ID.read_text("ascii").strip()
    except OSError:  # Linux alone has it
        return f"run {uuid.uuid4()}"


def _print(body: bytes) -> None:
    """Write what would be sent: these bytes and no other."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _until_stopped(agent: Agent) -> int:
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # A flag, not an Event: setting one inside a handler can meet its own lock and hang.
        signal.signal(number, lambda received, _: stop.append(received))
    while not stop:
        pause = agent.step()
        wake = host.uptime() + pause
        while not stop and (left := wake - host.uptime()) > 0:
            time.sleep(min(left, POLL))
    logger.info("stopped by signal {}", stop[0])
    return 0
