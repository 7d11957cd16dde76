"""Which program is behind a port that a container publishes: on the host Docker's proxy has it.

In go the owners of the host's sockets; out come, for those that are the proxy, the programs to
which it forwards. Its command line says where to; the sockets there are those of another network
namespace, which `/proc/PID/net` shows to whoever may look at the process. Sources: docker-proxy's
flags (moby, cmd/docker-proxy), proc(5), namespaces(7), net/ipv4/fib_trie.c.
"""

import itertools
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from exporter.agent.netlink import address
from exporter.agent.processes import Process, owners

_PROXY = "docker-proxy"
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL")
_LISTEN = "0A"  # TCP's state in /proc/PID/net/tcp
_ANY = "0.0.0.0"  # noqa: S104 - read, not bound


class _Target(NamedTuple):
    """Where a proxy forwards to."""

    transport: str
    ip: str
    port: int


def behind(held: Mapping[int, Process], proc: Path = Path("/proc")) -> dict[int, Process]:
    """Return the program behind each socket that a proxy holds, by the socket's inode.

    What cannot be told is left out: the program may be gone, or not ours to look at.
    """
    targets = {
        inode: target
        for inode, process in held.items()
        if process.name == _PROXY and (target := _target(proc / str(process.pid)))
    }
    if not targets:
        return {}
    places = list(_places(proc))
    programs = {target: _program(target, places, proc) for target in set(targets.values())}
    return {inode: found for inode, t in targets.items() if (found := programs[t]) is not None}


def _target(process: Path) -> _Target | None:
    """Return what a proxy's command line says; None for one without an IPv4 target."""
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    flags = {name.lstrip("-"): value for name, value in itertools.pairwise(words)}
    port = flags.get("container-port", "")
    if not port.isdecimal() or flags.get("proto") not in ("udp", "tcp"):
        return None
    return _Target(flags["proto"], flags.get("container-ip", ""), int(port))


def _places(proc: Path) -> Iterator[list[Path]]:
    """Yield the processes of each network namespace but our own."""
    places: dict[str, list[Path]] = {}
    for entry in proc.iterdir():
        if entry.name.isdecimal():
            try:
                places.setdefault(os.readlink(entry / "ns/net"), []).append(entry)  # noqa: PTH115
            except OSError:  # gone, or not ours to look at
                continue
    try:
        places.pop(os.readlink(proc / "self/ns/net"), None)  # noqa: PTH115
    except OSError:
        return
    yield from places.values()


def _program(target: _Target, places: list[list[Path]], proc: Path) -> Process | None:
    """Return the one program that has the target's port, where its address is."""
    for processes in places:
        net = processes[0] / "net"
        if target.ip not in _LOCAL.findall(_text(net / "fib_trie")):
            continue
        inodes = set(_inodes(net, target))
        found = owners(inodes, proc, [process.name for process in processes])
        programs = {process.name: process for process in found.values()}
        if len(programs) == 1:
            return programs.popitem()[1]
    return None


def _inodes(net: Path, target: _Target) -> Iterator[int]:
    """Yield the sockets that hear what comes for the target."""
    for file, every in ((target.transport, _ANY), (f"{target.transport}6", "::")):
        for line in _text(net / file).splitlines()[1:]:
            fields = line.split()
            if len(fields) < 10 or (target.transport == "tcp" and fields[3] != _LISTEN):
                continue
            local, _, port = fields[1].partition(":")
            if int(port, 16) == target.port and _ip(local) in (every, target.ip):
                yield int(fields[9])


def _ip(digits: str) -> str:
    """Return an address as these tables print it: in words of the machine's own order."""
    words = range(0, len(digits), 8)
    octets = (int(digits[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in words)
    return address(b"".join(octets))


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace")
    except OSError:
        return ""
