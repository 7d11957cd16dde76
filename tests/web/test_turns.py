"""Who waits for whom, so that what is large does not come at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from exporter.web import turns
from exporter.web.turns import InTurn, Turns


def test_a_client_waits_for_itself_and_others_do_not():
    async def both():
        places, order = Turns(2, 1), []

        async def take(client, name, until):
            async with places.taken(client):
                order.append(name)
                await until.wait()

        first, rest = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(take("a", "a1", first))
            await asyncio.sleep(0)
            tasks.create_task(take("a", "a2", rest))
            tasks.create_task(take("b", "b1", rest))
            for _ in range(5):
                await asyncio.sleep(0)
            assert order == ["a1", "b1"]
            first.set()
            for _ in range(5):
                await asyncio.sleep(0)
            assert order == ["a1", "b1", "a2"]
            rest.set()
        async with AsyncExitStack() as all_places:  # nobody has one by now
            await all_places.enter_async_context(places.taken("c"))
            await all_places.enter_async_context(places.taken("d"))

    asyncio.run(asyncio.wait_for(both(), 10))


def test_who_gives_up_waiting_takes_no_place():
    async def steps():
        places = Turns(1, 1)
        async with places.taken("a"):
            try:
                async with asyncio.timeout(0.01), places.taken("b"):
                    raise AssertionError
            except TimeoutError:
                pass
        async with places.taken("b"):
            pass

    asyncio.run(asyncio.wait_for(steps(), 10))


class Senders:
    """Requests under way at once: how much of each was read, and how many were asked for more."""

    def __init__(self):
        self.read = []
        self.answer = asyncio.Event()
        self.said = []

    async def app(self, scope, receive, send):
        number = len(self.read)
        self.read.append(0)
        if scope["method"] == "GET":
            await self.answer.wait()
            return
        while (message := await receive())["more_body"]:
            self.read[number] += len(message["body"])

    async def send(self, application, client, *, path="/api/v1/reports", chunks, silence):
        left = list(chunks)

        async def receive():
            if left:
                return {"type": "http.request", "body": left.pop(0), "more_body": True}
            await silence.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "POST", "path": path, "client": (client, 1)}
        await application(scope, receive, None)

    async def ask(self, application, client, path, *, gone=False):
        async def receive():
            if not gone:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def say(message):
            self.said.append((client, message.get("status")))

        scope = {"type": "http", "method": "GET", "path": path, "client": (client, 1)}
        await application(scope, receive, say)


def under_way(requests, path="/api/v1/reports"):
    """Return how much is read of each of several requests that then fall silent."""

    async def steps():
        senders, silence = Senders(), asyncio.Event()
        application = InTurn(senders.app)
        async with asyncio.TaskGroup() as tasks:
            for client, chunks in requests:
                sending = senders.send(
                    application, client, path=path, chunks=chunks, silence=silence
                )
                tasks.create_task(sending)
            for _ in range(100):
                await asyncio.sleep(0)
            read = list(senders.read)
            silence.set()
        assert senders.read == [sum(map(len, chunks)) for _, chunks in requests]
        return read

    return asyncio.run(asyncio.wait_for(steps(), 10))


PIECE = bytes(turns.SMALL)


def test_of_a_client_one_large_body_is_read_at_a_time():
    large, small = [PIECE] * 5, [PIECE]
    read = under_way([("a", large), ("a", large), ("b", large), ("c", large), ("a", small)])
    assert read == [5 * len(PIECE), len(PIECE), 5 * len(PIECE), len(PIECE), len(PIECE)]


def asked(*requests):
    """Return how many questions are under way before any is answered, and are when all are."""

    async def steps():
        senders = Senders()
        application = InTurn(senders.app)
        async with asyncio.TaskGroup() as tasks:
            for client, path, gone in requests:
                tasks.create_task(senders.ask(application, client, path, gone=gone))
            for _ in range(300):
                await asyncio.sleep(0)
            before = len(senders.read)
            senders.answer.set()
        return before, len(senders.read), senders.said

    return asyncio.run(asyncio.wait_for(steps(), 10))


@pytest.mark.parametrize("path", ["/metrics", "/", "/packets", "/api/v1/suspects"])
def test_two_expositions_and_questions_of_a_client_are_answered_at_a_time(path):
    before, after, _ = asked(*[("a", path, False)] * 5, ("b", path, False))
    assert (before, after) == (3, 6)


@pytest.mark.parametrize("path", ["/-/healthy", "/static/style.css"])
def test_what_costs_nothing_does_not_wait(path):
    before, _, _ = asked(*[("a", path, False)] * 5)
    assert before == 5


def test_who_has_gone_gets_no_answer():
    _, after, said = asked(*[("a", "/packets", True)] * 20, ("a", "/packets", False))
    assert (after, said) == (1, [])


def test_of_a_client_only_so_many_are_under_way(monkeypatch):
    """Who hangs up leaves his question behind: two hundred of them would turn everybody away."""
    monkeypatch.setattr(turns, "REQUESTS_OF_A_CLIENT", 3)
    before, after, said = asked(*[("a", "/-/ready", False)] * 5, ("b", "/-/ready", False))
    assert (before, after) == (4, 4)
    assert said == [("a", 503), ("a", None)] * 2
