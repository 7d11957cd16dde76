import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.storage.database import StateError, open_database, set_aside
from exporter.storage.state import StateFile
from tests.rejections import NOW
from tests.storage.test_state import KEY, broken, commit, load


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.sqlite"


def test_files_that_were_set_aside_do_not_replace_each_other(path):
    path.parent.mkdir()
    for text in ("first", "second", "third"):
        path.write_text(text * 200)
        load(path)
    assert [aside.read_text()[:5] for aside in broken(path)] == ["first", "secon", "third"]


def test_the_journals_go_with_the_file(path):
    path.parent.mkdir()
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).write_text(suffix)
    aside = set_aside(path)
    assert sorted(found.name for found in path.parent.iterdir()) == [
        aside.name + suffix for suffix in ("", "-journal", "-shm", "-wal")
    ]


def no_folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("no folder")
    return tmp_path / "file" / "state.sqlite"


def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "state.sqlite").mkdir()
    return tmp_path / "state.sqlite"


def nowhere(_: Path) -> Path:
    return Path("/proc/no/such/folder/state.sqlite")


@pytest.mark.parametrize("place", [no_folder, a_folder, nowhere])
def test_a_place_where_nothing_can_be_kept_is_named(tmp_path, place):
    path = place(tmp_path)
    with pytest.raises(StateError, match=r"cannot keep state in .*state\.sqlite: ."):
        StateFile(path)
    with pytest.raises(StateError) as caught:
        open_database(path)
    assert str(path) in str(caught.value)


@pytest.fixture
def impatient(monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, timeout=0, **k))


@pytest.mark.usefixtures("impatient")
def test_a_file_that_another_process_holds_is_named_and_left_alone(path):
    commit(path)
    holder = sqlite3.connect(path)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("DELETE FROM parts")
    with pytest.raises(StateError, match=r"in use.*locked") as caught:
        StateFile(path)
    assert str(path.parent) in str(caught.value)
    holder.rollback()
    holder.close()
    assert broken(path) == []
    assert load(path)[0][KEY].value == 41.0


@pytest.mark.usefixtures("impatient")
def test_a_new_file_that_another_process_writes_is_named_and_left_alone(path):
    holder = open_database(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match=r"in use.*locked") as caught:
        StateFile(path)
    assert str(path.parent) in str(caught.value)
    holder.close()
    assert broken(path) == []


OPEN = """
import sys
from pathlib import Path
from exporter.storage.state import StateFile
state = StateFile(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.thorough
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("existed", [False, True])
def test_a_folder_in_use_is_not_used_twice_until_the_other_is_killed(path, existed):
    if existed:
        commit(path)
    argv = [sys.executable, "-c", OPEN, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"open\n"
            with pytest.raises(StateError) as caught:
                StateFile(path)
            assert f"state folder {path.parent} is in use by another knockwatch" in str(
                caught.value
            )
        finally:
            other.kill()
    assert broken(path) == []
    assert set(load(path)[0]) == ({KEY} if existed else set())


@pytest.mark.usefixtures("impatient")
def test_a_file_is_held_after_commits_and_reads_too(path):
    first = StateFile(path)
    for value in (1.0, 2.0):
        first.commit({KEY: (value, NOW, NOW)}, [], {})
        first.load()
        with pytest.raises(StateError, match="in use"):
            StateFile(path)
    first.close()
    assert load(path)[0][KEY].value == 2.0


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def generous():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("generous")
def test_what_is_created_is_readable_for_its_owner_alone(path):
    databases = [open_database(path.with_name("evidence.sqlite")), open_database(path)]
    for database in databases:
        database.execute("CREATE TABLE t (c)")
    assert rights(path.parent) == 0o700
    files = {file.name: rights(file) for file in path.parent.iterdir()}
    assert {"evidence.sqlite-wal", "state.sqlite-wal", "state.sqlite-shm"} < set(files)
    assert set(files.values()) == {0o600}
    for database in databases:
        database.close()


@pytest.mark.usefixtures("generous")
def test_files_are_tightened_and_an_existing_folder_is_left_as_it_is(path):
    path.parent.mkdir(mode=0o755)
    commit(path)
    path.chmod(0o664)
    path.with_name("state.sqlite-wal").touch(mode=0o666)
    state = StateFile(path)
    state.commit({KEY: (42.0, NOW, NOW)}, [], {})
    assert {rights(file) for file in path.parent.iterdir()} == {0o600}
    assert rights(path.parent) == 0o755
    state.close()
