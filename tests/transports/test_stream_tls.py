"""The stream server with a certificate, by real sockets; its senders block in threads."""

import asyncio
import contextlib
import socket
import ssl
import struct

import pytest

from exporter.transports.certificate import Certificate
from exporter.transports.inbox import Inbox
from tests import logged
from tests.transports import NOW, Drops, rest, take
from tests.transports.authority import HOST, Authority
from tests.transports.test_stream import cancelled, messages_of, served, server
from tests.transports.test_tls import Client

LINES = b"<13>one\n8 <13>t\nwothree\r\n"  # both ways of framing
MESSAGES = [b"<13>one", b"<13>t\nwo", b"three"]


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def own(ca):
    return ca.issue()


@pytest.fixture(scope="module")
def certificate(own):
    return Certificate(str(own.both))


@pytest.fixture(scope="module")
def mutual(ca, own):
    """Return a certificate that wants one of the sender, too."""
    return Certificate(str(own.both), client_ca=str(ca.file))


log = logged.fixture("WARNING", "{message}")


@contextlib.contextmanager
def connection(port, context):
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        yield tls


def speak(port, context, *texts):
    """Send texts, and end the connection as TLS wants it."""
    with connection(port, context) as tls:
        for text in texts:
            tls.sendall(text)
        tls.unwrap().close()  # waits for the close_notify of the server


def told(port, context):
    """Return what a sender is told that is refused."""
    with pytest.raises(ssl.SSLError) as caught, connection(port, context) as tls:
        tls.recv(1)
    return str(caught.value)


def speak_plainly(port, *texts):
    """Send texts without TLS, and wait for the end."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        contextlib.suppress(ConnectionError),
    ):
        for text in texts:
            plain.sendall(text)
        while plain.recv(4096):
            pass


def exchange(certificate, say, **options):
    """Serve while `say(port)` runs in a thread; return its result, the batches and the losses."""

    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        options.setdefault("listener", "tls")
        async with served(inbox, drops, certificate=certificate, **options) as tcp:
            said = await asyncio.to_thread(say, tcp.port)
        return said, await rest(inbox), drops.counts

    return asyncio.run(scenario())


def refusal(certificate, say, **options):
    """Serve one connection that is refused; return what the sender saw."""
    said, batches, drops = exchange(certificate, say, **options)
    assert batches == []
    assert drops == {("tls", "denied_sender"): 1}
    return said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_sender_with_a_certificate_is_heard_in_both_framings(ca, mutual, version):
    context = ca.sender(ca.issue("router"))
    context.minimum_version = context.maximum_version = version
    _, batches, drops = exchange(mutual, lambda port: speak(port, context, LINES, b"a last"))
    assert messages_of(batches) == [*MESSAGES, b"a last"]
    assert {(batch.sender, batch.listener) for batch in batches} == {("127.0.0.1", "tls")}
    assert not drops


def test_without_a_client_ca_any_sender_is_heard(ca, certificate):
    _, batches, _ = exchange(certificate, lambda port: speak(port, ca.sender(), LINES))
    assert messages_of(batches) == MESSAGES


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (ssl.TLSVersion.TLSv1_2, "handshake failure"),
        (ssl.TLSVersion.TLSv1_3, "certificate required"),
    ],
)
def test_a_sender_without_a_certificate_is_told_and_not_heard(ca, mutual, log, version, words):
    context = ca.sender()
    context.minimum_version = context.maximum_version = version
    assert words in refusal(mutual, lambda port: told(port, context))
    assert log == [
        "messages from 127.0.0.1 lost on tls: no TLS handshake: it shows no certificate\n"
    ]


def test_a_certificate_of_another_authority_is_refused(ca, mutual, log, tmp_path):
    stranger = Authority(tmp_path)
    context = ca.sender(stranger.issue("router"))
    assert "unknown ca" in refusal(mutual, lambda port: told(port, context))
    assert "its certificate: unable to get local issuer certificate" in log[0]


def test_an_expired_certificate_is_refused(ca, mutual, log):
    context = ca.sender(ca.issue("expired", days=-0.1))
    assert "certificate expired" in refusal(mutual, lambda port: told(port, context))
    assert "its certificate: certificate has expired" in log[0]


def test_one_sender_s_own_certificate_can_be_all_that_is_trusted(ca, own):
    router, other = ca.issue("router"), ca.issue("other")
    pinned = Certificate(str(own.both), client_ca=str(router.certificate))
    _, batches, drops = exchange(pinned, lambda port: speak(port, ca.sender(router), LINES))
    assert messages_of(batches) == MESSAGES
    assert not drops
    refusal(pinned, lambda port: told(port, ca.sender(other)))


def test_a_sender_that_does_not_trust_our_certificate_is_counted(certificate, log, tmp_path):
    said = refusal(certificate, lambda port: told(port, Authority(tmp_path).sender()))
    assert "certificate verify failed" in said
    assert "unknown ca" in log[0]


def test_tls_1_1_is_refused(ca, certificate):
    context = ca.sender()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    assert "version" in refusal(certificate, lambda port: told(port, context)).lower()


def test_plain_text_is_refused_once_a_connection_and_logged_once_a_minute(certificate, log):
    now = [NOW // 60 * 60]

    def say(port):
        for _ in range(3):
            speak_plainly(port, b"<13>Nov 23 01:14:21 gate kernel: {x}\n" * 3)
        now[0] += 60
        speak_plainly(port, b"<13>again\n")

    _, batches, drops = exchange(certificate, say, clock=lambda: now[0])
    assert batches == []
    assert drops == {("tls", "denied_sender"): 4}
    assert len(log) == 2
    assert "127.0.0.1" in log[0]
    assert "it does not speak TLS" in log[0]


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_that_does_not_go_on_is_ended(certificate, log, first):
    refusal(certificate, lambda port: speak_plainly(port, first), handshake_seconds=0.1)
    assert "no TLS handshake within 0.1 seconds" in log[0]


def test_a_sender_that_was_fast_enough_may_be_silent_for_longer(ca, certificate):
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        async with served(inbox, drops, certificate=certificate, handshake_seconds=0.5) as tcp:
            with connected(tcp, ca) as tls:
                await asyncio.to_thread(tls.do_handshake)
                silent = socket.create_connection(("127.0.0.1", tcp.port), timeout=10)
                with silent:  # the later one is ended: then the time of the former is over, too
                    assert await asyncio.to_thread(silent.recv, 1) == b""
                await asyncio.to_thread(tls.sendall, b"late\n")
                assert await take(inbox, 1) == [b"late"]
        assert drops.total() == 1

    asyncio.run(scenario())


def test_a_refused_handshake_is_counted_once_though_its_time_runs_out_later(certificate):
    def say(port):
        speak_plainly(port, b"<13>plain\n")
        speak_plainly(port)  # is ended when the time of both is over

    _, _, drops = exchange(certificate, say, handshake_seconds=0.1)
    assert drops == {("tls", "denied_sender"): 2}


def test_what_came_whole_before_a_broken_record_is_delivered(ca, certificate):
    def say(port):
        client = Client(ca.sender())
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            while not client.shaken():
                plain.sendall(client.leaving.read())
                client.arrived.write(plain.recv(65536))
            broken = bytearray(client.says(b"one\n", b"two\nhalf", b"three\n"))
            broken[-1] ^= 1
            plain.sendall(broken)
            while plain.recv(4096):
                pass

    _, batches, drops = exchange(certificate, say)
    assert messages_of(batches) == [b"one", b"two", b"half"]
    assert drops == {("tls", "bad_frame"): 1}


def test_handshakes_under_way_count_as_connections(certificate):
    async def scenario():
        drops = Drops()
        async with served(Inbox(drops), drops, certificate=certificate, max_connections=1) as tcp:
            with socket.create_connection(("127.0.0.1", tcp.port)):
                await asyncio.to_thread(speak_plainly, tcp.port)
        assert drops.counts == {("tcp", "rate_limited"): 1}

    asyncio.run(scenario())


def test_who_hangs_up_in_the_handshake_is_counted_and_who_only_looks_is_not(ca, certificate):
    def say(port):
        for first in (b"", b"\x16\x03\x01\x02\x00\x01"):
            with socket.create_connection(("127.0.0.1", port)) as plain:
                plain.sendall(first)
        speak(port, ca.sender(), b"a later one\n")

    _, batches, drops = exchange(certificate, say)
    assert messages_of(batches) == [b"a later one"]
    assert drops == {("tls", "denied_sender"): 1}


def test_a_sender_that_may_not_send_is_closed_before_the_handshake(certificate, log):
    refusal(certificate, speak_plainly, allowed=lambda ip: False)
    assert log == ["127.0.0.1 may not send: tls connection closed\n"]


def test_one_that_fails_does_not_touch_the_connection_of_another(ca, mutual):
    def say(port):
        with connection(port, ca.sender(ca.issue("router"))) as tls:
            tls.sendall(b"before\n")
            told(port, ca.sender())
            speak_plainly(port, b"<13>plain\n")
            tls.sendall(b"after\n")
            tls.unwrap().close()

    _, batches, drops = exchange(mutual, say)
    assert messages_of(batches) == [b"before", b"after"]
    assert drops == {("tls", "denied_sender"): 2}


def test_a_renewed_certificate_is_shown_to_the_next_and_the_former_goes_on(ca, tmp_path):
    home = Authority(tmp_path)
    files = home.issue()
    certificate = Certificate(str(files.both))

    def say(port):
        with connection(port, home.sender()) as former:
            first = former.getpeercert(binary_form=True)
            files.both.write_bytes(home.issue().both.read_bytes())
            certificate.renew()
            with connection(port, home.sender()) as next_one:
                assert next_one.getpeercert(binary_form=True) != first
                next_one.sendall(b"new\n")
                next_one.unwrap().close()
            former.sendall(b"old\n")
            former.unwrap().close()

    _, batches, drops = exchange(certificate, say)
    assert messages_of(batches) == [b"new", b"old"]
    assert not drops


def test_a_reset_connection_loses_nothing_that_was_read_and_is_no_error(ca, certificate):
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        failures = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: failures.append(context)
        )
        async with served(inbox, drops, certificate=certificate) as tcp:
            with connected(tcp, ca) as tls:
                await asyncio.to_thread(tls.do_handshake)
                tls.sendall(b"one\ntwo")
                assert await take(inbox, 1) == [b"one"]
                linger_zero = struct.pack("ii", 1, 0)  # close() then sends a reset
                tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
            assert await take(inbox, 1) == [b"two"]
        assert failures == []
        assert not drops.total()

    asyncio.run(scenario())


def connected(tcp, ca):
    """Return a connection whose handshake is still to be done."""
    plain = socket.create_connection(("127.0.0.1", tcp.port), timeout=10)
    return ca.sender().wrap_socket(plain, server_hostname=HOST, do_handshake_on_connect=False)


def test_a_sender_that_leaves_without_reading_anything_is_heard(ca, certificate):
    def say(port):
        for number in range(20):
            with connection(port, ca.sender()) as tls:
                tls.sendall(b"%d\n" % number)  # closed at once, without a close_notify

    _, batches, drops = exchange(certificate, say)
    assert messages_of(batches) == [b"%d" % number for number in range(20)]
    assert not drops


def test_everything_sent_is_delivered_when_the_inbox_is_tiny(ca, certificate):
    sent = [b"%d %s" % (number, b"x" * 80) for number in range(20_000)]

    async def scenario():
        drops = Drops()
        inbox = Inbox(drops, max_messages=4)
        text = b"".join(line + b"\n" for line in sent)
        async with (
            served(inbox, drops, certificate=certificate) as tcp,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(asyncio.to_thread(speak, tcp.port, ca.sender(), text))
            assert await take(inbox, len(sent)) == sent
        assert not drops.total()

    asyncio.run(scenario())


def test_stopping_hands_over_what_was_read_and_says_goodbye(ca, certificate):
    async def scenario():
        drops = Drops()
        inbox = Inbox(drops)
        tcp = server(inbox, drops, certificate=certificate)
        task = asyncio.ensure_future(tcp.serve())
        with connected(tcp, ca) as tls, connected(tcp, ca):  # the second one never speaks
            await asyncio.to_thread(tls.do_handshake)
            tls.sendall(b"one\ntwo")
            assert await take(inbox, 1) == [b"one"]
            await cancelled(task)
            assert messages_of(await rest(inbox)) == [b"two"]
            tls.suppress_ragged_eofs = False  # an end without a close_notify would be an error
            assert await asyncio.to_thread(tls.recv, 1) == b""
        assert not drops.total()

    asyncio.run(scenario())


def test_a_batch_bears_the_names_on_the_certificate_that_was_asked_for(ca, mutual, certificate):
    who = ca.sender(ca.issue("router-7.example"))
    for shown, names in ((mutual, ("router-7.example",)), (certificate, ())):
        _, batches, _ = exchange(shown, lambda port: speak(port, who, LINES, b"a last"))
        assert {batch.names for batch in batches} == {names}
