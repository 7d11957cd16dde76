import msgspec

from exporter import wire
from exporter.agent.snapshot import Sighting
from exporter.agent.watch import Watch
from exporter.host_report import Socket


def seen(identity: int, *, port: int = 51413, transport: str = "udp", **more: str) -> Sighting:
    socket = Socket(transport=transport, local_ip="0.0.0.0", local_port=port, **more)  # type: ignore[arg-type]
    return Sighting(identity=identity, socket=socket)


def ages(watch: Watch, sightings: list[Sighting], now: float) -> list[float | None]:
    return [socket.age_seconds for socket in watch.aged(sightings, now)]


def test_a_socket_found_at_the_first_look_is_not_known_to_be_old():
    assert ages(Watch(), [seen(1)], now=5000.0) == [0.0]


def test_a_socket_grows_old_from_the_moment_it_was_first_seen():
    watch = Watch()
    watch.aged([seen(1)], 100.0)
    assert ages(watch, [seen(1), seen(2, port=3478)], 130.5) == [30.5, 0.0]


def test_no_age_is_more_than_a_server_takes():
    watch = Watch()
    watch.aged([seen(1)], 0.0)
    assert ages(watch, [seen(1)], 1e9) == [wire.MAX_SOCKET_AGE]


def test_a_process_is_as_old_as_the_system_says():
    mine = msgspec.structs.replace(seen(1), started=40.25)
    (socket,) = Watch().aged([mine], 100.0)
    assert (socket.age_seconds, socket.process_age_seconds) == (0.0, 59.75)
    (early,) = Watch().aged([mine], 40.0)  # clocks are read one after the other
    assert early.process_age_seconds == 0.0


def test_another_socket_at_the_same_port_starts_anew():
    watch = Watch()
    watch.aged([seen(1)], 100.0)
    assert ages(watch, [seen(2)], 130.0) == [0.0]


def test_a_socket_that_was_away_starts_anew():
    watch = Watch()
    watch.aged([seen(1)], 100.0)
    watch.aged([], 115.0)
    assert ages(watch, [seen(1)], 130.0) == [0.0]


def test_the_order_of_sockets_is_no_change():
    watch = Watch()
    watch.aged([seen(1), seen(2)], 0.0)
    assert not watch.changed([seen(2), seen(1)])


def test_sockets_that_come_go_or_are_replaced_are_a_change():
    watch = Watch()
    assert watch.changed([seen(1)])
    watch.aged([seen(1)], 0.0)
    assert watch.changed([])
    assert watch.changed([seen(1), seen(2)])
    assert watch.changed([seen(2)])
    assert watch.changed([seen(1, remote_ip="198.51.100.7")])


def test_a_tcp_listener_is_watched_and_a_connection_is_not():
    watch = Watch()
    watch.aged([seen(1)], 0.0)
    assert watch.changed([seen(1), seen(2, transport="tcp", state="listen")])
    assert not watch.changed([seen(1), seen(2, transport="tcp", state="established")])


def test_owners_may_be_left_out_of_a_comparison():
    watch = Watch()
    watch.aged([seen(1, process="netsession_win.exe")], 0.0)
    assert not watch.changed([seen(1)])
