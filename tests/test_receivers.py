import socket

import pytest

from exporter import receivers as module
from exporter.config import parse
from exporter.receivers import Receivers
from exporter.transports import ListenError
from exporter.transports.inbox import Inbox

CONFIG = '[listen]\naddress = "127.0.0.1"\n'


def dropped(*_):
    raise AssertionError("nothing is lost here")


def opened(config):
    return Receivers(parse(CONFIG + config), Inbox(dropped), dropped, {}, lambda: 0.0)


def test_udp_and_tcp_share_a_port_that_is_free_for_both():
    receivers = opened("syslog_port = 0")
    try:
        assert receivers.udp.port == receivers.tcp.port > 0
        assert receivers.tls is None
    finally:
        receivers.close()


def test_a_port_that_is_taken_for_tcp_is_left_for_another(monkeypatch):
    """The kernel gives a free UDP port; the first is taken for TCP, whatever it is."""
    taken = []
    real = module.StreamServer

    def server(inbox, *, port, **options):
        if not taken:
            holder = socket.create_server(("127.0.0.1", port))
            taken.append(holder)
        return real(inbox, port=port, **options)

    monkeypatch.setattr(module, "StreamServer", server)
    receivers = opened("syslog_port = 0")
    try:
        assert receivers.tcp.port == receivers.udp.port != taken[0].getsockname()[1]
    finally:
        receivers.close()
        taken[0].close()


def test_a_port_that_was_asked_for_and_is_taken_ends_the_start():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(ListenError, match=f"TCP port {port}"):
            opened(f"syslog_port = {port}")
        with socket.socket(type=socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", port))  # what was opened before is closed


def test_a_sender_of_datagrams_is_bounded_unless_that_is_switched_off():
    usual = module.rates(parse("").listen)
    assert usual is not None
    assert usual.take("a", 0.0, 100_000) == 10_000
    assert usual.take("a", 0.1, 100_000) == 2000
    assert module.rates(parse("[listen]\nsender_messages_per_second = 0").listen) is None
    receivers = opened("syslog_port = 0\nsender_burst = 7")
    try:
        assert receivers.udp.rates is not None
        assert receivers.udp.rates.take("a", 0.0, 100) == 7
    finally:
        receivers.close()
