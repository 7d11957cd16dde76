import json

import pytest

from exporter.host_report import Socket
from exporter.sockets_text import powershell

UDP = {"LocalAddress": "0.0.0.0", "LocalPort": 51413, "OwningProcess": 5120}


def read(text: str) -> list[Socket]:
    lines = text.split("\n")
    assert powershell.recognises(lines)
    return powershell.sockets(lines)


def ages(*created: object) -> list[float | None]:
    entries = [{**UDP, "LocalPort": 1 + n, "CreationTime": at} for n, at in enumerate(created)]
    return [socket.age_seconds for socket in read(json.dumps(entries))]


@pytest.mark.parametrize("text", [json.dumps(UDP), json.dumps([UDP]), json.dumps([UDP], indent=4),
                                  json.dumps({"value": [UDP], "Count": 1}),
                                  json.dumps(UDP).lower()])  # fmt: skip
def test_one_object_an_array_and_a_wrapped_array_are_read(text):
    (socket,) = read(f"PS C:\\> Get-NetUDPEndpoint\n{text}\nPS C:\\> ")
    assert socket == Socket(transport="udp", local_ip="0.0.0.0", local_port=51413, pid=5120)


def test_what_was_copied_of_a_cut_array_is_read():
    text = json.dumps([UDP, {**UDP, "LocalPort": 5}, UDP], indent=4)
    assert [socket.local_port for socket in read(text[:-40])] == [51413, 5]


@pytest.mark.parametrize("key", ["Name", "ProcessName", "process"])
def test_the_program_may_have_been_added(key):
    (socket,) = read(json.dumps({"Name": None, **UDP, key: "netsession_win"}))
    assert socket.process == "netsession_win"


def test_ages_count_from_the_youngest_socket():
    assert ages("/Date(1767225600000)/", "/Date(1767229200500)/") == [3600.5, 0.0]
    assert ages("2026-01-01T10:00:00.1234567+09:00", "2026-01-01T01:00:01.123456Z") == [1.0, 0.0]
    assert ages({"value": "/Date(1767225600000)/", "DateTime": "x"}, None) == [0.0, None]


@pytest.mark.parametrize("never", ["1601-01-01T00:00:00Z", "/Date(-62135596800000)/", "soon", 5])
def test_a_time_that_was_never_set_is_no_age(never):
    assert ages(never, "2026-01-01T00:00:00Z") == [None, 0.0]


@pytest.mark.parametrize(
    ("state", "expected"),
    [(5, "established"), ("5", "established"), ("Established", "established"), (2, "listen"),
     (4, "syn_recv"), (100, "bound"), (77, None), (None, None)],
)  # fmt: skip
def test_states_are_numbers_or_words(state, expected):
    entry = {**UDP, "RemoteAddress": "198.51.100.7", "RemotePort": 443, "State": state}
    (socket,) = read(json.dumps(entry))
    assert (socket.transport, socket.state, socket.remote_port) == ("tcp", expected, 443)


def test_the_command_tells_the_transport_where_the_properties_do_not():
    tcp, udp = "PS> Get-NetTCPConnection | x", "PS> Get-NetUDPEndpoint | x"
    text = "\n".join([tcp, json.dumps(UDP), udp, json.dumps(UDP), tcp, json.dumps(UDP)])
    assert [socket.transport for socket in read(text)] == ["tcp", "udp", "tcp"]


@pytest.mark.parametrize("port", [None, True, -1, 0, 65536, 1.5, "x", [], {}])
def test_an_object_without_a_port_is_passed_over(port):
    assert read(json.dumps({**UDP, "LocalPort": port})) == []
