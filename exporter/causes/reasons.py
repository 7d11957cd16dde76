"""What the rules' answers are made of: a cause, and reasons with the numbers that they rest on."""

from exporter.causes.signs import Signs
from exporter.events import Cause, CauseName, Reason, Verdict


def cause(name: CauseName, verdict: Verdict, confidence: float, *reasons: Reason) -> Cause:
    """A cause with its reasons."""
    return Cause(name=name, verdict=verdict, confidence=confidence, reasons=reasons)


def rate(signs: Signs) -> Reason:
    """How much comes for the port, in two figures: more would be pretended."""
    about = int(float(f"{signs.seen.packets_per_minute:.2g}"))
    return Reason("packets_per_minute", {"packets": about})


def sources(signs: Signs) -> Reason:
    """How many senders try the port."""
    return Reason("sources_at_port", {"sources": signs.seen.sources_of_port})


def our_port(code: str, signs: Signs) -> Reason:
    """Something about the port that the packet was sent to."""
    return Reason(code, {"port": signs.rejection.our_port or 0})


def remote_port(code: str, signs: Signs) -> Reason:
    """Something about the port that the packet came from."""
    return Reason(code, {"port": signs.rejection.remote_port or 0})
