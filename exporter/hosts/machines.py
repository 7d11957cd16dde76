"""One machine that reports: what may replace its report, and whether two reports are of one.

Reports go in, whatever name each of them gives its machine. A report counts for some of its
intervals, a paste for ten minutes. Times are Unix seconds.
"""

from collections import deque
from collections.abc import Container

import msgspec

from exporter.host_report import HostReport, Socket
from exporter.hosts.listeners import Span
from exporter.knowledge.records import Text

SAME_REPORT = 10.0  # seconds by which a heartbeat may miss the report that it means
CURRENT_INTERVALS = 3  # a report is current for this many of its intervals
PASTE_CURRENT = 600.0  # seconds; a person pastes once and then looks


class Conflict(ValueError):
    """A report that may not replace what is known; the text says why.

    Agents are told in English, whoever pastes in both languages.
    """

    def __init__(self, en: str, ja: str | None = None) -> None:
        super().__init__(en)
        self.text = Text(en=en, ja=ja or en)


class Device(msgspec.Struct, kw_only=True, eq=False):
    """One host and its current report."""

    name: str  # as first written; names are compared without case
    report: HostReport
    taken: float  # when the report was made, by our clock
    first: float  # when it was first received, and last
    received: float
    complete: float = 0.0  # when the last report that was more than a heartbeat was made
    formerly: dict[str, float] = {}  # names that the machine had, and when it was given another
    open: list[Span] = msgspec.field(default_factory=list)
    closed: deque[Span] = msgspec.field(default_factory=deque)

    @property
    def is_agent(self) -> bool:
        """Whether an agent speaks for it, rather than a person who pasted."""
        return self.report.agent != "paste"

    @property
    def is_passer_by(self) -> bool:
        """Whether it has reported once only."""
        return self.received == self.first

    @property
    def current_until(self) -> float:
        """When the report stops to count."""
        return current_until(self.report, self.taken)


def check_rank(device: Device, report: HostReport, received: float) -> None:
    """Raise Conflict when a report may not replace the current one of its name."""
    if received > device.current_until:
        return
    if device.is_agent and report.agent == "paste":
        raise Conflict(
            f"an agent reports for {device.name} already, and its word outranks a paste",
            f"{device.name} ではエージェントが動いており、貼り付けよりもその報告を優先します",
        )
    known, new = device.report.machine_id, report.machine_id
    if known is not None and known != new:
        raise Conflict(
            f"another machine reports as {device.name} already: start one of the two agents"
            " with --device and a name of its own"
        )


def unchanged(device: Device | None, report: HostReport, taken: float) -> HostReport:
    """The device's last word again, as of now: the host says that nothing has changed since.

    That must be the host's own word, and no other's of that name in between: else it raises
    Conflict.
    """
    since = taken - (report.unchanged_since or 0.0)
    if device is None or abs(since - device.complete) > SAME_REPORT:
        raise Conflict("unchanged_since refers to a report that is not here: send a full one")
    old, elapsed = device.report, taken - device.taken
    return msgspec.structs.replace(
        old,
        machine_id=report.machine_id or old.machine_id,
        age_seconds=report.age_seconds,
        sockets=tuple(_older(socket, elapsed) for socket in old.sockets),
        flows=report.flows,
        of_itself=report.of_itself,
        port_table=old.port_table
        and msgspec.structs.replace(
            old.port_table, age_seconds=old.port_table.age_seconds + elapsed
        ),
    )


def is_same(one: HostReport, other: HostReport, apart: Container[str] = ()) -> bool:
    """Tell whether they are of one machine; stations and addresses that are `apart` do not say.

    Copies of a virtual machine have one machine id, so that alone says nothing: they must share a
    station (MAC), or all addresses.
    """
    if one.machine_id is None or one.machine_id != other.machine_id:
        return False
    stations = _stations(one, apart) & _stations(other, apart)
    addresses = {address for address in one.addresses if address not in apart}
    return bool(stations) or (bool(addresses) and addresses == set(other.addresses))


def entries(report: HostReport) -> int:
    """How much a report tells, of which there is to be a bound."""
    mappings = report.port_table.mappings if report.port_table else ()
    lists = (report.sockets, report.flows, report.neighbours, report.links, report.addresses)
    return len(mappings) + sum(map(len, lists))


def current_until(report: HostReport, taken: float) -> float:
    """When a report that was made at `taken` stops to count."""
    if report.agent == "paste":
        return taken + PASTE_CURRENT
    return taken + CURRENT_INTERVALS * report.interval_seconds


def _older(socket: Socket, elapsed: float) -> Socket:
    process = socket.process_age_seconds
    return msgspec.structs.replace(
        socket,
        age_seconds=(socket.age_seconds or 0.0) + elapsed,
        process_age_seconds=None if process is None else process + elapsed,
    )


def _stations(report: HostReport, apart: Container[str]) -> set[str]:
    return {link.mac for link in report.links if link.mac and link.mac not in apart}
