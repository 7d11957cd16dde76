"""Reports as they are posted: read and checked, whoever takes them in then.

In go requests and pasted text, out come `HostReport`s; what cannot be read is a `Refusal`.
"""

import asyncio
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request

from exporter import rates, sockets_text, wire
from exporter.host_report import HostReport
from exporter.hosts import MAX_DEVICES
from exporter.lookalikes import is_clear
from exporter.web import bodies
from exporter.web.refusals import Refusal

# Agents look for changes every 1.5 seconds; one that was cut off sends 20 of the reports that it
# kept at once, then ten a second.
BURST = 30.0
PER_SECOND = 10.0

# Pastes have threads of their own, so that many large ones hold up neither a commit nor a scrape.
_PARSERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="paste")


async def report(request: Request) -> tuple[HostReport, bytes]:
    """Return the report that an agent posts, and its body. Raises Refusal."""
    body = await bodies.read(request, bodies.MAX_REPORT)
    try:
        # Off the event loop: checking a large one takes a tenth of a second.
        return await asyncio.to_thread(wire.decode, body), body
    except wire.WireError as error:
        raise Refusal(400, "refused.because", error=str(error)) from None


async def sockets(text: bytes | str, device: str) -> HostReport:
    """Return what netstat and its like print on a device. Raises Refusal."""
    name = " ".join(device.split())
    if not 0 < len(name) <= wire.MAX_TEXT or not is_clear(name):
        raise Refusal(400, "refused.device", most=wire.MAX_TEXT)
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_PARSERS, sockets_text.read, text, name)
    except sockets_text.UnreadableText as error:
        raise Refusal(400, "refused.because", error=error.text) from None


class Rates:
    """How many reports each device may send at once, and a second."""

    def __init__(self, most: int = MAX_DEVICES) -> None:
        """`most` devices are remembered."""
        self._rates = rates.Rates(PER_SECOND, BURST, most)

    def check(self, name: str, now: float, device: Hashable = None) -> None:
        """Raise Refusal unless one more report may come now; it counts if so.

        `device` tells it apart where its name alone does not.
        """
        if not self.allow(device or name.casefold(), now):
            why = f"{name} sends more than {PER_SECOND:g} reports a second: wait"
            raise Refusal(429, "refused.because", error=why)

    def allow(self, device: Hashable, now: float) -> bool:
        """Whether one more report may come now; it counts if so."""
        return self._rates.take(device, now) == 1
