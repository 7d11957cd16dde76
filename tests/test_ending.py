import asyncio
import os
import signal

import pytest

from exporter.ending import told_to_end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_is_told_and_ends_nothing_by_itself(number):
    async def ended():
        told = told_to_end()
        assert not told.is_set()
        os.kill(os.getpid(), number)
        await asyncio.wait_for(told.wait(), 5)
        return True

    assert asyncio.run(ended())
