"""Files whose names change under the follower: links, bad moments, and whatever comes together."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.transports import rotation
from tests.transports.log_files import Follower, Log


@pytest.mark.parametrize("down", [False, True])
def test_a_link_that_is_switched_is_followed_when_the_old_file_is_read(tmp_path, down):
    days = [Log(tmp_path / "24.log"), Log(tmp_path / "25.log")]
    link = tmp_path / "current"
    link.symlink_to("24.log")
    days[0].write(2)
    follower = Follower(link)
    follower.poll()
    if down:
        follower.restart()
    rest = days[0].write(2)
    new = days[1].write(3)
    link.unlink()
    link.symlink_to("25.log")
    assert follower.settle() == rest + new
    follower.file.close()


def test_the_rotated_files_of_a_linked_one_are_beside_what_it_points_to(tmp_path):
    (tmp_path / "data").mkdir()
    log = Log(tmp_path / "data" / "gate.log")
    link = tmp_path / "router.log"
    link.symlink_to(log.path)
    lines = log.write(2)
    follower = Follower(link)
    follower.poll()
    follower.restart()
    lines += log.write(2)
    log.rename()
    lines += log.write(2)
    follower.settle()
    assert follower.lines == lines
    follower.file.close()


def test_rotated_files_of_the_next_target_of_a_link_are_not_read(tmp_path):
    days = [Log(tmp_path / "24.log"), Log(tmp_path / "25.log")]
    link = tmp_path / "current"
    link.symlink_to("24.log")
    days[0].write(2)
    follower = Follower(link)
    follower.poll()
    follower.restart()
    days[1].write(2)
    days[1].rename()
    new = days[1].write(2)
    link.unlink()
    link.symlink_to("25.log")
    assert follower.settle() == new
    follower.file.close()


def test_a_rotated_file_of_the_last_target_of_a_link_is_read_to_its_end(tmp_path):
    days = [Log(tmp_path / "24.log"), Log(tmp_path / "25.log")]
    link = tmp_path / "current"
    link.symlink_to("24.log")
    lines = days[0].write(2)
    follower = Follower(link)
    follower.poll()
    follower.restart()
    days[0].rename()
    lines += days[0].write(300)
    days[0].rename(create=False)
    follower.settle()
    assert follower.lines == lines
    follower.restart(back=2)
    assert len(follower.lines) == 258
    days[0].make_room()
    link.unlink()
    link.symlink_to("25.log")
    lines += days[1].write(2)
    follower.settle()
    assert follower.lines == lines
    follower.file.close()


@pytest.mark.parametrize("moment", [1, 2, 3, 4])  # compare, read on; look for a line, begin
def test_a_rotation_between_looking_and_opening_is_noticed(tmp_path, monkeypatch, moment):
    log = Log(tmp_path / "router.log")
    lines = log.write(3)
    follower = Follower(log.path)
    follower.poll()
    follower.restart()
    lines += log.write(2)
    log.rename()
    lines += log.write(2)
    open_file, opened = rotation.open_file, []

    def late(path):
        opened.append(path)
        if len(opened) == moment:
            lines.extend(log.write(2))
            log.rename()
            lines.extend(log.write(9))
        return open_file(path)

    monkeypatch.setattr(rotation, "open_file", late)
    follower.settle()
    assert len(opened) >= moment
    assert follower.lines == lines
    follower.file.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 9)),
        st.tuples(st.just("begin"), st.integers(1, 40)),
        st.tuples(st.just("poll"), st.integers(1, 8)),
        st.tuples(st.just("restart"), st.integers(1, 4)),
        st.tuples(st.just("rename"), st.integers(0, 3)),
        st.tuples(st.just("vanish"), st.just(0)),
        st.tuples(st.just("copy"), st.just(0)),
    ),
    max_size=25,
)


@pytest.mark.thorough
@settings(max_examples=100, deadline=None)
@given(steps=STEPS, dates=st.booleans())
def test_whatever_happens_to_a_file_each_line_comes_once_and_in_order(
    tmp_path_factory, steps, dates
):
    path = tmp_path_factory.mktemp("log") / "router.log"
    log, begun = Log(path, dates=dates), b""
    expected = log.write()
    follower = Follower(path)
    follower.poll()
    follower.commit()
    for step, number in steps:
        if step == "poll":
            follower.poll(number)
        elif step == "restart":
            follower.restart(number)
        elif step == "begin":
            begun += b"." * number
            log.append(b"." * number)
        elif step == "write":
            if begun:
                log.append(b"\n")
                expected.append(begun)
                begun = b""
            expected += log.write(number)
        elif path.exists():
            if begun:  # the line's end never comes, unless its writer goes on for a while
                expected.append(begun)
                log.append(b"\n" if number else b"")
                begun = b""
            expected += rotate(log, follower, step, number)
    if begun:
        log.append(b"\n")
        expected.append(begun)
    expected += log.write()
    follower.settle()
    assert follower.lines == expected
    follower.restart(3)
    follower.settle()
    assert follower.lines == expected
    follower.file.close()


def rotate(log: Log, follower: Follower, how: str, late: int) -> list[bytes]:
    """Rotate it; the lines that its writer still adds to what it had."""
    if how == "copy":
        # What nobody has read a byte of cannot be told from its copy.
        follower.settle()
        log.copy_and_truncate()
        return []
    old: Path = log.rename(create=how == "rename")
    return log.write(late, to=old) if late else []
