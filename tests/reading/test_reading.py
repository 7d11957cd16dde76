import pytest

from exporter.dialects import Dialect, connection, netfilter
from exporter.events import Event
from exporter.reading import Reader, Rule, Sender
from exporter.reading.reading import MAX_TAGS
from exporter.syslog import header
from tests.world import NOW

PACKET = "IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9 LEN=40 PROTO=UDP SPT=1 DPT=2 LEN=20"
FOUNDING = "UDP connection rejected from 198.51.100.7:3478 to 203.0.113.9:51413"


def message(line):
    return header.read(line.encode(), NOW)


def dialect(name, claims, event=None):
    return Dialect(name, "", claims, lambda _: event or Event(kind="other"))


def test_the_users_dialect_is_asked_before_the_known_ones():
    own = dialect("own", lambda m: "SRC=" in m.text)
    reader = Reader([own])
    sender = Sender()
    assert reader.read(message(PACKET), sender).dialect == "own"
    assert reader.read(message(FOUNDING), sender).dialect == "connection"
    assert reader.read(message(PACKET), sender).dialect == "own"
    assert [d.name for d in reader.dialects][:2] == ["own", "connection"]


def test_a_sender_whose_firmware_changes_its_format_is_learned_anew():
    reader, sender = Reader(), Sender()
    for line, name in ((FOUNDING, "connection"), (f"DROP {PACKET}", "netfilter")) * 2:
        assert reader.read(message(line), sender).dialect == name
        assert sender.dialect.name == name


def test_each_program_of_a_sender_has_its_dialect():
    reader, sender = Reader(), Sender()
    lines = [
        f"kernel: DROP {PACKET}",
        "dnsmasq-dhcp[9]: DHCPACK(br0) 192.168.1.5 00:00:5e:00:53:05 a",
    ]
    for line, name in zip(lines * 2, ["netfilter", "dnsmasq"] * 2, strict=True):
        assert reader.read(message(line), sender).dialect == name
    assert {tag: one.name for tag, one in sender.by_tag.items()} == {
        "kernel": "netfilter",
        "dnsmasq-dhcp": "dnsmasq",
    }


def test_made_up_programs_fill_no_memory():
    reader, sender = Reader(), Sender()
    for number in range(MAX_TAGS * 3):
        for line in (f"made{number}: DROP {PACKET}", f"up{number}: {FOUNDING}"):
            assert reader.read(message(line), sender).outcome == "event"
            assert len(sender.by_tag) <= MAX_TAGS


def test_a_pinned_router_writes_nothing_else():
    reader = Reader(rules={"gate": Rule((netfilter.DIALECT,))})
    assert reader.read(message(PACKET), Sender(), "gate").dialect == "netfilter"
    assert reader.read(message(FOUNDING), Sender(), "gate").outcome == "unrecognised"
    assert reader.read(message(FOUNDING), Sender(), "other").outcome == "event"


def test_a_pin_may_name_several_dialects_and_goes_before_the_users_own():
    own = dialect("own", lambda _: True)
    reader = Reader([own], {"gate": Rule((netfilter.DIALECT, connection.DIALECT))})
    assert reader.read(message(FOUNDING), Sender(), "gate").dialect == "connection"
    assert reader.read(message("hello"), Sender(), "gate").dialect is None
    assert reader.read(message("hello"), Sender(), "elsewhere").dialect == "own"


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("IN-NEW", "rejected"),
        ("IN-NEW-OK", "accepted"),  # the longest text decides
        ("DROP-LOG-ONLY", "other"),  # the owner knows better than the word
        ("DROP", "rejected"),
        ("elsewhere", "other"),
    ],
)
def test_configuration_says_what_a_prefix_means(prefix, kind):
    meanings = {"IN-NEW": "rejected", "IN-NEW-OK": "accepted", "DROP-LOG-ONLY": "other"}
    reader = Reader(rules={"gate": Rule(meanings=meanings)})
    got = reader.read(message(f"kernel: {prefix} {PACKET}"), Sender(), "gate")
    assert got.event.kind == kind


def test_a_meaning_is_of_packets_only():
    reader = Reader(rules={"gate": Rule(meanings={"lease": "rejected"})})
    line = "dnsmasq-dhcp[1]: DHCPACK(lease) 192.168.1.5 00:00:5e:00:53:02 tv"
    assert reader.read(message(line), Sender(), "gate").event.kind == "dhcp_lease"


def test_a_repeat_says_again_what_the_owner_means():
    reader = Reader(rules={"gate": Rule(meanings={"IN-NEW": "rejected"})})
    sender = Sender(router="gate")
    reader.read(message(f"kernel: IN-NEW {PACKET}"), sender, "gate")
    again = reader.read(message("last message repeated 3 times"), sender, "gate", sender)
    assert (again.event.kind, again.event.packets) == ("rejected", 3)
