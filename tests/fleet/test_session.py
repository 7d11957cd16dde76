"""The records of one run, and those that get a run of their own."""

from exporter.fleet.records import Lines, Report, decode
from exporter.fleet.session import Session, renumbered
from exporter.fleet.subscribers import Place

PLACE = Place("osaka", "kansai")
AT = 1_700_000_000.0


def test_records_are_numbered_whatever_they_are():
    session = Session()
    lines = session.lines(PLACE, "udp", "192.0.2.1", AT, [b"one", b"two"])
    report = session.report(Place("tokyo"), AT, b"{}")
    assert (lines.kind, lines.site, lines.listener, lines.messages) == ("lines", "osaka", "udp", 2)
    assert (report.kind, report.site, report.listener, report.messages) == (
        *("report", "tokyo"),
        *("http", 0),
    )
    assert decode(lines.value) == Lines(
        session=session.name,
        sequence=1,
        region="kansai",
        received=AT,
        listener="udp",
        sender="192.0.2.1",
        messages=[b"one", b"two"],
    )
    assert decode(report.value) == Report(
        session=session.name, sequence=2, region="", received=AT, body=b"{}"
    )
    assert Session().name != session.name


def test_what_is_renumbered_says_the_same_in_the_same_order():
    session = Session()
    for _ in range(5):
        session.report(PLACE, AT, b"{}")
    values = [
        session.lines(PLACE, "tcp", "192.0.2.1", AT, [b"one"]).value,
        session.report(PLACE, AT, b"{}").value,
    ]
    old, new = [decode(value) for value in values], [decode(v) for v in renumbered(values)]
    assert [record.sequence for record in new] == [1, 2]
    assert {record.session for record in new}.isdisjoint({session.name})
    assert len({record.session for record in new}) == 1
    assert isinstance(new[0], Lines)
    assert isinstance(old[0], Lines)
    assert new[0].messages == old[0].messages
    assert isinstance(new[1], Report)
    assert new[1].body == b"{}"
    assert renumbered([]) == []
