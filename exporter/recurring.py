"""What is done every few seconds until the stop, whatever becomes of it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable


async def regularly(
    stop: asyncio.Event,
    seconds: float,
    work: Callable[[], Awaitable[None]],
    failed: Callable[[str, Exception], None],
) -> None:
    """Do `work` again and again; `failed` is told its name and what it raised."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
            return
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the next time may go well
            failed(work.__name__.strip("_"), error)
