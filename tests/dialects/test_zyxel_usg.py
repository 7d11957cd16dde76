import pytest

from exporter.dialects import Malformed, zyxel_usg
from exporter.events import Event
from exporter.syslog import header


def parse(line: str) -> Event | None:
    message = header.read(line.encode(), 0.0)
    assert zyxel_usg.claims(message), line
    return zyxel_usg.parse(message)


@pytest.mark.parametrize(
    ("action", "note", "kind", "word"),
    [
        ("Drop", "ACCESS BLOCK", "rejected", "drop"),
        ("", "ACCESS BLOCK", "rejected", "block"),
        ("Reject", "", "rejected", "reject"),
        ("", "ACCESS FORWARD", "accepted", "forward"),
        ("Accept", "x", "accepted", "accept"),
        ("", "drop by", "other", None),
    ],
)
def test_the_note_stands_in_for_a_missing_action(action, note, kind, word):
    event = parse(
        f'src="192.0.2.1:1" dst="192.0.2.2:2" msg="x" note="{note}" cat="y" action="{action}"'
    )
    assert event == Event(
        kind=kind,
        action=word,
        source_ip="192.0.2.1",
        source_port=1,
        destination_ip="192.0.2.2",
        destination_port=2,
    )


def test_a_lease_may_print_its_station_without_colons():
    event = parse('msg="DHCP server assigned 192.168.1.2 to a b(00005E005302)" note="" cat="DHCP"')
    assert event == Event(
        kind="dhcp_lease", ip="192.168.1.2", mac="00:00:5e:00:53:02", hostname="a b"
    )


def test_a_service_is_no_protocol():
    event = parse('src="192.0.2.1:1" msg="x" note="" cat="Traffic Log" proto=https')
    assert event is not None
    assert event.transport is None


def test_a_line_without_anything_readable_is_malformed():
    with pytest.raises(Malformed):
        parse('src="x.x.x.x:1" dst="" msg="x" note="" cat="y" action=""')
