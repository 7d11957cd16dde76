import os
from pathlib import Path

import pytest

from exporter.events import Position
from exporter.transports import rotation
from exporter.transports.rotation import Rotated, after, candidates, rotated, same


def position(path, offset=None, *, inode=None):
    """Where a file is read to its end, or to an offset."""
    data = path.read_bytes()
    offset = len(data) if offset is None else offset
    return Position(
        file=str(path),
        inode=path.stat().st_ino if inode is None else inode,
        modified=path.stat().st_mtime_ns,
        offset=offset,
        before=data[:offset][-rotation.REMEMBERED :],
    )


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for age, (name, text) in enumerate(reversed(files.items())):
            path = tmp_path / name.replace("_", ".")
            path.write_text(text)
            os.utime(path, ns=(0, 10**18 - age * 10**9))  # the last one is the newest
        return tmp_path / "router.log"

    return write


@pytest.mark.parametrize(
    ("name", "of", "rank", "packed"),
    [
        ("router.log.1", "router.log", (-1,), False),
        ("router.log.0", "router.log", (0,), False),
        ("router.log.12.gz", "router.log", (-12,), True),
        ("router.log.old", "router.log", (-1,), False),
        ("router.1.log", "router.log", (-1,), False),
        ("router.1.log.xz", "router.log", (-1,), True),
        ("router.log-20261126", "router.log", (20261126,), False),
        ("router.log-20261126-0100.zst", "router.log", (20261126, 100), True),
        ("router.log.2026-11-26T00", "router.log", (2026, 11, 26, 0), False),
        ("router-20261126.log", "router.log", (20261126,), False),
        ("messages_2026-11-26", "messages", (2026, 11, 26), False),
    ],
)
def test_a_rotated_file_names_what_it_was_and_which_is_newer(name, of, rank, packed):
    kind = "number" if len(rank) == 1 and rank[0] <= 0 else "date"
    assert Rotated(of, kind, rank, packed) in rotated(name)


@pytest.mark.parametrize(
    "name", ["router.log", "router-2.log", "router", "fw-1", "router.log.gz", "router.log.conf", ""]
)
def test_other_logs_are_not_taken_for_rotated_ones(name):
    assert rotated(name) == []


def test_a_long_name_costs_no_time():
    assert rotated("1." * 120 + "1")
    assert rotated("-1" * 120 + "x") == []


def test_a_file_is_found_under_the_name_that_it_has_now(folder):
    path = folder(router_log_2="a\n", router_log_1="b\n", router_log="c\n")
    read = position(path.with_name("router.log.2"))
    found = same(candidates(str(path), read), read)
    assert found is not None
    assert found.path == f"{path}.2"


def test_the_inode_alone_does_not_make_a_file_the_one_that_was_read(folder):
    path = folder(router_log_1="old\n", router_log="new, and longer\n")
    read = position(path.with_name("router.log.1"), inode=path.stat().st_ino)
    found = same(candidates(str(path), read), read)
    assert found is not None
    assert found.path == f"{path}.1"


def test_of_equal_files_the_one_with_the_inode_is_meant(folder):
    path = folder(router_log_1="same\n" * 3, router_log="same\n" * 9)
    read = position(path.with_name("router.log.1"))
    found = same(candidates(str(path), read), read)
    assert found is not None
    assert found.path == f"{path}.1"


def test_of_copies_the_path_itself_is_meant_else_the_oldest(folder):
    path = folder(router_log_2="a\nb\n", router_log_1="a\nc\n", router_log="a\nd\n")
    read = position(path, 2, inode=0)
    found = candidates(str(path), read)
    for expected in (str(path), f"{path}.2", f"{path}.1"):
        copy = same(found, read)
        assert copy is not None
        assert copy.path == expected
        found.remove(copy)


def test_without_a_byte_to_compare_only_the_inode_counts(folder):
    path = folder(router_log_1="old\n", router_log="new\n")
    read = position(path, 0, inode=0)
    assert same(candidates(str(path), read), read) is None


def test_the_files_behind_the_one_that_was_read_come_oldest_first(folder):
    path = folder(router_log_3="a\n", router_log_2="b\n", router_log_1="c\n", router_log="d\n")
    read = position(path.with_name("router.log.3"))
    order = []
    while True:
        found = candidates(str(path), read)
        following, packed = after(found, same(found, read), 0)
        assert packed == []
        if following is None:
            break
        order.append(following.path.removeprefix(str(path)))
        read = position(Path(following.path))
    assert order == [".2", ".1", ""]


def test_numbers_tell_the_order_whatever_was_written_late(folder):
    path = folder(router_log_1="b\n", router_log_2="a\n", router_log="c\n")
    read = position(path.with_name("router.log.1"))
    found = candidates(str(path), read)
    following, _ = after(found, same(found, read), 0)
    assert following is not None
    assert following.path == str(path)


def test_where_the_read_file_is_gone_those_written_later_follow(folder):
    path = folder(router_log_3="a\n", router_log_2="b\n", router_log_1="c\n", router_log="d\n")
    modified = path.with_name("router.log.3").stat().st_mtime_ns
    following, _ = after(candidates(str(path), position(path, 0, inode=0)), None, modified)
    assert following is not None
    assert following.path == f"{path}.2"


def test_compressed_files_are_told_and_only_those_that_were_not_read(folder):
    path = folder(
        router_log_3_gz="a\n", router_log_2="b\n", router_log_1_gz="c\n", router_log="d\n"
    )
    read = position(path.with_name("router.log.2"))
    found = candidates(str(path), read)
    following, packed = after(found, same(found, read), 0)
    assert following is not None
    assert (following.path, packed) == (str(path), [f"{path}.1.gz"])


@pytest.mark.parametrize("begun", ["", "half a line"])
def test_a_path_without_a_line_does_not_follow_yet(folder, begun):
    path = folder(router_log_1="a\n", router_log=begun)
    read = position(path.with_name("router.log.1"))
    found = candidates(str(path), read)
    assert after(found, same(found, read), 0) == (None, [])


def test_other_logs_and_folders_beside_it_are_left_alone(folder):
    path = folder(router_log_1="a\n", router_log="b\n", router2_log_1="c\n", other="d\n")
    path.with_name("router.log.2").mkdir()
    path.with_name("router.log.4").symlink_to(path.with_name("other"))
    read = position(path)
    assert {c.path for c in candidates(str(path), read)} == {str(path), f"{path}.1"}


def test_what_is_no_file_is_refused(tmp_path):
    assert rotation.file_status(str(tmp_path / "nothing")) is None
    with pytest.raises(OSError, match="not a file"):
        rotation.file_status(str(tmp_path))
