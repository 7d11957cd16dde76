import msgspec
import pytest

from exporter.fleet import changelog
from exporter.fleet.changelog import ChangelogError

KEY = ("knockwatch_messages_total", ("gate", "netfilter", "event"))
OTHER = ("knockwatch_reports_total", ("accepted",))


def test_what_is_written_is_read():
    rows = [
        changelog.series("kyoto", KEY, (3.0, 10.0, 20.0)),
        changelog.series("tokyo", KEY, (4.0, 11.0, 21.0)),
        changelog.part("kyoto", "leases", b"\x90"),
        changelog.position(77),
    ]
    stored = changelog.read(rows)
    assert stored.position == 77
    series = stored.series["kyoto"][KEY]
    assert (series.value, series.created, series.used) == (3.0, 10.0, 20.0)
    assert series.saved == 3.0
    assert stored.series["tokyo"][KEY].value == 4.0
    assert stored.parts == {"kyoto": {"leases": b"\x90"}}


def test_the_newest_record_of_a_key_counts_and_one_without_value_removes_it():
    rows = [
        changelog.series("kyoto", KEY, (3.0, 10.0, 20.0)),
        changelog.series("kyoto", OTHER, (1.0, 10.0, 20.0)),
        changelog.part("kyoto", "leases", b"\x90"),
        changelog.position(1),
        changelog.series("kyoto", KEY, (5.0, 10.0, 30.0)),
        changelog.series("kyoto", OTHER, None),
        changelog.part("kyoto", "leases", None),
        changelog.position(2),
    ]
    stored = changelog.read(rows)
    assert stored.position == 2
    assert {key: one.value for key, one in stored.series["kyoto"].items()} == {KEY: 5.0}
    assert stored.parts == {}


def test_an_empty_changelog_knows_no_position():
    assert changelog.read([]).position is None


def test_what_a_newer_version_wrote_is_refused():
    key, _ = changelog.position(1)
    newer = msgspec.msgpack.encode((changelog.VERSION + 1, 1))
    with pytest.raises(ChangelogError, match="newer version"):
        changelog.read([(key, newer)])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"", b"\x90"),
        (b"kyoto", b"\x90"),
        (changelog.position(1)[0], b"\xff"),
        (changelog.series("kyoto", KEY, None)[0], b"\x90"),
        (msgspec.msgpack.encode(("series", 5)), b"\x90"),
    ],
)
def test_a_record_that_is_none_of_ours_is_refused(key, value):
    with pytest.raises(ChangelogError, match="none of ours"):
        changelog.read([(key, value)])
