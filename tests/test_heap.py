import platform
import subprocess
import sys

import pytest

# Large blocks with a small one behind each, as a scrape and what is remembered meanwhile.
KEPT = """
import gc, resource, sys
from exporter import heap

if sys.argv[1] == "settled":
    heap.settle()
small = []
for _ in range(2):
    large = [(b"x" * (1 << 20), small.append(bytes(4000)))[0] for _ in range(50)]
    del large
pages = int(open("/proc/self/statm").read().split()[1])
print(pages * resource.getpagesize() // 1_000_000, gc.get_freeze_count())
"""


def kept(how: str) -> tuple[int, int]:
    """The memory in MB that is left, and how many objects the collector passes over."""
    done = subprocess.run([sys.executable, "-c", KEPT, how], check=True, capture_output=True)
    resident, frozen = done.stdout.split()
    return int(resident), int(frozen)


@pytest.mark.thorough
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what glibc keeps")
def test_large_blocks_are_returned_when_they_are_freed():
    (settled, frozen), (unsettled, none) = kept("settled"), kept("as it is")
    assert settled < unsettled - 20
    assert frozen > 1000
    assert none == 0
