import pytest

from exporter.dialects import linux_boot
from exporter.events import Event
from exporter.syslog import header


@pytest.mark.parametrize("clock", ["", "[    0.000000] ", "[    0.000000] <5>"])
def test_the_kernels_banner_is_a_boot(clock):
    message = header.read(f"kernel: {clock}Linux version 5.15.134 (builder@host)".encode(), 0.0)
    assert linux_boot.claims(message)
    assert linux_boot.parse(message) == Event(kind="boot")


@pytest.mark.parametrize("line", ["tool: needs Linux version 5.15", "kernel: Linux version of it"])
def test_a_line_that_mentions_it_is_not(line):
    assert not linux_boot.claims(header.read(line.encode(), 0.0))
