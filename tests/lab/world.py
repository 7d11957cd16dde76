"""The network of the laboratory: an internet, a router, two access points, five hosts, a box.

    internet ─────────── router ─┬─ ap1 ── pc, tv, nas, mini, box (192.168.1.2: knockwatch)
       └──── carrier ─────┘      │                      └── container
                                 └─ ap2 ── laptop, phone

The router is a Linux one. It translates in one of three ways (`NAT_KINDS`), refuses what comes in
from outside uninvited and tells netlink group 5. It forgets a conversation within seconds, so that
late replies are late soon. The internet answers for every documentation address that is not the
router's own; a part of it is reached through a carrier, which translates once more. In: a kind of
NAT; out: the namespaces, as long as the block lasts.
"""

import itertools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from tests.system.parts.lab import NFLOG_GROUP, Lab, cable, run

Nat = Literal["preserving", "random", "map_e"]
NAT_KINDS: tuple[Nat, ...] = ("preserving", "random", "map_e")

WAN, ROUTER, BOX = "203.0.113.10", "192.168.1.1", "192.168.1.2"
# The mini runs containers, and so it alone among the hosts tracks connections.
HOSTS = {
    **dict.fromkeys(("pc", "tv", "nas", "mini", "box"), "ap1"),
    **dict.fromkeys(("laptop", "phone"), "ap2"),
}
# The tv asks for a lease.
ADDRESSES = {"pc": 10, "nas": 12, "mini": 13, "phone": 30, "laptop": 23, "box": 2}
# What is beyond the carrier, its addresses there and here, and the router's own towards it.
BEYOND, CARRIER, CARRIER_INSIDE = "203.0.113.128/25", "203.0.113.66", "100.72.0.1"
BEHIND_CARRIER = "100.72.0.10"
V6 = {"pc": "2001:db8:1::10", "phone": "2001:db8:1::30", "nas": "2001:db8:1::12"}
STATIONS = {name: f"00:00:5e:00:53:{number:02x}" for number, name in enumerate(HOSTS, 1)}
NODES = ("internet", "carrier", "router", "ap1", "ap2", "container", *HOSTS)
COUNTER = itertools.count()

CLOSED = ("fin_wait", "close_wait", "last_ack", "time_wait", "close")
UNANSWERED, ANSWERED = 3, 4  # seconds after which the router forgets a conversation
SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    f"net.netfilter.nf_conntrack_udp_timeout={UNANSWERED}",
    f"net.netfilter.nf_conntrack_udp_timeout_stream={ANSWERED}",
    # A closed TCP connection is forgotten as fast.
    *(f"net.netfilter.nf_conntrack_tcp_timeout_{state}={UNANSWERED}" for state in CLOSED),
)
# v6 Plus: 240 ports in blocks of 16, one in every 4096 but the first; this home has number 120.
MAP_E_BLOCKS = tuple((4096 * block + 1920, 4096 * block + 1935) for block in range(1, 16))
MAP_E_PORTS = tuple(port for low, high in MAP_E_BLOCKS for port in range(low, high + 1))
REFUSED = f"""meta l4proto {{ tcp, udp }} counter \\
      log group {NFLOG_GROUP} prefix "connection rejected " snaplen 96 queue-threshold 1"""
OUTSIDE = 'iifname { "wan", "cgn" }'
SHUFFLED = "50920-50929"  # local ports that no kind of NAT keeps
CARRIERS = """
table ip nat {
  chain pre { type nat hook prerouting priority dstnat; }
  chain post { type nat hook postrouting priority srcnat; oifname "out" masquerade fully-random; }
}
"""
CONTAINERS = """
table ip nat {
  chain post {
    type nat hook postrouting priority srcnat;
    ip saddr 172.17.0.0/16 oifname "eth0" masquerade
  }
}
"""


def firewall(nat: Nat) -> str:
    """Return the router's rules; the chains that start with `upnp_` are for miniupnpd to fill."""
    return f"""
table inet fw {{
  chain input {{
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif lo accept
    iifname "br-lan" ip daddr {WAN} {REFUSED} drop
    iifname "br-lan" accept
    meta l4proto ipv6-icmp accept
    {OUTSIDE} {REFUSED}
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "br-lan" accept
    ct status dnat accept
    jump upnp_forward
    {OUTSIDE} {REFUSED}
  }}
  chain upnp_forward {{ }}
  chain prerouting {{
    type nat hook prerouting priority dstnat; policy accept;
    iifname "wan" jump upnp_prerouting
  }}
  chain upnp_prerouting {{ }}
  chain upnp_postrouting {{ }}
}}
table ip nat {{
{translation(nat)}
}}
"""


def translation(nat: Nat) -> str:
    """Return the chains that put the router's own address in place of a host's."""
    if nat == "map_e":
        blocks = enumerate(MAP_E_BLOCKS)
        chains = [
            f"  chain block{n} {{ meta l4proto {{ tcp, udp }} masquerade to :{low}-{high}; }}"
            for n, (low, high) in blocks
        ]
        jumps = ", ".join(f"{n} : goto block{n}" for n in range(len(MAP_E_BLOCKS)))
        rule = f"numgen inc mod {len(MAP_E_BLOCKS)} vmap {{ {jumps} }}"
    else:
        chains = []
        rule = "masquerade" if nat == "preserving" else "masquerade fully-random"
    post = "type nat hook postrouting priority srcnat;"
    if nat == "preserving":
        post += f'\n oifname "wan" udp sport {SHUFFLED} masquerade fully-random'
    outward = 'oifname { "wan", "cgn" }'
    return "\n".join([*chains, f"  chain post {{ {post}\n {outward} {rule}\n }}"])


@contextmanager
def world(nat: Nat) -> Iterator[Lab]:
    """Build the network, hand it out, and take it down."""
    lab = Lab(f"kwlab{os.getpid()}x{next(COUNTER)}")
    try:
        for node in NODES:
            run("ip", "netns", "add", lab.name(node))
            run("ip", "-n", lab.name(node), "link", "set", "lo", "up")
        wire(lab)
        address(lab)
        inside(lab, "router", "sysctl", "-qw", *SYSCTLS)
        inside(lab, "internet", "sysctl", "-qw", "net.ipv6.ip_nonlocal_bind=1")
        for node, rules in (("router", firewall(nat)), ("carrier", CARRIERS), ("mini", CONTAINERS)):
            run("ip", "netns", "exec", lab.name(node), "nft", "-f", "-", text=rules)
        yield lab
    finally:
        for node in NODES:
            subprocess.run(["ip", "netns", "del", lab.name(node)], check=False, capture_output=True)


def inside(lab: Lab, node: str, *argv: str) -> str:
    """Run a command in a node's network and return what it prints."""
    return run("ip", "netns", "exec", lab.name(node), *argv)


def wire(lab: Lab) -> None:
    """Plug the cables; an access point is a bridge, and so is the router's inner side."""
    cable(lab, "internet", "core", "router", "wan")
    cable(lab, "internet", "core2", "carrier", "out")
    cable(lab, "carrier", "homes", "router", "cgn")
    bridge(lab, "router", "br-lan")
    for ap, port in (("ap1", "lan1"), ("ap2", "lan2")):
        bridge(lab, ap, "br0")
        cable(lab, "router", port, ap, "uplink")
        run("ip", "-n", lab.name("router"), "link", "set", port, "master", "br-lan")
        run("ip", "-n", lab.name(ap), "link", "set", "uplink", "master", "br0")
    for host, ap in HOSTS.items():
        plug(lab, host, ap)
    bridge(lab, "mini", "docker0")
    cable(lab, "mini", "veth1", "container", "eth0")
    run("ip", "-n", lab.name("mini"), "link", "set", "veth1", "master", "docker0")


def bridge(lab: Lab, node: str, name: str) -> None:
    run("ip", "-n", lab.name(node), "link", "add", name, "type", "bridge")
    run("ip", "-n", lab.name(node), "link", "set", name, "up")


def plug(lab: Lab, host: str, ap: str) -> None:
    """Join a host to an access point; its hardware address is always the same."""
    cable(lab, host, "eth0", ap, f"to-{host}")
    run("ip", "-n", lab.name(ap), "link", "set", f"to-{host}", "master", "br0")
    # No duplicate address detection: an address is there at once, as nobody else has it.
    inside(lab, host, "sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0")
    run("ip", "-n", lab.name(host), "link", "set", "eth0", "address", STATIONS[host])


def unplug(lab: Lab, host: str) -> None:
    """Take a host off its access point: its addresses and routes are gone with the link."""
    run("ip", "-n", lab.name(host), "link", "del", "eth0")


def address(lab: Lab) -> None:
    """Give the nodes their addresses and the ways between them."""
    for node, port, ips in (
        ("internet", "core", ("203.0.113.1/24", "2001:db8:ffff::1/64")),
        ("router", "wan", (f"{WAN}/24", "2001:db8:ffff::2/64")),
        ("router", "br-lan", (f"{ROUTER}/24", "2001:db8:1::1/64")),
        ("internet", "core2", ("203.0.113.65/30",)),
        ("carrier", "out", (f"{CARRIER}/30",)),
        ("carrier", "homes", (f"{CARRIER_INSIDE}/24",)),
        ("router", "cgn", (f"{BEHIND_CARRIER}/24",)),
        ("mini", "docker0", ("172.17.0.1/16",)),
        ("container", "eth0", ("172.17.0.2/16",)),
    ):
        for ip in ips:
            options = ("nodad",) if ":" in ip else ()
            run("ip", "-n", lab.name(node), "addr", "add", ip, "dev", port, *options)
    for host, number in ADDRESSES.items():
        settle(lab, host, f"192.168.1.{number}", V6.get(host))
    route(lab, "router", "203.0.113.1", "2001:db8:ffff::1")
    route(lab, "container", "172.17.0.1", None)
    run("ip", "-n", lab.name("router"), "route", "add", BEYOND, "via", CARRIER_INSIDE)
    run("ip", "-n", lab.name("carrier"), "route", "add", BEYOND, "via", "203.0.113.65")
    for node in ("carrier", "mini"):
        inside(lab, node, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    for net in ("192.0.2.0/24", "198.51.100.0/24", BEYOND, "2001:db8:f::/48"):
        family = ("-6",) if ":" in net else ()
        argv = ("route", "add", "local", net, "dev", "lo")
        run("ip", "-n", lab.name("internet"), *family, *argv)
    via = ("via", "2001:db8:ffff::2")
    run("ip", "-n", lab.name("internet"), "-6", "route", "add", "2001:db8:1::/64", *via)


def settle(lab: Lab, host: str, ip: str, v6: str | None = None) -> None:
    """Give a host an address of the home and the way out."""
    run("ip", "-n", lab.name(host), "addr", "add", f"{ip}/24", "dev", "eth0")
    route(lab, host, ROUTER, None)
    if v6 is not None:
        run("ip", "-n", lab.name(host), "addr", "add", f"{v6}/64", "dev", "eth0", "nodad")
        route(lab, host, None, "2001:db8:1::1")


def route(lab: Lab, node: str, gateway: str | None, v6: str | None) -> None:
    for family, via in (("-4", gateway), ("-6", v6)):
        if via is not None:
            run("ip", "-n", lab.name(node), family, "route", "add", "default", "via", via)


def refused(lab: Lab) -> int:
    """Return how many packets the router's own firewall counted as refused."""
    rules = json.loads(inside(lab, "router", "nft", "-j", "list", "table", "inet", "fw"))
    return sum(map(int, re.findall(r'"packets": (\d+)', json.dumps(rules))))
