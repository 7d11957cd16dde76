"""What else a home has: devices without an agent, UPnP, DNS, moves between access points, IPv6."""

from tests.lab import services
from tests.lab.episodes import Script
from tests.lab.laboratory import Stage
from tests.lab.truth import Truth
from tests.lab.world import ADDRESSES, V6, inside, plug, unplug
from tests.system.parts.lab import run

OTHER_STATION = "00:00:5e:00:53:f5"  # phones and laptops show each network another one


def roaming(stage: Stage) -> Script:
    """The laptop goes to the other access point and gets a new address; its program goes on."""
    program = stage.program("laptop", "telegram")
    port, server = program.open(50600), stage.remote(3478)
    seen = stage.meets(program, port, server)
    truth = Truth("laptop", program.name, evidence=seen == port)
    yield
    stage.knock(stage.remote(3478), seen, truth, times=2)
    unplug(stage.lab, "laptop")
    plug(stage.lab, "laptop", "ap1")
    run("ip", "-n", stage.lab.name("laptop"), "link", "set", "eth0", "address", OTHER_STATION)
    services.ask_for_address(stage.lab, "laptop", stage.folder)
    yield
    for _ in range(4):
        stage.knock(stage.remote(3478), seen, truth, times=2)
    again = stage.remote(3478)
    seen = stage.meets(program, port, again)
    stage.knock(stage.remote(3478), seen, Truth("laptop", program.name, evidence=seen == port))


def upnp(stage: Stage) -> Script:
    """A program lets the router open a port, and closes it; its peers go on calling."""
    program = stage.program("nas", "qbittorrent")
    program.open(6881)
    stage.maps(program, 6881, 55170)
    yield
    services.unmap_port(stage.lab, "nas", 55170)
    yield
    for _ in range(8):
        truth = Truth("nas", program.name, evidence=True)
        stage.knock(stage.remote(6881), 55170, truth, times=2)


def upnp_moved(stage: Stage) -> Script:
    """The nas had the router open a port and close it; now a program of the pc has that port.

    The router's log tells both, and the pc's socket is the only one.
    """
    after = stage.program("pc", "deluge")
    stage.maps(stage.program("nas", "deluged"), 55175, 55175)
    services.unmap_port(stage.lab, "nas", 55175)
    after.open(55175)
    peer = stage.remote(6881)
    seen = stage.meets(after, 55175, peer)
    yield
    yield
    truth = Truth("pc", after.name, evidence=seen == 55175)
    stage.knock(peer, seen, truth, times=2)
    for _ in range(3):
        stage.knock(stage.remote(6881), seen, truth)


def router_table(stage: Stage) -> Script:
    """Somebody pastes what the router knows of one program's conversation, while it lasts."""
    program = stage.program("phone", "skype")
    port, server = program.open(50980), stage.remote(3478)
    seen = stage.meets(program, port, server)
    chosen = ("--orig-src", f"192.168.1.{ADDRESSES['phone']}", "--orig-port-src", str(port))
    stage.laboratory.paste(
        "router", inside(stage.lab, "router", "conntrack", "-L", "-p", "udp", *chosen)
    )
    yield
    yield
    truth = Truth("phone", program.name, evidence=True)
    stage.knock(server, seen, truth, times=2)
    for _ in range(3):
        stage.knock(stage.remote(3478), seen, truth, times=2)


def agentless(stage: Stage) -> Script:
    """Somebody pastes what netstat says on a device on which nothing of ours runs."""
    program = stage.program("tv", "smarttv")
    port, server = program.open(50800), stage.remote(3478)
    seen = stage.meets(program, port, server)
    yield
    stage.laboratory.paste("tv", inside(stage.lab, "tv", "netstat", "-tunap"))
    yield
    for _ in range(5):
        truth = Truth("tv", program.name, evidence=seen == port)
        stage.knock(stage.remote(3478), seen, truth, times=2)


def asked(stage: Stage) -> Script:
    """The tv asked the router's DNS for a server, and the server's answers come late.

    For one name the nas has asked as well: then nobody can tell.
    """
    program = stage.program("tv", "netflix")
    yield
    talks = []
    for rivals in ((), (), (), ("nas",)):
        name, server = stage.named(443)
        for host in ("tv", *rivals):
            services.look_up(stage.lab, host, name)
        port = program.open(peer=server.place)
        talks.append((server, stage.meets(program, port, server, connected=True), not rivals))
        program.close(port)
    yield
    for server, seen, evidence in talks:
        stage.knock(server, seen, Truth("tv", program.name, evidence=evidence), times=2)


def heir(stage: Stage) -> Script:
    """A device asked the DNS and went; its address is another device's now.

    It had a lease for that address, and its question is in the DNS's log with the time.
    """
    name, server = stage.named(443)
    program = stage.program("laptop", "thunderbird")
    services.look_up(stage.lab, "laptop", name)
    ip = inside(stage.lab, "laptop", "hostname", "-I").split()[0]
    port = program.open(peer=server.place)
    seen = stage.meets(program, port, server, connected=True)
    program.close(port)
    yield
    run("ip", "-n", stage.lab.name("nas"), "addr", "add", f"{ip}/24", "dev", "eth0")
    yield
    stage.knock(server, seen, Truth("laptop", program.name, evidence=True), times=4)


def ipv6(stage: Stage) -> Script:
    """Without translation the address is the device's own, and so is the port."""
    program = stage.program("phone", "signal")
    port, server = program.open(50950, ip="::"), stage.remote(3478, v6=True)
    stage.meets(program, port, server)
    yield
    yield
    truth = Truth("phone", program.name, evidence=True)
    stage.knock(server, port, truth, at=V6["phone"], times=2)
    for _ in range(4):
        stage.knock(stage.remote(3478, v6=True), port, truth, at=V6["phone"], times=2)
