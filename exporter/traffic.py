"""How many bytes each program moved: the conversations of hosts that count them, added up.

Reports go in; out come the bytes by program since the report before. A conversation's own count
only grows while it lasts, and ends with it. What was counted before the first report of a device
is not known to be new.
"""

from collections.abc import Mapping

from exporter.events import Flow, HostReport

MAX_DEVICES = 1000  # the one that reported longest ago is forgotten

_Ends = tuple[str, str, int, str, int]


class Traffic:
    """The counts of the last report of each device."""

    def __init__(self) -> None:
        self._counted: dict[str, dict[_Ends, int]] = {}

    def add(self, report: HostReport) -> dict[str, int]:
        """Return the bytes that each program of a host moved since its report before."""
        key = report.device.casefold()
        before = self._counted.pop(key, None)
        counted = {_ends(flow): flow.bytes for flow in report.flows if flow.bytes is not None}
        if len(self._counted) >= MAX_DEVICES:
            del self._counted[next(iter(self._counted))]
        self._counted[key] = counted
        if before is None:
            return {}
        owners = _owners(report)
        moved: dict[str, int] = {}
        for ends, count in counted.items():
            process = owners.get(ends[:1] + ends[2:3])
            known = before.get(ends, 0)
            grown = count - known if count >= known else count  # the same ends once more
            if process and grown:
                moved[process] = moved.get(process, 0) + grown
        return moved


def _ends(flow: Flow) -> _Ends:
    return flow.transport, flow.local_ip, flow.local_port, flow.remote_ip, flow.remote_port


def _owners(report: HostReport) -> Mapping[tuple[str | int, ...], str]:
    """The program at each port of the host; a port of two programs is neither's."""
    owners: dict[tuple[str | int, ...], str] = {}
    for socket in report.sockets:
        place = (socket.transport, socket.local_port)
        if socket.process and owners.setdefault(place, socket.process) != socket.process:
            owners[place] = ""
    return owners
