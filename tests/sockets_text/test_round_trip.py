"""What a system would print of a table of sockets reads back as that table."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.host_report import Socket
from exporter.sockets_text import read

pytestmark = pytest.mark.thorough

LETTERS = st.sampled_from("abcXYZ09._-")
NAMES = st.text(LETTERS | st.sampled_from(' "()[]ポ辞é'), min_size=1, max_size=15).map(
    lambda text: f"p{text.strip()}"
)
PIDS = st.integers(2, 2**31)
PORTS = st.integers(1, 65535)
V4 = st.sampled_from(["192.168.1.5", "10.0.0.200", "127.0.0.1", "198.51.100.7"])
V6 = st.sampled_from(["2001:db8::5", "fe80::1:2", "::1", "2001:db8:1111:2222:3333:4444:5555:6666"])
STATES = st.sampled_from(["established", "time_wait", "close_wait", "fin_wait2", "syn_sent"])


@st.composite
def tables(draw: st.DrawFn) -> list[Socket]:
    programs = draw(st.dictionaries(PIDS, NAMES, min_size=1, max_size=5))
    return draw(st.lists(sockets(programs), min_size=1, max_size=12, unique=True))


@st.composite
def sockets(draw: st.DrawFn, programs: dict[int, str]) -> Socket:
    addresses, every = draw(st.sampled_from([(V4, "0.0.0.0"), (V6, "::")]))
    transport, bound = draw(st.sampled_from(["udp", "tcp"])), draw(st.booleans())
    pid = draw(st.sampled_from([None, *programs]))
    return Socket(
        transport=transport,
        local_ip=every if bound else draw(addresses),
        local_port=draw(PORTS),
        remote_ip=None if bound else draw(addresses),
        remote_port=None if bound else draw(PORTS),
        state=None if transport == "udp" else "listen" if bound else draw(STATES),
        process=None if pid is None else programs[pid],
        pid=pid,
    )


def bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def shown(table: list[Socket], text: str) -> None:
    """Assert that the text reads as the table; equal rows are one."""
    assert read(text, "pc").sockets == tuple(dict.fromkeys(table))


def windows_state(state: str | None) -> str:
    word = (state or "").upper().replace("FIN_WAIT2", "FIN_WAIT_2")
    return "LISTENING" if word == "LISTEN" else word


def windows_rows(table: list[Socket]) -> list[str]:
    rows = []
    for s in table:
        local = f"{bracketed(s.local_ip)}:{s.local_port}"
        remote = f"{bracketed(s.remote_ip)}:{s.remote_port}" if s.remote_ip else (
            "[::]:0" if ":" in s.local_ip else "0.0.0.0:0")  # fmt: skip
        remote = "*:*" if s.transport == "udp" else remote
        word = windows_state(s.state)
        rows.append(f"  {s.transport.upper():6} {local:22} {remote:22} {word:15} {s.pid or 0}")
    return rows


def without_udp_remotes(table: list[Socket]) -> list[Socket]:
    return [replace(s, remote_ip=None, remote_port=None) if s.transport == "udp" else s
            for s in table]  # fmt: skip


@given(tables())
def test_netstat_of_windows(table):
    table = without_udp_remotes(table)
    lines = ["アクティブな接続", "", "  プロトコル  ローカル アドレス"]
    for s, row in zip(table, windows_rows(table), strict=True):
        lines += [row, f" [{s.process}]" if s.process else " 所有者情報を取得できません"]
    shown(table, "\r\n".join(lines))


@given(tables())
def test_netstat_of_windows_with_tasklist(table):
    table = [replace(s, process=s.process and s.process.replace('"', "'"))
             for s in without_udp_remotes(table)]  # fmt: skip
    names = {s.pid: s.process for s in table if s.pid}
    tasks = [f'"{name}","{pid}","N/A"' for pid, name in names.items()]
    shown(table, "\n".join([*windows_rows(table), "", "C:\\>tasklist /svc /fo csv", *tasks]))
    shown(table, "\n".join(['"Image Name","PID","Services"', *tasks, "", *windows_rows(table)]))


@given(tables())
def test_ss(table):
    words = {"listen": "LISTEN", "established": "ESTAB", "fin_wait2": "FIN-WAIT-2"}
    lines = ["Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process"]
    for s in table:
        idle = "ESTAB" if s.remote_ip else "UNCONN"
        word = words.get(s.state, s.state.upper().replace("_", "-")) if s.state else idle
        remote = f"{bracketed(s.remote_ip)}:{s.remote_port}" if s.remote_ip else "0.0.0.0:*"
        users = f' users:(("{s.process}",pid={s.pid},fd=3))' if s.pid else ""
        lines.append(
            f"{s.transport} {word} 0 0 {bracketed(s.local_ip)}:{s.local_port} {remote}{users}"
        )
    shown(table, "\n".join(lines))


@given(tables())
def test_netstat_of_linux(table):
    lines = ["Active Internet connections (servers and established)", "Proto Recv-Q Send-Q"]
    for s in table:
        proto = s.transport + ("6" if ":" in s.local_ip else "")
        remote = f"{s.remote_ip}:{s.remote_port}" if s.remote_ip else "0.0.0.0:*"
        owner = f"{s.pid}/{s.process}" if s.pid else "-"
        word = (s.state or "").upper()
        lines.append(f"{proto:5} 0 0 {s.local_ip}:{s.local_port:<6} {remote} {word:11} {owner}")
    table = [replace(s, process=s.process and re.sub(" +", " ", s.process)) for s in table]
    shown(table, "\n".join(lines))


@given(tables())
def test_netstat_of_macos(table):
    table = [replace(s, process=None, pid=None) for s in table]
    lines = ["Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)"]
    for s in table:
        proto = s.transport + ("6" if ":" in s.local_ip else "4")
        local = "*" if s.local_ip in ("0.0.0.0", "::") else s.local_ip
        remote = f"{s.remote_ip}.{s.remote_port}" if s.remote_ip else "*.*"
        lines.append(f"{proto} 0 0 {local}.{s.local_port} {remote} {windows_state(s.state)}")
    shown(table, "\n".join(lines))


def lsof_name(s: Socket) -> str:
    local = "*" if s.local_ip in ("0.0.0.0", "::") else bracketed(s.local_ip)
    remote = f"->{bracketed(s.remote_ip)}:{s.remote_port}" if s.remote_ip else ""
    return f"{local}:{s.local_port}{remote}"


def family(s: Socket) -> str:
    return "IPv6" if ":" in s.local_ip else "IPv4"


def escaped(name: str) -> str:
    return "".join(c if "!" <= c <= "~" else "".join(f"\\x{b:02x}" for b in c.encode())
                   for c in name)  # fmt: skip


@given(tables())
def test_lsof(table):
    table = [s for s in table if s.pid]  # lsof lists the sockets of processes
    lines = ["COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME"]
    for s in table:
        state = f" ({s.state.upper()})" if s.state else " "
        lines.append(
            f"{escaped(s.process or '')} {s.pid} lena 3u {family(s)} 0x5a 0t0 "
            f"{s.transport.upper()} {lsof_name(s)}{state}"
        )
    if table:
        shown(table, "\n".join(lines))


@given(tables(), st.sampled_from(["\n", "\0"]))
def test_lsof_fields(table, end):
    table = [s for s in table if s.pid]
    lines = []
    for s in table:
        lines += [f"p{s.pid}", f"c{escaped(s.process or '')}", "f3", f"t{family(s)}"]
        lines += [f"P{s.transport.upper()}", f"n{lsof_name(s)}"]
        lines += [f"TST={s.state.upper()}", "TQR=0"] if s.state else []
    if table:
        shown(table, end.join([*lines, ""]))


@given(tables(), st.sampled_from([None, 4]))
def test_powershell(table, indent):
    table = without_udp_remotes(table)
    codes = {"listen": 2, "syn_sent": 3, "established": 5, "fin_wait2": 7, "close_wait": 8}
    entries = []
    for s in table:
        entry = {"LocalAddress": s.local_ip, "LocalPort": s.local_port, "OwningProcess": s.pid}
        if s.transport == "tcp":
            entry |= {"RemoteAddress": s.remote_ip or "::", "RemotePort": s.remote_port or 0}
            entry |= {"State": codes.get(s.state or "", "TimeWait")}
        entries.append({**entry, "Name": s.process})
    shown(table, json.dumps(entries if len(entries) > 1 else entries[0], indent=indent))
