"""Candidates for a rejected packet, from the sockets and flows of devices; and whom they name.

Scores are decibans, ten times the logarithm of the odds against "nobody at home": a random probe
hits one of a home's 300 open ports once in 200 times, which is 23 of them.
"""

from collections.abc import Iterable

import msgspec

from exporter.attribution.lookups import Lookup
from exporter.events import Attribution, Candidate, Evidence, Reason, Rejection
from exporter.hosts.listeners import HISTORY, Span

SLOT = 600.0  # seconds; sightings in different slots are "separate times"
SEPARATE_TIMES = 3
_HISTORY_DECIBANS, _HISTORY_HALF_LIFE = 20.0, 7200.0
MIN_CONFIDENCE = 0.85  # below it nobody is named
DECIBANS: dict[Evidence, float] = {"mapping": 40, "flow": 30, "socket": 20, "remote": 10, "dns": 9}
# Of the 240 ports of a shared address several are always in use: a probe hits one of them easily.
SHARED_DECIBANS = 12.0


def reachable(spans: Iterable[Span], rejection: Rejection, owner: str | None) -> list[Span]:
    """Sockets that a packet to our address could have been meant for.

    A connected socket hears its peer alone. What a router's table has at a port, anybody may learn.
    """
    return [
        span
        for span in spans
        if owner in (None, span.device)
        and _accepts(span.local_ip, rejection.remote_ip)
        and (span.routed or span.remote_ip in (None, rejection.remote_ip))
    ]


def _accepts(local_ip: str, remote_ip: str) -> bool:
    if local_ip.startswith("127.") or local_ip == "::1":
        return False  # only this host itself can reach it
    if local_ip in ("::", "*", "") or not remote_ip:
        return True  # a dual-stack socket, most likely
    return (":" in local_ip) == (":" in remote_ip)


def by_device(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """Spans grouped by the device they belong to."""
    devices: dict[str, list[Span]] = {}
    for span in spans:
        devices.setdefault(span.device, []).append(span)
    return devices


def candidates(
    evidence: Evidence,
    spans: Iterable[Span],
    rejection: Rejection,
    code: str,
    decibans: float | None = None,
) -> list[Candidate]:
    """One candidate a device, all of one level; as sure as that level is unless told otherwise."""
    sure = DECIBANS[evidence] if decibans is None else decibans
    return [
        candidate(evidence, of_device, rejection, code, {}, sure)
        for of_device in by_device(spans).values()
    ]


def history(spans: Iterable[Span], rejection: Rejection) -> list[Candidate]:
    """One candidate for each device that had the port at three or more separate times in a day."""
    found = []
    day_ago = rejection.received - HISTORY
    for of_device in by_device(spans).values():
        slots = {
            slot
            for span in of_device
            for slot in range(
                int(max(span.opened, day_ago) // SLOT), int(span.last_seen // SLOT) + 1
            )
        }
        if len(slots) < SEPARATE_TIMES:
            continue
        age = max(0.0, rejection.received - max(span.last_seen for span in of_device))
        decibans = _HISTORY_DECIBANS * 2 ** (-age / _HISTORY_HALF_LIFE)
        values: dict[str, str | int | float] = {"times": len(slots), "ago": round(age)}
        found.append(candidate("history", of_device, rejection, "port_history", values, decibans))
    return found


def candidate(
    evidence: Evidence,
    spans: list[Span],
    rejection: Rejection,
    code: str,
    values: dict[str, str | int | float],
    decibans: float,
) -> Candidate:
    """The candidate that a device's spans make, with its reason."""
    processes = {span.process for span in spans} - {""}
    process = processes.pop() if len(processes) == 1 else ""
    newest = max(spans, key=lambda span: span.last_seen)
    closed_for = 0.0
    if newest.current_until < rejection.received:
        closed_for = rejection.received - newest.last_seen
    values = {
        "device": newest.device,
        "process": process,
        "transport": rejection.transport,
        "port": rejection.our_port or 0,
        "remote": rejection.remote_ip,
        "open_for": round(max(0.0, rejection.received - min(span.opened for span in spans))),
        "closed_for": round(closed_for),
        **({"inside": newest.local_ip} if newest.routed else {}),
        **values,
    }
    return Candidate(
        device=newest.device,
        process=process,
        evidence=evidence,
        confidence=_probability(decibans),
        reasons=(Reason("routed", values) if newest.routed else Reason(code, values),),
    )


def inside(told: Reason) -> Candidate:
    """The router itself names the inside host, and sometimes the port at which its program is."""
    return Candidate(
        device=str(told.values["device"]),
        process=str(told.values.get("process", "")),
        evidence="mapping",
        confidence=_probability(DECIBANS["mapping"]),
        reasons=(told,),
    )


def asked(device: str, lookup: Lookup, rejection: Rejection) -> Candidate:
    """A device asked for the name behind the remote address; its program stays unknown."""
    values: dict[str, str | int | float] = {
        "device": device,
        "name": lookup.name,
        "remote": rejection.remote_ip,
        "ago": round(rejection.received - lookup.when),
    }
    return Candidate(
        device=device,
        process="",
        evidence="dns",
        confidence=_probability(DECIBANS["dns"]),
        reasons=(Reason("asked", values),),
    )


def name(best: list[Candidate], also: Iterable[Candidate] = ()) -> Attribution:
    """Name the one device at the best level; several of them, or too little, name nobody."""
    others = tuple(c for c in also if c.device not in devices(best))
    if len(best) > 1:
        shared = tuple(
            msgspec.structs.replace(c, confidence=c.confidence / len(best))
            for c in best
            if c.device
        )
        reason = Reason("several_devices", {"devices": len(best)})
        return Attribution(
            evidence="ambiguous",
            confidence=max((c.confidence for c in shared), default=0.0),
            reasons=(reason,),
            candidates=shared + others,
        )
    [one] = best
    if not one.device:
        inside = one.reasons[0].values["inside"]
        return Attribution(reasons=(Reason("inside_address_unknown", {"address": inside}),))
    if one.confidence < MIN_CONFIDENCE:
        return Attribution(
            reasons=(Reason("too_weak", {"confidence": one.confidence}), *one.reasons),
            candidates=(one, *others),
        )
    return Attribution(
        device=one.device,
        process=one.process,
        evidence=one.evidence,
        confidence=one.confidence,
        reasons=one.reasons,
        candidates=(one, *others),
    )


def devices(found: Iterable[Candidate | Span]) -> set[str]:
    """The names of the devices of candidates or spans."""
    return {one.device for one in found}


def _probability(decibans: float) -> float:
    return float(1.0 / (1.0 + 10.0 ** (-decibans / 10.0)))
