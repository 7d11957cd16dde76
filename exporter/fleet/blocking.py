"""Calls of a library that block, and some of which never end."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


async def call(what: Callable[[], _T], seconds: float) -> _T:
    """Call it in a thread of its own. Raises TimeoutError when it has not returned in time.

    That thread is left behind then, as it is when who waits is cancelled. It does not keep the
    program from ending, as one of an executor would.
    """
    loop, done = asyncio.get_running_loop(), asyncio.Future[_T]()

    def tell(answer: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lambda: None if done.done() else answer())

    def run() -> None:
        try:
            result = what()
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            tell(partial(done.set_exception, error))
        else:
            tell(partial(done.set_result, result))

    Thread(target=run, daemon=True).start()
    return await asyncio.wait_for(done, seconds)
