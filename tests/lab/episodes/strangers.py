"""Packets that nobody at home has brought about: no name is right."""

import random

from tests.lab.episodes import Script
from tests.lab.internet import SYN, SYN_ACK
from tests.lab.laboratory import Stage

UDP_SERVICES = {"asterisk": 5060, "avahi-daemon": 5353, "minidlnad": 1900}
TCP_SERVICES = {"sshd": 22, "nginx": 8080, "smbd": 445}
TRIED_UDP = (53, 69, 111, 123, 137, 161, 389, 500, 623, 1434, 1900, 3702, 5060, 5353, 11211, 27015)
TRIED_TCP = (21, 22, 23, 80, 81, 443, 445, 2323, 3389, 5555, 8080, 8443)


def scan(stage: Stage) -> Script:
    """Scanners try the ports that scanners try; some of them are open on the nas."""
    for name, port in UDP_SERVICES.items():
        stage.program("nas", name).open(port)
    for name, port in TCP_SERVICES.items():
        stage.program("nas", name).open(port, transport="tcp")
    yield
    yield
    for _ in range(2):
        scanner = stage.remote(40123)
        for port in TRIED_UDP:
            stage.knock(scanner, port)
        ip = None
        for port in TRIED_TCP:
            ip = stage.segment(40123, port, SYN, ip)
    for _ in range(2):  # and many that try one door each
        stage.knock(stage.remote(5060), 5060)
        stage.segment(51000, 22, SYN)
        stage.segment(51000, 8080, SYN)


def sweep(stage: Stage) -> Script:
    """One scanner tries forty high ports in a row; behind the 21st is a program of the nas."""
    stage.program("nas", "syncthing").open(51080)
    yield
    yield
    scanner = stage.remote(45678)
    for port in range(51060, 51100):
        stage.knock(scanner, port)


def reflection(stage: Stage) -> Script:
    """Somebody forges our address: servers answer to ports that nobody here has used."""
    yield
    yield
    ports = random.Random(2).sample(range(61000, 65000), 24)
    for source, ours in zip((53, 123, 53, 123, 1900, 389), ports, strict=False):
        stage.knock(stage.remote(source), ours, times=2)
    for source, ours in zip((443, 80) * 3, ports[6:], strict=False):
        stage.segment(source, ours, SYN_ACK)


def connected(stage: Stage) -> Script:
    """Strangers try the port of a connected socket, which hears nobody but its server."""
    tunnel = stage.program("phone", "openvpn")
    server = stage.remote(1194)
    port = tunnel.open(50860, peer=server.place)
    seen = stage.meets(tunnel, port, server, connected=True)
    yield
    yield
    for _ in range(6):
        stage.knock(stage.remote(40000), seen)


def router_itself(stage: Stage) -> Script:
    """The router asks for the time itself, and the answers come late: no device of the home did."""
    clock = stage.program("router", "ntpd")
    asked = []
    for _ in range(3):
        server = stage.remote(123)
        port = clock.open(peer=server.place)
        asked.append((server, stage.meets(clock, port, server, connected=True)))
    yield
    yield
    for server, seen in asked:
        stage.knock(server, seen, times=2)


def inherited(stage: Stage) -> Script:
    """Who had our address before shared files; the peers still call."""
    yield
    yield
    for _ in range(12):
        stage.knock(stage.remote(51413), 42885)
