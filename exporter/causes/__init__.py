"""Why a rejected packet came: a decision table over what was seen.

In go `Signs`, all plain values; out comes a `Cause` with its verdict and reasons. The rules are
tried in the order of `RULES`, the first that speaks wins, and `unknown` is an answer too. A device
that spoke first, or a program that owns our port, outranks every list of known ports. The table
for people is docs/causes.md, in the same order.
"""

from collections.abc import Callable

from exporter.causes import ours, reasons, strangers
from exporter.causes.signs import Signs, gather
from exporter.events import Cause, Reason

__all__ = ["RULES", "UNDECIDED", "Signs", "decide", "gather"]

UNDECIDED = reasons.cause("unknown", "watch", 0.0, Reason("defect"))  # where we failed to decide

RULES: tuple[Callable[[Signs], Cause | None], ...] = (
    ours.local,
    ours.outbound,
    strangers.deluge,
    ours.spoke_first,
    strangers.survey,
    ours.owned,
    ours.gone,
    ours.forwarded,
    strangers.backscatter,
    strangers.reflection,
    strangers.flood,
    strangers.scan,
    ours.open_here,
    strangers.inherited,
    strangers.tail,
    strangers.service_port,
    strangers.peers,
    strangers.opening,
)
# Most packets come from outside, without evidence for any device: then these say nothing.
_OF_OURS = (ours.local, ours.outbound, ours.spoke_first, ours.owned, ours.gone, ours.forwarded)
_OF_STRANGERS = tuple(rule for rule in RULES if rule not in _OF_OURS)


def decide(signs: Signs) -> Cause:
    """The cause, by the first rule that speaks; so much that it eats the line is worth watching."""
    cause = _first(signs)
    if cause.verdict != "benign" or not signs.is_flood or cause.name == "local_chatter":
        return cause
    heavy = (*cause.reasons, reasons.rate(signs))
    return reasons.cause(cause.name, "watch", cause.confidence, *heavy)


def _first(signs: Signs) -> Cause:
    evidence, direction = signs.attribution.evidence, signs.rejection.direction
    is_nobodys = evidence == "none" and direction == "inbound"
    for rule in _OF_STRANGERS if is_nobodys else RULES:
        cause = rule(signs)
        if cause is not None:
            return cause
    is_private = signs.rejection.remote.asn == "private"
    reason = Reason("private_sender") if is_private else Reason("no_sign")
    return reasons.cause("unknown", "watch", 0.0, reason)
