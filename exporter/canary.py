"""The canary: each minute a line and a socket that nobody has, by the ways of real ones.

A datagram goes to our own port for syslog, and a report to our own HTTP; what comes of them must be
the name of the report's program, in time. They are told from real ones by a secret of this run, and
meet a pipeline that is theirs alone, made of the same parts: no number of the user's, no device, no
evidence knows of them.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Literal

from loguru import logger

from exporter import build, pem, wire
from exporter.direct import Direct, bearer
from exporter.doctor import CanaryCondition
from exporter.events import Batch, Decision
from exporter.host_report import HostReport, Socket
from exporter.metrics import Limits, Metrics
from exporter.metrics.formats import Family
from exporter.metrics.ourselves import CANARY_SUCCESS_TIME
from exporter.pipeline import Pipeline
from exporter.service import Service
from exporter.transports import OncePerMinute
from exporter.transports.inbox import Inbox

LISTENER = "canary"  # of the batches in which its lines wait
POST_SECONDS = 5.0
LATE = 300.0  # seconds; until then a line that comes is still none of a router
Step = Literal["", "report", "line", "attribution"]
_PROCESS = "canary"
_LIMITS = Limits(router=2, destination_port=2, source_asn=6, device=2, process=2)


class Canary:
    """Sings every minute; `serve` belongs in the caller's TaskGroup."""

    def __init__(self, service: Service, inbox: Inbox) -> None:
        self._service, self._inbox = service, inbox
        self._lines: dict[bytes, float] = {}  # on their way, since when
        self._step: Step = ""  # which is not done
        self._pipeline: Pipeline | None = None
        self._done = asyncio.Event()
        self._log_due = OncePerMinute()
        self._failed: Step = ""  # at which step the last one failed
        self._succeeded: float | None = None
        service.watched.append(self._families)
        service.canary = self._report
        service.canary_condition = self.condition

    async def serve(self, where: Callable[[], "Where"]) -> None:
        """Sing as often as is configured, until cancelled."""
        while True:
            await asyncio.sleep(self._service.config.canary.every_seconds or 60.0)
            if self._service.config.canary.every_seconds:
                await self.sing(where())
            else:
                self._succeeded, self._failed = None, ""

    async def sing(self, where: "Where") -> Step:
        """Send a report and a line; return the step that failed, "" if it was named in time."""
        name, port = f"canary-{secrets.token_hex(8)}", 20_000 + secrets.randbelow(40_000)
        service, self._done = self._service, asyncio.Event()
        for late in [line for line, at in self._lines.items() if service.clock() - at > LATE]:
            self._lines.pop(late, None)
        stages = build.of_another_site(service.pipeline.stages, service.config, Metrics(_LIMITS))
        self._pipeline = Pipeline(stages, lambda decision: self._decided(decision, name))
        stamp = time.strftime("%b %d %H:%M:%S", time.localtime(service.clock()))
        ends = f"198.51.100.1:3478 to 203.0.113.9:{port}"
        line = f"<5>{stamp} {name} FIREWALL: UDP connection rejected from {ends}".encode()
        try:
            async with asyncio.timeout(service.config.canary.within_seconds):
                self._step = "report"
                await asyncio.to_thread(where.post, _report(name, port), service.secret)
                self._step, self._lines[line] = "line", service.clock()
                where.send(line)
                await self._done.wait()
        except TimeoutError:
            self._fail(f"not done within {service.config.canary.within_seconds:g} seconds")
        except (OSError, HTTPException, ValueError) as error:
            self._fail(str(error))
        else:
            self._step = self._failed = ""
            self._succeeded = service.clock()
        finally:
            self._pipeline = None
        return self._step

    def aside(self, messages: list[bytes]) -> list[bytes]:
        """Take the canary's line out of what a socket received; for the thread that reads it."""
        ours = [line for line in tuple(self._lines) if line in messages]
        if not ours:
            return messages
        for line in ours:
            self._lines.pop(line, None)
        received = self._service.clock()
        self._inbox.put(
            Batch(received=received, sender="127.0.0.1", listener=LISTENER, messages=ours)
        )
        return [message for message in messages if message not in ours]

    def take(self, batch: Batch) -> None:
        """Read the line that came."""
        if self._pipeline is not None:
            self._step = "attribution"
            self._pipeline.process(batch)

    def condition(self) -> CanaryCondition | None:
        """What the doctor looks at; None before the first one, and where there is none."""
        if self._succeeded is None and not self._failed:
            return None
        ago = None if self._succeeded is None else self._service.clock() - self._succeeded
        return CanaryCondition(failed=self._failed, seconds=ago)

    def _report(self, report: HostReport) -> None:
        """Take the report that came."""
        if self._pipeline is not None:
            self._pipeline.report(report, self._service.clock())

    def _decided(self, decision: Decision, name: str) -> None:
        named = decision.attribution
        if (named.device, named.process) == (name, _PROCESS):
            self._done.set()

    def _fail(self, why: str) -> None:
        service = self._service
        self._failed = self._step
        service.pipeline.stages.metrics.canary_failure(self._step, service.clock())
        if self._log_due(service.clock(), self._step):
            logger.warning("our own line was not traced to its program ({}): {}", self._step, why)

    def _families(self) -> Sequence[Family]:
        if self._succeeded is None:
            return ()
        return (Family(CANARY_SUCCESS_TIME, [((), self._succeeded, None)]),)


class Where:
    """Where this process listens, as somebody on this machine reaches it."""

    def __init__(self, address: str, syslog_port: int, http_port: int, certificate: str) -> None:
        """An `address` of "" is every one; `certificate` is the file of ours, "" for plain HTTP."""
        everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound
        self._address = everywhere.get(address, address)
        self._syslog_port, self._http_port = syslog_port, http_port
        self._certificate = certificate

    def send(self, line: bytes) -> None:
        """Send a datagram. Raises OSError."""
        place = (self._address, self._syslog_port)
        family, kind, number, _, to = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, number) as router:
            router.sendto(line, to)

    def post(self, body: bytes, secret: str) -> None:
        """Post a report; it blocks. Raises OSError, HTTPException or ValueError."""
        host = f"[{self._address}]" if ":" in self._address else self._address
        context = pem.client_context(self._certificate) if self._certificate else None
        url = f"http{'s' if context else ''}://{host}:{self._http_port}/api/v1/reports"
        Direct(context, bearer(secret)).open(url, body, seconds=POST_SECONDS).close()


def _report(name: str, port: int) -> bytes:
    opened = Socket(
        transport="udp",
        local_ip="0.0.0.0",  # noqa: S104 - what is reported, nothing is bound
        local_port=port,
        process=_PROCESS,
        age_seconds=3600.0,
    )
    report = HostReport(version=wire.VERSION, device=name, agent=_PROCESS, sockets=(opened,))
    return wire.encode(report)
