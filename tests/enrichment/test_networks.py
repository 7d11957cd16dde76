import pytest

from exporter.enrichment import networks as networks_of
from exporter.enrichment.asn import Registration, build
from exporter.enrichment.networks import Networks
from exporter.enrichment.table_files import MmdbTable
from exporter.events import Network
from exporter.knowledge import load
from tests.enrichment import mmdb

KNOWN = load().networks


def table_of(*entries):
    ranges = [(0x01000000 * first, 0x01000000 * first + 0xFFFFFF, who) for first, who in entries]
    return build(ranges, [], ["test table"])


@pytest.fixture(scope="module")
def networks():
    return Networks(KNOWN)


@pytest.mark.parametrize(
    ("ip", "asn", "kind"),
    [
        ("10.1.2.3", "private", "private"),
        ("192.168.0.1", "private", "private"),
        ("fd12::1", "private", "private"),
        ("169.254.0.9", "private", "link_local"),
        ("fe80::1", "private", "link_local"),
        ("100.64.0.1", "private", "cgnat"),
        ("127.0.0.1", "private", "loopback"),
        ("::1", "private", "loopback"),
        ("192.0.2.1", "reserved", "documentation"),
        ("2001:db8::1", "reserved", "documentation"),
        ("3fff::1", "reserved", "documentation"),
        ("224.0.0.251", "reserved", "multicast"),
        ("ff02::fb", "reserved", "multicast"),
        ("240.0.0.1", "reserved", "reserved"),
        ("255.255.255.255", "reserved", "broadcast"),
        ("0.1.2.3", "reserved", "this_network"),
        ("198.18.0.1", "reserved", "benchmark"),
        ("4000::1", "reserved", "bogon"),
        ("100::1", "reserved", "bogon"),
    ],
)
def test_ranges_that_belong_to_nobody_are_named_as_such(networks, ip, asn, kind):
    found = networks.look_up(ip)
    assert (found.asn, found.kind, found.country) == (asn, kind, "")
    assert found.name


def test_a_curated_network_has_its_plain_name_and_its_registered_country(networks):
    assert networks.look_up("23.45.67.89") == Network("AS20940", "Akamai", "cdn", "US")
    assert networks.look_up("2001:4860:4860::8888").asn == "AS15169"


def test_a_company_name_alone_acquits_nobody(networks):
    assert networks.look_up("45.79.1.1").asn == "AS63949"  # registered to Akamai, is Linode
    assert networks.look_up("45.79.1.1").kind == "cloud"


def test_a_scanners_range_beats_the_network_it_rents(networks):
    found = networks.look_up("74.82.47.2")
    assert (found.asn, found.name, found.kind) == ("AS6939", "Shadowserver Foundation", "scanner")
    assert networks.registered("AS6939").name == "Hurricane Electric"
    assert networks.registered("AS6939").kind == "transit"


@pytest.mark.parametrize("ip", ["", "not an address", "192.0.2.999"])
def test_what_cannot_be_read_is_unknown(networks, ip):
    assert networks.look_up(ip) == Network("unknown")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Example Hosting GmbH", "hosting"),
        ("EXAMPLE-CLOUD Ltd", "hosting"),
        ("Example VPS", "hosting"),
        ("Example Data Center", "hosting"),
        ("Example Telecom", "isp"),
        ("Example Telekom AG", "isp"),
        ("Example Broadband", "isp"),
        ("University of Example", "education"),
        ("Universität Example", "education"),
        ("Observerland Inc.", "unknown"),
        ("Akamai Example", "unknown"),
        ("", "unknown"),
    ],
)
def test_names_only_give_the_coarse_kinds(name, kind):
    networks = Networks(KNOWN, table_of((20, Registration(64500, "FR", name))))
    assert networks.look_up("20.1.2.3") == Network("AS64500", name, kind, "FR")
    assert networks.registered("AS64500") == Network("AS64500", name, kind)


def test_a_guessed_kind_is_never_read_as_harmless():
    for kind in ("isp", "hosting", "education"):
        assert KNOWN.kinds[kind].default_reading == "unknown"


def test_a_registration_without_a_number_is_unknown_in_its_country():
    networks = Networks(KNOWN, table_of((20, Registration(0, "FR", ""))))
    assert networks.look_up("20.1.2.3") == Network("unknown", "", "unknown", "FR")


def test_configuration_replaces_the_special_ranges_and_the_table():
    laboratory = Networks(
        KNOWN,
        table_of((192, Registration(64501, "NL", "Laboratory"))),
        special=[("198.51.100.0/24", "private")],
    )
    assert laboratory.look_up("192.0.2.1") == Network("AS64501", "Laboratory", "unknown", "NL")
    assert laboratory.look_up("198.51.100.1").asn == "private"
    assert laboratory.look_up("10.0.0.1").asn == "unknown"
    assert laboratory.sources == ("test table",)


def test_a_bad_special_range_is_named():
    with pytest.raises(ValueError, match=r"198.51.100.1/24"):
        Networks(KNOWN, table_of(), special=[("198.51.100.1/24", "private")])


def test_a_new_table_answers_from_its_first_look_up():
    networks = Networks(KNOWN, table_of((20, Registration(64500, "FR", "Old"))))
    assert networks.look_up("20.0.0.1").name == networks.registered("AS64500").name == "Old"
    networks.replace_table(table_of((20, Registration(64500, "FR", "New"))))
    assert networks.look_up("20.0.0.1").name == networks.registered("AS64500").name == "New"


def test_a_name_that_becomes_known_later_is_the_networks_name():
    record = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example VPS"}
    unnamed = {"autonomous_system_number": 64500}
    database = mmdb.write({"20.0.0.0/16": record, "20.1.0.0/16": unnamed})
    networks = Networks(KNOWN, MmdbTable(database))
    assert networks.registered("AS64500") == Network("AS64500")  # the format cannot tell
    assert networks.look_up("20.0.0.1") == Network("AS64500", "Example VPS", "hosting")
    assert networks.look_up("20.1.0.1") == networks.registered("AS64500")
    assert networks.registered("AS64500").name == "Example VPS"


def test_a_network_has_its_name_before_any_of_its_addresses_was_asked_for():
    networks = Networks(KNOWN, table_of((20, Registration(64500, "FR", "Example Telecom"))))
    assert networks.registered("AS64500") == Network("AS64500", "Example Telecom", "isp")
    assert networks.registered("AS64999") == Network("AS64999")
    assert networks.look_up("20.0.0.1").name == "Example Telecom"


@pytest.mark.parametrize("asn", ["private", "reserved", "unknown", "other", "", "ASx"])
def test_words_in_place_of_a_number_have_no_name(networks, asn):
    assert networks.registered(asn) == Network(asn)


def test_many_addresses_have_the_networks_that_each_has(networks, monkeypatch):
    monkeypatch.setattr(networks_of, "CACHED", 50)
    few = Networks(KNOWN)
    for first in range(1, 200, 20):
        ips = [f"{8 + n % 3}.8.8.{n}" for n in range(first, first + 30)]
        for _ in range(2):
            assert few.look_up_each(ips) == {ip: networks.look_up(ip) for ip in ips}
        assert len(few._found) <= 50
