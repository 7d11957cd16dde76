import pytest

from exporter.host_report import Socket
from exporter.sockets_text import powershell_text


def read(text: str) -> list[Socket]:
    lines = [line for line in text.split("\n") if line.strip()]
    assert powershell_text.recognises(lines)
    return powershell_text.sockets(lines)


def test_a_listener_has_no_setting_and_keeps_its_process():
    heading = "LocalAddress LocalPort RemoteAddress RemotePort State AppliedSetting OwningProcess"
    first, second = read(
        f"{heading}\n0.0.0.0 135 0.0.0.0 0 Listen 792\n{'::1 5 ::2 6 '}Established Internet 8"
    )
    assert (first.state, first.pid, first.remote_ip) == ("listen", 792, None)
    assert (second.state, second.pid, second.remote_ip) == ("established", 8, "::2")


def test_columns_are_told_by_their_headings_in_any_order():
    (socket,) = read("LocalPort OwningProcess LocalAddress\n51413 5120 0.0.0.0")
    assert socket == Socket(transport="udp", local_ip="0.0.0.0", local_port=51413, pid=5120)


def test_an_address_that_a_narrow_window_cut_is_no_address():
    assert read("LocalAddress LocalPort\n------------ ---------\n2001:db8:1:2... 5353") == []


@pytest.mark.parametrize("order", [("LocalAddress", "LocalPort"), ("LocalPort", "LocalAddress")])
def test_entries_of_a_list_do_not_run_into_each_other(order):
    values = [{"LocalAddress": "0.0.0.0", "LocalPort": n} for n in (5, 6)]
    text = "\n".join(f"{name} : {value[name]}" for value in values for name in order)
    assert [socket.local_port for socket in read(text)] == [5, 6]


def test_a_list_behind_another_begins_anew():
    first = "LocalAddress : ::\nLocalPort : 5"
    udp, tcp = read(f"{first}\nPS C:\\> x\nState : Listen\nLocalPort : 6\nLocalAddress : ::")
    assert (udp.transport, udp.local_port) == ("udp", 5)
    assert (tcp.transport, tcp.local_port, tcp.state) == ("tcp", 6, "listen")


def test_csv_cells_may_hold_commas():
    (socket,) = read('"LocalAddress","LocalPort","ProcessName"\n"0.0.0.0","5","a, b"')
    assert socket.process == "a, b"


@pytest.mark.parametrize(
    "line",
    [
        '[{"LocalAddress":"0.0.0.0","LocalPort":445}]',
        '    "LocalAddress": "0.0.0.0",',
        "PS C:\\> Get-NetUDPEndpoint | Select-Object LocalAddress,LocalPort",
        "udp 0 0 0.0.0.0:5 0.0.0.0:*",
        "",
    ],
)
def test_other_lines_are_not_rows(line):
    assert not powershell_text.recognises([line])
