import os

from exporter.file_marks import mark


def test_a_file_that_was_written_or_replaced_has_another_mark(tmp_path):
    file = tmp_path / "keys"
    file.write_text("one")
    before = mark(file)
    assert mark(str(file)) == before
    file.write_text("other")
    written = mark(file)
    assert written != before
    other = tmp_path / "new"
    other.write_text("other")
    os.utime(other, ns=(0, file.stat().st_mtime_ns))
    other.replace(file)
    assert mark(file) != written


def test_a_file_that_cannot_be_looked_at_has_none(tmp_path):
    assert mark(tmp_path / "none") is None
    assert mark("a\0b") is None
