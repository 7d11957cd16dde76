import pytest

from exporter.dialects import Malformed, checkpoint
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert checkpoint.claims(message), line
    return checkpoint.parse(message)


@pytest.mark.parametrize(
    "line",
    [
        'CheckPoint 1 - [action:"Drop"; src:"192.0.2.1"; s_port:"5"; proto:"17"; ifname:"e0"; ]',
        'CheckPoint 1 - [ action::"drop";src::"192.0.2.1";s_port::"5";proto::"udp";ifname::"e0"]',
        "a=b|product=x|action=DROP|loguid={0}|src=192.0.2.1|s_port=5|proto=17|ifname=e0",
        "Checkpoint: 1Nov2026 4:04:09 drop x >e0 src: 192.0.2.1; proto: udp; s_port: 5",
        "Checkpoint: 14:04:09 Drop x >e0 src: 192.0.2.1;proto: udp;s_port: 5;",
    ],
)
def test_three_formats_say_the_same(line):
    assert parse(line) == Event(
        kind="rejected",
        action="drop",
        transport="udp",
        source_ip="192.0.2.1",
        source_port=5,
        ingress_interface="e0",
    )


@pytest.mark.parametrize(
    ("action", "kind"),
    [("Prevent", "rejected"), ("Accept", "accepted"), ("Detect", "other"), ("Log In", "other")],
)
def test_the_action_is_the_verdict(action, kind):
    event = parse(f'CheckPoint 1 - [action:"{action}"; src:"192.0.2.1"; ]')
    assert event == Event(kind=kind, action=action.lower(), source_ip="192.0.2.1")


def test_lines_that_say_nothing():
    assert parse("Checkpoint: hello") == Event(kind="other")
    with pytest.raises(Malformed):
        parse('CheckPoint 1 - [src:"x"; ]')


@pytest.mark.parametrize("line", ["CheckPoint hello", "a|product=x|action=Drop", "checkpoint: a"])
def test_lines_of_others_are_left_to_them(line):
    assert not checkpoint.claims(header.read(line.encode(), 0.0))
