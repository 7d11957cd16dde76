"""When a router's line got another address: its peers belonged to somebody else until then.

Events of kind `wan_up` and the addresses that packets were sent to go in; out comes how long ago a
line was connected anew, and whether it is known that its address changed. IPv4 alone: an IPv6
address is a device's own.
"""

import msgspec

from exporter.addresses import is_private

REMEMBERED = 86_400.0  # seconds; lists of peers are kept for hours or days
MAX_ROUTERS = 1000  # the least recently connected is forgotten


class Renewal(msgspec.Struct, frozen=True):
    """A line that was connected anew."""

    ago: float  # seconds
    changed: bool  # whether the address is known to be another one than before


class _Line(msgspec.Struct):
    ip: str | None = None
    up: float | None = None  # when it was connected, with another address than before
    changed: bool = False  # whether that is known, or merely not excluded
    awaits: bool = False  # it came up, and its address is not known yet


class Uplinks:
    """The lines of all routers."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def connected(self, router: str, ip: str | None, now: float) -> None:
        """Note that a line came up, with its address if the router says which."""
        if ip is not None and not _is_outside(ip):
            return
        line = self._line(router)
        if ip is None:
            line.up, line.changed, line.awaits = now, False, True
        elif ip != line.ip:
            line.up, line.changed, line.awaits = now, line.ip is not None, False
            line.ip = ip

    def met(self, router: str, ip: str) -> None:
        """Note an address that a packet was sent to: that of the line, if nothing else told it."""
        line = self._lines.get(router)
        if (line is not None and line.ip is not None and not line.awaits) or not _is_outside(ip):
            return
        line = self._line(router)
        if line.awaits and line.ip is not None:
            line.changed = line.ip != ip
            line.up = line.up if line.changed else None
        line.ip, line.awaits = ip, False

    def renewed(self, router: str, ip: str, now: float) -> Renewal | None:
        """Whether the line got its address, to which a packet came, within a day."""
        line = self._lines.get(router)
        if line is None or line.up is None or line.ip not in (None, ip):
            return None
        ago = now - line.up
        return Renewal(ago, line.changed) if 0 <= ago <= REMEMBERED else None

    def _line(self, router: str) -> _Line:
        line = self._lines.pop(router, None) or _Line()
        if len(self._lines) >= MAX_ROUTERS:
            del self._lines[next(iter(self._lines))]
        self._lines[router] = line
        return line


def _is_outside(ip: str) -> bool:
    return "." in ip and not is_private(ip)
