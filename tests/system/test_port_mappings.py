"""The port mappings of a real miniupnpd, read by a real agent, name whose a packet was."""

import json
import socket
from collections.abc import Iterator

import pytest

from exporter.agent.igd import Igd
from tests.system.parts import knockwatch, lab, program, upnp, web
from tests.system.parts.exposition import samples
from tests.system.parts.founding import PORT, PROCESS, message
from tests.system.parts.needs import needs
from tests.system.parts.process import until

BOX, ROUTER, PC = "192.168.1.2", "192.168.1.1", "192.168.1.10"
URL = f"http://{BOX}:10151"
OUTSIDE = 61413  # not the port that the program has

pytestmark = needs("namespaces", "miniupnpd", "upnpc")


@pytest.fixture
def home() -> Iterator[lab.Lab]:
    """A home; the calling thread is in the network of the box."""
    with lab.home() as made, made.inside("box"):
        yield made


def refuse(home: lab.Lab, port: int) -> None:
    """Let the router tell the box of a refused packet."""
    with home.inside("router"), socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(message("198.51.100.7:3478", port).encode(), (BOX, 5514))


def once(home: lab.Lab, node: str, *more: str) -> str:
    """Run one agent with --upnp on a node; return what it prints."""
    argv = [*knockwatch.COMMAND, "agent", "--server", URL, "--upnp", "--device", node, *more]
    return lab.run("ip", "netns", "exec", home.name(node), *map(str, argv))


def table(home: lab.Lab, node: str) -> object:
    return json.loads(once(home, node, "--print")).get("port_table")


def attributed(server: knockwatch.Server) -> dict[tuple[str, str, str], float]:
    """Return the packets by device, process and evidence."""
    found: dict[tuple[str, str, str], float] = {}
    for (name, carried), value in samples(server.metrics()).items():
        if name == "knockwatch_attributed_packets_total":
            labels = dict(carried)
            key = (labels["device"], labels["process"], labels["evidence"])
            found[key] = found.get(key, 0.0) + value
    return found


def explained(server: knockwatch.Server) -> object:
    """Return by what evidence a packet would be decided now."""
    asked = message("198.51.100.7:3478", OUTSIDE)
    answer = web.get_json(f"{server.url}/api/v1/explain", line=asked)
    assert isinstance(answer, dict)
    return answer["evidence"]


def test_a_packet_to_a_mapped_port_is_laid_at_the_door_of_who_asked_for_it(tmp_path, home):
    with (
        upnp.miniupnpd(tmp_path, home, "router", "lan"),
        knockwatch.serve_in(home.name("box"), tmp_path) as server,
        program.holding(PORT, PROCESS, tmp_path, namespace=home.name("pc")),
        knockwatch.agent(home.name("pc"), tmp_path, URL, device="pc"),
    ):
        knockwatch.ready(server)
        upnp.map_port(home, "pc", PC, PORT, OUTSIDE)
        refuse(home, OUTSIDE + 1)  # so the router has its name
        with knockwatch.agent(home.name("box"), tmp_path, URL, "--upnp", device="box") as reader:
            until(lambda: "port mappings of 192.168.1.1 are read" in reader.output(), "table")
            until(lambda: explained(server) == "mapping", "report of it")
            refuse(home, OUTSIDE)
            until(lambda: ("pc", PROCESS, "mapping") in attributed(server), "name")
        assert sum(attributed(server).values()) == 2

        upnp.unmap_port(home, "pc", OUTSIDE)
        upnp.map_port(home, "box", BOX, 40000, OUTSIDE)
        once(home, "pc", "--once")
        refuse(home, OUTSIDE)
        until(lambda: ("box", "", "mapping") in attributed(server), "other name")
        assert attributed(server)["pc", PROCESS, "mapping"] == 1


def test_print_shows_the_table_without_what_programs_call_their_mappings(tmp_path, home):
    with upnp.miniupnpd(tmp_path, home, "router", "lan"):
        upnp.map_port(home, "pc", PC, PORT, OUTSIDE)
        told = once(home, "box", "--print")
        assert "secret" not in told
        mapped = {"transport": "udp", "port": OUTSIDE, "ip": PC, "inside_port": PORT}
        found = json.loads(told)["port_table"]
        assert 0 < found.pop("age_seconds") < 20
        assert found == {"gateway": ROUTER, "mappings": [mapped]}
        upnp.unmap_port(home, "pc", OUTSIDE)
        found = json.loads(once(home, "box", "--print"))["port_table"]
        assert found.get("mappings", []) == []


def test_another_host_that_says_it_is_the_gateway_is_not_heard(tmp_path, home):
    pc = home.name("pc")
    lab.run("ip", "-n", pc, "link", "add", "wan", "type", "bridge")
    lab.run("ip", "-n", pc, "link", "set", "wan", "up")
    with upnp.miniupnpd(tmp_path, home, "pc", "eth0") as impostor:
        assert table(home, "box") is None
        assert f"M-SEARCH from {BOX}" in impostor.output()  # it did answer
        assert Igd(PC).read().gateway == PC  # as one that can be read
        with upnp.miniupnpd(tmp_path, home, "router", "lan"):
            found = table(home, "box")
            assert isinstance(found, dict)
            assert found["gateway"] == ROUTER
