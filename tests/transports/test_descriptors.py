"""A process asks for as many files as it may need, and says when it does not get them."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from exporter.transports.descriptors import allow
soft, hard, connections = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
allow(connections)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "given", "said"),
    [
        (1024, 4096, 512, 1024, False),  # enough as it is
        (1024, 4096, 2000, 2256, False),
        (1024, 4096, 10_000, 4096, True),
    ],
)
def test_the_limit_is_raised_as_far_as_it_is_needed_and_allowed(
    soft, hard, connections, given, said
):
    argv = [sys.executable, "-c", SCRIPT, str(soft), str(hard), str(connections)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert int(done.stdout) == given
    assert ("raise the limit" in done.stderr) == said
