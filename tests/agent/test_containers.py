import socket
import struct
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("/proc is Linux's", allow_module_level=True)

from exporter.agent.containers import behind
from exporter.agent.linux import Linux
from exporter.agent.processes import owners
from tests.agent.test_processes import add
from tests.lab.program import program
from tests.system.parts.lab import home, run
from tests.system.parts.needs import needs
from tests.system.parts.process import found, started, until

HOST, CONTAINER, OTHER = "net:[1]", "net:[2]", "net:[3]"
INSIDE = "172.17.0.2"
TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- {ip}
        /32 host LOCAL
     |-- 172.17.255.255
        /32 link BROADCAST
"""
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  inode"


def row(ip: str, port: int, inode: int, state: str = "07") -> str:
    """Return a row as the kernel of this machine prints it."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    words = struct.unpack(
        f"={len(socket.inet_pton(family, ip)) // 4}I", socket.inet_pton(family, ip)
    )
    local = "".join(f"{word:08X}" for word in words)
    rest = f"{state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 2"
    return f"  1: {local}:{port:04X} {'0' * len(local)}:0000 {rest}"


def place(process: Path, net: str, *, ip: str = "", **tables: list[str]) -> None:
    """Let a process live in a network namespace, which has an address and sockets."""
    (process / "ns").mkdir()
    (process / "ns" / "net").symlink_to(net)
    (process / "net").mkdir()
    (process / "net" / "fib_trie").write_text(TRIE.format(ip=ip))
    for name, rows in tables.items():
        (process / "net" / name).write_text("\n".join([HEAD, *rows]) + "\n")


def proxy(proc: Path, pid: int = 50, inode: int = 700, transport: str = "udp", ip: str = INSIDE):
    """Add Docker's proxy, which has port 51413 of the host for port 6881 of a container."""
    flags = f"-proto {transport} -host-ip 0.0.0.0 -host-port 51413 -container-ip {ip}"
    argv = ("/usr/bin/docker-proxy", *flags.split(), "-container-port", "6881")
    place(add(proc, pid, "docker-proxy", argv=argv, inodes=(inode,)), HOST)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "self" / "ns" / "net").symlink_to(HOST)
    (tmp_path / "meminfo").touch()
    return tmp_path


def names(proc: Path, *inodes: int) -> dict[int, str]:
    held = owners(inodes, proc)
    return {inode: process.name for inode, process in (held | behind(held, proc)).items()}


@pytest.mark.parametrize("local", ["0.0.0.0", INSIDE, "::", f"::ffff:{INSIDE}"])
def test_the_program_in_the_container_has_the_published_port(proc: Path, local: str):
    proxy(proc)
    table = "udp6" if ":" in local else "udp"
    process = add(proc, 60, "deluged", inodes=(9, 10))
    place(process, CONTAINER, ip=INSIDE, **{table: [row(local, 53, 8), row(local, 6881, 9)]})
    (process / "cgroup").write_text("0::/docker/" + "a1" * 32 + "\n")
    assert names(proc, 700) == {700: "deluged"}
    assert behind(owners({700}, proc), proc)[700].container == "a1" * 6


def test_of_a_tcp_port_it_is_the_one_that_listens(proc: Path):
    proxy(proc, transport="tcp")
    rows = [row(INSIDE, 6881, 8, "01"), row("0.0.0.0", 6881, 9, "0A")]
    place(add(proc, 60, "client", inodes=(8,)), CONTAINER, ip=INSIDE, tcp=rows)
    place(add(proc, 61, "server", inodes=(9,)), CONTAINER, ip=INSIDE)
    assert names(proc, 700) == {700: "server"}


def test_another_container_with_the_same_port_is_not_meant(proc: Path):
    proxy(proc)
    for pid, net, ip in ((60, OTHER, "172.17.0.3"), (61, CONTAINER, INSIDE)):
        process = add(proc, pid, f"program-{pid}", inodes=(pid,))
        place(process, net, ip=ip, udp=[row("0.0.0.0", 6881, pid)])
    assert names(proc, 700) == {700: "program-61"}


def test_a_program_of_the_host_with_the_same_port_is_not_meant(proc: Path):
    proxy(proc, ip="192.168.1.10")
    mine = add(proc, 60, "other", inodes=(9,))
    place(mine, HOST, ip="192.168.1.10", udp=[row("0.0.0.0", 6881, 9)])
    assert names(proc, 700) == {700: "docker-proxy"}


@pytest.mark.parametrize("ports", [[6882], []])
def test_where_nobody_hears_inside_the_proxy_stays_the_owner(proc: Path, ports: list[int]):
    proxy(proc)
    rows = [row("0.0.0.0", port, 9) for port in ports]
    place(add(proc, 60, "deluged", inodes=(9,)), CONTAINER, ip=INSIDE, udp=rows)
    assert names(proc, 700) == {700: "docker-proxy"}


def test_of_two_programs_at_one_port_neither_is_named(proc: Path):
    proxy(proc)
    rows = [row("0.0.0.0", 6881, 9), row(INSIDE, 6881, 10)]
    place(add(proc, 60, "one", inodes=(9,)), CONTAINER, ip=INSIDE, udp=rows)
    place(add(proc, 61, "two", inodes=(10,)), CONTAINER, ip=INSIDE)
    assert names(proc, 700) == {700: "docker-proxy"}


def test_a_program_that_is_only_called_like_the_proxy_says_nothing(proc: Path):
    place(add(proc, 50, "docker-proxy", argv=("docker-proxy", "-v"), inodes=(700,)), HOST)
    assert names(proc, 700) == {700: "docker-proxy"}
    assert behind({}, proc) == {}


@pytest.mark.system
@needs("namespaces", "docker-proxy")
def test_dockers_own_proxy_is_seen_through(tmp_path: Path):
    with home() as lab:
        pc, inner = lab.name("pc"), lab.name("switch")  # a switch is a host as any other
        run("ip", "-n", pc, "link", "add", "c0", "type", "veth", "peer", "eth9", "netns", inner)
        for name, port, ip in ((pc, "c0", "172.17.0.1/16"), (inner, "eth9", f"{INSIDE}/16")):
            run("ip", "-n", name, "addr", "add", ip, "dev", port)
            run("ip", "-n", name, "link", "set", port, "up")
        argv = f"exec {found('docker-proxy')} -proto udp -host-ip 0.0.0.0 -host-port 51413"
        argv += f" -container-ip {INSIDE} -container-port 6881 3>/dev/null"
        with (
            program("switch", "transmission", tmp_path, inner) as inside,
            started(("sh", "-c", argv), tmp_path / "log", namespace=pc),
            lab.inside("pc"),
        ):
            inside.open(6881)
            host = Linux()
            until(host.listening, "socket of the proxy")
            [seen] = [s.socket for s in host.snapshot().sockets if s.socket.local_port == 51413]
            assert (seen.process, seen.pid) == ("transmission", inside.process.pid)
