import ctypes
import errno
import socket

import pytest

from exporter.transports import datagrams
from tests.transports import needs_ipv6

LONGEST = 100  # bytes


@pytest.fixture(params=["recvmmsg", "recvfrom"])
def reader(request, monkeypatch):
    """Make readers of either kind: Linux has both."""
    if request.param == "recvfrom":
        monkeypatch.setattr("sys.platform", "darwin")
    elif not hasattr(ctypes.PyDLL(None), "recvmmsg"):
        pytest.skip("this system has no recvmmsg")
    return datagrams.reader


def bound(address="127.0.0.1", family=socket.AF_INET):
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    opened.bind((address, 0))
    return opened


def arrived(reader, receiver):
    """Return all that has arrived, and how many datagrams each call said there were."""
    move, found, moved = reader(receiver, LONGEST), {}, []
    while not moved or moved[-1]:
        moved.append(move(found))
    return found, moved


def test_the_two_kinds_differ(reader, request):
    with bound() as receiver:
        kind = type(reader(receiver, LONGEST).__self__).__name__
    assert kind == {"recvmmsg": "_Many", "recvfrom": "_OneByOne"}[request.node.callspec.id]


def test_what_each_address_sent_is_in_order(reader):
    count = 2 * datagrams.AT_ONCE + 3
    with bound() as receiver, bound() as one, bound("127.0.0.2") as two, bound() as port:
        port_of = receiver.getsockname()
        for number in range(count // 3):
            for sender in (one, two, port):
                sender.sendto(b"%d" % number, port_of)
        found, moved = arrived(reader, receiver)
    numbers = [b"%d" % number for number in range(count // 3)]
    assert found == {
        "127.0.0.1": [number for number in numbers for _ in range(2)],
        "127.0.0.2": numbers,
    }
    assert moved == [datagrams.AT_ONCE, datagrams.AT_ONCE, 3 * (count // 3) - 128, 0]


def test_any_length_is_kept_and_a_longer_one_is_cut(reader):
    lengths = [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, 5000, 0, 7]
    with bound() as receiver, bound() as sender:
        for length in lengths:
            sender.sendto(b"x" * length, receiver.getsockname())
        found, _ = arrived(reader, receiver)
    assert [len(data) for data in found["127.0.0.1"]] == [min(n, LONGEST) for n in lengths]


def test_what_came_before_is_no_part_of_a_shorter_one(reader):
    with bound() as receiver, bound() as sender:
        move = reader(receiver, LONGEST)
        for text in (b"a long one", b"short"):
            sender.sendto(text, receiver.getsockname())
            found = {}
            move(found)
            assert found == {"127.0.0.1": [text]}


@needs_ipv6
def test_both_families_are_named_as_they_are_written(reader):
    with (
        bound("::", socket.AF_INET6) as receiver,
        bound("127.0.0.9") as four,
        bound("::1", socket.AF_INET6) as six,
    ):
        port = receiver.getsockname()[1]
        four.sendto(b"four", ("127.0.0.1", port))
        six.sendto(b"six", ("::1", port))
        found, _ = arrived(reader, receiver)
    assert found == {"127.0.0.9": [b"four"], "::1": [b"six"]}


def test_an_error_of_the_socket_is_an_error(reader):
    receiver = bound()
    move = reader(receiver, LONGEST)
    receiver.close()
    with pytest.raises(OSError, match=r"[Bb]ad file descriptor") as raised:
        move({})
    assert raised.value.errno == errno.EBADF


def test_without_recvmmsg_each_is_received_by_itself(monkeypatch):
    def bare(*arguments, **options):
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "PyDLL", bare)
    with bound() as receiver, bound() as sender:
        sender.sendto(b"x", receiver.getsockname())
        assert arrived(datagrams.reader, receiver) == ({"127.0.0.1": [b"x"]}, [1, 0])


def test_where_the_kernel_has_no_recvmmsg_each_is_received_by_itself(monkeypatch):
    class Library:
        def __init__(self, *arguments, **options):
            pass

        def recvmmsg(self, *arguments):
            ctypes.set_errno(errno.ENOSYS)
            return -1

    monkeypatch.setattr(ctypes, "PyDLL", Library)
    with bound() as receiver, bound() as sender:
        sender.sendto(b"x", receiver.getsockname())
        assert arrived(datagrams.reader, receiver) == ({"127.0.0.1": [b"x"]}, [1, 0])
