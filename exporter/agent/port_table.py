"""When the router is asked for its port mappings, and what a report tells of them.

In go the gateways of a look, out comes the table as it was last read, with its age. A reading takes
seconds, so it has a thread of its own, and no look waits for it. Once a minute is enough; where
there is no table the pauses double, up to an hour.
"""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from threading import Thread

from loguru import logger
from msgspec.structs import replace

from exporter.agent.complaints import Complaints
from exporter.host_report import Gateway, PortTable

EVERY = 60.0  # seconds
LONGEST_PAUSE = 3600.0  # seconds

Ask = Callable[[], PortTable]  # raises OSError


def available() -> bool:
    """Tell whether the library is here that speaks UPnP."""
    return find_spec("async_upnp_client") is not None


def asking(gateway: str) -> Ask:
    """Return what asks a gateway."""
    from exporter.agent.igd import Igd  # noqa: PLC0415 - 13 MiB, for the few hosts that do it

    return Igd(gateway).read


class PortTableReader:
    """What the default gateway said last. Of a home's hosts one is enough to ask it."""

    def __init__(
        self,
        clock: Callable[[], float],
        complaints: Complaints,
        asking: Callable[[str], Ask] = asking,
    ) -> None:
        self._clock = clock
        self._complain = complaints
        self._asking = asking
        self._gateway: str | None = None
        self._ask: Ask | None = None
        self._read: tuple[PortTable, float] | None = None  # and when that began
        self._failures = 0
        self._due = float("-inf")
        self._thread: Thread | None = None

    def table(self, gateways: Iterable[Gateway]) -> PortTable | None:
        """Return what is known now, and begin to read anew when that is due."""
        gateway = next((one.ip for one in gateways if "." in one.ip), None)  # IPv6 has no NAT
        if self._thread is not None and self._thread.is_alive():
            return self._known(gateway)
        if gateway != self._gateway:  # another network
            self._gateway, self._ask, self._read = gateway, None, None
            self._failures, self._due = 0, float("-inf")
        if self._clock() >= self._due:
            self._thread = Thread(target=self._ask_once, name="igd", daemon=True)
            self._thread.start()
        return self._known(gateway)

    def now(self, gateways: Iterable[Gateway]) -> PortTable | None:
        """Return the table as it is now, after the seconds that it takes."""
        self.table(gateways)
        self.wait()
        return self._known(self._gateway)

    def wait(self) -> None:
        """Wait for the reading that goes on."""
        if self._thread is not None:
            self._thread.join()

    def _known(self, gateway: str | None) -> PortTable | None:
        read = self._read  # it may be another one the next moment
        if read is None or read[0].gateway != gateway:
            return None
        return replace(read[0], age_seconds=round(self._clock() - read[1], 3))

    def _ask_once(self) -> None:
        begun = self._clock()
        try:
            if self._ask is None:  # here, since no look should wait for the library either
                self._ask = self._asked()
            self._read = (self._ask(), begun)
        except (OSError, ImportError) as error:
            self._read = None
            self._failures += 1
            self._complain("the router's port mappings cannot be read: {}", error)
        else:
            if self._due < 0 or self._failures:
                logger.info("the port mappings of {} are read", self._gateway)
            self._failures = 0
        self._due = self._clock() + min(EVERY * 2 ** min(self._failures, 10), LONGEST_PAUSE)

    def _asked(self) -> Ask:
        if self._gateway is None:
            raise OSError("no IPv4 gateway of this host is known")
        return self._asking(self._gateway)
