import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.series import Series
from exporter.storage.database import StateError, open_database
from exporter.storage.state import VERSION, StateFile
from tests import logged
from tests.rejections import NOW

KEY = ("knockwatch_rejected_packets_total", ("gate", "inbound", "udp", "51413", "AS20940"))
OTHER_KEY = ("knockwatch_reports_total", ("accepted",))
FIRST_VERSION = f"""
CREATE TABLE series (
    metric TEXT NOT NULL, labels BLOB NOT NULL, value REAL NOT NULL, created REAL NOT NULL,
    used REAL NOT NULL, PRIMARY KEY (metric, labels)
) WITHOUT ROWID;
CREATE TABLE parts (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO series VALUES ('a_total', x'91a467617465', 3, {NOW}, {NOW});
INSERT INTO parts VALUES ('waiting', x'77');
PRAGMA user_version = 1;
"""
LABELS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4).map(tuple)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.sqlite"


log = logged.fixture("ERROR", "{message}")


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


def test_a_commit_that_fails_leaves_everything_as_it_was(path):
    commit(path)
    state = StateFile(path)
    state._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.Error):
        state.commit({KEY: (99.0, NOW, NOW)}, [KEY], {"waiting": b"v"})
    state._connection.execute("PRAGMA query_only = OFF")
    assert state.load()[0][KEY].value == 41.0
    state.commit({OTHER_KEY: (1.0, NOW, NOW)}, [], {})
    state.close()
    series, parts = load(path)
    assert {key: one.value for key, one in series.items()} == {KEY: 41.0, OTHER_KEY: 1.0}
    assert parts == {"waiting": b"w"}


def test_many_commits_are_one_state_moved_or_not(path, monkeypatch):
    monkeypatch.setattr("exporter.storage.state.MOVE", 1500)
    monkeypatch.setattr("exporter.storage.state._ROWS", 3)
    chance = random.Random(7)
    keys = [("a_total", (str(number), "x")) for number in range(12)]
    expected, parts, moved = {}, {}, 0
    state = StateFile(path)
    for number in range(200):
        removed = [key for key in chance.sample(keys, 2) if key in expected]
        changed = {key: (float(number), NOW, NOW) for key in chance.sample(keys, 5)}
        for key in removed:
            del expected[key]
        expected |= {key: values[0] for key, values in changed.items()}
        parts |= (news := {chance.choice("pq"): b"%d" % number})
        state.commit(changed, removed, news)
        [left] = state._connection.execute("SELECT count(*) FROM commits").fetchone()
        moved += left == 1
        if number % 10 == 0:
            state.close()
            state = StateFile(path)
        series, found = state.load()
        assert {key: one.value for key, one in series.items()} == expected
        assert found == parts
    state.close()
    assert moved > 5


def test_commits_that_cannot_be_moved_are_as_good_where_they_are(path, monkeypatch):
    put = StateFile._put

    def full(state, *news):
        put(state, *news)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("exporter.storage.state.MOVE", 0)
    monkeypatch.setattr(StateFile, "_put", full)
    commit(path)
    commit(path, 42.0, {"waiting": b"v"})
    monkeypatch.undo()
    series, parts = load(path)
    assert series[KEY].value == 42.0
    assert parts == {"waiting": b"v"}


def test_commits_are_moved_by_an_sqlite_that_takes_few_values_a_statement(path, monkeypatch):
    monkeypatch.setattr("exporter.storage.state.MOVE", 0)
    state = StateFile(path)
    state._connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)  # before 3.32
    state.commit({("a_total", (str(number),)): (1.0, NOW, NOW) for number in range(600)}, [], {})
    state.commit({KEY: (1.0, NOW, NOW)}, [], {})
    assert state._connection.execute("SELECT count(*) FROM commits").fetchone() == (1,)
    assert len(state.load()[0]) == 601
    state.close()


def test_behind_a_damaged_commit_none_is_added_that_would_be_lost_with_it(path, monkeypatch, log):
    monkeypatch.setattr("exporter.storage.state.MOVE", 0)
    state = StateFile(path)
    state.commit({KEY: (1.0, NOW, NOW)}, [], {})
    with state._connection:
        state._connection.execute("UPDATE commits SET data = x'0102'")
    for _ in range(2):
        with pytest.raises(sqlite3.DatabaseError, match="holds a damaged commit"):
            state.commit({KEY: (2.0, NOW, NOW)}, [], {})
    state.close()
    assert load(path) == ({}, {})
    assert "holds a damaged commit" in log[0]
    assert len(broken(path)) == 1


def test_a_scrape_writes_little_however_many_series_there_are(path):
    state = StateFile(path)
    keys = [("a_total", (f"{number:06}", "inbound", "udp")) for number in range(10_000)]
    state.commit(dict.fromkeys(keys, (1.0, NOW, NOW)), [], {})
    state._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    state.commit(dict.fromkeys(keys[::100], (2.0, NOW, NOW)), [], {})
    assert path.with_name(f"{path.name}-wal").stat().st_size < 5 * 4096  # not a page for each
    state.close()


def test_a_file_of_the_first_version_goes_on(path):
    connection = open_database(path)
    connection.executescript(FIRST_VERSION)
    connection.close()
    series, parts = load(path)
    assert series == {("a_total", ("gate",)): Series(3.0, NOW, NOW, saved=3.0)}
    assert parts == {"waiting": b"w"}
    commit(path)
    assert len(load(path)[0]) == 2


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


def test_where_no_other_file_can_be_begun_that_is_said(path, monkeypatch):
    commit(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE commits SET data = x'0102'")
    connection.commit()
    connection.close()
    prepared = []

    def full(connection):
        prepared.append(connection)
        if len(prepared) > 1:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    monkeypatch.setattr("exporter.storage.state._prepare", full)
    with pytest.raises(StateError, match=r"cannot keep state in .*disk is full"):
        StateFile(path)


def test_a_file_of_a_newer_version_is_set_aside_whole(path, log):
    commit(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    assert load(path) == ({}, {})
    [aside] = broken(path)
    connection = sqlite3.connect(aside)
    assert connection.execute("SELECT count(*) FROM commits").fetchall() == [(1,)]
    connection.close()
    assert any("newer version" in message and str(path) in message for message in log)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE series",
        "DROP TABLE parts",
        "ALTER TABLE series DROP COLUMN created",
        "INSERT INTO series VALUES ('m', x'c1', 1, 1, 1)",
        "INSERT INTO series VALUES ('m', 'text', 1, 1, 1)",
        "UPDATE commits SET data = x'c1'",
        "UPDATE commits SET data = 'text'",
        "UPDATE commits SET data = x'789c030000000001'",
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


def test_what_is_overwritten_is_in_no_file_any_more(path):
    """Commits are compressed, and moved now and then: until then they hold what was stored."""
    state = StateFile(path)
    secret = b"SECRET-NAME" * 2000  # pages of its own
    state.commit({KEY: (1.0, NOW, NOW)}, [], {"leases": secret, "waiting": b"w"})
    state._move()
    state.commit({KEY: (2.0, NOW, NOW)}, [], {"leases": secret[::-1]})
    state.commit({KEY: (3.0, NOW, NOW)}, [], {"leases": b""})
    before = state.load()
    state.overwrite()
    assert state._connection.execute("SELECT count(*) FROM commits").fetchone() == (0,)
    files = [file.read_bytes() for file in path.parent.iterdir()]
    assert not any(word in file for file in files for word in (secret[:11], secret[:11][::-1]))
    assert {n: s.value for n, s in state.load()[0].items()} == {
        n: s.value for n, s in before[0].items()
    }
    assert state.load()[1] == {"leases": b"", "waiting": b"w"}
    state.close()
