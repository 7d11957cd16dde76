"""What stands between a program and its port outside: a carrier, the home's NAT, a container."""

import json
import subprocess

from tests.lab.episodes import Script
from tests.lab.laboratory import Stage
from tests.lab.truth import Truth
from tests.lab.world import BEHIND_CARRIER, BOX, WAN, inside
from tests.system.parts.knockwatch import COMMAND, ROOT
from tests.system.parts.process import found, started, until

OCCASIONS = (
    4800,
    3000,
    1200,
)  # seconds ago: three separate times, the last longer than ten minutes
PUBLISHED = 51420
ROUTERS_INTERVAL = 2  # seconds between two reports of the router: the others are waited for as well


def carrier(stage: Stage) -> Script:
    """Our outside address is one of the carrier's, which translates once more.

    To which port the carrier has changed ours, nobody at home can see; what comes through it bears
    the port that our own router gave. It lets strangers in as well, as RFC 6888 asks.
    """
    call, browser = stage.program("phone", "jitsi"), stage.program("pc", "vivaldi")
    port, relay, server = call.open(50960), stage.beyond(3478), stage.beyond(443)
    outside = stage.meets(call, port, relay)
    yield
    local = browser.open(peer=server.place)
    talk = stage.meets(browser, local, server, connected=True)
    browser.close(local)
    rule = f"iifname out udp dport {outside} dnat to {BEHIND_CARRIER}:{port}"
    inside(stage.lab, "carrier", "nft", "add", "rule", "ip", "nat", "pre", *rule.split())
    yield
    for remote in (relay, *(stage.beyond(40000) for _ in range(4))):
        stage.answer(remote, outside, port, Truth("phone", call.name, evidence=True))
    for _ in range(2):
        stage.answer(server, talk, local, Truth("pc", browser.name, evidence=True))


def hairpin(stage: Stage) -> Script:
    """A device calls the home's own outside address, at a port that another device has open.

    The router does not send it back in. Nobody outside is behind it, nor is the other device.
    """
    caller = stage.program("phone", "minecraft")
    stage.program("pc", "minecraft_server").open(50970)
    ports = [caller.open(port) for port in (50971, 50972)]
    yield
    yield
    for port in ports:
        truth = Truth("phone", caller.name, evidence=True)
        stage.laboratory.internet.note(stage.episode, "udp", WAN, port, truth)
        caller.send(port, (WAN, 50970))


def container(stage: Stage) -> Script:
    """A program in a container of the mini, whose port Docker's own proxy publishes there.

    On the mini the proxy has the port; the program's own socket is in another network.
    """
    program = stage.program("container", "transmission")
    port, peer = program.open(PUBLISHED), stage.remote(6881)
    argv = f"exec {found('docker-proxy')} -proto udp -host-ip 0.0.0.0 -host-port {PUBLISHED}"
    argv += f" -container-ip 172.17.0.2 -container-port {PUBLISHED} 3>/dev/null"
    log, mini = stage.folder / "docker-proxy.log", stage.lab.name("mini")
    stage.laboratory.stack.enter_context(started(("sh", "-c", argv), log, namespace=mini))
    seen = stage.meets(program, port, peer)
    yield
    yield
    # The mini tracks connections, and so it is seen to whom its container talks.
    stage.knock(peer, seen, Truth("mini", program.name, evidence=True), times=2)
    for _ in range(4):
        truth = Truth("mini", program.name, evidence=seen == port)
        stage.knock(stage.remote(6881), seen, truth)


def history(stage: Stage) -> Script:
    """The tv had a port three times in the last hours, and its reports of them come only now."""
    program = stage.program("tv", "steam")
    port, peer = program.open(50995), stage.remote(27015)
    seen = stage.meets(program, port, peer)
    argv = ["ip", "netns", "exec", stage.lab.name("tv"), *COMMAND, "agent", "--print"]
    argv += ["--server", f"http://{BOX}:10151", "--device", "tv"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    program.close(port)
    report = json.loads(text)
    had = [one for one in report["sockets"] if one["local_port"] == port]
    for ago in OCCASIONS:
        stage.laboratory.spooled(report | {"age_seconds": ago, "sockets": had, "flows": []})
        stage.laboratory.spooled(report | {"age_seconds": ago - 15, "sockets": [], "flows": []})
    yield
    yield
    for _ in range(4):
        truth = Truth("tv", program.name, evidence=seen == port)
        stage.knock(stage.remote(27015), seen, truth, times=2)


def router_agent(stage: Stage) -> Script:
    """The router runs the agent, and gives out ports at random: only its own table tells whose.

    So it is known of the tv as well, on which nothing of ours runs: by its address, which it has
    from the router's DHCP.
    """
    agents = {"router": stage.laboratory.agent("router", ROUTERS_INTERVAL)}
    until(lambda: stage.laboratory.hears(agents), "report of the router", seconds=40)
    talks = []
    for host, name, first in (("phone", "discord", 50920), ("tv", "twitch", 50925)):
        program = stage.program(host, name)
        port = program.open(first)
        for _ in range(2):
            server = stage.remote(3478)
            talks.append((program, server, stage.meets(program, port, server)))
    yield
    for program, server, seen in talks:
        truth = Truth(program.host, program.name, evidence=True)
        stage.knock(server, seen, truth, times=2)
        stage.knock(stage.remote(3478), seen, truth)
