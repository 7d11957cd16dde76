import pytest

from exporter.dialects import pppd
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    return pppd.parse(message) if pppd.claims(message) else None


@pytest.mark.parametrize("gap", ["  ", " ", "\t"])
def test_the_local_address_means_that_the_session_is_up(gap):
    event = parse(f"Nov 10 14:48:01 gateway pppd[3]: local{gap}IP address 203.0.113.9")
    assert event == Event(kind="wan_up", ip="203.0.113.9")


def test_a_cut_address_is_left_out():
    assert parse("pppd[3]: local  IP address 203.0.") == Event(kind="wan_up")


@pytest.mark.parametrize(
    "says", ["Connection terminated.", "Modem hangup", "LCP terminated by peer"]
)
def test_the_sessions_end_is_told(says):
    assert parse(f"pppd: {says}") == Event(kind="wan_down")


@pytest.mark.parametrize(
    "says", ["remote IP address 203.0.113.1", "Exit.", "local  LL address fe80::1"]
)
def test_the_rest_is_other(says):
    assert parse(f"pppd[3]: {says}") == Event(kind="other")


def test_another_programs_line_is_left_to_it():
    assert parse("mydaemon: local  IP address 203.0.113.9") is None
