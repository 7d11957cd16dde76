import asyncio
import errno
import socket
import sys
import time

import pytest

from exporter.events import Batch
from exporter.rates import Rates
from exporter.transports import ListenError
from exporter.transports.inbox import Inbox
from exporter.transports.udp import LONGEST_PAUSE, UdpReceiver, _ask_receive_buffer, pause
from tests.transports import NOW, Drops, anybody, needs_ipv6, rest, take


def receiver(inbox, drops, host="", port=0, allowed=anybody, **options):
    return UdpReceiver(
        inbox, host=host, port=port, clock=lambda: NOW, allowed=allowed, dropped=drops, **options
    )


def sender(ip="127.0.0.1"):
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.bind((ip, 0))
    return opened


def exchange(datagrams, host="", to="127.0.0.1", ip="127.0.0.1", **options):
    """Send datagrams to a receiver; return the batches and what was dropped."""

    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        udp = receiver(inbox, drops, host, **options)
        udp.start()
        with sender(ip) as out:
            for data in datagrams:
                out.sendto(data, (to, udp.port))
        udp.close()
        return await rest(inbox), drops.counts

    return asyncio.run(scenario())


def test_one_datagram_is_one_message_and_its_end_of_line_is_no_part_of_it():
    batches, _ = exchange(
        [b"<13>a", b"<13>b\n", b"<13>c\r\n", b"<13>d\n\0", b"<13>e\nf", b"\n", b""]
    )
    assert [message for batch in batches for message in batch.messages] == [
        b"<13>a",
        b"<13>b",
        b"<13>c",
        b"<13>d",
        b"<13>e\nf",
        b"",
        b"",
    ]
    assert batches[0].listener == "udp"
    assert batches[0].received == NOW


@pytest.mark.parametrize("host", ["", "127.0.0.1", "0.0.0.0", "localhost"])
def test_an_ipv4_sender_is_named_by_its_ipv4_address(host):
    batches, _ = exchange([b"x"], host)
    assert [batch.sender for batch in batches] == ["127.0.0.1"]


@needs_ipv6
@pytest.mark.parametrize("host", ["", "::", "::1"])
def test_an_ipv6_sender_is_heard_too(host):
    batches, _ = exchange([b"x"], host, to="::1", ip="::1")
    assert [batch.sender for batch in batches] == ["::1"]


@needs_ipv6
def test_one_socket_hears_both_families():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        udp = receiver(inbox, drops)
        udp.start()
        with sender() as v4, sender("::1") as v6:
            v4.sendto(b"four", ("127.0.0.1", udp.port))
            v6.sendto(b"six", ("::1", udp.port))
        assert sorted(await take(inbox, 2)) == [b"four", b"six"]
        udp.close()

    asyncio.run(scenario())


def test_where_ipv6_is_missing_ipv4_is_heard(monkeypatch):
    real = socket.socket

    def without_ipv6(family=socket.AF_INET, *arguments, **options):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *arguments, **options)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    batches, _ = exchange([b"x"])
    assert [batch.sender for batch in batches] == ["127.0.0.1"]


def test_senders_are_kept_apart_and_each_ones_order_is_kept():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        udp = receiver(inbox, drops)
        udp.start()
        with sender("127.0.0.1") as one, sender("127.0.0.2") as two:
            for number in range(100):
                one.sendto(b"one %d" % number, ("127.0.0.1", udp.port))
                two.sendto(b"two %d" % number, ("127.0.0.1", udp.port))
        udp.close()
        heard: dict[str, list[bytes]] = {}
        for batch in await rest(inbox):
            heard.setdefault(batch.sender, []).extend(batch.messages)
        assert heard == {
            "127.0.0.1": [b"one %d" % number for number in range(100)],
            "127.0.0.2": [b"two %d" % number for number in range(100)],
        }

    asyncio.run(scenario())


def test_after_a_reading_is_a_pause_in_which_the_kernel_keeps_what_comes():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        udp = receiver(inbox, drops)
        udp.start()
        with sender() as out:
            out.sendto(b"first", ("127.0.0.1", udp.port))
            assert await take(inbox, 1) == [b"first"]
            out.sendto(b"second", ("127.0.0.1", udp.port))
            time.sleep(LONGEST_PAUSE / 10)  # the reading thread would have had its time
            assert inbox.messages == 0
            out.sendto(b"third", ("127.0.0.1", udp.port))
            [batch] = await inbox.get()
            assert batch.messages == [b"second", b"third"]
        udp.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("messages", "size", "seconds", "buffer", "expected"),
    [
        (1, 100, 10.0, 8 << 20, LONGEST_PAUSE),
        (0, 0, 10.0, 8 << 20, LONGEST_PAUSE),
        (1, 100, 10.0, 212_992, 332.8 / 10_000),  # 10,000/s may begin
        (100, 10_000, 0.01, 212_992, 332.8 / 4 / 10_000),  # 10,000/s: a quarter of 332
        (20, 80_000, 0.01, 212_992, 35.5 / 10_000),  # only 35 are kept of 4,000 bytes
        (1024, 102_400, 0.02, 8 << 20, 0.02),  # 50,000/s: no more at once
        (2048, 204_800, 0.04, 8 << 20, 0.0),  # there may be more
        (1024, 102_400, 0.0, 8 << 20, 0.0),
    ],
)
def test_a_pause_ends_before_the_kernel_is_in_need(messages, size, seconds, buffer, expected):
    assert pause(messages, size, seconds, buffer) == pytest.approx(expected, rel=1e-3)


def test_what_has_arrived_is_read_before_the_socket_closes():
    batches, drops = exchange([b"x"] * 3000)  # more than one reading takes
    assert sum(len(batch.messages) for batch in batches) + sum(drops.values()) == 3000
    assert sum(len(batch.messages) for batch in batches) > 512


@pytest.mark.thorough
def test_all_that_waits_in_a_large_buffer_at_the_close_is_delivered_or_counted():
    sent = 40_000

    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        udp = receiver(inbox, drops, receive_buffer_bytes=64 * 1024 * 1024)
        if udp.receive_buffer_granted < 64 * 1024 * 1024:
            pytest.skip("this system grants no such buffer")
        with sender() as out:
            for _ in range(sent):
                out.sendto(b"x", ("127.0.0.1", udp.port))
        udp.close()
        delivered = sum(len(batch.messages) for batch in await rest(inbox))
        assert delivered + drops.total() == sent

    asyncio.run(scenario())


def test_a_sender_that_may_not_send_is_counted_and_not_heard():
    batches, drops = exchange([b"x"] * 3, allowed=lambda ip: ip != "127.0.0.1")
    assert batches == []
    assert drops == {("udp", "denied_sender"): 3}


def test_a_message_longer_than_the_bound_is_counted_and_the_next_one_heard():
    batches, drops = exchange([b"x" * 101, b"y" * 100], max_message=100)
    assert [batch.messages for batch in batches] == [[b"y" * 100]]
    assert drops == {("udp", "oversize"): 1}


def test_one_sender_cannot_take_what_is_anothers():
    async def scenario():
        drops, inbox = Drops(), Inbox(Drops(), max_messages=100)
        udp = receiver(inbox, drops, rates=Rates(0.0, 20, 10))
        with sender() as flooding, sender("127.0.0.2") as quiet:
            for number in range(500):
                flooding.sendto(b"flood %d" % number, ("127.0.0.1", udp.port))
            quiet.sendto(b"hello", ("127.0.0.1", udp.port))
        udp.close()  # reads all of it at once
        return await rest(inbox), drops.counts

    batches, drops = asyncio.run(scenario())
    heard = {batch.sender: batch.messages for batch in batches}
    assert heard == {"127.0.0.1": [b"flood %d" % n for n in range(20)], "127.0.0.2": [b"hello"]}
    assert drops == {("udp", "rate_limited"): 480}


def test_forged_senders_fill_no_memory_and_the_router_is_heard():
    rates = Rates(1000.0, 20, 50)
    batches, drops = exchange([b"x"], rates=rates)
    for number in range(10_000):
        assert rates.take(f"10.0.{number >> 8}.{number & 255}", NOW, 5) == 5
    assert len(rates._left) == 50
    assert (len(batches), drops) == (1, {})
    assert exchange([b"x"], rates=rates)[1] == {}


def test_everything_sent_is_delivered_or_counted_when_the_inbox_is_tiny():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=7)
        udp = receiver(inbox, drops)
        udp.start()
        with sender() as out:
            for _ in range(1000):
                out.sendto(b"x", ("127.0.0.1", udp.port))
        udp.close()
        delivered = sum(len(batch.messages) for batch in await rest(inbox))
        assert delivered == 7
        assert delivered + drops.total() == 1000

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what its kernel dropped")
def test_what_the_kernel_dropped_is_counted_once():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        udp = receiver(inbox, drops, receive_buffer_bytes=8192)
        assert udp.kernel_drops() == 0
        with sender() as out:
            for _ in range(500):
                out.sendto(b"x" * 200, ("127.0.0.1", udp.port))
        lost = udp.kernel_drops()
        assert lost
        assert udp.kernel_drops() == lost
        udp.close()
        delivered = sum(len(batch.messages) for batch in await rest(inbox))
        assert delivered
        assert delivered + lost == 500
        assert udp.kernel_drops() == lost
        assert drops.counts == {("udp", "kernel_buffer"): lost}

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what its kernel dropped")
def test_the_kernels_number_may_wrap(monkeypatch):
    numbers = iter([2**32 - 5, 2**32 - 1, 3, 4])
    real = socket.socket.getsockopt

    def wrapping(opened, level, option, *size):
        if (level, option) != (socket.SOL_SOCKET, 55):
            return real(opened, level, option, *size)
        return bytes(32) + next(numbers).to_bytes(4, sys.byteorder)

    class Wrapping(socket.socket):
        getsockopt = wrapping

    monkeypatch.setattr(socket, "socket", Wrapping)
    drops = Drops()
    udp = receiver(Inbox(drops), drops)
    assert [udp.kernel_drops(), udp.kernel_drops()] == [2**32 - 1, 2**32 + 3]
    udp.close()
    assert drops.counts == {("udp", "kernel_buffer"): 2**32 + 4}


def test_what_the_inbox_has_no_room_for_stays_with_the_kernel():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=2100)
        inbox.put(Batch(received=NOW, sender="x", listener="file", messages=[b"x"] * 100))
        udp = receiver(inbox, drops)
        udp.start()
        with sender() as out:
            for _ in range(100):
                out.sendto(b"x", ("127.0.0.1", udp.port))
            await asyncio.sleep(2 * LONGEST_PAUSE)
            assert inbox.messages == 100
            assert await take(inbox, 200)
        udp.close()
        assert drops.total() == 0

    asyncio.run(scenario())


def test_a_defect_does_not_end_the_receiving():
    async def scenario():
        drops, asked = Drops(), []

        def defect_at_first(ip):
            asked.append(ip)
            if len(asked) == 1:
                raise RuntimeError("a defect")
            return True

        inbox = Inbox(drops)
        udp = receiver(inbox, drops, allowed=defect_at_first)
        udp.start()
        with sender() as out:
            while not asked:
                out.sendto(b"x", ("127.0.0.1", udp.port))
                time.sleep(LONGEST_PAUSE / 10)
            out.sendto(b"y", ("127.0.0.1", udp.port))
            assert (await take(inbox, 1))[-1] in (b"x", b"y")
        udp.close()
        assert drops.counts["udp", "defect"] >= 1  # all of the first reading

    asyncio.run(scenario())


def test_a_defect_does_not_end_the_stop():
    def defect(ip):
        raise RuntimeError("a defect")

    drops = Drops()
    udp = receiver(Inbox(drops), drops, allowed=defect)
    with sender() as out:
        out.sendto(b"x", ("127.0.0.1", udp.port))
    udp.close()
    udp.close()
    assert drops.counts == {("udp", "defect"): 1}


def test_a_kernel_that_only_looks_like_linux_may_not_know_how_to_force_a_buffer():
    class Strange(socket.socket):
        def setsockopt(self, level, option, value):
            if option == 33:
                raise OSError(errno.ENOPROTOOPT, "Protocol not available")
            super().setsockopt(level, option, value)

    with Strange(socket.AF_INET, socket.SOCK_DGRAM) as strange:
        assert 0 < _ask_receive_buffer(strange, 100_000) <= 100_000


def test_it_tells_how_large_a_receive_buffer_it_asked_for_and_got():
    drops = Drops()
    udp = receiver(Inbox(drops), drops, receive_buffer_bytes=100_000)
    assert (udp.receive_buffer_asked, udp.receive_buffer_granted) == (100_000, 100_000)
    udp.close()


def test_a_taken_port_is_named_in_the_error():
    drops = Drops()
    first = receiver(Inbox(drops), drops)
    with pytest.raises(ListenError) as raised:
        receiver(Inbox(drops), drops, port=first.port)
    first.close()
    assert str(raised.value) == (
        f"cannot listen on UDP port {first.port}: address already in use"
        " (is another knockwatch running?)"
    )
    assert raised.value.errno == errno.EADDRINUSE


@needs_ipv6
def test_a_port_taken_in_one_family_is_not_half_opened():
    drops = Drops()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind(("::", 0))
        with pytest.raises(ListenError):
            receiver(Inbox(drops), drops, port=other.getsockname()[1])


def test_an_address_that_is_not_ours_is_named_in_the_error():
    drops = Drops()
    with pytest.raises(ListenError, match=r"UDP port 5514 of 192\.0\.2\.1: cannot assign"):
        receiver(Inbox(drops), drops, "192.0.2.1", port=5514)
