import asyncio
import contextlib
import errno
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.transports import ListenError
from exporter.transports.inbox import Inbox
from exporter.transports.stream import StreamServer
from tests import logged
from tests.transports import NOW, Drops, anybody, needs_ipv6, rest, take

log = logged.fixture("WARNING", "{message}")


def server(inbox, drops, host="", port=0, clock=lambda: NOW, allowed=anybody, **options):
    return StreamServer(
        inbox, host=host, port=port, clock=clock, allowed=allowed, dropped=drops, **options
    )


@contextlib.asynccontextmanager
async def served(inbox, drops, host="", **options):
    tcp = server(inbox, drops, host, **options)
    task = asyncio.ensure_future(tcp.serve())
    try:
        async with asyncio.timeout(20):
            yield tcp
    finally:
        await cancelled(task)


async def cancelled(task):
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def connected(tcp, to="127.0.0.1"):
    reader, writer = await asyncio.open_connection(to, tcp.port)
    return reader, writer


async def closed_by_server(reader):
    """Wait until the server has closed the connection."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def send(tcp, *chunks, to="127.0.0.1"):
    """Send chunks, each in a segment of its own as far as TCP lets us; then close, and wait."""
    reader, writer = await connected(tcp, to)
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
    await closed_by_server(reader)
    writer.close()


def exchange(*chunks, host="", to="127.0.0.1", **options):
    """Send chunks over one connection; return the batches and what was dropped."""

    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        async with served(inbox, drops, host, **options) as tcp:
            await send(tcp, *chunks, to=to)
        return await rest(inbox), drops.counts

    return asyncio.run(scenario())


def messages_of(batches):
    return [message for batch in batches for message in batch.messages]


def test_lines_and_counted_messages_arrive_in_order():
    batches, drops = exchange(b"<13>one\n", b"8 <13>t\nwo", b"three\r\n\n<13>four\n")
    assert messages_of(batches) == [b"<13>one", b"<13>t\nwo", b"three", b"", b"<13>four"]
    assert {(batch.sender, batch.listener, batch.received) for batch in batches} == {
        ("127.0.0.1", "tcp", NOW)
    }
    assert not drops


@needs_ipv6
@pytest.mark.parametrize("host", ["", "::", "::1"])
def test_an_ipv6_sender_is_heard_too(host):
    batches, _ = exchange(b"x\n", host=host, to="::1")
    assert [batch.sender for batch in batches] == ["::1"]


@pytest.mark.parametrize("host", ["", "127.0.0.1", "0.0.0.0"])
def test_an_ipv4_sender_is_named_by_its_ipv4_address(host):
    batches, _ = exchange(b"x\n", host=host)
    assert [batch.sender for batch in batches] == ["127.0.0.1"]


MESSAGES = st.lists(st.binary(max_size=40).map(lambda m: b"<13>" + m.strip(b"\r\n\0")), max_size=20)


def framed(message, counted):
    return b"%d %s" % (len(message), message) if counted or b"\n" in message else message + b"\n"


@pytest.mark.thorough
@settings(deadline=None, max_examples=60)
@given(messages=MESSAGES, counted=st.booleans(), data=st.data())
def test_whatever_the_chunks_the_messages_arrive_equal(messages, counted, data):
    stream = b"".join(framed(message, counted) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    edges = zip([0, *cuts], [*cuts, len(stream)], strict=True)
    batches, drops = exchange(*[stream[start:end] for start, end in edges])
    assert messages_of(batches) == messages
    assert not drops


def test_a_last_line_without_its_end_is_a_message():
    batches, drops = exchange(b"one\ntwo")
    assert messages_of(batches) == [b"one", b"two"]
    assert not drops


def test_half_a_counted_message_is_counted_as_a_bad_frame():
    batches, drops = exchange(b"6 <13>ok", b"20 <13>half")
    assert messages_of(batches) == [b"<13>ok"]
    assert drops == {("tcp", "bad_frame"): 1}


def test_an_oversize_message_is_counted_and_what_is_around_it_is_heard():
    batches, drops = exchange(b"one\n" + b"x" * 5000 + b"\ntwo\n", max_message=1000)
    assert messages_of(batches) == [b"one", b"two"]
    assert drops == {("tcp", "oversize"): 1}


def test_a_bad_frame_of_one_sender_does_not_touch_the_other_connection():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        async with served(inbox, drops, max_message=100) as tcp:
            _, good = await connected(tcp)
            good.write(b"before\n")
            assert await take(inbox, 1) == [b"before"]
            await send(tcp, b"30 <13>cut short")
            good.write(b"after\n")
            assert await take(inbox, 1) == [b"after"]
            good.close()
        assert drops.counts == {("tcp", "bad_frame"): 1}

    asyncio.run(scenario())


def test_losses_of_one_sender_are_logged_once_a_minute(log):
    async def scenario():
        drops = Drops()
        now = [NOW // 60 * 60]
        inbox = Inbox(drops)
        async with served(inbox, drops, clock=lambda: now[0]) as tcp:
            for _ in range(3):
                await send(tcp, b"30 <13>{braces} cut short")
            now[0] += 60
            await send(tcp, b"30 <13>cut short")
        return drops.counts

    assert asyncio.run(scenario()) == {("tcp", "bad_frame"): 4}
    assert len(log) == 2
    assert "127.0.0.1" in log[0]


def test_a_reset_connection_loses_nothing_that_was_read_and_is_no_error():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        failures = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: failures.append(context)
        )
        async with served(inbox, drops) as tcp:
            _, writer = await connected(tcp)
            writer.write(b"one\ntwo")
            assert await take(inbox, 1) == [b"one"]
            linger_zero = struct.pack("ii", 1, 0)  # close() then sends a reset
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger_zero
            )
            writer.close()
            assert await take(inbox, 1) == [b"two"]
            await send(tcp, b"three\n")
            assert await take(inbox, 1) == [b"three"]
        assert failures == []
        assert not drops.total()

    asyncio.run(scenario())


def test_everything_sent_is_delivered_when_the_inbox_is_tiny():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=4)
        sent = [b"%d %s" % (number, b"x" * 80) for number in range(20_000)]
        async with served(inbox, drops) as tcp, asyncio.TaskGroup() as group:
            group.create_task(send(tcp, b"".join(line + b"\n" for line in sent)))
            assert await take(inbox, len(sent)) == sent
        assert not drops.total()

    asyncio.run(scenario())


def test_reading_stops_while_the_inbox_is_full_and_goes_on_after():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=2)
        async with served(inbox, drops) as tcp:
            _, eager = await connected(tcp)
            eager.write(b"1\n")
            while not inbox.pressed:
                await asyncio.sleep(0)
            eager.write(b"2\n")
            _, late = await connected(tcp)
            late.write(b"3\n")
            while inbox.messages < 2:  # 2 was there before 3, but its connection is not read
                await asyncio.sleep(0)
            assert await take(inbox, 2) == [b"1", b"3"]
            assert await take(inbox, 1) == [b"2"]
            eager.close()
            late.close()
        assert not drops.total()

    asyncio.run(scenario())


def test_a_sender_that_may_not_send_is_closed_and_counted_once():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        async with served(inbox, drops, allowed=lambda ip: ip != "127.0.0.1") as tcp:
            reader, writer = await connected(tcp)
            writer.write(b"one\ntwo\n")
            await closed_by_server(reader)
            writer.close()
        assert await rest(inbox) == []
        assert drops.counts == {("tcp", "denied_sender"): 1}

    asyncio.run(scenario())


def test_beyond_the_bound_a_connection_is_refused_and_counted_until_another_ends():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        async with served(inbox, drops, max_connections=1) as tcp:
            reader, first = await connected(tcp)
            first.write(b"first\n")
            assert await take(inbox, 1) == [b"first"]
            refused, writer = await connected(tcp)
            await closed_by_server(refused)
            writer.close()
            assert drops.counts == {("tcp", "rate_limited"): 1}
            first.write_eof()
            await closed_by_server(reader)
            first.close()
            await send(tcp, b"next\n")
            assert await take(inbox, 1) == [b"next"]

    asyncio.run(scenario())


def test_a_connection_that_stays_silent_is_closed_and_its_last_line_kept():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        async with served(inbox, drops, idle_seconds=0.1) as tcp:
            reader, writer = await connected(tcp)
            writer.write(b"half a line")
            await closed_by_server(reader)
            writer.close()
            assert await take(inbox, 1) == [b"half a line"]

    asyncio.run(scenario())


def test_stopping_hands_over_what_was_read_and_closes_every_connection():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        tcp = server(inbox, drops)
        waiting_when_stopped = []

        async def serve():
            try:
                await tcp.serve()
            finally:
                waiting_when_stopped.append(inbox.messages)

        task = asyncio.ensure_future(serve())
        reader, writer = await connected(tcp)
        writer.write(b"one\ntwo")
        assert await take(inbox, 1) == [b"one"]
        await cancelled(task)
        assert waiting_when_stopped == [1]
        assert messages_of(await rest(inbox)) == [b"two"]
        await closed_by_server(reader)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await connected(tcp)

    asyncio.run(scenario())


# One step after the accept asyncio itself loses the socket of a server that closes.
@pytest.mark.parametrize("steps", range(2, 8))
def test_a_connection_that_is_just_being_made_when_it_stops_is_closed_too(steps):
    async def scenario():
        drops = Drops()
        tcp = server(Inbox(drops), drops)
        task = asyncio.ensure_future(tcp.serve())
        for _ in range(3):  # until it listens
            await asyncio.sleep(0)
        with socket.create_connection(("127.0.0.1", tcp.port)) as client:
            client.setblocking(False)
            for _ in range(steps):
                await asyncio.sleep(0)
            await cancelled(task)
            async with asyncio.timeout(10):
                with contextlib.suppress(ConnectionResetError):
                    assert await asyncio.get_running_loop().sock_recv(client, 1) == b""

    asyncio.run(scenario())


def test_connections_wait_in_line_before_the_server_serves():
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        tcp = server(inbox, drops)
        _, writer = await connected(tcp)
        writer.write(b"early\n")
        task = asyncio.ensure_future(tcp.serve())
        assert await take(inbox, 1) == [b"early"]
        writer.close()
        await cancelled(task)

    asyncio.run(scenario())


def test_a_taken_port_is_named_in_the_error():
    drops = Drops()
    first = server(Inbox(drops), drops)
    with pytest.raises(ListenError) as raised:
        server(Inbox(drops), drops, port=first.port)
    first.close()
    assert str(raised.value) == (
        f"cannot listen on TCP port {first.port}: address already in use"
        " (is another knockwatch running?)"
    )
    assert raised.value.errno == errno.EADDRINUSE
