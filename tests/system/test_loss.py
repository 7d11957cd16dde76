"""Whatever a flood of datagrams loses is known to be lost, to the last one."""

import sys

import pytest

from tests.bench import loss
from tests.system.parts.knockwatch import serve

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what its kernel dropped"),
]


UNLIMITED = "sender_messages_per_second = 0\n"


@pytest.mark.parametrize("size", loss.SIZES)
def test_every_message_is_counted_or_known_to_be_lost(tmp_path, size):
    with serve(tmp_path, more=UNLIMITED + "receive_buffer_bytes = 16384\n") as server:
        [found] = loss.accounts(server, rate=60_000, seconds=2, size=size, times=1)
    assert found.sent
    assert found.counted
    assert found.kernel  # it was too much, or this proves nothing
    assert found.unknown == 0
