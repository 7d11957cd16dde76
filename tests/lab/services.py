"""What runs on the laboratory's router besides its kernel: Debian's miniupnpd, dnsmasq, rsyslogd.

All that they say reaches knockwatch as it would from a real router: written by the program itself,
sent on by rsyslogd as RFC 3164 over UDP. The names that the home asks for are answered by a second
dnsmasq, out in the internet.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.lab.world import BOX, inside
from tests.system.parts import upnp
from tests.system.parts.lab import NFLOG_GROUP, Lab
from tests.system.parts.process import found, started, until
from tests.system.parts.rsyslog import Forward, rsyslogd
from tests.system.parts.ulogd import ulogd

DNSMASQ = ("--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts")
LEASES = ("--dhcp-range=192.168.1.40,192.168.1.90,1h", "--no-ping")
# What udhcpc calls when it has got a lease.
TAKE = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev eth0 scope global
ip addr add "$ip/24" dev eth0 && ip route replace default via "$router"
"""


@contextmanager
def services(lab: Lab, folder: Path, names: Mapping[str, str]) -> Iterator[None]:
    """Run them all; `names` are the internet's, with their addresses."""
    packets, opened, dns = (folder / f"{name}.log" for name in ("packets", "upnp", "dns"))
    router = lab.name("router")
    forwards = [
        Forward(packets, BOX, 5514, template="kernel", tag="kernel:"),
        Forward(opened, BOX, 5514, template="program", part="(miniupnpd[[][0-9]+[]]: .*)"),
        Forward(dns, BOX, 5514, template="program", part="(dnsmasq[-a-z]*[[][0-9]+[]]: .*)"),
    ]
    with ExitStack() as stack:
        stack.enter_context(rsyslogd(folder, forwards, namespace=router))
        logger = stack.enter_context(ulogd(folder, packets, group=NFLOG_GROUP, namespace=router))
        config = folder / "miniupnpd.conf"
        config.write_text(upnp.CONFIG.format(inside="br-lan", table="fw", natpmp="yes"))
        opener = [found("miniupnpd") or "miniupnpd", "-d", "-f", config, "-P", folder / "upnp.pid"]
        stack.enter_context(started(opener, opened, namespace=router))
        stack.enter_context(started(resolver(folder, dns), folder / "dns.out", namespace=router))
        far = [found("dnsmasq") or "dnsmasq", *DNSMASQ, "--pid-file=", "--user=root"]
        far += ["--listen-address=203.0.113.1", "--bind-interfaces"]
        far += [f"--host-record={name},{ip}" for name, ip in names.items()]
        stack.enter_context(started(far, folder / "far-dns.out", namespace=lab.name("internet")))
        until(lambda: "entering main loop" in logger.output(), "listening ulogd")
        until(lambda: "Listening for NAT-PMP" in opened.read_text(), "listening miniupnpd")
        until(lambda: "started" in dns.read_text(), "listening dnsmasq")
        yield


def resolver(folder: Path, log: Path) -> list[object]:
    """Return the command line of the router's own dnsmasq."""
    files = (f"--log-facility={log}", f"--dhcp-leasefile={folder / 'leases'}", "--pid-file=")
    inner = ("--interface=br-lan", "--except-interface=lo", "--bind-interfaces", "--user=root")
    far = "--server=203.0.113.1"
    return [found("dnsmasq") or "dnsmasq", *DNSMASQ, *inner, *files, far, "--log-queries", *LEASES]


def ask_for_address(lab: Lab, host: str, folder: Path) -> str:
    """Let a host get an address from the router, telling its own name; return the address."""
    script = folder / "take-lease"
    script.write_text(TAKE)
    script.chmod(0o755)
    argv = ("busybox", "udhcpc", "-f", "-q", "-n", "-t", "20", "-T", "1", "-i", "eth0")
    inside(lab, host, *argv, "-x", f"hostname:{host}", "-s", str(script))
    lines = inside(lab, host, "ip", "-4", "-o", "addr", "show", "dev", "eth0").split()
    return lines[lines.index("inet") + 1].partition("/")[0]


def look_up(lab: Lab, host: str, name: str) -> None:
    """Let a host ask the router's DNS for a name."""
    inside(lab, host, "busybox", "nslookup", "-type=a", name, "192.168.1.1")


def map_port(lab: Lab, host: str, ip: str, port: int, outside: int) -> None:
    """Let a host ask the router to open a UDP port, by UPnP."""
    argv = ("upnpc", "-m", "eth0", "-e", "lab", "-a", ip, str(port), str(outside), "UDP", "120")
    inside(lab, host, *argv)


def unmap_port(lab: Lab, host: str, outside: int) -> None:
    """Let a host close it again."""
    inside(lab, host, "upnpc", "-m", "eth0", "-d", str(outside), "UDP")
