import pytest

from exporter.host_report import Socket
from exporter.sockets_text import tasklist


def test_service_hosts_are_named_with_their_services():
    lines = [
        '"Abbildname","PID","Dienste"',
        '"svchost.exe","1016","RpcEptMapper,RpcSs"',
        '"svchost.exe","1020","Nicht zutreffend"',
        '"spoolsv.exe","1030","Spooler"',
        '"System Idle Process","0","N/A"',
    ]
    assert tasklist.programs(lines) == {
        1016: "svchost.exe (RpcEptMapper, RpcSs)",
        1020: "svchost.exe",
        1030: "spoolsv.exe",
    }


def test_a_session_is_not_a_service():
    row = '"svchost.exe","1016","Services","0","12,345 K"'
    assert tasklist.programs([row]) == {1016: "svchost.exe"}


@pytest.mark.parametrize(
    ("process", "expected"),
    [(None, "svchost.exe (DoSvc)"), ("svchost.exe", "svchost.exe (DoSvc)"), ("a.exe", "a.exe")],
)
def test_what_the_listing_itself_says_is_only_added_to(process, expected):
    socket = Socket(transport="udp", local_ip="::", local_port=5, process=process, pid=7)
    (named,) = tasklist.named([socket], {7: "svchost.exe (DoSvc)"})
    assert named.process == expected


def test_an_unknown_process_id_stays_without_a_name():
    socket = Socket(transport="udp", local_ip="::", local_port=5, pid=8)
    assert tasklist.named([socket], {7: "a.exe"}) == [socket]
