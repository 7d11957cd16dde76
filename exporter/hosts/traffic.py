"""How many bytes each program moved: the conversations of hosts that count them, added up.

Reports go in; out come the bytes by program since the report before. A conversation's own count
only grows while it lasts. What was counted before the first report of a device is not known to be
new. One that nobody saw open has no program: it began and ended between two reports.
"""

from collections.abc import Callable
from itertools import islice

from exporter.host_report import Flow, HostReport, Socket

MAX_DEVICES = 1000  # the one that reported longest ago is forgotten
MAX_COUNTED = 4096  # conversations of one device; those told longest ago are forgotten
MAX_ALL = 30_000  # of all devices, 300 bytes each

_Ends = tuple[str, str, int, str | None, int | None]
_Counted = dict[_Ends, tuple[int, str]]  # bytes, and the program; "" when it is not known


class Traffic:
    """The counts of the last reports of each device."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}

    def add(self, report: HostReport, *, complete: bool = True) -> dict[str, int]:
        """Return the bytes that each program of a host moved since its report before.

        A `complete` report tells all conversations of late, others those that went on.
        """
        key = report.device.casefold()
        before = self._counted.pop(key, None)
        told = _counted(report, before or {})
        moved = {} if before is None else _moved(before, told)
        told = told if complete else _newest(before or {}, told)
        room = MAX_ALL - len(told) - sum(map(len, self._counted.values()))
        while self._counted and (room < 0 or len(self._counted) >= MAX_DEVICES):
            room += len(self._counted.pop(next(iter(self._counted))))
        self._counted[key] = told
        return moved

    def forget(self, device: str) -> None:
        """Drop the conversations of a device."""
        self._counted.pop(device.casefold(), None)


def _moved(before: _Counted, told: _Counted) -> dict[str, int]:
    moved: dict[str, int] = {}
    for ends, (count, process) in told.items():
        known, _ = before.get(ends, (0, ""))
        grown = count - known if count >= known else count  # the same ends once more
        if process and grown:
            moved[process] = moved.get(process, 0) + grown
    return moved


def _counted(report: HostReport, before: _Counted) -> _Counted:
    """Return the counts of a report; a program is remembered when its socket is closed."""
    program = _programs(report)
    counted: _Counted = {}
    for flow in report.flows[:MAX_COUNTED]:
        if flow.bytes is not None:
            ends = _ends(flow)
            counted[ends] = flow.bytes, program(flow) or before.get(ends, (0, ""))[1]
    return counted


def _newest(before: _Counted, told: _Counted) -> _Counted:
    for ends in told:
        before.pop(ends, None)
    return dict(islice((told | before).items(), MAX_COUNTED))


def _programs(report: HostReport) -> Callable[[Flow], str]:
    """Return what tells the program of a flow: it has that connection, or the port for all.

    A port of two programs is neither's, and what a host forwards is none of its own.
    """
    owners: dict[_Ends | tuple[str, int], str] = {}
    for socket in report.sockets:
        if socket.process:
            connected = socket.remote_ip is not None
            place = _ends(socket) if connected else (socket.transport, socket.local_port)
            if owners.setdefault(place, socket.process) != socket.process:
                owners[place] = ""

    def program(flow: Flow) -> str:
        if report.addresses and flow.local_ip not in report.addresses:
            return ""
        port = owners.get((flow.transport, flow.local_port), "")
        return owners.get(_ends(flow), port)

    return program


def _ends(of: Flow | Socket) -> _Ends:
    return of.transport, of.local_ip, of.local_port, of.remote_ip, of.remote_port
