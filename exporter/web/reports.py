"""What hosts say of themselves: reports of agents, and text that a person pasted.

In go bodies, out come JSON answers. A refused report changes nothing that is already known, and
every one is counted: accepted, refused (it may not replace what is known, or its device sends too
many) or invalid.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.access.tokens import Owner, Tokens
from exporter.host_report import HostReport
from exporter.hosts.machines import PASTE_CURRENT, Conflict, Device
from exporter.service import Service
from exporter.web import bodies, guard, posted
from exporter.web.refusals import Refusal


class Reports:
    """The posts of the API."""

    def __init__(self, service: Service, tokens: Tokens | None = None) -> None:
        self._service = service
        self._tokens = tokens
        self._rates = posted.Rates()

    async def report(self, request: Request) -> Response:
        """`POST /api/v1/reports`: one report of an agent."""
        with _counting_invalid(self._service):
            report, _ = await posted.report(request)
            if self._is_canarys(request, report):
                return JSONResponse({"device": report.device, "sockets": len(report.sockets)})
            owner = guard.check_reporter(request, report.device, self._tokens)
        now = self._service.clock()
        try:
            self._rates.check(report.device, now)
        except Refusal:
            self._service.pipeline.stages.metrics.report("refused", now)
            raise
        device = _take(self._service, report, owner)
        return JSONResponse({"device": device.name, "sockets": len(device.report.sockets)})

    def _is_canarys(self, request: Request, report: HostReport) -> bool:
        """Whether we reported to ourselves; the canary has it then, and nobody else."""
        service = self._service
        if not guard.is_own(guard.bearer(request.headers), service.secret):
            return False
        if service.canary is not None:
            service.canary(report)
        return True

    async def sockets(self, request: Request) -> Response:
        """`POST /api/v1/sockets/{device}`: what netstat and its like print, whatever its type."""
        name = " ".join(request.path_params["device"].split())
        with _counting_invalid(self._service):
            owner = guard.check_reporter(request, name, self._tokens)
            body = await bodies.read(request)
        device = await paste(self._service, name, body, owner)
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


async def paste(service: Service, name: str, text: bytes | str, owner: Owner) -> Device:
    """Take in what a person pasted for a device.

    Raises Refusal when nothing can be read from it, or an agent's word outranks it.
    """
    return _take(service, await read(service, name, text), owner)


async def read(service: Service, name: str, text: bytes | str) -> HostReport:
    """Return what a person pasted for a device; nothing of it is kept.

    Raises Refusal when nothing can be read from it.
    """
    with _counting_invalid(service):
        return await posted.sockets(text, name)


def _take(service: Service, report: HostReport, owner: Owner) -> Device:
    if not owner.tells_of_others:
        report = msgspec.structs.replace(report, of_itself=True)
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
