"""A host on which nothing happens says so, in few bytes: its own reports are no news."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("network namespaces are Linux's", allow_module_level=True)

from exporter import wire
from tests.agent.servers import bound, serving
from tests.system.parts.lab import home
from tests.system.parts.needs import needs

pytestmark = [pytest.mark.system, needs("namespaces")]

ENOUGH = 4  # heartbeats in a row
MOST = 30  # reports


def test_reports_to_a_server_elsewhere_become_heartbeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each leaves a connection behind that has ended, and the server is a new neighbour once."""
    with ExitStack() as stack:
        lab = stack.enter_context(home())
        with lab.inside("box"):
            server = stack.enter_context(bound("192.168.1.2"))
        # As the real one it lets the agent close connections, which TIME_WAIT is for then.
        monkeypatch.setattr(server.RequestHandlerClass, "protocol_version", "HTTP/1.1")
        stack.enter_context(serving(server))
        argv = ["ip", "netns", "exec", lab.name("pc"), sys.executable, "-m", "exporter", "agent"]
        argv += ["--server", server.url, "--device", "Study-PC", "--interval", "1"]
        agent = stack.enter_context(
            subprocess.Popen([*argv, "--state-dir", str(tmp_path)], stderr=subprocess.DEVNULL)
        )
        stack.callback(agent.terminate)
        in_a_row, sizes = 0, [0]
        for _ in range(MOST):
            _, _, body = server.posted.get(timeout=20)
            is_short = wire.decode(body).unchanged_since is not None
            in_a_row, sizes = (in_a_row + 1, [*sizes, len(body)]) if is_short else (0, [0])
            if in_a_row == ENOUGH:
                break
    assert in_a_row == ENOUGH
    assert max(sizes) <= 80
