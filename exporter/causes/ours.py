"""Rules about packets that have to do with a device of ours: it sent, asked, listens or listened.

Each takes `Signs` and returns a `Cause`, or None when it has nothing to say; `exporter.causes` has
their order.
"""

from exporter.causes.reasons import cause, remote_port, sources
from exporter.causes.signs import MANY_SOURCES, RENTED, Signs
from exporter.events import Cause, Reason

TELNET = frozenset([23, 2323])  # TCP; no person logs in so today, Mirai and its kin do
INFECTED = frozenset(["iot_botnet", "exploit"])  # kinds of ports.yaml: by which malware spreads
CHATTER_PORTS = frozenset([67, 68, 137, 138, 546, 547, 1900, 3702, 5353, 5355])


def local(signs: Signs) -> Cause | None:
    """Announcements within the home that a strict router logs."""
    if signs.rejection.direction != "local":
        return None
    home = Reason("within_home")
    if signs.rejection.destination_port in CHATTER_PORTS:
        return cause("local_chatter", "benign", 0.95, home, Reason("discovery"))
    return cause("local_chatter", "benign", 0.8, home)


def outbound(signs: Signs) -> Cause | None:
    """A device of ours was refused on its way out: nobody outside did anything."""
    if signs.rejection.direction != "outbound":
        return None
    stopped = Reason("refused_outbound")
    tried = signs.seen.sources_of_port  # of what goes out it counts the addresses sent to
    is_search = signs.port_kind in INFECTED and tried >= MANY_SOURCES
    telnet = signs.rejection.transport == "tcp" and signs.rejection.destination_port in TELNET
    if is_search or telnet:
        port = Reason("botnet_port", {"port": signs.rejection.destination_port or 0})
        many = [Reason("addresses_tried", {"addresses": tried})] if is_search else []
        return cause("misconfiguration", "act", 0.8, stopped, port, *many)
    is_bad = signs.application is not None and signs.application.verdict == "act"
    return cause("misconfiguration", "act" if is_bad else "watch", 0.8, stopped)


def spoke_first(signs: Signs) -> Cause | None:
    """A device talked to that address: what comes back late is not an attack."""
    if signs.opens and signs.level == "remote":  # it asks: that is no reply
        return None
    in_table = signs.level == "mapping" and signs.first_reason == "routed"
    if signs.level not in ("flow", "remote", "dns") and not in_table:
        return None
    return cause("late_reply", "benign", 0.95, *signs.attribution.reasons[:1])


def owned(signs: Signs) -> Cause | None:
    """A program owns the port now: peers that learnt the port are sent away while it works."""
    if signs.level != "socket":
        return None
    if signs.closed_for > 0:
        return cause("echo", "benign", 0.8, Reason("program_gone"))
    is_server = signs.network_reading == "benign" and signs.remote_weight >= 0.85
    if is_server and signs.remote_reading == "benign" and not signs.has_many_sources:
        return cause("late_reply", "benign", 0.8, remote_port("known_service_port", signs))
    verdict = signs.application.verdict if signs.application else "watch"
    return cause("p2p", verdict, 0.85, Reason("program_listens"), sources(signs))


def gone(signs: Signs) -> Cause | None:
    """The port was a program's, which has gone: its peers do not know yet."""
    if signs.level != "history":
        return None
    return cause("echo", "benign", 0.8, Reason("program_gone"))


def forwarded(signs: Signs) -> Cause | None:
    """The router hands the port to a device: does anything there still listen?"""
    if signs.level != "mapping":
        return None
    if signs.first_reason not in ("forward", "mapped"):
        return None
    if signs.listens or signs.attribution.process:
        verdict = signs.application.verdict if signs.application else "watch"
        return cause("p2p", verdict, 0.8, Reason("program_listens"), sources(signs))
    port = signs.rejection.our_port or 0
    dead = Reason("forward_dead", {"device": signs.attribution.device, "port": port})
    silent = signs.listens is None
    if signs.first_reason == "forward":
        reason = Reason("forward_silent", dead.values) if silent else dead
        return cause("misconfiguration", "watch", 0.6 if silent else 0.85, reason)
    if silent:
        return cause("p2p", "watch", 0.7, *signs.attribution.reasons[:1], sources(signs))
    return cause("echo", "benign", 0.7, dead)


def open_here(signs: Signs) -> Cause | None:
    """A TCP port is open at home: that names nobody, yet hitting it is hardly chance."""
    if not signs.attribution.candidates or signs.first_reason != "untellable_tcp":
        return None
    many = signs.has_many_sources
    if not many and (not signs.is_ephemeral or signs.rejection.remote.kind in RENTED):
        return None
    return cause("p2p", "watch", 0.6 if many else 0.5, Reason("program_listens"), sources(signs))
