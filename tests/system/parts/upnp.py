"""Debian's miniupnpd, and hosts that ask it to open ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.parts.lab import Lab, run
from tests.system.parts.process import Process, found, started, until

# It does not work behind an address that nobody on the Internet can have.
CONFIG = """
ext_ifname=wan
listening_ip={inside}
ext_ip=23.45.67.89
enable_natpmp={natpmp}
enable_upnp=yes
secure_mode=yes
uuid=5a1e0000-0000-4000-8000-000000000000
upnp_table_name={table}
upnp_nat_table_name={table}
upnp_forward_chain=upnp_forward
upnp_nat_chain=upnp_prerouting
upnp_nat_postrouting_chain=upnp_postrouting
allow 1024-65535 192.168.1.0/24 1024-65535
"""
CHAINS = """table inet upnp {
    chain upnp_forward {}
    chain upnp_prerouting {}
    chain upnp_postrouting {}
}"""


@contextmanager
def miniupnpd(folder: Path, lab: Lab, node: str, inside: str) -> Iterator[Process]:
    """Run it on a node; its inner side has the link `inside`, its outer one `wan`."""
    namespace = lab.name(node)
    run("ip", "netns", "exec", namespace, "nft", "-f", "-", text=CHAINS)
    config = folder / f"upnp-{node}.conf"
    config.write_text(CONFIG.format(inside=inside, table="upnp", natpmp="no"))
    argv = [found("miniupnpd") or "miniupnpd", "-d", "-f", config, "-P", folder / f"{node}.pid"]
    with started(argv, folder / f"upnp-{node}.log", namespace=namespace) as process:
        until(lambda: "HTTP listening" in process.output(), "listening miniupnpd")
        yield process


def map_port(lab: Lab, node: str, ip: str, inside: int, outside: int) -> None:
    """Let a host ask for a UDP port; what it calls it is its own affair."""
    ends = (ip, str(inside), str(outside), "UDP", "600")
    client(lab, node, "-e", "a secret name", "-a", *ends)


def unmap_port(lab: Lab, node: str, outside: int) -> None:
    """Let a host close it again."""
    client(lab, node, "-d", str(outside), "UDP")


def client(lab: Lab, node: str, *argv: str) -> None:
    run("ip", "netns", "exec", lab.name(node), "upnpc", "-m", "eth0", *argv)
