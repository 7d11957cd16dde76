"""Who waits for whom, so that what is large does not come at once."""

import asyncio
from contextlib import AsyncExitStack

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

    async def app(self, scope, receive, send):
        number = len(self.read)
        self.read.append(0)
        while (message := await receive())["more_body"]:
            self.read[number] += len(message["body"])

    async def send(self, application, client, *, path="/api/v1/reports", chunks, silence):
        left = list(chunks)

        async def receive():
            if left:
                return {"type": "http.request", "body": left.pop(0), "more_body": True}
            await silence.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        await application({"type": "http", "path": path, "client": (client, 1)}, receive, None)


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


def test_two_expositions_of_a_client_are_made_at_a_time():
    asked = [("a", [b"x"])] * 3 + [("b", [b"x"])]
    assert under_way(asked, "/metrics") == [1, 1, 1]  # the third has not begun
    assert under_way(asked, "/") == [1, 1, 1, 1]
