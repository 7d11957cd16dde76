import os

import pytest

from exporter.syslog.framing import MAX_MESSAGE
from tests import logged
from tests.transports.log_files import Follower, Log


@pytest.fixture
def path(tmp_path):
    return tmp_path / "router.log"


@pytest.fixture
def log(path):
    log = Log(path)
    path.touch()
    return log


@pytest.fixture
def follower(path):
    follower = Follower(path)
    yield follower
    follower.file.close()


said = logged.fixture("INFO")


def test_a_file_is_read_from_its_beginning_and_then_what_is_added(log, follower):
    first = log.write(3)
    assert follower.poll() == first
    assert follower.poll() == []
    assert follower.poll(3) == []
    second = log.write(2)
    assert follower.poll() == second


def test_a_restart_goes_on_at_the_position_and_nowhere_else(log, follower):
    lines = log.write(300)
    follower.poll()
    assert len(follower.checkpoints) == 4  # at its beginning, after 256 lines, after the rest
    follower.restart(back=2)
    assert follower.lines == lines[:256]
    follower.settle()
    assert follower.lines == lines
    follower.restart()
    assert follower.settle() == []


def test_a_line_without_its_end_waits_until_it_is_whole(log, follower):
    log.append(b"one\ntw")
    assert follower.poll(20) == [b"one"]
    follower.restart()
    log.append(b"o")
    assert follower.poll(20) == []
    log.append(b"\r\n")
    assert follower.poll() == [b"two"]


def test_the_last_line_of_a_renamed_file_needs_no_end_once_it_is_quiet(log, follower):
    log.append(b"one\ntwo")
    follower.poll()
    log.rename()
    three = log.write()
    assert follower.poll(4) == []
    assert follower.settle() == [b"two", *three]


def test_the_last_line_of_a_renamed_file_counts_though_nothing_follows(log, follower):
    log.append(b"one\ntwo")
    follower.poll()
    log.rename(create=False)
    assert follower.settle() == [b"two"]
    follower.restart()
    assert follower.settle() == []


def test_a_line_that_is_too_long_is_counted_once_over_reads_and_restarts(log, follower):
    log.append(b"one\n" + b"x" * 3 * MAX_MESSAGE)
    follower.poll(2)
    assert (follower.lines, follower.oversize) == ([b"one"], 1)
    assert follower.checkpoints[-1][2].skipping
    follower.restart()
    follower.settle()
    log.append(b"x" * 100)
    follower.settle()
    follower.restart()
    log.append(b"x\ntwo\n")
    follower.settle()
    assert (follower.lines, follower.oversize) == ([b"one", b"two"], 1)


def test_a_line_of_the_longest_length_is_read(log, follower):
    log.append(b"x" * MAX_MESSAGE + b"\ny\n")
    assert follower.settle() == [b"x" * MAX_MESSAGE, b"y"]
    assert follower.oversize == 0


def test_a_line_that_its_writer_ends_after_the_renaming_is_one(log, follower):
    log.append(b"one\ntw")
    follower.poll()
    old = log.rename(create=False)
    follower.poll(10)
    log.append(b"o\n", to=old)
    assert follower.settle() == [b"two"]


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(log, follower):
    log.write(2)
    follower.poll()
    rest = log.write(2)
    log.rename()
    rest += log.write(2)
    assert follower.settle() == rest


def test_what_a_writer_still_adds_to_the_renamed_file_is_read_first(log, follower):
    log.write()
    follower.poll()
    old = log.rename()
    new = log.write(2)
    follower.poll(3)
    late = log.write(to=old)
    assert follower.settle() == late + new


def test_a_writer_that_keeps_the_renamed_file_for_long_is_followed(log, follower):
    log.write()
    follower.settle()
    old = log.rename()
    assert follower.settle() == []
    late = log.write(3, to=old)
    assert follower.settle() == late
    new = log.write(2)
    assert follower.settle() == new


@pytest.mark.parametrize("dates", [False, True], ids=["numbers", "dates"])
@pytest.mark.parametrize("rotate", [Log.rename, Log.copy_and_truncate])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_rotations_while_the_program_was_down_lose_nothing(path, dates, rotate, times):
    log, follower = Log(path, dates=dates), Follower(path)
    lines = log.write(3)
    follower.settle()
    follower.restart()
    for _ in range(times):
        lines += log.write(3)
        rotate(log)
    lines += log.write(50)
    follower.settle()
    assert follower.lines == lines
    follower.restart()
    assert follower.settle() == []
    follower.file.close()


def test_rotated_files_from_before_the_first_start_are_not_read(log, follower):
    log.write(3)
    log.rename()
    new = log.write()
    assert follower.settle() == new


def test_a_truncated_file_is_read_from_its_beginning(log, follower, path):
    log.write(3)
    follower.poll()
    os.truncate(path, 0)
    new = log.write()
    assert follower.settle() == new


def test_a_truncated_file_that_grew_beyond_the_position_is_noticed(log, follower, path):
    log.write(3)
    follower.poll()
    os.truncate(path, 0)
    new = log.write(9)
    assert follower.settle() == new


def test_the_unread_rest_of_a_truncated_file_is_found_in_its_copy(log, follower):
    log.write(3)
    follower.poll()
    rest = log.write(2)
    log.copy_and_truncate()
    new = log.write(20)
    assert follower.settle() == rest + new


def test_a_new_file_with_the_inode_of_the_old_one_is_new(log, follower, path):
    log.write(3)
    follower.poll()
    follower.restart()
    with path.open("wb"):  # the same inode for certain, which a deleted file leaves by chance
        new = log.write(50)
    assert follower.settle() == new


def test_a_file_that_was_moved_to_another_disk_is_the_one_it_was(log, follower, path):
    log.write(3)
    follower.poll()
    follower.restart()
    path.with_name("copy").write_bytes(path.read_bytes())
    path.with_name("copy").rename(path)
    new = log.write()
    assert follower.settle() == new


def test_a_file_that_was_deleted_and_made_anew_is_read_to_its_end_first(log, follower, path):
    log.write(3)
    follower.poll()
    rest = log.write(2)
    path.unlink()
    new = log.write(2)
    assert follower.settle() == rest + new


def test_a_deleted_file_is_let_go_and_the_path_is_waited_for(log, follower, path):
    log.write()
    follower.settle()
    path.unlink()
    assert not follower.file.absent
    follower.settle()
    assert follower.file.absent
    new = log.write()
    assert follower.settle() == new


def test_a_compressed_file_is_named_as_lost(log, follower, said, path):
    log.write(2)
    follower.poll()
    follower.restart()
    log.write(2)
    log.rename().unlink()
    path.with_name("router.log.1.gz").write_bytes(b"\x1f\x8b")
    new = log.write()
    assert follower.settle() == new
    assert any("WARNING" in text and "router.log.1.gz" in text for text in said)


def test_a_file_that_is_not_there_yet_is_waited_for_and_named_once(follower, said, path):
    assert follower.poll(9) == []
    assert sum("not there yet" in text for text in said) == 1
    lines = Log(path).write(2)
    assert follower.poll() == lines


def test_what_is_not_a_file_with_lines_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ""):
        with pytest.raises(OSError, match="not a file"):
            Follower(tmp_path / name).poll()


def test_a_hole_that_truncation_leaves_under_its_writer_hides_no_line(log, follower, path):
    log.write(3)
    follower.poll()
    with path.open("r+b") as file:
        file.truncate(0)
        file.seek(200_000)
        file.write(b"after the hole\n")
    assert follower.settle() == [b"after the hole"]
    assert follower.oversize == 0
