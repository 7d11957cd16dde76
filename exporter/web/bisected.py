"""What is known of suspects that are nobody: whom their packets follow, and what to do to find out.

Suspects of a period go in, out comes what the bisection found of the first of them, by number.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from exporter import explanation
from exporter.bisection import Bisection, Found, concerns
from exporter.evidence import Suspect
from exporter.explanation import Language

MOST = 5  # suspects; each takes one or two thousandths of a second, once a minute


def bisected(bisection: Bisection, suspects: Iterable[Suspect], now: float) -> Mapping[int, Found]:
    """Ask about those suspects behind which a device may be found."""
    found: dict[int, Found] = {}
    nobodys = [s for s in suspects if concerns(s.device, s.direction, s.cause)]
    for suspect in nobodys[:MOST]:
        among = suspect.candidates if suspect.evidence == "ambiguous" else ()
        of: tuple[int | str, ...] = (*suspect.ports[:1], suspect.network.asn)
        known = bisection.found(suspect.routers, suspect.transport, of, now, among)
        if known is not None:
            found[suspect.number] = known
    return found


def in_words(found: Found, language: Language) -> dict[str, Any]:
    """Return what was found as JSON has it."""
    return {
        **msgspec.to_builtins(found),
        "findings": explanation.findings(found, language),
        "next_step": explanation.next_step(found, language),
    }
