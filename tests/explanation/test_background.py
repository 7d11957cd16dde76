import pytest

from exporter.events import Network
from exporter.explanation import background
from exporter.knowledge import load
from tests.rejections import rejection

KNOWLEDGE = load()


def told(language="en", cause="scan", **facts):
    return background(rejection(**facts), cause, KNOWLEDGE, language)


@pytest.mark.parametrize(
    ("language", "port", "why"),
    [("en", "TCP port 3389 is known for: Remote Desktop.", "ransomware"),
     ("ja", "TCPポート3389で知られるもの：リモートデスクトップ。", "ランサムウェア")],
)  # fmt: skip
def test_a_known_port_is_told_with_what_it_means(language, port, why):
    [target, *_] = told(language, transport="tcp", our_port=3389, remote_port=40000)
    assert target.startswith(port)
    assert why in target


def test_the_other_sides_port_is_told_where_it_sent():
    assert any("STUN/TURN reply" in line for line in told(remote_port=3478, our_port=50123))
    assert any("STUN/TURNの返事" in line for line in told("ja", remote_port=3478, our_port=50123))
    out = told(direction="outbound", remote_port=3478, our_port=50123, destination_port=3478)
    assert sum("STUN" in line for line in out) == 1  # as the port it was sent to


def test_flags_are_told_by_name():
    assert "Its flags: SYN, ACK." in told(transport="tcp", signal="SA", our_port=50123)
    assert not any("flags" in line for line in told(transport="icmp", signal="8", our_port=None))


def test_the_kind_of_network_advises_only_where_it_tells_something():
    late, scan = (told(cause=cause, our_port=50123)[-1] for cause in ("late_reply", "scan"))
    assert scan == "Its kind of network: Content delivery network."
    assert late.startswith(scan)
    assert len(late) > len(scan)


def test_what_nobody_knows_is_not_told():
    unknown = Network("unknown")
    assert told(our_port=50123, remote_port=40000, source=unknown) == ()
    assert told(direction="local", our_port=5353) == ()
