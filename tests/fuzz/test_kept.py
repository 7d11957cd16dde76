import pytest

from tests.fuzz import kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "KEPT", tmp_path)
    return tmp_path


def test_what_is_kept_is_read_back_the_shortest_first(folder):
    kept.keep("header", [b"bb", b"\0\xff", b"a", b"a", b""])
    assert kept.kept("header") == [b"", b"a", b"\0\xff", b"bb"]


def test_a_target_that_nothing_was_kept_of_has_nothing(folder):
    assert kept.kept("header") == []


def test_a_file_of_kept_inputs_stays_small(folder):
    kept.keep("dialects", [bytes([number]) * 2000 for number in range(256)])
    assert kept.MAX_FILE * 0.9 < (folder / "dialects.txt").stat().st_size <= kept.MAX_FILE
    kept.keep("dialects", [b"x" * (kept.MAX_INPUT + 1)])
    assert kept.kept("dialects") == []


@pytest.mark.parametrize("target", ["header", "dialects"])
def test_a_message_begins_as_a_line_of_the_corpus(target):
    assert b"UDP connection rejected" in b"\n".join(kept.seeds(target))


def test_a_stream_begins_with_lines_and_counted_messages():
    streams = kept.seeds("framing")
    assert any(b"\n" in data for data in streams)
    assert any(b"40 <" in data for data in streams)
