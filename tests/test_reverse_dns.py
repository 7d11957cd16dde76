"""The questions to the LAN's resolver, asked of small servers; of a real one in tests/system."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from exporter import reverse_dns
from exporter.inventory.resolved import AGAIN, Resolved
from exporter.reverse_dns import Unanswered, ask, keep_asking

NOW = 1_790_000_000.0
IP = "192.168.1.23"
Reply = Callable[[dns.message.Message], bytes | None]


class Server(asyncio.DatagramProtocol):
    """Answers each question as `reply` does, and keeps what was asked."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        self.asked.append(str(question.question[0].name))
        answer = self.reply(question)
        if answer is not None:
            self.transport.sendto(answer, addr)


def named(*names: str) -> Reply:
    def reply(question):
        answer = dns.message.make_response(question)
        if names:
            where = question.question[0].name
            answer.answer = [dns.rrset.from_text(where, 60, "IN", "PTR", *names)]
        return answer.to_wire()

    return reply


def refusing(code: str) -> Reply:
    def reply(question):
        answer = dns.message.make_response(question)
        answer.set_rcode(dns.rcode.from_text(code))
        return answer.to_wire()

    return reply


@contextlib.asynccontextmanager
async def serving(reply: Reply):
    loop = asyncio.get_running_loop()
    _, server = await loop.create_datagram_endpoint(
        lambda: Server(reply), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        server.transport.close()


def answer_of(reply, address=IP):
    async def go():
        async with serving(reply) as server:
            return await ask(address, "127.0.0.1", server.port), server.asked

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("address", "question"),
    [
        (IP, "23.1.168.192.in-addr.arpa."),
        ("fd00::5", "5" + ".0" * 29 + ".d.f.ip6.arpa."),
    ],
)
def test_the_name_is_the_first_label(address, question):
    assert answer_of(named("nas.lan."), address) == ("nas", [question])


@pytest.mark.parametrize(
    "reply",
    [
        *(named(), named("a.lan.", "b.lan.")),
        *(refusing("NXDOMAIN"), refusing("REFUSED"), refusing("SERVFAIL")),
    ],
)
def test_no_name_and_several_are_none(reply):
    assert answer_of(reply)[0] == ""


def test_a_name_of_any_bytes_is_text():
    assert answer_of(named("a\\255b\\046c.lan."))[0] == "a\ufffdb.c"


@pytest.mark.parametrize("reply", [lambda _: None, lambda _: b"\0" * 40, lambda _: b""])
def test_who_answers_nothing_or_nonsense_did_not_answer(reply, monkeypatch):
    monkeypatch.setattr(reverse_dns, "TIMEOUT", 0.1)
    with pytest.raises(Unanswered, match=r"127\.0\.0\.1"):
        answer_of(reply)


def asking(reply, wanted, *, rounds, pause=0.0, servers=("127.0.0.1",)):
    """Let it ask until so many questions have an outcome; return outcomes, questions, names."""
    resolved, outcomes = Resolved(), []
    for address in wanted:
        resolved.want(address)

    async def go():
        async with serving(reply) as server, asyncio.timeout(20):
            done = asyncio.Event()

            def counted(outcome):
                outcomes.append(outcome)
                if len(outcomes) == rounds:
                    done.set()

            task = asyncio.create_task(  # noqa: TID251 - ended two lines below
                keep_asking(resolved, servers, lambda: NOW, counted, port=server.port)
            )
            await done.wait()
            task.cancel()
            return server.asked

    return outcomes, asyncio.run(go()), resolved


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(reverse_dns, "LOOK", 0.0)
    monkeypatch.setattr(reverse_dns, "PAUSE", 0.01)
    monkeypatch.setattr(reverse_dns, "TIMEOUT", 0.05)


def test_what_is_wanted_is_asked_once_each_and_the_answer_kept(quick):
    outcomes, asked, resolved = asking(named("nas.lan."), [IP, "10.0.0.5"], rounds=2)
    assert outcomes == ["named", "named"]
    assert [name.partition(".in-addr")[0] for name in asked] == ["23.1.168.192", "5.0.0.10"]
    resolved.want(IP)
    assert resolved.due(NOW + AGAIN - 1) is None


def test_no_name_is_remembered_too(quick):
    outcomes, _, resolved = asking(named("192-168-1-23.lan."), [IP], rounds=1)
    assert outcomes == ["nameless"]
    resolved.want(IP)
    assert resolved.due(NOW + 60) is None


def test_a_silent_resolver_is_left_alone_for_ten_minutes(quick, monkeypatch):
    monkeypatch.setattr(reverse_dns, "PAUSE", 600.0)
    resolved, outcomes = Resolved(), []
    for number in range(9):
        resolved.want(f"10.0.0.{number}")

    async def go():
        async with serving(lambda _: None) as server:
            asked = keep_asking(
                resolved, ["127.0.0.1"], lambda: NOW, outcomes.append, port=server.port
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked, 0.5)
            return server.asked

    assert len(asyncio.run(go())) == 1
    assert outcomes == ["failed"]
    assert resolved.due(NOW)  # it waits for the next time


def test_the_second_is_asked_where_the_first_does_not_answer(quick):
    outcomes, _, _ = asking(named("nas.lan."), [IP], rounds=1, servers=("192.0.2.1", "127.0.0.1"))
    assert outcomes == ["named"]


def test_without_anybody_to_ask_nothing_is_done():
    asyncio.run(keep_asking(Resolved(), (), lambda: NOW, pytest.fail))


def test_a_refused_port_is_no_answer(quick):
    with socket.socket(type=socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unanswered):
        asyncio.run(ask(IP, "127.0.0.1", port))
