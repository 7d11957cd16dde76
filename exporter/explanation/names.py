"""What things are called: devices and their programs, networks, and the values of decisions."""

from exporter.events import CauseName, Direction, Evidence, Network, Verdict
from exporter.explanation.words import Language, say

NO_ORGANISATION = ("private", "reserved", "unknown", "other", "")


def verdict(verdict: Verdict, language: Language) -> str:
    """Return a short label."""
    return say(language, f"verdict.{verdict}")


def cause(cause: CauseName, language: Language) -> str:
    """Return a short label."""
    return say(language, f"cause.{cause}")


def evidence(evidence: Evidence, language: Language) -> str:
    """Return a short label."""
    return say(language, f"evidence.{evidence}")


def direction(direction: Direction, language: Language) -> str:
    """Return a short label."""
    return say(language, f"direction.{direction}")


def who(device: str, process: str, language: Language) -> str:
    """Return a program of a device, or the device when its program is not known."""
    return say(language, "who", device=device, process=process) if process else device


def any_of(devices: tuple[str, ...], language: Language) -> str:
    """Return devices of which it is one."""
    *others, last = devices
    if not others:
        return last
    return say(language, "any_of", others=say(language, "comma").join(others), last=last)


def network(network: Network, language: Language, *, country: bool = True) -> str:
    """Return a network with its number, and where it is registered."""
    if network.asn in NO_ORGANISATION:
        return say(language, f"network.{network.asn}", "network.unknown")
    if not network.name:
        return network.asn
    key = "network.country" if country and network.country else "network"
    return say(language, key, name=network.name, asn=network.asn, country=network.country)
