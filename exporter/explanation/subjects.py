"""What is to be explained: one decided line, or a suspect of a period."""

from typing import Literal

import msgspec

from exporter.events import CauseName, Decision, Direction, Evidence, Network, Reason, Verdict
from exporter.knowledge import Application

# How a subject's device comes in: its program attracted the packets, it is merely where they went,
# it sent them, they never left the home, several devices fit, or nobody is named.
Role = Literal["owner", "target", "sender", "local", "ambiguous", "nobody"]

_RATE = "packets_per_minute"
_HARMLESS = ("late_reply", "p2p", "echo", "scan", "survey")
_BY_A_PROGRAM = ("late_reply", "p2p", "echo")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """All that an explanation is made of."""

    device: str = ""  # "" when nobody is named
    process: str = ""
    evidence: Evidence
    confidence: float  # that it is this device
    cause: CauseName
    cause_confidence: float | None = None  # None: not kept for a period
    verdict: Verdict
    network: Network  # of the other side, the one with the most packets
    networks: int = 1
    sources: int = 1  # distinct remote addresses
    direction: Direction
    transport: str
    ports: tuple[int, ...] = ()  # on our side, most packets first
    remote_ip: str = ""
    packets: int = 1
    total: int = 1  # of the period, all suspects together
    period_seconds: float | None = None  # None: one line
    at_least: bool = False  # its router's log is at a limit: there were more than it tells
    application: Application | None = None
    candidates: tuple[str, ...] = ()  # devices, when ambiguous
    reasons: tuple[Reason, ...] = ()
    cause_reasons: tuple[Reason, ...] = ()

    @property
    def role(self) -> Role:
        """How the device comes in."""
        if self.direction != "inbound":
            return "sender" if self.direction == "outbound" else "local"
        if not self.device:
            return "ambiguous" if self.evidence == "ambiguous" else "nobody"
        if self.cause not in _BY_A_PROGRAM:
            return "target"
        return "target" if self.evidence == "mapping" and not self.process else "owner"

    @property
    def nobody_found(self) -> bool:
        """Whether a device of ours would have been worth finding: a scan needs none."""
        return self.role == "nobody" and self.cause in (*_BY_A_PROGRAM, "unknown")

    @property
    def rate(self) -> int:
        """Packets a minute for the port, where that decided; else 0."""
        rates = (r.values.get("packets") for r in self.cause_reasons if r.code == _RATE)
        return int(next(rates, 0) or 0)

    @property
    def is_heavy(self) -> bool:
        """Whether it would be harmless, were there not so much of it."""
        return self.verdict == "watch" and self.cause in _HARMLESS and self.rate > 0

    @property
    def nobody_reports(self) -> bool:
        """Whether nobody could be found, because no device reports."""
        return any(reason.code == "no_agents" for reason in self.reasons)


def of_decision(
    decision: Decision, application: Application | None, *, at_least: bool = False
) -> Subject:
    """Return the subject of one decided line."""
    rejection, attribution, cause = decision.rejection, decision.attribution, decision.cause
    return Subject(
        device=attribution.device,
        process=attribution.process,
        evidence=attribution.evidence,
        confidence=attribution.confidence,
        cause=cause.name,
        cause_confidence=cause.confidence,
        verdict=cause.verdict,
        network=rejection.remote,
        direction=rejection.direction,
        transport=rejection.transport,
        ports=() if rejection.our_port is None else (rejection.our_port,),
        remote_ip=rejection.remote_ip,
        packets=rejection.count,
        total=rejection.count,
        at_least=at_least,
        application=application,
        candidates=_tied(decision) if attribution.evidence == "ambiguous" else (),
        reasons=attribution.reasons,
        cause_reasons=cause.reasons,
    )


def _tied(decision: Decision) -> tuple[str, ...]:
    """Return the devices of the best level; they stand first, those of weaker levels after them."""
    candidates = decision.attribution.candidates
    return tuple(
        dict.fromkeys(c.device for c in candidates if c.evidence == candidates[0].evidence)
    )
