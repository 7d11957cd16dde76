"""The decision table, as cases: what is known about a packet, and what it then was."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from exporter.causes.signs import FLOOD_PER_MINUTE, MANY_SOURCES, Signs, gather
from exporter.causes.spread import Seen
from exporter.causes.strangers import DELUGE_PER_MINUTE, MANY_PORTS
from exporter.events import Attribution, Candidate, Network, Reason
from exporter.host_report import HostReport, Socket
from exporter.hosts import Hosts
from exporter.knowledge import load
from exporter.routers.uplinks import Uplinks
from tests.rejections import NOW, named, rejection

KNOWLEDGE = load()
NOBODY = Attribution()
SCANNER = Network("AS398324", "Censys", "scanner", "US")
RESEARCH = Network("AS237", "Merit Network", "research", "US")
HOSTING = Network("AS63949", "Akamai Connected Cloud", "hosting", "US")
CONTENT = Network("AS15169", "Google", "content", "US")
ISP = Network("AS4713", "OCN", "isp", "JP")


def owner(closed_for: int = 0, device: str = "ANNA-PC") -> Candidate:
    reason = Reason("port_open", {"closed_for": closed_for})
    return Candidate(
        device=device, process="", evidence="socket", confidence=0.5, reasons=(reason,)
    )


def several(*candidates: Candidate) -> Attribution:
    return Attribution(evidence="ambiguous", candidates=candidates, reasons=(Reason("several"),))


OPEN = named(candidates=(owner(),))
CLOSED = named(candidates=(owner(40),))
UNWANTED = named(process="Honeygain.exe", candidates=(owner(),))
FLOWED = Candidate(device="a", process="", evidence="flow", confidence=0.5)
SPOKE = Reason("spoke_first", {"remote": "198.51.100.7"})


class Case(NamedTuple):
    promise: str
    cause: str
    verdict: str
    packet: Mapping[str, Any] = MappingProxyType({})
    who: Attribution = NOBODY
    seen: Seen = Seen(1, 1, 1.0)
    ken: tuple[int, ...] | None = (
        None  # UDP ports that KEN-PC has open by its report, if it reports
    )
    was: str = ""  # the address that our line had until an hour ago; "?": nobody knows which


def peers(many: int = MANY_SOURCES, rate: float = 10.0) -> Seen:
    return Seen(1, many, rate)


FLOOD = Seen(1, 60, FLOOD_PER_MINUTE)
DELUGE = Seen(1, 60, DELUGE_PER_MINUTE)
STREAM = Seen(1, 1, FLOOD_PER_MINUTE)
SCAN = Seen(MANY_PORTS, 1, 5.0)
TCP = {"transport": "tcp", "our_port": 50123, "remote_port": 40000, "source": ISP}
KENS: dict[str, Any] = {"device": "KEN-PC", "process": "", "evidence": "mapping", "confidence": 1.0}
FORWARD = Attribution(**KENS, reasons=(Reason("forward", {"device": "KEN-PC", "port": 51413}),))
MAPPED = Attribution(**KENS, reasons=(Reason("mapped", {"device": "KEN-PC", "port": 51413}),))
BEHIND = Attribution(**KENS, reasons=(Reason("mapped", {"device": "KEN-PC", "inside_port": 7000}),))
ROUTED = Attribution(**KENS, reasons=(Reason("routed", {"device": "KEN-PC"}),))
SHARED = Attribution(
    reasons=(Reason("untellable_shared_address", {"port": 50123}),),
    candidates=(msgspec.structs.replace(owner(), evidence="none"),),
)
HELD = Attribution(
    reasons=(Reason("untellable_tcp", {"port": 8333}),),
    candidates=(msgspec.structs.replace(owner(), evidence="none"),),
)
CASES = [
    # within the home, and out of it
    Case("discovery within the home", "local_chatter", "benign",
         {"direction": "local", "our_port": 5353, "remote_port": 5353, "inside": True}),
    Case("any other packet within the home", "local_chatter", "benign",
         {"direction": "local", "our_port": 40000, "inside": True}),
    Case("a flood within the home", "local_chatter", "benign",
         {"direction": "local", "inside": True}, seen=FLOOD),
    Case("a device refused on its way out", "misconfiguration", "watch",
         {"direction": "outbound", "inside": True}, who=named(evidence="mapping", process="")),
    Case("a device that looks for others to infect", "misconfiguration", "act",
         {"direction": "outbound", "transport": "tcp", "destination_port": 5555, "inside": True},
         seen=peers()),
    Case("one address is no search", "misconfiguration", "watch",
         {"direction": "outbound", "transport": "tcp", "destination_port": 5555, "inside": True},
         seen=peers(MANY_SOURCES - 1)),
    Case("nor are many of a harmless port", "misconfiguration", "watch",
         {"direction": "outbound", "transport": "tcp", "destination_port": 443, "inside": True},
         seen=peers()),
    Case("a device refused on its way to a scanner's network", "misconfiguration", "watch",
         {"direction": "outbound", "source": SCANNER, "inside": True}),
    # a device that spoke first
    Case("a late reply of a flow", "late_reply", "benign", who=named(evidence="flow")),
    Case("a late reply of a remote address", "late_reply", "benign", who=named(evidence="remote")),
    Case("a late reply of a name that was asked for", "late_reply", "benign",
         who=named(evidence="dns", process="")),
    Case("but a new connection is no reply", "scan", "benign", {**TCP, "signal": "S"},
         named(evidence="remote")),
    Case("it outranks a list of research networks", "late_reply", "benign", {"source": RESEARCH},
         named(evidence="flow")),
    Case("it outranks amplifiers", "late_reply", "benign", {"remote_port": 11211},
         named(evidence="flow")),
    Case("it outranks a flood", "late_reply", "watch", who=named(evidence="remote"), seen=FLOOD),
    # known surveys
    Case("a scanner", "survey", "benign", {"source": SCANNER, "our_port": 22, "transport": "tcp"}),
    Case("a research network", "survey", "benign", {"source": RESEARCH, "our_port": 8080}),
    Case("a scanner who tries many ports", "survey", "benign", {"source": SCANNER}, seen=SCAN),
    # a program that owns the port
    Case("peers of a program that must go", "p2p", "act", who=UNWANTED, seen=peers()),
    Case("peers of a program one may want", "p2p", "watch", who=OPEN, seen=peers()),
    Case("peers of a program nobody knows", "p2p", "watch", who=named(process="xyzzy.exe")),
    Case("peers of a program without a name", "p2p", "watch", who=named(process="")),
    Case("a local owner outranks the list of scanned ports", "p2p", "watch",
         {"our_port": 5060}, OPEN),
    Case("a local owner outranks amplifiers", "p2p", "watch", {"remote_port": 11211}, OPEN),
    Case("a local owner outranks many ports of one source", "p2p", "watch", who=OPEN, seen=SCAN),
    Case("a local owner outranks a flood", "p2p", "watch", who=OPEN, seen=FLOOD),
    Case("one of several owners", "p2p", "watch", who=several(owner(), owner(40, "b"))),
    Case("several owners, all of them gone", "echo", "benign",
         who=several(owner(50), owner(40, "b"))),
    Case("several devices that spoke first", "late_reply", "benign", who=several(FLOWED)),
    Case("a late answer of a content network to an open port", "late_reply", "benign",
         {"remote_port": 443}, OPEN),
    Case("but many of them are peers", "p2p", "watch", {"remote_port": 443}, OPEN, peers()),
    Case("the port of a service on an access line is a peer's", "p2p", "watch",
         {"remote_port": 443, "source": ISP}, OPEN),
    Case("a weak hint does not outrank the owner", "p2p", "watch", {"remote_port": 3478}, OPEN),
    Case("a program that closed the port a moment ago", "echo", "benign", who=CLOSED),
    Case("a port that a device often had", "echo", "benign", who=named(evidence="history")),
    Case("it outranks the list of scanned ports", "echo", "benign", {"our_port": 5060},
         named(evidence="history")),
    # nobody's: attacks
    Case("one answer of an amplifier", "reflection", "watch", {"remote_port": 11211}),
    Case("answers of many amplifiers", "reflection", "watch", {"remote_port": 389}, seen=peers()),
    Case("a deluge matters more than whose it is", "flood", "act", who=OPEN, seen=DELUGE),
    Case("a deluge of answers", "reflection", "act", {"remote_port": 389}, OPEN, DELUGE),
    Case("a flood of answers", "reflection", "act", {"remote_port": 389}, seen=FLOOD),
    Case("a device without a program is no owner", "reflection", "watch", {"remote_port": 389},
         named(evidence="mapping", process="")),
    Case("a flood", "flood", "act", {"remote_port": 40000}, seen=FLOOD),
    Case("a flood outranks the list of scanned ports", "flood", "act",
         {"our_port": 23, "transport": "tcp", "remote_port": 40000}, seen=FLOOD),
    Case("a flood from a well-known port", "flood", "act", {"remote_port": 443}, seen=FLOOD),
    Case("one server's stream is no flood", "late_reply", "watch",
         {"our_port": 50123, "remote_port": 443}, seen=STREAM),
    Case("but a rented server's may be", "flood", "act",
         {"our_port": 50123, "remote_port": 443, "source": HOSTING}, seen=STREAM),
    Case("and a deluge is one, whoever sends it", "flood", "act",
         {"our_port": 50123, "remote_port": 443}, seen=Seen(1, 1, DELUGE_PER_MINUTE)),
    # nobody's: scans
    Case("many ports of one source", "scan", "benign", {"remote_port": 40000}, seen=SCAN),
    Case("a port that botnets try", "scan", "benign",
         {"our_port": 23, "transport": "tcp", "remote_port": 40000}),
    Case("a port of a weakness", "scan", "benign",
         {"our_port": 445, "transport": "tcp", "remote_port": 40000}),
    Case("a search for amplifiers", "scan", "benign", {"our_port": 389, "remote_port": 40000}),
    Case("a search for telephones", "scan", "benign", {"our_port": 5060, "remote_port": 5061}),
    Case("from a cloud that is registered to a content network", "scan", "benign",
         {"our_port": 22, "transport": "tcp", "remote_port": 40000, "source": HOSTING}),
    # nobody's: leftovers
    Case("a known service's port alone", "late_reply", "benign",
         {"our_port": 50123, "remote_port": 443}),
    Case("peers that remember the address", "echo", "benign",
         {"our_port": 6881, "remote_port": 40000}),
    Case("a peer's own port", "echo", "benign", {"our_port": 50123, "remote_port": 6881}),
    Case("many sources at one port", "echo", "benign",
         {"our_port": 50123, "remote_port": 40000}, seen=peers()),
    Case("many sources at one TCP port say nothing", "unknown", "watch",
         {"our_port": 50123, "remote_port": 40000, "transport": "tcp"}, seen=peers()),
    Case("nothing is known", "unknown", "watch", {"our_port": 50123, "remote_port": 40000}),
    Case("no ports at all", "unknown", "watch",
         {"transport": "icmp", "our_port": None, "remote_port": None}),
    Case("no addresses at all", "unknown", "watch",
         {"remote_ip": "", "our_ip": "", "our_port": None, "remote_port": None,
          "source": Network("unknown")}, seen=SCAN),
    # --- what the router's own table or the configuration says
    Case("a conversation that the router's own table knows", "late_reply", "benign",
         {"remote_port": 40000, "source": ISP}, ROUTED),
    Case("a forward to a device that does not report", "misconfiguration", "watch", who=FORWARD),
    Case("a forward to a program that is gone", "misconfiguration", "watch", who=FORWARD, ken=()),
    Case("a forward to a program that listens", "p2p", "watch", who=FORWARD, ken=(51413,)),
    Case("a port that a console asked for", "p2p", "watch", who=MAPPED),
    Case("a port whose program has left it open", "echo", "benign", who=MAPPED, ken=(7000,)),
    Case("a port that leads to another inside", "p2p", "watch", who=BEHIND, ken=(7000,)),
    # --- TCP's flags, and ICMP's type
    Case("a new connection to a port of no fame", "scan", "benign", {**TCP, "signal": "S"}),
    Case("a friendly source port opens no connection", "scan", "benign",
         {**TCP, "remote_port": 443, "signal": "S"}),
    Case("many ports, although of a server", "scan", "benign",
         {**TCP, "remote_port": 443, "signal": "S", "source": CONTENT}, seen=SCAN),
    Case("an answer to a question that nobody asked", "reflection", "benign",
         {**TCP, "remote_port": 443, "signal": "SA"}),
    Case("a flood of them", "reflection", "act", {**TCP, "remote_port": 80, "signal": "SA"},
         seen=FLOOD),
    Case("a deluge of them", "reflection", "act", {**TCP, "remote_port": 80, "signal": "SA"},
         OPEN, DELUGE),
    Case("a reset of nobody's connection", "reflection", "benign", {**TCP, "signal": "RA"}),
    Case("a reset of a web server", "late_reply", "benign",
         {**TCP, "remote_port": 443, "signal": "R"}),
    Case("the end of a connection to a web server", "late_reply", "benign",
         {**TCP, "remote_port": 443, "signal": "FA"}),
    Case("the end of any connection", "late_reply", "benign", {**TCP, "signal": "FA"}),
    Case("flags that no connection has", "scan", "benign", {**TCP, "signal": "FPU"}),
    Case("no program of ours chooses a low port", "scan", "benign",
         {**TCP, "our_port": 789, "signal": "FA"}),
    Case("a low port without flags", "scan", "benign", {**TCP, "our_port": 789}),
    Case("a rented server without flags", "scan", "benign", {**TCP, "source": HOSTING}),
    Case("flags of another protocol mean nothing", "unknown", "watch",
         {**TCP, "transport": "sctp", "signal": "S"}),
    Case("a ping", "scan", "benign",
         {"transport": "icmp", "our_port": None, "remote_port": None, "signal": "8"}),
    Case("a ping by IPv6", "scan", "benign",
         {"transport": "icmpv6", "our_port": None, "remote_port": None, "signal": "128"}),
    Case("an error about a packet that nobody sent", "reflection", "benign",
         {"transport": "icmp", "our_port": None, "remote_port": None, "signal": "3"}),
    # --- an open TCP port names nobody, but is a sign
    Case("a household at an open port", "p2p", "watch", {**TCP, "our_port": 8333}, HELD),
    Case("many at an open port", "p2p", "watch", {**TCP, "our_port": 8333, "source": HOSTING}, HELD,
         peers()),
    Case("a rented server at an open port", "scan", "benign",
         {**TCP, "our_port": 32400, "source": HOSTING, "signal": "S"}, HELD),
    Case("a port that everybody tries, although it is open", "scan", "benign",
         {**TCP, "our_port": 22}, HELD),
    Case("behind a shared address an open port is chance", "unknown", "watch", {**TCP}, SHARED),
    # --- a new address
    Case("peers of whoever had the address", "echo", "benign",
         {"our_port": 50123, "remote_port": 40000}, seen=Seen(1, 2, 1.0), was="203.0.113.8"),
    Case("peers at a line that was connected anew", "echo", "benign",
         {"our_port": 50123, "remote_port": 40000}, seen=Seen(1, 2, 1.0), was="?"),
    Case("by TCP, too", "echo", "benign", {**TCP, "signal": "S"}, seen=Seen(1, 2, 1.0),
         was="203.0.113.8"),
    Case("one sender alone is chance", "unknown", "watch",
         {"our_port": 50123, "remote_port": 40000}, was="203.0.113.8"),
    Case("two servers that answer late are no peers", "late_reply", "benign",
         {"our_port": 50123, "remote_port": 443}, seen=Seen(1, 2, 1.0), was="203.0.113.8"),
    Case("two rented servers that try one port are no peers", "scan", "benign",
         {**TCP, "source": HOSTING, "signal": "S"}, seen=Seen(1, 2, 1.0), was="203.0.113.8"),
    Case("the same address again", "unknown", "watch",
         {"our_port": 50123, "remote_port": 40000}, seen=Seen(1, 2, 1.0), was="203.0.113.9"),
    Case("scanners find new addresses, too", "scan", "benign", {**TCP, "our_port": 23},
         seen=Seen(1, 2, 1.0), was="203.0.113.8"),
    # --- rate and number
    Case("answers of many DNS servers", "reflection", "watch",
         {"our_port": 50123, "remote_port": 53}, seen=peers()),
    Case("a flood of DNS answers", "reflection", "act", {"our_port": 80, "remote_port": 53},
         seen=FLOOD),
    Case("one DNS answer", "late_reply", "benign", {"our_port": 50123, "remote_port": 53}),
    Case("a service port to a low port answers nothing", "unknown", "watch",
         {"our_port": 80, "remote_port": 51820}),
    Case("a service port of a line that does not name ours", "late_reply", "benign",
         {"our_port": None, "remote_port": 443}),
    Case("many such lines are not many at one port", "late_reply", "benign",
         {"our_port": None, "remote_port": 53}, seen=peers()),
    Case("two of the same game", "late_reply", "benign",
         {"our_port": 3074, "remote_port": 3074, "source": ISP}),
    Case("harmless, but it eats the line", "late_reply", "watch", who=named(evidence="flow"),
         seen=FLOOD),
    Case("a wanted program that eats the line", "p2p", "watch",
         who=named(process="aria2c.exe", candidates=(owner(),)), seen=FLOOD),
    # --- out of the home
    Case("a device that looks for others to infect", "misconfiguration", "act",
         {"direction": "outbound", "inside": True, "destination_port": 23, "transport": "tcp"}),
    Case("a program that must go, on its way out", "misconfiguration", "act",
         {"direction": "outbound", "inside": True}, UNWANTED),
    Case("a private sender from outside", "unknown", "watch",
         {"our_port": 50123, "remote_port": 40000, "source": Network("private", "cgnat", "cgnat")}),
]  # fmt: skip


def signs(case: Case) -> Signs:
    """What is known in a case."""
    packet = rejection(**case.packet)
    hosts, uplinks = Hosts(), Uplinks()
    if case.ken is not None:
        open_ports = tuple(
            Socket(transport="udp", local_ip="0.0.0.0", local_port=port, age_seconds=9.0)
            for port in case.ken
        )
        hosts.report(HostReport(version=1, device="KEN-PC", sockets=open_ports), NOW - 1)
    if case.was:
        uplinks.connected("gate", None if case.was == "?" else case.was, NOW - 90_000)
        uplinks.connected("gate", None if case.was == "?" else "203.0.113.9", NOW - 3600)
    return gather(packet, case.who, case.seen, knowledge=KNOWLEDGE, hosts=hosts, uplinks=uplinks)
