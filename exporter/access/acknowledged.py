"""What its owner knows and wants to hear no more of for a while: programs of devices.

In go a device and a program, out comes until when they are acknowledged. It quiets what is worth a
look; what must be acted on is told all the same. It ends by itself: who is sure today may be wrong
in a month. Times are arguments, Unix seconds.
"""

from collections.abc import Iterable, Mapping

import msgspec

MOST_DAYS = 365
MAX_KNOWN = 1000  # the one that ends first makes room

Pair = tuple[str, str]  # device without case, program


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """One program of one device, known to be all right."""

    device: str
    process: str
    until: float


class Acknowledgements:
    """All of them, each pair once."""

    def __init__(self) -> None:
        self._known: dict[Pair, Acknowledgement] = {}

    def add(self, device: str, process: str, until: float) -> None:
        """Acknowledge a program of a device until then, whatever was said before."""
        self._known[pair(device, process)] = Acknowledgement(
            device=device, process=process, until=until
        )
        if len(self._known) > MAX_KNOWN:
            del self._known[min(self._known, key=lambda key: self._known[key].until)]

    def withdraw(self, device: str, process: str) -> bool:
        """Take an acknowledgement back; whether there was one."""
        return self._known.pop(pair(device, process), None) is not None

    def forget(self, device: str) -> int:
        """Drop those of a device; return how many."""
        dropped = [key for key in self._known if key[0] == device.casefold()]
        for key in dropped:
            del self._known[key]
        return len(dropped)

    def at(self, now: float) -> Mapping[Pair, float]:
        """Return what is acknowledged now, and until when."""
        return {key: one.until for key, one in self._known.items() if now < one.until}

    def all(self, now: float) -> list[Acknowledgement]:
        """Return those that have not ended, for the state file."""
        return [one for one in self._known.values() if now < one.until]

    def restore(self, known: Iterable[Acknowledgement]) -> None:
        """Take back what `all` gave."""
        for one in known:
            self.add(one.device, one.process, one.until)


def pair(device: str, process: str) -> Pair:
    """Return what a device and a program are found by; names of devices have no case."""
    return device.casefold(), process
