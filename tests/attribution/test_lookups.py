import pytest

from exporter.attribution import Attributor
from exporter.attribution import lookups as module
from exporter.attribution.lookups import Lookups
from exporter.dialects import dnsmasq
from exporter.events import Event
from exporter.hosts import Hosts
from exporter.syslog import header
from tests.world import NOW, STRANGER, flow, home, port_kind, rejection, report

ANNA, BEN = "192.168.1.23", "192.168.1.24"


def said(*lines, lookups=None, router="gw", at=NOW, apart=0.0):
    """Take lines of dnsmasq in, one after the other."""
    lookups = lookups or Lookups()
    for number, line in enumerate(lines):
        event = dnsmasq.parse(header.read(f"dnsmasq[1]: {line}".encode(), NOW))
        lookups.add(router, event, at + number * apart)
    return lookups


def askers(lookups, ip=STRANGER, moment=NOW + 60, within=600.0):
    return {(lookup.asker, lookup.name) for lookup in lookups.of(ip, moment, within)}


def test_a_question_and_its_answer_are_joined_by_the_name():
    lookups = said(f"query[A] Www.example.com from {ANNA}", f"reply www.example.com is {STRANGER}")
    assert askers(lookups) == {(ANNA, "www.example.com")}
    assert askers(lookups, ip="198.51.100.8") == set()


def test_an_alias_carries_the_question_on():
    lookups = said(
        f"query[A] www.example.com from {ANNA}",
        "reply www.example.com is <CNAME>",
        "reply edge.example.net is <CNAME>",
        f"reply node.example.org is {STRANGER}",
    )
    assert askers(lookups) == {(ANNA, "www.example.com")}


def test_an_answer_to_a_name_that_nobody_asked_for_names_nobody():
    lookups = said(
        f"query[A] www.example.com from {ANNA}",
        "reply www.example.com is <CNAME>",
        f"reply other.example.org is {STRANGER}",
        apart=2.0,
    )
    assert askers(lookups) == set()


def test_a_question_without_an_answer_is_given_up():
    lookups = said(f"query[A] www.example.com from {ANNA}")
    said(f"reply www.example.com is {STRANGER}", lookups=lookups, at=NOW + 11)
    assert askers(lookups) == set()


def test_both_who_asked_are_known():
    lookups = said(
        f"query[A] www.example.com from {ANNA}",
        f"query[A] www.example.com from {BEN}",
        f"cached www.example.com is {STRANGER}",
    )
    assert askers(lookups) == {(ANNA, "www.example.com"), (BEN, "www.example.com")}


def test_a_question_on_one_server_is_not_answered_by_another():
    lookups = said(f"query[A] www.example.com from {ANNA}")
    said(f"reply www.example.com is {STRANGER}", lookups=lookups, router="other")
    assert askers(lookups) == set()


def test_an_answer_that_names_who_asked_needs_no_question():
    lookups = said(f"21745 {ANNA}/59490 reply www.example.com is {STRANGER}")
    assert askers(lookups) == {(ANNA, "www.example.com")}


def test_what_was_asked_long_ago_or_later_says_nothing():
    lookups = said(f"21745 {ANNA}/59490 reply www.example.com is {STRANGER}")
    assert askers(lookups, moment=NOW + 600)
    assert not askers(lookups, moment=NOW + 601)
    assert not askers(lookups, moment=NOW - 1)


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ADDRESSES", 2)
    monkeypatch.setattr(module, "MAX_ASKERS", 2)
    lookups = Lookups()
    for number in range(5):
        for host in range(5):
            event = Event(
                kind="dns", source_ip=f"192.168.1.{host}", ip=f"198.51.100.{number}", hostname="x"
            )
            lookups.add("gw", event, NOW)
    assert [len(lookups.of(f"198.51.100.{n}", NOW, 9)) for n in range(5)] == [0, 0, 0, 2, 2]


# --- whose packet it was -------------------------------------------------------------------------


def attribute(lookups, *reports, packet=None, configured=None):
    hosts = home(*reports) if reports else Hosts(configured or {ANNA: "TV", BEN: "BEN-PC"})
    attributor = Attributor(hosts, port_kind, lookups=lookups)
    return attributor.attribute(packet or rejection(received=NOW + 60)).attribution


ANSWER = f"21745 {ANNA}/59490 reply www.example.com is {STRANGER}"


def test_the_only_device_that_asked_is_named_without_any_agent():
    found = attribute(said(ANSWER))
    assert (found.device, found.process, found.evidence) == ("TV", "", "dns")
    assert found.confidence == pytest.approx(0.89, abs=0.01)
    [reason] = found.reasons
    assert (reason.code, reason.values["name"], reason.values["ago"]) == (
        *("asked", "www.example.com", 60),
    )


def test_of_two_devices_that_asked_neither_is_named():
    lookups = said(ANSWER, ANSWER.replace(ANNA, BEN))
    found = attribute(lookups)
    assert (found.device, found.evidence) == ("", "ambiguous")
    assert {candidate.device for candidate in found.candidates} == {"TV", "BEN-PC"}


def test_an_asker_that_nobody_knows_might_be_anybody():
    found = attribute(said(ANSWER, ANSWER.replace(ANNA, "192.168.1.99")))
    assert (found.device, found.evidence) == ("", "none")


def test_who_talked_to_the_address_outranks_who_asked_for_it():
    ben = report("BEN-PC", flows=(flow(40000, local_ip=BEN, age_seconds=5.0),), addresses=(BEN,))
    anna = report("ANNA-PC", addresses=(ANNA,))
    found = attribute(said(ANSWER), anna, ben, packet=rejection(received=NOW))
    assert (found.device, found.evidence) == ("BEN-PC", "remote")


def test_what_one_asked_for_is_forgotten_and_the_others_questions_are_not():
    lookups = said(
        f"query[A] a.example from {ANNA}",
        f"query[A] a.example from {BEN}",
        f"reply a.example is {STRANGER}",
        f"query[A] b.example from {ANNA}",
    )
    assert lookups.askers() == {ANNA, BEN}
    lookups.forget({ANNA})
    assert lookups.askers() == {BEN}
    assert askers(lookups) == {(BEN, "a.example")}
    said("reply b.example is 198.51.100.8", lookups=lookups)
    assert askers(lookups, ip="198.51.100.8") == set()
    lookups.forget({BEN})
    assert STRANGER not in lookups.addresses
