import pytest

from exporter.dialects import conntrack
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return conntrack.parse(message) if conntrack.claims(message) else None


@pytest.mark.parametrize("says", ["table full, dropping packet", " Table FULL.", "table full"])
@pytest.mark.parametrize(
    "front", ["nf_conntrack: ", "nf_conntrack: nf_conntrack: ", "ip_conntrack: "]
)
def test_a_full_table_is_told(front, says):
    assert parse(f"Nov 10 14:46:01 gw kernel: [12.5] {front}{says}") == Event(kind="conntrack_full")


def test_the_rest_is_other_or_not_ours():
    assert parse("kernel: nf_conntrack: expectation table full") == Event(kind="other")
    assert parse("kernel: routing table full") is None
