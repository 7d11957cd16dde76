import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

if sys.platform != "linux":
    pytest.skip("sock_diag is Linux's", allow_module_level=True)

from exporter.agent import sockdiag
from exporter.agent.sockdiag import LISTEN, Closings, closed, rows
from exporter.host_report import Flow

# What a kernel said, of version 6.18, when two connected sockets were closed.
CLOSED = bytes.fromhex(
    "02010000e5880035c0a8010a000000000000000000000000c6336407000000000000000000000000"
    "00000000ec620000000000000000000000000000ffffffff000000000000000005000a0011000000"
)
CLOSED_V6 = bytes.fromhex(
    "0a0100009c41003520010db800010000000000000000001020010db800ff00000000000000000001"
    "00000000ed620000000000000000000000000000ffffffff000000000000000005000a0011000000"
)


def test_a_closed_socket_tells_its_conversation():
    flow = Flow(
        transport="udp",
        local_ip="192.168.1.10",
        local_port=58760,
        remote_ip="198.51.100.7",
        remote_port=53,
    )
    assert closed(CLOSED) == flow
    v6 = closed(CLOSED_V6)
    assert v6 is not None
    assert (v6.local_ip, v6.local_port) == ("2001:db8:1::10", 40001)
    assert (v6.remote_ip, v6.remote_port) == ("2001:db8:ff::1", 53)


def test_a_socket_that_was_not_connected_had_no_conversation():
    assert closed(CLOSED[:6] + bytes(2) + CLOSED[8:]) is None


def test_another_transport_is_none_of_ours():
    assert closed(CLOSED.replace(b"\x05\x00\x0a\x00\x11", b"\x05\x00\x0a\x00\x84")) is None
    assert closed(CLOSED[:72]) is None  # it is not said


@given(st.binary(max_size=120), st.integers(0, len(CLOSED)))
def test_no_bytes_are_too_odd(odd: bytes, at: int):
    flow = closed(CLOSED[:at] + odd)
    assert flow is None or flow.transport in ("tcp", "udp")


def test_a_row_stays_the_same_while_its_socket_does():
    with socket.create_server(("127.0.0.1", 0)) as server:
        first, second = (of_port(server.getsockname()[1]) for _ in range(2))
    assert first == second
    assert "listen" in {sockdiag.read(*row).state for row in first}
    assert all(sockdiag.inode(row) for _, row in first)


def of_port(port: int) -> list[tuple[str, bytes]]:
    return [row for row in rows(LISTEN) if sockdiag.read(*row).local_port == port]


@pytest.mark.parametrize(
    ("family", "ip"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_the_kernel_tells_of_a_socket_that_no_look_has_seen(family: socket.AddressFamily, ip: str):
    closings = Closings()
    with socket.socket(family, socket.SOCK_DGRAM) as brief:
        brief.connect((ip, 9))
        port = brief.getsockname()[1]
    expected = Flow(
        transport="udp", local_ip=ip, local_port=port, remote_ip=ip, remote_port=9
    )  # told as soon as nobody can use it any more, which is a moment later
    assert expected in heard(closings, expected)


def test_the_kernel_tells_of_a_connection_that_ended():
    closings = Closings()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        ends = (*client.getsockname(), *server.getsockname())
        accepted, _ = server.accept()
        accepted.close()
    expected = Flow(
        transport="tcp",
        local_ip=ends[0],
        local_port=ends[1],
        remote_ip=ends[2],
        remote_port=ends[3],
    )
    assert expected in heard(closings, expected)


def heard(closings: Closings, expected: Flow) -> list[Flow]:
    """Listen until it was told, or for ten seconds; what it moved is left out."""
    told: list[Flow] = []
    deadline = time.monotonic() + 10
    while expected not in told and time.monotonic() < deadline:
        told += (replace(flow, bytes=None) for flow in closings.waiting())
    return told


SIZE, ANSWER = 3_000_000, 700


def test_a_connection_tells_what_it_moved_while_it_is_open_and_when_it_is_closed():
    closings = Closings()
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
    ends = (*client.getsockname(), *client.getpeername())
    with client, accepted:
        exchange(client, accepted)
        open_now = of_connection(ends, (
            replace(flow_of(row), bytes=count) for row, count in sockdiag.moved()
        ))  # fmt: skip
        assert open_now == [SIZE + ANSWER + 1]  # its beginning is acknowledged like a byte
    told: list[Flow] = []
    deadline = time.monotonic() + 10
    while not of_connection(ends, told) and time.monotonic() < deadline:
        told += closings.waiting()
    [last] = of_connection(ends, told)
    assert last is not None
    assert SIZE + ANSWER < last <= SIZE + ANSWER + 3  # and its end


def exchange(client: socket.socket, accepted: socket.socket) -> None:
    """Send a known number of bytes there and back, and wait until all are acknowledged."""

    def drain() -> None:
        left = SIZE
        while left:
            left -= len(accepted.recv(65536))
        accepted.sendall(b"y" * ANSWER)

    reader = threading.Thread(target=drain)
    reader.start()
    client.sendall(b"x" * SIZE)
    reader.join()
    answer = 0
    while answer < ANSWER:
        answer += len(client.recv(65536))


def flow_of(row: bytes) -> Flow:
    found = sockdiag.read("tcp", row)
    assert found.remote_ip is not None
    assert found.remote_port is not None
    return Flow(
        transport="tcp",
        local_ip=found.local_ip,
        local_port=found.local_port,
        remote_ip=found.remote_ip,
        remote_port=found.remote_port,
    )


def of_connection(ends: tuple[str, int, str, int], flows: Iterable[Flow]) -> list[int | None]:
    return [
        flow.bytes
        for flow in flows
        if (flow.local_ip, flow.local_port, flow.remote_ip, flow.remote_port) == ends
    ]


def test_an_old_kernel_tells_no_bytes():
    short = struct.pack("=HH", 4 + 104, 2) + bytes(104)  # its tcp_info ends before them
    tcp = CLOSED.replace(b"\x05\x00\x0a\x00\x11", b"\x05\x00\x0a\x00\x06")
    flow = closed(tcp + short)
    assert flow is not None
    assert flow.bytes is None
