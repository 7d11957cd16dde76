import re

import pytest

from exporter import build
from exporter.config import parse
from exporter.events import Network
from exporter.knowledge import load
from exporter.metrics import DROPPED
from exporter.settings import Config, OwnKnowledge
from tests.rejections import NOW

FULL = """
[[router]]
name = "gate"
addresses = ["192.168.1.1", "::ffff:192.168.1.2", "FD00:0::1"]
hosts = ["OpenWrt"]
files = ["/var/log/gate.log", "-"]
lan_interfaces = ["br-lan"]
wan_interfaces = ["eth0.2"]
[[device]]
name = "LIVING-TV"
addresses = ["192.168.1.40", "FD00:0:0::40"]
[network]
lan_prefixes = ["100.64.0.0/10"]
[[network.special]]
prefix = "203.0.113.0/24"
kind = "private"
[[network.special]]
prefix = "198.51.100.0/24"
kind = "reserved"
[budgets]
router = 2
[windows]
closed_socket = 5.0
"""


def test_every_configured_fact_reaches_its_stage():
    stages = build.stages(parse(FULL), gateways=["172.17.0.1"], masks=["172.17.0.1"])
    assert set(stages.routers.rules) == {"gate"}
    for sender in ("192.168.1.1", "192.168.1.2", "fd00::1"):
        assert stages.routers.name(sender, None) == "gate"
    assert stages.routers.name("172.17.0.1", "openwrt") == "gate"
    assert stages.routers.name("/var/log/gate.log", "elsewhere") == "gate"
    assert stages.routers.name("stdin", "elsewhere") == "gate"
    assert stages.interfaces["gate"].lan == {"br-lan"}
    assert stages.interfaces["gate"].wan == {"eth0.2"}
    assert stages.hosts.inventory.owner("192.168.1.40") == "LIVING-TV"
    assert stages.hosts.inventory.owner("fd00::40") == "LIVING-TV"
    assert stages.home.is_lan("100.64.0.9")
    assert stages.networks.look_up("203.0.113.9").asn == "private"
    assert stages.networks.look_up("198.51.100.9").asn == "reserved"
    assert stages.networks.look_up("192.0.2.9") == Network("unknown")


def test_the_budgets_are_those_that_are_configured():
    metrics = build.stages(parse(FULL)).metrics
    for number in range(9):
        metrics.message(f"router-{number}", None, "event", NOW)
    assert len(list(metrics.store.values("router"))) <= 2


def test_the_defaults_build_every_stage():
    stages = build.stages(parse(""))
    assert stages.networks.look_up("192.168.1.1").asn == "private"
    assert stages.networks.look_up("192.0.2.1").asn == "reserved"
    assert not stages.home.is_lan("203.0.113.9")
    assert not stages.metrics.store.series[DROPPED.name]


def test_each_build_has_stages_of_its_own():
    one, other = build.stages(parse("")), build.stages(parse(""))
    assert one.metrics is not other.metrics
    assert one.hosts is not other.hosts


@pytest.mark.parametrize(
    ("transport", "port", "kind"),
    [
        ("udp", 5060, "scan_port"),
        ("tcp", 23, "scan_port"),
        ("tcp", 445, "scan_port"),
        ("udp", 389, "scan_port"),
        ("udp", 5353, "everyone_port"),
        ("udp", 1900, "everyone_port"),
        ("udp", 5355, "everyone_port"),
        ("udp", 51413, None),
        ("udp", 3478, None),
        ("udp", 50123, None),
        ("icmp", 8, None),
    ],
)
def test_ports_that_name_nobody_are_known(transport, port, kind):
    assert build.port_kind(load())(transport, port) == kind


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", build.VERSION)


def test_a_configured_router_keeps_its_series_whoever_else_sends():
    config = parse('[budgets]\nrouter = 2\n\n[[router]]\nname = "gw"\naddresses = ["192.168.1.1"]')
    metrics = build.stages(config).metrics
    for number in range(50):
        metrics.message(f"spoofed-{number}", None, "unrecognised", 1.0)
    metrics.message("gw", None, "unrecognised", 2.0)
    series = metrics.store.series["knockwatch_messages_total"]
    assert series["gw", "", "unrecognised"].value == 1


def test_own_knowledge_is_added_to_ours(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("networks: [{asn: 64496, org: Club, kind: isp, country: JP, note: x}]")
    stages = build.stages(Config(knowledge=OwnKnowledge(files=(str(own),))))
    assert stages.knowledge.networks.asns[64496].org == "Club"
    assert 20940 in stages.knowledge.networks.asns
