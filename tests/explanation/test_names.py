import pytest

from exporter.events import Network
from exporter.explanation import cause, direction, evidence, network, verdict
from exporter.explanation.names import any_of, who

AKAMAI = Network("AS20940", "Akamai", "cdn", "NL")


def test_a_network_is_registered_in_a_country_and_not_from_it():
    assert network(AKAMAI, "en") == "Akamai (AS20940, registered in NL)"
    assert network(AKAMAI, "ja") == "Akamai（AS20940、登録国：NL）"


def test_the_country_can_be_left_out_and_may_be_unknown():
    assert network(AKAMAI, "en", country=False) == "Akamai (AS20940)"
    assert network(Network("AS64500", "Example"), "en") == "Example (AS64500)"


@pytest.mark.parametrize(
    ("of", "en", "ja"),
    [
        (Network("AS64500"), "AS64500", "AS64500"),
        (Network("unknown"), "an unknown network", "不明なネットワーク"),
        (
            Network("other"),
            "many networks (not kept apart)",
            "多数のネットワーク（個別の記録なし）",
        ),
        (Network("private", "private"), "a private address", "プライベートアドレス"),
        (Network("reserved", "documentation"), "a reserved address range", "予約済みのアドレス"),
    ],
)
def test_an_address_without_an_organisation_says_so(of, en, ja):
    assert (network(of, "en"), network(of, "ja")) == (en, ja)


def test_a_program_is_named_with_its_device():
    assert who("ANNA-PC", "netsession_win.exe", "en") == "netsession_win.exe on ANNA-PC"
    assert who("ANNA-PC", "netsession_win.exe", "ja") == "ANNA-PCのnetsession_win.exe"
    assert who("ANNA-PC", "", "ja") == "ANNA-PC"


def test_devices_are_listed():
    assert any_of(("A",), "en") == "A"
    assert any_of(("A", "B", "C"), "en") == "A, B or C"
    assert any_of(("A", "B", "C"), "ja") == "A、B、C"


def test_values_of_a_decision_have_short_labels():
    assert [verdict(v, "en") for v in ("benign", "watch", "act")] == [
        *("harmless", "keep an eye on it", "act")
    ]
    assert cause("late_reply", "en") == "late reply"
    assert cause("scan", "ja") == "無差別な探索（スキャン）"
    assert evidence("socket", "en") == "an open port"
    assert direction("local", "ja") == "家の中"
