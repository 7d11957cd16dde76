"""The files of reports that wait: their order, their bounds, and what is broken among them."""

from pathlib import Path

import pytest

from exporter.agent.spool import MOST, MOST_BYTES, Kept, Spool
from exporter.host_report import HostReport, Socket

PORTS = (51413, 3478, 5060)


def kept(port: int, *, unchanged_since: float | None = None) -> Kept:
    socket = Socket(transport="udp", local_ip="0.0.0.0", local_port=port, age_seconds=2.5)
    sockets = (socket,) if unchanged_since is None else ()
    report = HostReport(version=1, device="PC", sockets=sockets, unchanged_since=unchanged_since)
    return Kept(report=report, made=float(port), era="boot 1", server_time=1e9 + port)


def filled(folder: Path) -> Spool:
    spool = Spool(folder)
    for port in PORTS:
        spool.add(kept(port))
    return spool


def drained(spool: Spool) -> list[Kept]:
    found = []
    while (one := spool.first()) is not None:
        found.append(one)
        spool.drop()
    return found


def test_reports_come_out_as_they_went_in_oldest_first(tmp_path: Path):
    assert drained(filled(tmp_path)) == [kept(port) for port in PORTS]
    assert list(tmp_path.iterdir()) == []


def test_another_run_goes_on_where_the_last_one_ended(tmp_path: Path):
    first = filled(tmp_path)
    first.drop()
    second = Spool(tmp_path)
    second.add(kept(1))
    assert drained(second) == [kept(3478), kept(5060), kept(1)]


@pytest.mark.parametrize("poison", [b"", b"{", b"\xff\xfe", b"[]", b'{"report": 1}', b"[" * 99999])
def test_a_poisoned_file_costs_itself_only(tmp_path: Path, poison: bytes):
    filled(tmp_path)
    sorted(tmp_path.iterdir())[1].write_bytes(poison)
    assert drained(Spool(tmp_path)) == [kept(51413), kept(5060)]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_somebody_removed_is_passed_over(tmp_path: Path):
    spool = filled(tmp_path)
    min(tmp_path.iterdir()).unlink()
    assert drained(spool) == [kept(3478), kept(5060)]


def test_a_folder_in_the_place_of_a_file_holds_up_nothing(tmp_path: Path):
    spool = filled(tmp_path)
    file = min(tmp_path.iterdir())
    file.unlink()
    file.mkdir()
    assert drained(spool) == [kept(3478), kept(5060)]


def test_what_is_not_ours_is_left_alone(tmp_path: Path):
    (tmp_path / "notes.json").write_text("mine")
    assert drained(filled(tmp_path)) == [kept(port) for port in PORTS]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.json"]


def test_the_oldest_make_room_by_number_and_by_size(tmp_path: Path):
    spool = Spool(tmp_path / "number", most=2)
    size = 0
    for port in PORTS:
        spool.add(kept(port))
        size = max(file.stat().st_size for file in (tmp_path / "number").iterdir())
    assert drained(spool) == [kept(3478), kept(5060)]
    spool = Spool(tmp_path / "size", most_bytes=2 * size)
    for port in PORTS:
        spool.add(kept(port))
    assert drained(spool) == [kept(3478), kept(5060)]


def test_a_day_of_reports_fits():
    assert MOST >= 86_400 / 60
    assert MOST_BYTES == 20 * 1024 * 1024


def test_a_heartbeat_takes_the_place_of_one_just_before_it(tmp_path: Path):
    spool = filled(tmp_path)
    for since in (1.0, 2.0, 3.0):
        spool.add(kept(7, unchanged_since=since))
    spool.add(kept(8))
    spool.add(kept(9, unchanged_since=4.0))
    found = [one.report.unchanged_since for one in drained(spool)]
    assert found == [None, None, None, 3.0, None, 4.0]


def test_a_heartbeat_never_takes_the_place_of_what_was_sent(tmp_path: Path):
    spool = Spool(tmp_path)
    spool.add(kept(1, unchanged_since=1.0))
    spool.drop()
    spool.add(kept(2, unchanged_since=2.0))
    assert len(spool) == 1
    assert drained(spool) == [kept(2, unchanged_since=2.0)]


def test_files_are_for_their_owner_alone(tmp_path: Path):
    filled(tmp_path / "spool")
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "spool").iterdir()}
    assert modes == {0o600}


def test_what_cannot_be_written_is_told_and_changes_nothing(tmp_path: Path):
    spool = filled(tmp_path)
    (tmp_path / "new").mkdir()  # in its way
    with pytest.raises(OSError, match="new"):
        spool.add(kept(1))
    assert drained(spool) == [kept(port) for port in PORTS]
