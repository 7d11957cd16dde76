import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.host_report import HostReport
from exporter.sockets_text import (
    MAX_FLOWS,
    MAX_LINES,
    MAX_SOCKETS,
    UnreadableText,
    fields,
    lsof,
    netstat,
    powershell,
    powershell_text,
    read,
    ss,
)
from tests import timing

MOST = 4 * 1024 * 1024  # characters of a paste

SAMPLES = Path(__file__).parent / "samples"
FOUNDING = ["windows-en", "windows-en-utf16-bom", *(f"windows-ja-{e}" for e in (
    "cp932", "utf8", "utf8-bom", "utf16", "utf16be-bom"))]  # fmt: skip
FRAGMENTS = sorted(
    {
        word
        for sample in SAMPLES.glob("*.txt")
        for word in sample.read_bytes().decode("utf-8", "replace").replace("\0", "").split(" ")
    }
)


def owners(report: HostReport, transport: str, port: int) -> set[str | None]:
    return {s.process for s in report.sockets if (s.transport, s.local_port) == (transport, port)}


def complaint(data: bytes | str) -> str:
    with pytest.raises(UnreadableText) as caught:
        read(data, "pc")
    return str(caught.value)


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.txt")), ids=lambda path: path.stem)
def test_a_sample_says_what_is_written_beside_it(sample):
    report = read(sample.read_bytes(), "pc")
    expected = json.loads(sample.with_suffix(".json").read_text("utf-8"))
    assert list(report.addresses) == expected["addresses"]
    assert list(msgspec.to_builtins(report.sockets)) == expected["sockets"]
    assert list(msgspec.to_builtins(report.flows)) == expected.get("flows", [])


@pytest.mark.parametrize("name", FOUNDING)
def test_the_founding_port_belongs_to_netsession(name):
    report = read((SAMPLES / f"{name}.txt").read_bytes(), "Kitchen-PC")
    assert owners(report, "udp", 51413) == {"netsession_win.exe"}
    assert (report.version, report.device, report.agent) == (1, "Kitchen-PC", "paste")


def test_a_paste_is_current_for_ten_minutes():
    assert 3 * read("udp 0 0 0.0.0.0:5 0.0.0.0:*", "pc").interval_seconds == 600.0


def test_text_without_headings_is_read():
    text = "UDP 0.0.0.0:51413 *:* 5120\n [netsession_win.exe]"
    assert owners(read(text, "pc"), "udp", 51413) == {"netsession_win.exe"}


def test_several_listings_in_one_paste_are_all_read():
    parts = [(SAMPLES / f"{name}.txt").read_text("utf-8") for name in ("net-tools", "lsof-macos")]
    both = read("\n".join(parts), "pc").sockets
    assert both == tuple(s for part in parts for s in read(part, "pc").sockets)


def test_a_listing_pasted_twice_counts_once():
    text = (SAMPLES / "ss-tunap.txt").read_text("utf-8")
    assert read(text + text, "pc").sockets == read(text, "pc").sockets


@pytest.mark.thorough
def test_no_more_than_the_bound_is_kept():
    rows = (f"udp 0 0 10.0.{n >> 8}.{n & 255}:9 0.0.0.0:*\n" for n in range(MAX_SOCKETS + 5))
    assert len(read("".join(rows), "pc").sockets) == MAX_SOCKETS


def test_only_connected_addresses_of_the_network_are_the_hosts_own():
    report = read(
        "tcp 0 0 192.168.1.5:40000 198.51.100.7:443 ESTABLISHED\n"
        "tcp 0 0 192.168.1.6:40000 198.51.100.7:443 TIME_WAIT\n"
        "tcp 0 0 127.0.0.1:40000 127.0.0.1:443 ESTABLISHED\n"
        "udp 0 0 239.255.255.250:1900 0.0.0.0:*\n"
        "udp 0 0 192.168.1.255:137 0.0.0.0:*\n"
        "udp 0 0 2001:db8::5:40001 2001:db8::9:443\n",
        "pc",
    )
    assert report.addresses == ("192.168.1.5", "2001:db8::5")


@pytest.mark.parametrize("data", ["", b"", " \r\n\t\n", b"\xff\xfe", b"\xef\xbb\xbf\r\n", b"\0\0"])
def test_empty_text_is_told_which_commands_to_use(data):
    message = complaint(data)
    assert "empty" in message
    for command in ("netstat -ano -b", "ss -tunap", "lsof -i -nP"):
        assert command in message


def test_unknown_text_is_quoted_with_its_first_line_shortened():
    message = complaint("\n  bash: ss: command\x1b not found " + "x" * 500 + "\nsecond")
    assert 'begins with "bash: ss: command not found' in message
    assert "netstat -ano -b" in message
    assert "x" * 60 not in message
    assert "second" not in message


@pytest.mark.parametrize(
    "refusal",
    [
        "The requested operation requires elevation.",
        "要求された操作には管理者特権が必要です。".encode("cp932"),
        "C:\\>netstat -ano -b\r\n要求された操作には管理者特権が必要です。\r\n".encode("utf-16"),
        "Der angeforderte Vorgang erfordert erhöhte Rechte.".encode("cp850"),
        "L'opération demandée nécessite une élévation.",
        "La operación solicitada requiere elevación.".encode("cp850"),
        "A operação solicitada requer elevação.",
        "请求的操作需要提升。",
        "Запрошенная операция требует повышения.",
    ],
)
def test_a_refusal_for_want_of_rights_is_answered_with_what_to_do(refusal):
    message = complaint(refusal)
    assert "administrator" in message
    assert "`netstat -ano`" in message
    assert "`tasklist /svc /fo csv`" in message


def test_rows_beside_a_refusal_are_read():
    text = "The requested operation requires elevation.\n  UDP  0.0.0.0:51413  *:*  5120\n"
    assert len(read(text, "pc").sockets) == 1


def test_names_in_place_of_numbers_are_told_the_option():
    assert "-n" in complaint("tcp 0 0 localhost:ipp 0.0.0.0:* LISTEN 812/cupsd")


def test_a_list_of_programs_alone_is_told_what_is_missing():
    assert "add the output of `netstat -ano`" in complaint('"svchost.exe","1016","RpcSs"')


@pytest.mark.thorough
@given(st.one_of(st.binary(), st.text(), st.lists(st.sampled_from(FRAGMENTS)).map(" ".join)))
@example('[{"LocalAddress": "\ud800\\u0000", "LocalPort": 5}]')
@example("[" * 100_000 + '"LocalPort"')
@example('[{"LocalPort": ' + "9" * 5000 + "}]")
@example("udp ² ² ٣.٣.٣.٣:٣ *:*")
@example("udp UNCONN ² 0 0.0.0.0:5 0.0.0.0:*")
def test_any_text_gives_a_report_or_a_complaint(data):
    try:
        report = read(data, "pc")
    except UnreadableText:
        return
    for socket in report.sockets:
        assert socket.transport in ("tcp", "udp")
        assert 0 < socket.local_port <= 65535
        assert (socket.remote_ip is None) == (socket.remote_port is None)
        assert socket.process is None or socket.process.isprintable()
        assert len(socket.process or "") <= 255
    assert msgspec.json.decode(msgspec.json.encode(report), type=HostReport) == report


@pytest.mark.thorough
@pytest.mark.parametrize(
    "unit",
    [
        "\n",
        " \n",
        "x\n",
        "[\n",
        "[[",
        "{\n",
        '{"LocalPort":\n',
        ":",
        "TCP ::::",
        "TCP 0.0.0.0:1 *:* 1 [",
        "udp UNCONN 0 0 *:1 *:* users:((\n",
        'udp UNCONN 0 0 *:1 *:* users:(("',
        '("',
        "ss -a",
        "p1\nPUDP\n",
        "f1\nPUDP\nn*:5" + "\n" * 30,
        "udp UNCONN 0 0 *:1 *:* users:((" + '("' * 1000 + "\n" + "x" * 40 + "\n",
        "管理者特" * 4 + "\n",
        "\\x20",
        '"a",',
        "1 IPv4 UDP ",
        "UDP *:5 *:* 7\n [a]\n",
        "1: ",
        "> > 1",
        "src=1 dport=",
        "udp 17 1 src=::1 dst=::2 sport=1 dport=2 \n",
        "all udp a:1 (b",
        "all udp " + "x" * 70 + " (" + "y" * 70 + " ",
        "-> ",
        "udp ::::1 ::::1 ",
        "1 udp 1.1.1.1:1 ",
        "1 udp 1.1.1.1:1 1.1.1.1:1 1w\n",
        "orig-bytes=1 000 000 ",
        "src-address= protocol=",
        "1 protocol=udp src-address=1.1.1.1:1\n",
        "LocalAddress LocalPort ",
        "LocalAddress LocalPort\n1 1\n",
        'LocalAddress LocalPort\n"1","',
        "State : 1\nLocalPort : 1\n",
        "age 1 pkts, 1:1 bytes",
    ],
)
def test_hostile_text_costs_time_in_proportion_to_its_length(unit):
    assert seconds_to_read(unit * (MOST // len(unit)), 3.0) < 3.0


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("form", "row"),
    [
        (netstat, "udp 0 0 10.1.{}.{}:9 0.0.0.0:*"),
        (ss, "udp UNCONN 0 0 10.1.{}.{}:9 0.0.0.0:*"),
        (lsof, "x 5 lena 2u IPv4 1 0 UDP 10.1.{}.{}:9"),
        (powershell, '{{"LocalAddress":"10.1.{}.{}","LocalPort":9}}'),
        (powershell_text, "LocalAddress:10.1.{}.{}\nLocalPort:9"),
    ],
)
def test_no_more_rows_are_read_than_can_matter(form, row):
    lines = "\n".join(row.format(*divmod(n % 65536, 256)) for n in range(MAX_LINES)).split("\n")
    assert len(form.sockets(lines)) == fields.MAX_ROWS
    text = "\n".join(lines)[:MOST]
    assert seconds_to_read(text, 2.0) < 2.0


CONNTRACK = (
    "udp 17 29 src=10.1.{0}.{1} dst=198.51.100.7 sport=5 dport=6 "
    "src=198.51.100.7 dst=203.0.113.10 sport=6 dport=7"
)

MIKROTIK = (
    "1 protocol=udp src-address=10.1.{0}.{1}:5 dst-address=198.51.100.7:6 "
    "reply-src-address=198.51.100.7:6 reply-dst-address=203.0.113.10:7"
)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "row",
    [
        CONNTRACK,
        "all udp 203.0.113.10:7 (10.1.{0}.{1}:5) -> 198.51.100.7:6 A:B",
        "udp 203.0.113.10:7 10.1.{0}.{1}:5 198.51.100.7:6 198.51.100.7:6",
        MIKROTIK,
    ],
)
def test_a_routers_table_is_bounded_in_rows_and_time(row):
    text = "\n".join(row.format(*divmod(n % 65536, 256)) for n in range(MAX_LINES))[:MOST]
    assert len(read(text, "router").flows) == MAX_FLOWS
    assert seconds_to_read(text, 3.0) < 3.0


def test_a_routers_table_and_its_sockets_are_both_read():
    table = (SAMPLES / "conntrack.txt").read_text("utf-8")
    sockets = (SAMPLES / "busybox-old.txt").read_text("utf-8")
    both = read(table + sockets, "router")
    assert both.flows == read(table, "router").flows
    assert both.sockets == read(sockets, "router").sockets
    assert both.addresses == ("203.0.113.10", "192.168.1.1")


def test_a_row_of_a_routers_table_is_not_taken_for_a_socket():
    for name in ("cisco-nat", "conntrack", "mikrotik-detail", "pf-states"):
        assert read((SAMPLES / f"{name}.txt").read_bytes(), "router").sockets == ()


@pytest.mark.parametrize(
    "table",
    [
        " 0  SAC  s  udp  192.168.88.10:50123   198.51.100.7:3478      2m51s",
        " 5          udp  192.168.88.1:5678     255.255.255.255:5678   9s",
        "all udp 192.168.1.10:50123 -> 198.51.100.7:3478   SINGLE:NO_TRAFFIC",
    ],
)
def test_a_table_that_shows_no_translation_names_nobody(table):
    message = complaint(table)
    assert "no translated address" in message
    assert "`detail`" in message


def test_translations_alone_are_no_conversations():
    heading = "Pro Inside global Inside local Outside local Outside global\n"
    assert "begins with" in complaint(heading + "tcp 203.0.113.10:80 192.168.1.20:80 --- ---")


def test_json_that_never_ends_is_read_a_few_times_only():
    text = '"LocalPort"\n' + "[\n" * 19 + "1," * 2_000_000
    assert seconds_to_read(text, 1.5) < 1.5


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\0"])
def test_blank_lines_do_not_count_and_too_many_others_are_refused(ending):
    row = "udp 0 0 0.0.0.0:5 0.0.0.0:*"
    blanks = ending * (MAX_LINES * 2)
    assert len(read(row + blanks + row, "pc").sockets) == 1
    assert len(read(ending.join([row] * MAX_LINES), "pc").sockets) == 1
    assert "more than 100,000 lines" in complaint(ending.join([row] * (MAX_LINES + 1)))


def seconds_to_read(text: str, enough: float) -> float:
    def once() -> None:
        with contextlib.suppress(UnreadableText):
            read(text, "pc")

    return timing.seconds(once, enough)
