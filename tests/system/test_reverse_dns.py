"""A home router's own DHCP and DNS (dnsmasq) name a device on which nothing runs."""

import json
import socket
from pathlib import Path

import pytest

from exporter.transports import gateway
from tests.system.parts import knockwatch, lab, web
from tests.system.parts.lab import Lab
from tests.system.parts.needs import needs
from tests.system.parts.process import found, started, until

RADIO = "kitchen-radio"
GENERIC = "iPhone"
REFUSED = (
    "<4>kernel: REJECT IN=lan OUT=wan SRC={} DST=198.51.100.7 LEN=60 TTL=63 ID=1 PROTO=UDP SPT=5000"
    " DPT={} LEN=40"
)
# What udhcpc calls when it has got a lease.
TAKE = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev eth0 scope global
ip addr add "$ip/24" dev eth0 && echo "$ip" >{}
"""


@pytest.fixture
def home():
    with lab.home() as made:
        yield made


def router(folder: Path) -> list[object]:
    """Return the command line of the router's dnsmasq."""
    own = ("--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts")
    inner = ("--interface=lan", "--except-interface=lo", "--bind-interfaces", "--user=root")
    files = (f"--dhcp-leasefile={folder / 'leases'}", "--pid-file=")
    dhcp = ("--dhcp-range=192.168.1.40,192.168.1.90,1h", "--no-ping", "--domain=lan")
    told = (f"--log-facility={folder / 'dns.log'}", "--log-queries")
    return [found("dnsmasq") or "dnsmasq", *own, *inner, *files, *dhcp, *told]


def lease(home: Lab, folder: Path, name: str) -> str:
    """Let the PC get an address under a name; return the address."""
    script, got = folder / "take", folder / "got"
    script.write_text(TAKE.format(got))
    script.chmod(0o755)
    argv = ("busybox", "udhcpc", "-f", "-q", "-n", "-t", "20", "-T", "1", "-i", "eth0")
    lab.run(
        "ip", "netns", "exec", home.name("pc"), *argv, "-x", f"hostname:{name}", "-s", str(script)
    )
    return got.read_text().strip()


def refuse(home: Lab, *packets: tuple[str, int]) -> None:
    """Let the router log packets that it refused: of whom, and to which port."""
    with home.inside("router"), socket.socket(type=socket.SOCK_DGRAM) as sender:
        for packet in packets:
            sender.sendto(REFUSED.format(*packet).encode(), ("192.168.1.2", 5514))


def asked(home: Lab, path: str) -> str:
    with home.inside("box"):
        return web.get(f"http://127.0.0.1:10151{path}").text


@needs("namespaces", "dnsmasq", "busybox")
def test_the_routers_dns_names_a_device_that_no_log_tells_of(home, tmp_path):
    config = tmp_path / "knockwatch.toml"
    # In a container our own gateway is not taken for the home's router.
    config.write_text('[network]\nresolver = "192.168.1.1"\n' if gateway.in_container() else "")
    with started(router(tmp_path), tmp_path / "dns.out", namespace=home.name("router")):
        log = tmp_path / "dns.log"
        until(lambda: log.exists() and "started" in log.read_text(), "listening dnsmasq")
        address = lease(home, tmp_path, RADIO)
        with knockwatch.serve_in(home.name("box"), tmp_path, config) as server:
            until(lambda: "ready" in ready(home), "ready knockwatch")
            refuse(home, (address, 5001), ("203.0.113.77", 5002))
            metrics = until(lambda: named(home), f"question for {address}")
            assert 'knockwatch_reverse_lookups_total{outcome="named"} 1.0' in metrics
            refuse(home, (address, 5003))
            until(lambda: f'device="{RADIO}"' in asked(home, "/metrics"), "named packet")
            told = json.loads(asked(home, f"/api/v1/devices?address={address}"))
            assert (told["device"], told["rules"]) == (RADIO, ["resolver"])
            assert server.process.running()
    questions = [
        line.split("query[")[1] for line in log.read_text().splitlines() if "query[" in line
    ]
    assert [line.split()[:2] for line in questions] == [["PTR]", reverse(address)]]


@needs("namespaces", "dnsmasq", "busybox")
def test_a_name_that_its_maker_gave_names_nobody(home, tmp_path):
    config = tmp_path / "knockwatch.toml"
    config.write_text('[network]\nresolver = "192.168.1.1"\n')
    with started(router(tmp_path), tmp_path / "dns.out", namespace=home.name("router")):
        log = tmp_path / "dns.log"
        until(lambda: log.exists() and "started" in log.read_text(), "listening dnsmasq")
        address = lease(home, tmp_path, GENERIC)
        with knockwatch.serve_in(home.name("box"), tmp_path, config):
            until(lambda: "ready" in ready(home), "ready knockwatch")
            refuse(home, (address, 5001))
            until(lambda: 'outcome="nameless"} 1.0' in asked(home, "/metrics"), "answer")
            told = json.loads(asked(home, f"/api/v1/devices?address={address}"))
            assert told["device"] is None


def ready(home: Lab) -> str:
    try:
        return asked(home, "/-/ready")
    except OSError:
        return ""


def named(home: Lab) -> str:
    metrics = asked(home, "/metrics")
    return metrics if 'knockwatch_reverse_lookups_total{outcome="' in metrics else ""


def reverse(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"
