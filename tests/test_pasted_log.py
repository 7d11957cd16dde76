"""Pasted logs: what is a line, overlaps count once, when it happened, what it amounts to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import build, pasted_log
from exporter.config import parse
from exporter.host_report import HostReport, Socket
from exporter.pasted_log import Examination, TooLongError, added, in_order, lines, merge
from exporter.settings import Config

NOW = 1_795_000_000.0  # in November 2026
DISTINCT = st.lists(st.text(max_size=4), unique=True, max_size=40)
REJECTED = "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"


# --- merge ---------------------------------------------------------------------------------------


@given(log=DISTINCT, data=st.data())
def test_a_log_pasted_in_overlapping_windows_counts_every_line_once(log, data):
    known: list[str] = []
    end = 0
    while end < len(log):
        start = data.draw(st.integers(0, max(0, end - 1)))
        end = data.draw(st.integers(end + 1, len(log)))
        known = merge(known, log[start:end])
    assert known == log


@given(log=DISTINCT, data=st.data())
def test_the_same_holds_for_logs_with_the_newest_line_first(log, data):
    newest_first = log[::-1]
    known: list[str] = []
    start = len(log)
    while start > 0:
        end = data.draw(st.integers(min(start + 1, len(log)), len(log)))
        start = data.draw(st.integers(0, start - 1))
        known = merge(known, newest_first[start:end])
    assert known == newest_first


@given(paste=st.lists(st.sampled_from("ab"), max_size=12))
def test_equal_lines_within_a_paste_count_as_many_times_as_they_stand(paste):
    assert merge([], paste) == paste
    assert merge(paste, paste) == paste


@given(
    known=st.lists(st.sampled_from("abc"), max_size=12),
    pasted=st.lists(st.sampled_from("abc"), max_size=12),
)
def test_nothing_is_lost_and_nothing_is_made_up(known, pasted):
    merged = merge(known, pasted)
    joined = "".join(merged)
    assert "".join(known) in joined
    assert "".join(pasted) in joined
    assert len(merged) <= len(known) + len(pasted)


@given(
    known=st.lists(st.sampled_from("ab"), max_size=10),
    pasted=st.lists(st.sampled_from("ab"), max_size=10),
)
def test_no_longer_overlap_is_overlooked(known, pasted):
    shortest = min(
        [len(known) + len(pasted)]
        + [
            len(first) + len(second) - n
            for first, second in ((known, pasted), (pasted, known))
            for n in range(min(len(first), len(second)) + 1)
            if first[len(first) - n :] == second[:n]
        ]
        + [
            len(whole)
            for whole, part in ((known, pasted), (pasted, known))
            for at in range(len(whole) - len(part) + 1)
            if whole[at : at + len(part)] == part
        ]
    )
    assert len(merge(known, pasted)) == shortest


def test_a_paste_after_a_gap_is_added_at_the_end():
    assert merge(["a", "b"], ["d", "e"]) == ["a", "b", "d", "e"]


def test_merging_is_linear_where_every_line_is_almost_the_same():
    same = ["x"] * 20_000
    assert len(merge([*same, "y"], [*same, "z"])) == 40_002


# --- lines ---------------------------------------------------------------------------------------


def test_headings_and_buttons_of_the_page_are_no_lines_of_the_log():
    page = lines(f"Log\tRefresh\r\n\r\nNov 10 23:04:06 kernel: eth0 up\r\n{REJECTED}\r\n", NOW)
    assert page.lines == ["Nov 10 23:04:06 kernel: eth0 up", REJECTED]
    assert page.others == ["Log Refresh"]


def test_the_cells_of_a_table_are_one_line():
    page = lines(f"2026/11/18 10:00:00\tFIREWALL\t{REJECTED}", NOW)
    assert page.lines == [f"2026/11/18 10:00:00 FIREWALL {REJECTED}"]
    assert in_order(page.lines, NOW)[0].time < NOW


def test_a_clock_alone_is_no_line():
    assert lines("2026/11/18 10:00:00", NOW).lines == []


def test_a_line_longer_than_any_log_has_is_passed_over():
    assert lines(f"{REJECTED} {'x' * pasted_log.MAX_LINE}", NOW).lines == []


@pytest.mark.thorough
def test_of_a_log_too_long_the_newest_lines_are_kept():
    stamps = [
        f"Nov 10 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02} kernel: x" for n in range(20_005)
    ]
    assert pasted_log.newest(stamps, NOW) == stamps[5:]
    assert pasted_log.newest(stamps[::-1], NOW) == stamps[:4:-1]


def test_more_lines_than_any_page_has_are_not_read(monkeypatch):
    monkeypatch.setattr(pasted_log, "MAX_PASTED", 3)
    assert len(lines("a\n\n \nb\nc", NOW).others) == 3
    with pytest.raises(TooLongError):
        lines("a\nb\nc\nd", NOW)


def test_a_paste_is_cut_before_it_is_compared_with_what_is_known(monkeypatch):
    monkeypatch.setattr(pasted_log, "MAX_LINES", 3)
    assert added(["a", "b"], ["x", "y", "a", "b", "c"], NOW) == ["a", "b", "c"]
    assert added(["a", "b", "c"], ["d"], NOW) == ["b", "c", "d"]


# --- in_order ------------------------------------------------------------------------------------


def test_newest_first_is_turned_around_and_undated_lines_stay_with_their_neighbour():
    log = ["Nov 10 10:00:03 c", "Nov 10 10:00:01 b", "Nov 10 10:00:00 a"]
    ordered = in_order(log, NOW)
    assert [dated.line[-1] for dated in ordered] == ["a", "b", "c"]
    assert ordered[2].time - ordered[0].time == 3
    first, second = in_order(["Nov 10 10:00:00 a", REJECTED], NOW)
    assert second.time == first.time


def test_times_never_go_back_and_never_lie_ahead():
    log = ["Nov 10 10:00:05 a", "Nov 10 10:00:01 b", "Nov 10 10:00:09 c", "2030-01-01T00:00:00Z d"]
    times = [dated.time for dated in in_order(log, NOW)]
    assert times == sorted(times)
    assert times[-1] == NOW


def test_a_log_without_times_ends_now():
    times = [dated.time for dated in in_order([REJECTED] * 3, NOW)]
    assert times == [NOW - 3, NOW - 2, NOW - 1]


# --- examination ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stages():
    return build.stages(Config())


def account(stages, *log: str):
    examination = Examination(stages, "router", NOW)
    examination.take(in_order(log, NOW))
    return examination.account()


def test_every_line_is_an_event_or_not_understood(stages):
    told = account(
        stages,
        REJECTED,
        f"message repeated 3 times: [ {REJECTED}]",
        "NAT TX-ERROR List Create Error",
        "Nov 10 23:04:06 nobody knows this",
    )
    assert told.lines == 4
    assert told.rejected_packets == 4
    assert told.other_events == 1
    assert told.not_understood == 1
    assert told.examples == ("Nov 10 23:04:06 nobody knows this",)


def test_suspects_have_all_rejected_packets(stages):
    told = account(stages, *(REJECTED for _ in range(30)), REJECTED.replace("51413", "23"))
    assert sum(suspect.packets for suspect in told.suspects) == told.rejected_packets == 31


@pytest.mark.thorough
def test_a_log_without_times_is_no_flood_whatever_its_length(stages):
    told = account(stages, *(REJECTED for _ in range(5000)))
    assert {suspect.verdict for suspect in told.suspects} == {"benign"}


def test_a_clock_that_was_never_set_loses_nothing(stages):
    told = account(stages, f"1970-01-01T00:00:09Z gate x: {REJECTED}")
    assert [suspect.packets for suspect in told.suspects] == [1]


def test_what_is_open_now_names_the_program_of_an_earlier_line():
    fresh = build.stages(Config())
    socket = Socket(
        transport="udp", local_ip="0.0.0.0", local_port=51413, process="netsession_win.exe"
    )
    report = HostReport(version=1, device="ANNA-PC", agent="paste", sockets=(socket,))
    fresh.hosts.report(report, NOW)
    told = account(fresh, f"2026/11/18 10:00:00 {REJECTED}")
    assert [(s.device, s.process) for s in told.suspects] == [("ANNA-PC", "netsession_win.exe")]


@pytest.mark.parametrize(
    ("name", "host"),
    [("gate", ""), ("OpenWrt", ""), ("router", "openwrt "), ("router", "OpenWrt ")],
)
def test_the_interfaces_of_the_configured_router_tell_the_direction(name, host):
    configured = build.stages(
        parse(
            '[[router]]\nname = "gate"\nhosts = ["openwrt"]\n'
            'wan_interfaces = ["wan"]\nlan_interfaces = ["br-lan"]'
        )
    )
    line = f"Nov 10 23:04:06 {host}kernel: DROP IN=wan OUT= SRC=192.168.7.7 DST=10.0.0.2 PROTO=TCP"
    examination = Examination(configured, name, NOW)
    examination.take(in_order([f"{line} SPT=1000 DPT=23"], NOW))
    [suspect] = examination.account().suspects
    assert (suspect.direction, suspect.routers) == ("inbound", ("gate",))


def test_a_line_of_an_unknown_host_is_of_the_log_that_was_pasted(stages):
    told = account(stages, f"Nov 10 23:04:06 elsewhere fw: {REJECTED}")
    assert [suspect.routers for suspect in told.suspects] == [("router",)]


@given(text=st.text(max_size=300))
def test_any_text_is_sorted_and_accounted_for(stages, text):
    page = lines(text, NOW)
    told = account(stages, *page.lines)
    assert told.lines == len(page.lines)
