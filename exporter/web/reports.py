"""What hosts say of themselves: reports of agents, and text that a person pasted.

In go bodies, out come JSON answers. A refused report changes nothing that is already known, and
every one is counted: accepted, refused (it may not replace what is known, or its device sends too
many) or invalid.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter import sockets_text, wire
from exporter.access.tokens import Tokens
from exporter.host_report import HostReport
from exporter.hosts import MAX_DEVICES
from exporter.hosts.machines import PASTE_CURRENT, Conflict, Device
from exporter.service import Service
from exporter.web import bodies, guard
from exporter.web.refusals import Refusal

# Agents look for changes every 1.5 seconds; one that was cut off sends 20 of the reports that it
# kept at once, then ten a second.
BURST = 30.0
PER_SECOND = 10.0

# Pastes have threads of their own, so that many large ones hold up neither a commit nor a scrape.
_PARSERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="paste")


class Reports:
    """The posts of the API."""

    def __init__(self, service: Service, tokens: Tokens | None = None) -> None:
        self._service = service
        self._tokens = tokens
        self._rates = Rates()

    async def report(self, request: Request) -> Response:
        """`POST /api/v1/reports`: one report of an agent."""
        with _counting_invalid(self._service):
            body = await bodies.read(request, bodies.MAX_REPORT)
            try:
                # Off the event loop: checking a large one takes a tenth of a second.
                report = await asyncio.to_thread(wire.decode, body)
            except wire.WireError as error:
                raise Refusal(400, "refused.because", error=str(error)) from None
            guard.check_reporter(request, report.device, self._tokens)
        now = self._service.clock()
        if not self._rates.allow(report.device.casefold(), now):
            self._service.pipeline.stages.metrics.report("refused", now)
            why = f"{report.device} sends more than {PER_SECOND:g} reports a second: wait"
            raise Refusal(429, "refused.because", error=why)
        device = _take(self._service, report)
        return JSONResponse({"device": device.name, "sockets": len(device.report.sockets)})

    async def sockets(self, request: Request) -> Response:
        """`POST /api/v1/sockets/{device}`: what netstat and its like print, whatever its type."""
        name = " ".join(request.path_params["device"].split())
        with _counting_invalid(self._service):
            guard.check_reporter(request, name, self._tokens)
            body = await bodies.read(request)
        device = await paste(self._service, name, body)
        sockets = device.report.sockets
        return JSONResponse(
            {
                "device": device.name,
                "sockets": len(sockets),
                "flows": len(device.report.flows),
                "udp": sum(socket.transport == "udp" for socket in sockets),
                "programs": len({socket.process for socket in sockets} - {None}),
                "current_seconds": PASTE_CURRENT,
            }
        )


class Rates:
    """How many reports each device may send at once: a bucket that fills by `PER_SECOND`."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}  # and when; heard longest ago is first

    def allow(self, device: str, now: float) -> bool:
        """Whether one more report may come now; it counts if so."""
        left, at = self._left.pop(device, (BURST, now))
        left = min(BURST, left + max(0.0, now - at) * PER_SECOND)  # a clock may be set back
        allowed = left >= 1.0
        self._left[device] = (left - allowed, now)
        if len(self._left) > MAX_DEVICES:
            del self._left[next(iter(self._left))]
        return allowed


async def paste(service: Service, name: str, text: bytes | str) -> Device:
    """Take in what a person pasted for a device.

    Raises Refusal when nothing can be read from it, or an agent's word outranks it.
    """
    return _take(service, await read(service, name, text))


async def read(service: Service, name: str, text: bytes | str) -> HostReport:
    """Return what a person pasted for a device; nothing of it is kept.

    Raises Refusal when nothing can be read from it.
    """
    with _counting_invalid(service):
        name = " ".join(name.split())
        if not 0 < len(name) <= wire.MAX_TEXT or not name.isprintable():
            raise Refusal(400, "refused.device", most=wire.MAX_TEXT)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(_PARSERS, sockets_text.read, text, name)
        except sockets_text.UnreadableText as error:
            raise Refusal(400, "refused.because", error=error.text) from None


def _take(service: Service, report: HostReport) -> Device:
    try:
        return service.report(report)
    except Conflict as error:
        raise Refusal(409, "refused.because", error=error.text) from None


@contextmanager
def _counting_invalid(service: Service) -> Iterator[None]:
    try:
        yield
    except Refusal:
        service.pipeline.stages.metrics.report("invalid", service.clock())
        raise
