"""A small home for tests: hosts that report, and packets that a router refused."""

from exporter.attribution import Attributor
from exporter.events import Network, Rejection
from exporter.host_report import Flow, HostReport, Socket
from exporter.hosts import Hosts

NOW = 1_790_000_000.0
STRANGER = "198.51.100.7"
WAN = "203.0.113.9"
OUTSIDE = Network("AS64496", "Example", "isp", "JP")
SCANNED = {("udp", 5060), ("tcp", 22), ("udp", 51900)}
EVERYONE = {1900, 5353}


def socket(port=51413, process="netsession_win.exe", **changes):
    fields = {
        "transport": "udp",
        "local_ip": "0.0.0.0",
        "local_port": port,
        "process": process,
        "age_seconds": 3600.0,
    }
    return Socket(**(fields | changes))


def flow(port=51413, remote=STRANGER, **changes):
    fields = {
        "transport": "udp",
        "local_ip": "192.168.1.23",
        "local_port": port,
        "remote_ip": remote,
        "remote_port": 3478,
    }
    return Flow(**(fields | changes))


def report(device="ANNA-PC", *sockets, **changes):
    fields = {"version": 1, "device": device, "agent": "test", "sockets": sockets}
    return HostReport(**(fields | changes))


def rejection(port=51413, **changes):
    fields = {
        "received": NOW,
        "router": "gw",
        "direction": "inbound",
        "transport": "udp",
        "remote_ip": STRANGER,
        "remote_port": 3478,
        "our_ip": WAN,
        "our_port": port,
        "destination_port": port,
        "source": OUTSIDE,
        "remote": OUTSIDE,
        "inside": False,
    }
    return Rejection(**(fields | changes))


def port_kind(transport, port):
    if port in EVERYONE:
        return "everyone_port"
    return "scan_port" if (transport, port) in SCANNED else None


def home(*reports, at=NOW - 1):
    hosts = Hosts()
    for one in reports:
        hosts.report(one, at)
    return hosts


def attribute(hosts, packet):
    return Attributor(hosts, port_kind).attribute(packet)
