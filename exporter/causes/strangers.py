"""Rules about packets of strangers: surveys, scans, floods, and what is left of somebody's traffic.

Each takes `Signs` and returns a `Cause`, or None when it has nothing to say; `exporter.causes` has
their order.
"""

from exporter.causes.reasons import cause, our_port, rate, remote_port, sources
from exporter.causes.signs import RENTED, Signs
from exporter.events import Cause, Reason, Verdict

MANY_PORTS = 5  # of ours, tried by one source: that is a scan
SEVERAL_SOURCES = 2  # at one port of an address that was somebody else's: one alone is chance
MANY_ANSWERS = 20  # ports to which one server answers; beyond it, only servers one knows do
FEW_PACKETS = 20  # of one source: what is left of a conversation, no stream
DELUGE_PER_MINUTE = 30_000.0  # packets; whoever they are for, the line suffers
PINGS = {"icmp": "8", "icmpv6": "128"}


def survey(signs: Signs) -> Cause | None:
    """Organisations that knock on every address to count open doors."""
    if signs.rejection.remote.kind not in ("scanner", "research"):
        return None
    name = signs.rejection.remote.name
    return cause("survey", "benign", 0.95, Reason("known_surveyor", {"name": name}))


def deluge(signs: Signs) -> Cause | None:
    """So much that it matters more than whose it is."""
    if signs.seen.packets_per_minute < DELUGE_PER_MINUTE:
        return None
    return backscatter(signs) or reflection(signs) or _flooded(signs)


def backscatter(signs: Signs) -> Cause | None:
    """Answers to a stranger who forged our address as the sender of an attack or a scan."""
    if not signs.rejection.signal:
        return None
    if signs.accepts:
        answer = Reason("answer_never_asked")
    elif signs.resets and signs.remote_reading != "benign":
        answer = Reason("reset_never_asked")
    elif signs.is_icmp_answer:
        answer = Reason("icmp_never_asked")
    else:
        return None
    verdict: Verdict = "act" if signs.is_flood else "benign"
    return cause("reflection", verdict, 0.8 if signs.accepts else 0.6, answer)


def reflection(signs: Signs) -> Cause | None:
    """Answers of abused servers to questions that somebody asked in our name."""
    if signs.remote_reading != "attack" and not (signs.amplifies and signs.has_many_sources):
        return None
    many, flood = signs.has_many_sources, signs.is_flood
    reasons = [remote_port("amplifier_port", signs), *([sources(signs)] if many else [])]
    verdict: Verdict = "act" if flood else "watch"
    return cause("reflection", verdict, 0.9 if many or flood else 0.6, *reasons)


def flood(signs: Signs) -> Cause | None:
    """More than a line can ignore, for a port that nobody at home owns.

    One server of those that people ask, from its service's port, is no flood: a film goes on when
    the router has forgotten who asked for it.
    """
    if not signs.is_flood:
        return None
    known = signs.remote_reading == "benign" and signs.network_reading == "benign"
    is_stream = known and not signs.opens and not signs.has_many_sources
    return None if is_stream else _flooded(signs)


def _flooded(signs: Signs) -> Cause:
    return cause("flood", "act", 0.8, rate(signs))


def scan(signs: Signs) -> Cause | None:
    """Strangers who try doors: many ports of ours, or one that everybody tries."""
    ports = signs.seen.ports_of_source
    if signs.rejection.remote_ip and ports >= MANY_PORTS and not _answers(signs):
        return cause("scan", "benign", 0.9, Reason("ports_of_source", {"ports": ports}))
    if signs.is_no_connection:
        return cause("scan", "benign", 0.85, Reason("flags_of_no_connection"))
    if signs.is_attacked:
        return cause("scan", "benign", 0.85, our_port("port_that_scanners_try", signs))
    if signs.rejection.signal == PINGS.get(signs.rejection.transport):
        return cause("scan", "benign", 0.7, Reason("ping"))
    return None


def _answers(signs: Signs) -> bool:
    """Whether what one sender sends to many ports may be answers.

    A provider's own name servers and caches stand among its households: their network says little.
    """
    if signs.remote_reading != "benign" or signs.opens:
        return False
    if signs.network_reading == "benign":
        return True
    return signs.rejection.remote.kind not in RENTED and signs.seen.ports_of_source < MANY_ANSWERS


def inherited(signs: Signs) -> Cause | None:
    """Peers of whoever had our address until a short while ago."""
    if signs.renewed is None or signs.rejection.our_port is None or not signs.is_ephemeral:
        return None
    scans = signs.rejection.transport == "tcp" and signs.rejection.remote.kind in RENTED
    if scans or signs.remote_reading == "benign":
        return None
    is_peer = signs.port_kind == "p2p" or signs.remote_reading == "p2p"
    if signs.seen.sources_of_port < SEVERAL_SOURCES and not is_peer:
        return None
    ago: dict[str, str | int | float] = {"ago": round(signs.renewed.ago)}
    if signs.renewed.changed:
        return cause("echo", "benign", 0.8, Reason("address_changed", ago), sources(signs))
    return cause("echo", "benign", 0.65, Reason("reconnected", ago), sources(signs))


def tail(signs: Signs) -> Cause | None:
    """What is left of a TCP connection: it neither opens one nor comes from nowhere."""
    if not signs.rejection.signal or not signs.is_ephemeral:
        return None
    if not (signs.continues or signs.resets):
        return None
    left = Reason("tcp_tail")
    if signs.remote_reading != "benign":
        return cause("late_reply", "benign", 0.5, left)
    port = remote_port("known_service_port", signs)
    return cause("late_reply", "benign", round(0.8 * signs.remote_weight, 2), left, port)


def service_port(signs: Signs) -> Cause | None:
    """A known service's port on the other side; alone it says little."""
    same = signs.rejection.our_port == signs.rejection.remote_port
    if signs.remote_reading != "benign" or signs.opens or not (same or signs.is_ephemeral):
        return None
    port = remote_port("known_service_port", signs)
    few = signs.seen.packets_of_source <= FEW_PACKETS and not signs.has_many_sources
    if signs.network_reading == "benign" and few and signs.port_kind != "p2p":
        sure = round(0.8 * signs.remote_weight, 2)
        return cause("late_reply", "benign", sure, port, Reason("network_of_servers"))
    return cause("late_reply", "benign", round(0.5 * signs.remote_weight, 2), port)


def peers(signs: Signs) -> Cause | None:
    """Peers of a program that nobody here runs, perhaps of the address's previous owner."""
    if signs.port_kind == "p2p" or signs.remote_reading == "p2p":
        return cause("echo", "benign", 0.6, Reason("peer_port"))
    if signs.rejection.transport != "udp":
        return None
    if signs.has_many_sources:
        return cause("echo", "benign", 0.5, sources(signs))
    if signs.port_kind == "legit" and signs.rejection.our_port == signs.rejection.remote_port:
        return cause("late_reply", "benign", 0.4, our_port("same_port", signs))
    return None


def opening(signs: Signs) -> Cause | None:
    """A stranger opens a connection to a port of no fame; nobody here waits for any."""
    if signs.rejection.transport != "tcp":
        return None
    if signs.opens:
        return cause("scan", "benign", 0.7, Reason("opens_connection"))
    if (signs.rejection.our_port or 1024) < 1024:
        return cause("scan", "benign", 0.6, our_port("unused_low_port", signs))
    if signs.rejection.remote.kind in RENTED:
        return cause("scan", "benign", 0.5, Reason("rented_servers"))
    return None
