from exporter.fleet import pseudonyms
from exporter.fleet.pseudonyms import Pseudonyms


def test_without_a_key_devices_are_shown_under_their_names():
    assert Pseudonyms().of("kyoto", "PC") == "PC"


def test_a_device_has_the_same_name_each_time_and_another_at_each_site():
    one, again = Pseudonyms(b"key"), Pseudonyms(b"key")
    assert one.of("kyoto", "PC") == again.of("kyoto", "pc") == one.of("kyoto", "PC")
    assert len({one.of(site, "PC") for site in ("kyoto", "tokyo", "kyotoP")}) == 3
    assert one.of("ab", "c") != one.of("a", "bc")
    assert one.of("kyoto", "PC").startswith("device-")
    assert "PC" not in one.of("kyoto", "PC")


def test_another_key_gives_another_name():
    assert Pseudonyms(b"key").of("kyoto", "PC") != Pseudonyms(b"yek").of("kyoto", "PC")


def test_nobody_and_the_rest_are_no_devices():
    assert Pseudonyms(b"key").of("kyoto", "") == ""
    assert Pseudonyms(b"key").of("kyoto", "other") == "other"


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(pseudonyms, "MAX_KNOWN", 3)
    names = Pseudonyms(b"key")
    first = names.of("kyoto", "0")
    for number in range(10):
        names.of("kyoto", str(number))
    assert len(names._known) <= 3
    assert names.of("kyoto", "0") == first
