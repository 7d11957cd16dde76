"""A home network that does not exist: network namespaces joined by pairs of virtual cables.

    internet ── router (203.0.113.10 | 192.168.1.1) ── switch ── pc (192.168.1.10)
                                                            └── box (192.168.1.2: knockwatch)

The router is a Linux one: it masquerades, and refuses what comes in from outside; what it refuses
it tells netlink group 5. The internet answers for every documentation address. Each laboratory has
names of its own, so that several can stand beside each other.
"""

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pyroute2 import netns

NFLOG_GROUP = 5
FIREWALL = f"""
table inet fw {{
  chain input {{
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif lo accept
    iifname "lan" accept
    iifname "wan" meta l4proto {{ tcp, udp }} counter \\
      log group {NFLOG_GROUP} prefix "connection rejected " snaplen 64 queue-threshold 1
  }}
}}
table ip nat {{
  chain post {{
    type nat hook postrouting priority srcnat;
    oifname "wan" masquerade
  }}
}}
"""
NODES = ("internet", "router", "switch", "pc", "box")
COUNTER = itertools.count()


class Lab(NamedTuple):
    """The namespaces, by role."""

    prefix: str

    def name(self, node: str) -> str:
        """Return the namespace of a node."""
        return f"{self.prefix}-{node}"

    @contextmanager
    def inside(self, node: str) -> Iterator[None]:
        """Let the calling thread open its sockets in that node's network."""
        netns.pushns(self.name(node))
        try:
            yield
        finally:
            netns.popns()


@contextmanager
def home() -> Iterator[Lab]:
    """Build the network, hand it out, and take it down."""
    lab = Lab(f"kw{os.getpid()}x{next(COUNTER)}")
    try:
        for node in NODES:
            run("ip", "netns", "add", lab.name(node))
            run("ip", "-n", lab.name(node), "link", "set", "lo", "up")
        wire(lab)
        address(lab)
        run("ip", "netns", "exec", lab.name("router"), "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "netns", "exec", lab.name("router"), "nft", "-f", "-", text=FIREWALL)
        yield lab
    finally:
        for node in NODES:
            subprocess.run(["ip", "netns", "del", lab.name(node)], check=False, capture_output=True)


def wire(lab: Lab) -> None:
    """Plug the cables, and make the switch switch."""
    cable(lab, "internet", "core", "router", "wan")
    for node, port in (("router", "lan"), ("pc", "eth0"), ("box", "eth0")):
        cable(lab, node, port, "switch", f"to-{node}")
    run("ip", "-n", lab.name("switch"), "link", "add", "br0", "type", "bridge")
    run("ip", "-n", lab.name("switch"), "link", "set", "br0", "up")
    for node in ("router", "pc", "box"):
        run("ip", "-n", lab.name("switch"), "link", "set", f"to-{node}", "master", "br0")


def cable(lab: Lab, left: str, left_port: str, right: str, right_port: str) -> None:
    """Join two nodes."""
    ends = ["netns", lab.name(right), "type", "veth", "peer", "name", left_port]
    run("ip", "link", "add", right_port, *ends, "netns", lab.name(left))
    run("ip", "-n", lab.name(left), "link", "set", left_port, "up")
    run("ip", "-n", lab.name(right), "link", "set", right_port, "up")


def address(lab: Lab) -> None:
    """Give the nodes their addresses and the way out."""
    for node, port, ip in (
        ("internet", "core", "203.0.113.1/24"),
        ("router", "wan", "203.0.113.10/24"),
        ("router", "lan", "192.168.1.1/24"),
        ("pc", "eth0", "192.168.1.10/24"),
        ("box", "eth0", "192.168.1.2/24"),
    ):
        run("ip", "-n", lab.name(node), "addr", "add", ip, "dev", port)
    for node, gateway in (("router", "203.0.113.1"), ("pc", "192.168.1.1"), ("box", "192.168.1.1")):
        run("ip", "-n", lab.name(node), "route", "add", "default", "via", gateway)
    for net in ("192.0.2.0/24", "198.51.100.0/24"):
        run("ip", "-n", lab.name("internet"), "route", "add", "local", net, "dev", "lo")


def run(*argv: str, text: str | None = None) -> str:
    """Run one command; a failure carries what it said."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout
