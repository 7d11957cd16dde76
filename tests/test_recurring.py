import asyncio

from exporter.recurring import regularly


def test_work_is_done_until_the_stop_whatever_becomes_of_it():
    done, told = [], []

    async def play() -> None:
        stop = asyncio.Event()

        async def _work() -> None:
            done.append(len(done))
            if len(done) == 2:
                raise ValueError("the second time")
            if len(done) == 4:
                stop.set()

        def failed(task: str, error: Exception) -> None:
            told.append((task, str(error)))

        await asyncio.wait_for(regularly(stop, 0.001, _work, failed), 10)

    asyncio.run(play())
    assert done == [0, 1, 2, 3]
    assert told == [("work", "the second time")]


def test_a_stop_ends_the_waiting_and_nothing_more_is_done():
    done = []

    async def play() -> None:
        stop = asyncio.Event()

        async def work() -> None:
            done.append(1)

        task = asyncio.ensure_future(regularly(stop, 3600.0, work, lambda *_: None))
        await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(task, 10)

    asyncio.run(play())
    assert done == []
