"""One program on one device, and packets that its own conversations brought about."""

from tests.lab.episodes import Script
from tests.lab.internet import FIN_ACK
from tests.lab.laboratory import Stage, wait
from tests.lab.truth import SEEN_SECONDS, Truth


def founding(stage: Stage) -> Script:
    """One program talks to a few servers of a content network; the whole network calls back."""
    culprit = stage.program("pc", "netsession_win.exe")
    port = culprit.open(51413)
    servers = [stage.remote(3478) for _ in range(4)]
    outside = [stage.meets(culprit, port, server) for server in servers]
    yield
    yield
    for server, seen in zip(servers, outside, strict=True):
        stage.knock(server, seen, Truth("pc", culprit.name, evidence=seen == port), times=3)
    truth = Truth("pc", culprit.name, evidence=outside[0] == port)
    for _ in range(8):
        stage.knock(stage.remote(3478), outside[0], truth, times=2)


def late_quic(stage: Stage) -> Script:
    """A browser talks to four servers, closes its sockets, and they go on sending."""
    browser = stage.program("phone", "chrome")
    servers = [stage.remote(443) for _ in range(4)]
    ports = [browser.open(peer=server.place) for server in servers]
    outside = [
        stage.meets(browser, port, server, connected=True)
        for port, server in zip(ports, servers, strict=True)
    ]
    yield
    for port in ports:
        browser.close(port)
    yield
    for server, seen in zip(servers, outside, strict=True):
        stage.knock(server, seen, Truth("phone", browser.name, evidence=True), times=3)


def late_tcp(stage: Stage) -> Script:
    """Connections are closed on both sides, and the servers repeat their last segment."""
    browser = stage.program("pc", "firefox")
    servers = [stage.listening(443) for _ in range(3)]
    ports = [browser.open(transport="tcp", peer=server.place) for server in servers]
    outside = [stage.takes(browser, server) for server in servers]
    yield
    for port in ports:
        browser.close(port, "tcp")
    yield
    for server, seen in zip(servers, outside, strict=True):
        truth = Truth("pc", browser.name, evidence=True)
        for _ in range(2):
            stage.segment(server.port, seen, FIN_ACK, server.ip, truth)


def gone(stage: Stage) -> Script:
    """A program ends, and its peers go on calling."""
    program = stage.program("nas", "bitcoind")
    port, peer = program.open(51700), stage.remote(8333)
    seen = stage.meets(program, port, peer)
    yield
    program.process.stop()
    yield
    for _ in range(6):
        truth = Truth("nas", program.name, evidence=seen == port)
        stage.knock(stage.remote(8333), seen, truth, times=2)


def late_dns(stage: Stage) -> Script:
    """Two devices ask the same resolver, give up, and its answers come late.

    Both talk to it, so only the port tells them apart: where it is kept.
    """
    resolver = stage.remote(53)
    asked = []
    for host, name in (("pc", "stub-resolver"), ("phone", "netd")):
        program = stage.program(host, name)
        for _ in range(2):
            port = program.open(peer=resolver.place)
            asked.append((program, port, stage.meets(program, port, resolver, connected=True)))
    yield
    for program, port, _ in asked:
        program.close(port)
    yield
    for program, port, seen in asked:
        stage.knock(resolver, seen, Truth(program.host, program.name, evidence=seen == port))


def brief(stage: Stage) -> Script:
    """The same of sockets that live a fifth of a second, as most questions to a DNS do."""
    yield
    program = stage.program("nas", "getaddrinfo")
    asked = []
    for _ in range(6):
        resolver = stage.remote(53)
        port = program.open(peer=resolver.place)
        seen = stage.meets(program, port, resolver, connected=True)
        wait(0.2)
        program.close(port)
        asked.append((resolver, seen))
    yield
    for resolver, seen in asked:
        stage.knock(resolver, seen, Truth("nas", program.name, evidence=True))


def punch(stage: Stage) -> Script:
    """A call holds a port open towards its relay; strangers try the same port."""
    call = stage.program("phone", "zoom")
    port, relay = call.open(50900), stage.remote(8801)
    stage.meets(call, port, relay)
    yield
    yield
    seen = stage.meets(call, port, relay)  # the conversation lives
    for _ in range(6):
        truth = Truth("phone", call.name, evidence=seen == port)
        stage.knock(stage.remote(40000), seen, truth, times=2)


def fresh(stage: Stage) -> Script:
    """A program opens a port and is called at once, before any agent has looked."""
    yield
    yield
    game = stage.program("pc", "newgame")
    port, server = game.open(51500), stage.remote(3074)
    seen = stage.meets(game, port, server)
    for _ in range(6):
        stage.knock(stage.remote(3074), seen, Truth("pc", game.name, evidence=seen == port))


def reuse(stage: Stage) -> Script:
    """A program closes its port and another program of the same device takes it."""
    before, after = stage.program("pc", "updater"), stage.program("pc", "player")
    port = before.open(51600)
    servers = [stage.remote(443) for _ in range(3)]
    outside = [stage.meets(before, port, server) for server in servers]
    yield
    before.close(port)
    after.open(port)
    wait(SEEN_SECONDS)
    yield
    for server, seen in zip(servers, outside, strict=True):
        stage.knock(server, seen, Truth("pc", before.name, evidence=seen == port), times=2)
