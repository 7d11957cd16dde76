import asyncio
import subprocess
import sys
import threading

import pytest

from exporter.fleet import blocking

LEFT_BEHIND = """
import asyncio, time
from exporter.fleet import blocking
try:
    asyncio.run(blocking.call(lambda: time.sleep(60), 0.01))
except TimeoutError:
    print("late")
"""


def test_what_it_returns_and_raises_comes_back():
    assert asyncio.run(blocking.call(lambda: 3, 5)) == 3
    with pytest.raises(ZeroDivisionError):
        asyncio.run(blocking.call(lambda: 1 // 0, 5))


def test_a_late_answer_is_nobodys():
    answer = threading.Event()

    async def late() -> None:
        with pytest.raises(TimeoutError):
            await blocking.call(lambda: answer.wait(5), 0.01)
        answer.set()
        await asyncio.sleep(0.05)

    asyncio.run(late())


def test_a_call_that_never_ends_does_not_keep_the_program_from_ending():
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND], capture_output=True, timeout=30, check=True
    )
    assert done.stdout == b"late\n"
