"""Who had which port, when: the sockets by which packets were judged, kept with the decisions.

A Decision goes in, and what its candidates had open comes out; a period goes in, and who had which
port within it comes out. A family's programs are nobody's business: a socket that no packet met, or
that proves nothing (a scan of port 22 met the NAS), is not kept.
"""

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from exporter.events import Decision

MOST = 200  # of an answer
_HAVING_PORT = ("mapping", "flow", "socket")  # evidence that is about the packet's own port
_HAD = ("port_open", "spoke_first_same_port", "routed")  # and its reasons that tell since when


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A program of a device had a port of our side, as the outside sees it."""

    device: str
    process: str  # "" when the system did not tell
    transport: str
    port: int
    opened: float
    seen: float  # it was open at least until then


def held(decision: Decision) -> Iterator[Held]:
    """The sockets by which a decision was made."""
    rejection = decision.rejection
    if rejection.our_port is None:
        return
    for candidate in decision.attribution.candidates:
        if candidate.evidence not in _HAVING_PORT or not candidate.device:
            continue
        for reason in candidate.reasons:
            if reason.code in _HAD:
                yield Held(
                    device=candidate.device,
                    process=candidate.process,
                    transport=rejection.transport,
                    port=rejection.our_port,
                    opened=rejection.received - float(reason.values["open_for"]),
                    seen=rejection.received - float(reason.values["closed_for"]),
                )


def place(held: Held) -> tuple[object, ...]:
    """Return what sockets that may be one have in common."""
    return (held.device, held.process, held.transport, held.port)


def joined(one: Held, other: Held) -> Held:
    """Return the socket that was seen twice."""
    return msgspec.structs.replace(
        one, opened=min(one.opened, other.opened), seen=max(one.seen, other.seen)
    )


def store(connection: sqlite3.Connection, sockets: Iterable[Held]) -> None:
    """Store sockets within the caller's transaction; what is known of one already is drawn out."""
    for one in sockets:
        facts = msgspec.structs.asdict(one)
        known = connection.execute(_KNOWN, facts)
        if not known.rowcount:
            connection.execute(_NEW, facts)


def between(
    connection: sqlite3.Connection,
    since: float,
    until: float,
    *,
    device: str | None = None,
    process: str | None = None,
    transport: str | None = None,
    port: int | None = None,
    most: int = MOST,
) -> tuple[Held, ...]:
    """Return who had which port between two moments, by port, the first first."""
    wanted = {"device": device, "process": process, "transport": transport, "port": port}
    asked = {name: value for name, value in wanted.items() if value is not None}
    conditions = " AND ".join(f"{name} = :{name} COLLATE NOCASE" for name in asked) or "TRUE"
    found = connection.execute(
        "SELECT device, process, transport, port, opened, seen FROM sockets"  # noqa: S608 - names of ours
        f" WHERE seen >= :since AND opened <= :until AND {conditions}"
        " ORDER BY port, transport, opened LIMIT :most",
        {**asked, "since": since, "until": until, "most": most},
    )
    names = Held.__struct_fields__
    return tuple(Held(**dict(zip(names, row, strict=True))) for row in found)


_KNOWN = """
UPDATE sockets SET opened = min(opened, :opened), seen = max(seen, :seen)
WHERE port = :port AND transport = :transport AND device = :device AND process = :process
    AND opened <= :seen AND seen >= :opened
"""
_NEW = "INSERT INTO sockets VALUES (:device, :process, :transport, :port, :opened, :seen)"
