import errno

from exporter.transports import ListenError, Losses, OncePerMinute
from tests.transports import NOW


def test_a_cause_is_logged_once_a_minute_and_another_one_beside_it():
    due = OncePerMinute()
    start = NOW // 60 * 60
    assert due(start, "oversize", "192.0.2.1")
    assert not due(start + 59, "oversize", "192.0.2.1")
    assert due(start + 59, "oversize", "192.0.2.2")
    assert due(start + 60, "oversize", "192.0.2.1")


def test_forged_senders_cannot_fill_the_log():
    due = OncePerMinute()
    logged = sum(due(NOW, "denied", f"192.0.2.1 {number}") for number in range(10_000))
    assert 0 < logged <= 100


def test_what_was_dropped_is_told_once():
    losses = Losses()
    losses("udp", "queue_full", 3)
    losses("udp", "queue_full", 4)
    losses("tcp", "bad_frame", 1)
    assert losses.take() == {("udp", "queue_full"): 7, ("tcp", "bad_frame"): 1}
    assert losses.take() == {}


def test_a_port_that_needs_a_privilege_says_which():
    error = ListenError("UDP", "", 514, PermissionError(errno.EACCES, "Permission denied"))
    assert str(error) == (
        "cannot listen on UDP port 514: permission denied"
        " (ports below 1024 need root or CAP_NET_BIND_SERVICE)"
    )
