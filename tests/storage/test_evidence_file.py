"""The file of the evidence: what damages it, and what is begun in its place."""

import sqlite3

import pytest

from exporter.evidence import Bounds
from exporter.storage.database import StateError
from exporter.storage.evidence_file import EvidenceFile, is_damaged
from tests.evidence.stores import ALWAYS, nobody
from tests.rejections import NOW


@pytest.fixture
def kept(tmp_path):
    file = EvidenceFile(tmp_path / "evidence.sqlite", Bounds())
    yield file
    file.close()


def write(kept, count=1):
    kept.store.record(nobody(count=count))
    kept.store.write(kept.store.take(), NOW)


def packets(kept):
    return sum(suspect.packets for suspect in kept.store.suspects(*ALWAYS))


def test_what_is_set_aside_is_whole_and_the_next_is_written_and_read(kept, tmp_path):
    write(kept, 3)
    kept.begin_anew().close()
    assert packets(kept) == 0
    write(kept, 4)
    assert packets(kept) == 4
    kept.close()
    aside = EvidenceFile(tmp_path / "evidence.sqlite.broken-1", Bounds())
    assert packets(aside) == 3
    aside.close()


def test_it_begins_anew_as_often_as_need_be(kept, tmp_path):
    for _ in range(3):
        write(kept)
        kept.begin_anew().close()
    names = {path.name for path in tmp_path.glob("*.broken-?")}
    assert names == {f"evidence.sqlite.broken-{number}" for number in (1, 2, 3)}


def test_a_file_that_is_gone_is_begun_anew_too(kept, tmp_path):
    write(kept)
    for path in tmp_path.iterdir():
        path.unlink()
    kept.begin_anew().close()
    write(kept, 2)
    assert packets(kept) == 2


def test_where_nothing_can_be_begun_the_next_call_tries_again(kept, tmp_path):
    folder, hidden = tmp_path, tmp_path.with_name(tmp_path.name + "-hidden")
    folder.rename(hidden)
    folder.write_text("in the way")
    with pytest.raises(StateError):
        kept.begin_anew()
    folder.unlink()
    hidden.rename(folder)
    kept.begin_anew().close()
    write(kept, 2)
    assert packets(kept) == 2


def refused(connection, statement) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute(statement)
    return caught.value


def test_a_question_that_is_wrong_is_no_damage(kept):
    connection = sqlite3.connect(":memory:")
    assert not is_damaged(refused(connection, "SELECT 1 FROM nothing"))
    connection.execute("PRAGMA max_page_count = 1")
    assert not is_damaged(refused(connection, "CREATE TABLE full (a)"))
    connection.close()
    assert not is_damaged(refused(connection, "SELECT 1"))


def test_a_file_that_is_no_database_is_damaged(tmp_path):
    path = tmp_path / "odd"
    path.write_bytes(b"no database at all" * 400)
    connection = sqlite3.connect(path)
    assert is_damaged(refused(connection, "SELECT 1 FROM decisions"))
    connection.close()


def test_what_cannot_be_opened_keeps_nothing_and_is_opened_when_it_can_be(tmp_path):
    folder, hidden = tmp_path / "folder", tmp_path / "hidden"
    before = EvidenceFile(folder / "evidence.sqlite", Bounds())
    write(before, 3)
    before.close()
    folder.rename(hidden)
    folder.write_text("in the way")
    file = EvidenceFile(folder / "evidence.sqlite", Bounds())
    assert "folder" in file.trouble
    assert packets(file) == 0
    with pytest.raises(sqlite3.Error):
        write(file)
    with pytest.raises(StateError):
        file.begin_anew()
    folder.unlink()
    hidden.rename(folder)
    file.begin_anew().close()
    write(file, 4)
    assert (packets(file), file.trouble) == (7, "")
    assert not list(folder.glob("*.broken*"))
    file.close()
