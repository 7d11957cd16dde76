"""What the resolver of the LAN calls an address: the weakest word, for what nobody else names.

Addresses that packets led to and that nobody could name go in, and the answers to questions about
them; out come which are to be asked about, and names. Who asks is the edge's matter. Times are Unix
seconds.
"""

from collections.abc import Iterable

import msgspec

from exporter.addresses import is_private
from exporter.inventory.hostnames import first_label, is_of_a_kind, is_of_address

AGAIN = 3600.0  # seconds between two questions about one address, whatever the answer
BEFORE = 120.0  # seconds that an answer counts back: it was asked for a packet of then
MAX_ADDRESSES = 1024  # answers, the oldest goes first; as many wait to be asked about


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What was answered about an address."""

    name: str  # "" when there was none, or one that names nothing
    server: str
    asked: float

    def counts(self, moment: float) -> bool:
        """Whether it tells of a moment."""
        return self.asked - BEFORE <= moment <= self.asked + AGAIN + BEFORE


class Resolved:
    """Answers, and what is still to be asked."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self._called: dict[str, dict[str, None]] = {}  # addresses, by name without case
        self._wanted: dict[str, None] = {}

    def want(self, ip: str) -> None:
        """Note that nobody names an address; only of the home's own anything is ever asked."""
        if not is_private(ip) or ip.startswith(("169.254.", "fe80:")):
            return
        if ip not in self._wanted and len(self._wanted) < MAX_ADDRESSES:
            self._wanted[ip] = None

    def due(self, now: float) -> str | None:
        """Return the next address to ask about, and drop it from those that wait."""
        while self._wanted:
            ip = next(iter(self._wanted))
            del self._wanted[ip]
            known = self._answers.get(ip)
            if known is None or not 0 <= now - known.asked < AGAIN:
                return ip
        return None

    def told(self, ip: str, name: str, server: str, now: float) -> str:
        """Take an answer in; return the name that is in it, "" when it names nothing."""
        label = first_label(name)
        if not label or is_of_address(label, ip) or is_of_a_kind(label):
            label = ""
        self._drop(ip)
        self._answers[ip] = Answer(label, server, now)
        if label:
            self._called.setdefault(label.casefold(), {})[ip] = None
        if len(self._answers) > MAX_ADDRESSES:
            self._drop(next(iter(self._answers)))
        return label

    def answer(self, ip: str, moment: float) -> Answer | None:
        """The name of an address at a moment, unless another one is called the same."""
        found = self._answers.get(ip)
        if found is None or not found.name or not found.counts(moment):
            return None
        for other in self._called[found.name.casefold()]:
            same_family = (":" in other) == (":" in ip)  # one device has one of each
            if other != ip and same_family and self._answers[other].counts(moment):
                return None
        return found

    def forget(self, name: str) -> None:
        """Drop the answers that are a device's name."""
        for ip in list(self._called.get(name.casefold(), ())):
            self._drop(ip)

    def all(self) -> Iterable[str]:
        """Every address that was asked about."""
        return self._answers

    def _drop(self, ip: str) -> None:
        gone = self._answers.pop(ip, None)
        if gone is not None and gone.name:
            of_name = self._called[gone.name.casefold()]
            del of_name[ip]
            if not of_name:
                del self._called[gone.name.casefold()]
