"""What is read of a partition; what real brokers tell is in tests/system/test_worker.py."""

import pytest

from exporter.fleet import restoring
from exporter.fleet.restoring import Restoring, Unrestorable
from exporter.settings import Kafka
from tests.fleet.reading import Library, Record


@pytest.fixture
def begun(monkeypatch):
    def begin(**topics: list[Record]) -> Restoring:
        monkeypatch.setattr(restoring, "Consumer", lambda settings: Library(settings, **topics))
        return Restoring({}, Kafka(topic="lines"), 0, lambda: True)

    return begin


def test_of_a_changelog_the_newest_of_each_key_is_left(begun):
    rows = [
        Record(0, b"a", b"old"),
        Record(1, b"gone", b"1"),
        Record(2, b"a", b"new"),
        Record(3, b"gone", None),
    ]
    assert begun(lines_changelog=rows).changelog() == {b"a": b"new"}


def test_reports_of_the_last_seconds_before_the_position_are_read_and_no_lines(begun):
    ours = begun(lines=[Record(at, kind="lines" if at % 2 else "report") for at in range(100)])
    found = [one.offset for some in ours.reports(91, 0.040) for one in some]
    assert found == list(range(50, 91, 2))  # a record a millisecond


def test_at_the_beginning_of_a_topic_there_are_none(begun):
    assert list(begun(lines=[Record(7), Record(8)]).reports(7, 900.0)) == []


def test_a_start_that_was_deleted_is_the_oldest_that_is_there(begun):
    ours = begun(lines=[Record(7), Record(8)])
    assert [ours.start(None), ours.start(5), ours.start(8), ours.start(9)] == [7, 7, 8, 9]
    with pytest.raises(Unrestorable, match="ends at 9, but is counted up to 10"):
        ours.start(10)
