import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.platform != "linux":
    pytest.skip("netlink is Linux's", allow_module_level=True)

from exporter.addresses import canonical
from exporter.agent import netlink
from exporter.agent.netlink import GENERIC, NETFILTER, SOCK_DIAG, Notifications, ask, attributes

CLOSED_UDP = 2  # the group of sock_diag for IPv4
CONTROLLER = 0x10  # of generic netlink, which knows the families by name


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body + bytes(-len(body) % 4)


def family(name: bytes) -> bytes:
    return struct.pack("=BBH", 3, 1, 0) + netlink.attribute(2, name + b"\0")


@given(st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=40))))
def test_messages_are_read_as_they_were_written(written: list[tuple[int, bytes]]):
    data = b"".join(message(kind, body) for kind, body in written)
    assert list(netlink.messages(data)) == written


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=40))))
def test_attributes_are_read_as_they_were_written(written: list[tuple[int, bytes]]):
    data = b"head" + b"".join(netlink.attribute(kind, value) for kind, value in written)
    assert attributes(data, 4) == dict(written)


@given(st.binary(max_size=99))
def test_no_bytes_are_too_odd(data: bytes):
    for kind, body in netlink.messages(data):
        assert 0 <= kind <= 65535
        assert body in data
    assert all(value in data for value in attributes(data).values())


def test_what_is_cut_off_is_left_out():
    data = message(7, b"whole") + message(8, b"cut off")[:-4]
    assert list(netlink.messages(data)) == [(7, b"whole")]
    assert attributes(netlink.attribute(1, b"abcd") + netlink.attribute(2, b"cut off")[:-4]) == {
        1: b"abcd"
    }


def test_the_marks_on_a_type_are_no_part_of_it():
    assert attributes(netlink.attribute(0x8001, b"nested")) == {1: b"nested"}


@given(st.ip_addresses())
def test_an_address_has_the_text_that_every_other_has(ip):
    assert netlink.address(ip.packed) == canonical(str(ip))


def test_a_mapped_address_is_an_ipv4_address():
    octets = socket.inet_pton(socket.AF_INET6, "::ffff:192.0.2.7")
    assert netlink.address(octets) == "192.0.2.7"


def test_one_answer_is_given_and_the_end_is_noticed():
    (answer,) = ask(GENERIC, CONTROLLER, family(b"nlctrl"), every=False)
    assert int.from_bytes(attributes(answer[1], 4)[1], sys.byteorder) == CONTROLLER


def test_the_kernels_refusal_is_an_error_that_says_why():
    with pytest.raises(FileNotFoundError):
        list(ask(GENERIC, CONTROLLER, family(b"no such family"), every=False))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_missing_right_is_a_permission_error():
    code = (
        "import os; from exporter.agent import netlink; os.setuid(65534)\n"
        "for try_it in (lambda: list(netlink.ask(netlink.NETFILTER, 257, bytes(4))),"
        " lambda: netlink.Notifications(netlink.NETFILTER, (1,), room=9999)):\n"
        "  try: try_it()\n"
        "  except PermissionError: print('refused')\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("refused\nrefused\n", "")


def test_reading_does_not_wait_for_what_has_not_come():
    assert list(Notifications(NETFILTER, (), room=9999).waiting()) == []


def close_some(count: int) -> None:
    for _ in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect(("127.0.0.1", 9))


def test_what_the_kernel_had_to_drop_is_noticed_once():
    told = Notifications(SOCK_DIAG, (CLOSED_UDP,), room=1)  # the kernel gives a few thousand
    deadline = time.monotonic() + 10
    while not told.lost and time.monotonic() < deadline:
        close_some(50)  # it tells of them a moment later
        heard = list(told.waiting())
    assert told.lost
    assert heard  # what did have room
    told = Notifications(SOCK_DIAG, (), room=1)
    list(told.waiting())
    assert not told.lost


def test_a_listener_that_is_gone_leaves_no_open_file_behind():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        Notifications(SOCK_DIAG, (CLOSED_UDP,), room=1)
    with pytest.raises(OSError, match=r"\[Errno"):
        Notifications(SOCK_DIAG, (99,), room=1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
