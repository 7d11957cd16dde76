"""Whether a line says what another one said just now.

An access point prints up to four lines for one join, miniupnpd two for one mapping, and what one of
them means the others mean, too. An event goes in; out comes whether it was counted already.
"""

from exporter.events import Event

WINDOW = 10.0  # seconds; all lines of one join come within it
MAX_TOLD = 4096  # stations and ports; the least recently told is forgotten

_SUBJECTS = {"wifi_join": "wifi", "wifi_leave": "wifi", "port_mapping": "port"}


class Echoes:
    """What routers said last of their stations and ports."""

    def __init__(self) -> None:
        self._told: dict[tuple[object, ...], tuple[str, float]] = {}

    def again(self, router: str, event: Event, now: float) -> bool:
        """Tell whether the event is an echo; a station that left in between joins once more."""
        subject = _SUBJECTS.get(event.kind)
        if subject is None or not (event.mac or event.destination_port):
            return False
        key = (router, subject, event.mac, event.transport, event.destination_port, event.ip)
        kind, when = self._told.pop(key, ("", 0.0))
        if len(self._told) >= MAX_TOLD:
            del self._told[next(iter(self._told))]
        again = kind == event.kind and 0 <= now - when < WINDOW
        self._told[key] = (event.kind, when if again else now)
        return again
