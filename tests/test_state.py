import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from exporter.metrics.series import Series
from exporter.state import VERSION, StateError, StateFile, open_database, set_aside
from tests.rejections import NOW

KEY = ("knockwatch_rejected_packets_total", ("gate", "inbound", "udp", "51413", "AS20940"))
OTHER_KEY = ("knockwatch_reports_total", ("accepted",))
LABELS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4).map(tuple)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.sqlite"


@pytest.fixture
def log():
    messages: list[str] = []
    sink = logger.add(messages.append, format="{message}", level="ERROR")
    yield messages
    logger.remove(sink)


def commit(path: Path, value: float = 41.0, parts: dict[str, bytes] | None = None) -> None:
    state = StateFile(path)
    state.commit({KEY: (value, NOW, NOW + 1)}, [], {"waiting": b"w"} if parts is None else parts)
    state.close()


def load(path: Path) -> tuple[dict[tuple[str, tuple[str, ...]], Series], dict[str, bytes]]:
    state = StateFile(path)
    try:
        return state.load()
    finally:
        state.close()


def broken(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.broken-*"))


def test_what_was_committed_is_loaded(path):
    commit(path)
    series, parts = load(path)
    assert series == {KEY: Series(41.0, NOW, NOW + 1, saved=41.0)}
    assert parts == {"waiting": b"w"}


@given(
    st.dictionaries(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), LABELS),
                    st.tuples(st.floats(0, 1e300), st.floats(0, 1e10), st.floats(0, 1e10))),
    st.dictionaries(st.sampled_from(["waiting", "processes", "\0"]), st.binary()),
)  # fmt: skip
def test_any_labels_values_and_parts_come_back(tmp_path_factory, changed, parts):
    path = tmp_path_factory.mktemp("state") / "state.sqlite"
    state = StateFile(path)
    state.commit(changed, [], parts)
    state.close()
    series, found = load(path)
    assert {key: (s.value, s.created, s.used) for key, s in series.items()} == changed
    assert all(s.saved == s.value for s in series.values())
    assert found == parts


def test_a_new_file_is_empty(path):
    assert load(path) == ({}, {})


def test_a_later_commit_replaces_adds_and_removes(path):
    commit(path)
    state = StateFile(path)
    state.commit({OTHER_KEY: (1.0, NOW, NOW)}, [], {"waiting": b"v", "more": b""})
    state.commit({OTHER_KEY: (2.0, NOW, NOW)}, [KEY, ("never", ("was",))], {})
    state.close()
    series, parts = load(path)
    assert {key: one.value for key, one in series.items()} == {OTHER_KEY: 2.0}
    assert parts == {"waiting": b"v", "more": b""}


def test_a_series_that_retired_and_came_back_is_the_new_one(path):
    commit(path)
    state = StateFile(path)
    state.commit({KEY: (1.0, NOW + 9, NOW + 9)}, [KEY], {})
    state.close()
    assert load(path)[0][KEY] == Series(1.0, NOW + 9, NOW + 9, saved=1.0)


@pytest.mark.parametrize(
    ("changed", "removed", "parts"),
    [
        ({KEY: (99.0, NOW, NOW)}, [], {"waiting": object()}),
        ({KEY: (99.0, NOW, NOW), OTHER_KEY: (object(), NOW, NOW)}, [], {}),
        ({OTHER_KEY: (object(), NOW, NOW)}, [KEY], {}),
    ],
    ids=["a part", "a value", "a value after a removal"],
)
def test_a_commit_that_fails_leaves_everything_as_it_was(path, changed, removed, parts):
    commit(path)
    state = StateFile(path)
    with pytest.raises(sqlite3.Error):
        state.commit(changed, removed, parts)
    assert state.load()[0][KEY].value == 41.0
    state.commit({OTHER_KEY: (1.0, NOW, NOW)}, [], {})
    state.close()
    series, parts = load(path)
    assert {key: one.value for key, one in series.items()} == {KEY: 41.0, OTHER_KEY: 1.0}
    assert parts == {"waiting": b"w"}


def test_a_commit_survives_a_kill(path):
    state = StateFile(path)
    state.commit({KEY: (7.0, NOW, NOW)}, [], {})
    copy = path.with_name("copy.sqlite")  # what another process would find, nothing closed
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(
            path.with_name(path.name + suffix).read_bytes()
        )
    assert load(copy)[0][KEY].value == 7.0
    state.close()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def zeros_inside(data: bytes) -> bytes:
    return data[:4096] + bytes(len(data) - 4096)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"these are not the counters you are looking for\n" * 100,
        lambda data: b"short",
        half,
        lambda data: data[:4096],
        zeros_inside,
        lambda data: b"\0" * len(data),
        lambda data: data[:100] + b"\xff" * (len(data) - 100),
    ],
    ids=["text", "short", "half", "one page", "zeros", "all zeros", "noise"],
)
def test_a_damaged_file_is_set_aside_and_the_program_starts(path, log, damage):
    commit(path, parts={"waiting": b"w" * 20_000})
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    assert load(path) == ({}, {})
    [aside] = broken(path)
    assert aside.read_bytes() == damaged
    assert any(str(path) in message and aside.name in message for message in log)
    commit(path)
    assert load(path)[0][KEY].value == 41.0


def test_an_empty_file_is_a_new_one_and_that_is_said(path, log):
    path.parent.mkdir()
    path.touch()
    assert load(path) == ({}, {})
    assert broken(path) == []
    assert any(f"{path} is empty" in message for message in log)


def test_of_a_new_file_nothing_is_said(path, log):
    assert load(path) == ({}, {})
    assert not log


@pytest.mark.parametrize("left", [0, 50, 2048])
def test_a_file_that_ends_within_its_first_page_is_set_aside_with_its_journal(path, log, left):
    commit(path)
    journal = path.with_name(f"{path.name}-wal")
    journal.write_bytes(b"what was not yet moved into it")
    path.write_bytes(path.read_bytes()[:left])
    assert load(path) == ({}, {})
    [aside] = [file for file in broken(path) if file.name.endswith("-1")]
    assert aside.stat().st_size == left
    kept = aside.with_name(f"{aside.name}-wal")
    assert kept.read_bytes() == b"what was not yet moved into it"
    assert any("ends within its first page" in message for message in log)


def test_a_file_of_a_newer_version_is_set_aside_whole(path, log):
    commit(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    assert load(path) == ({}, {})
    [aside] = broken(path)
    connection = sqlite3.connect(aside)
    assert connection.execute("SELECT value FROM series").fetchall() == [(41.0,)]
    connection.close()
    assert any("newer version" in message and str(path) in message for message in log)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE series",
        "DROP TABLE parts",
        "ALTER TABLE series DROP COLUMN created",
        "UPDATE series SET labels = x'c1'",
        "UPDATE series SET labels = 'text'",
        "PRAGMA user_version = -1; DROP TABLE series",
        "PRAGMA user_version = 0",
    ],
)
def test_another_programs_database_is_set_aside(path, log, change):
    commit(path)
    connection = sqlite3.connect(path)
    connection.executescript(change)
    connection.close()
    assert load(path) == ({}, {})
    assert len(broken(path)) == 1
    assert any(str(path) in message for message in log)
    commit(path)
    assert load(path)[0][KEY].value == 41.0


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
from exporter.state import StateFile
state = StateFile(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


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
