import pytest

from exporter.fleet.relay_keys import RelayKeyError, RelayKeys, own_secret, sign

KYOTO, TOKYO = "k" * 32, "t" * 40


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "relays"
    file.write_text(f"# relay, secret, sites\n\nkyoto {KYOTO} kyoto-3\ntokyo {TOKYO} tokyo-* edo\n")
    return file


def signed(secret: str, site: str, value: bytes = b"value") -> bytes:
    return sign(secret.encode(), site, value)


def test_a_relay_writes_for_its_sites(file):
    keys = RelayKeys(file)
    assert keys.may_write("kyoto", "kyoto-3", "", b"value", signed(KYOTO, "kyoto-3"))
    for site in ("tokyo-1", "tokyo-east", "edo"):
        assert keys.may_write("tokyo", site, "", b"value", signed(TOKYO, site))


def test_a_relay_does_not_write_for_another_site(file):
    keys = RelayKeys(file)
    assert not keys.may_write("kyoto", "tokyo-1", "", b"value", signed(KYOTO, "tokyo-1"))
    assert not keys.may_write("tokyo", "tokyo-1", "", b"value", signed(KYOTO, "tokyo-1"))
    assert not keys.may_write("kyoto", "kyoto-30", "", b"value", signed(KYOTO, "kyoto-30"))


def test_a_signature_is_of_its_site_and_value_alone(file):
    keys = RelayKeys(file)
    signature = signed(TOKYO, "tokyo-1")
    assert not keys.may_write("tokyo", "tokyo-2", "", b"value", signature)
    assert not keys.may_write("tokyo", "tokyo-1", "", b"other", signature)
    assert not keys.may_write("tokyo", "tokyo-1", "", b"value", b"")
    assert sign(b"s", "ab", b"c") != sign(b"s", "a", b"bc")


def test_nobody_unknown_writes(file):
    assert not RelayKeys(file).may_write("osaka", "edo", "", b"value", signed(TOKYO, "edo"))


def test_a_relay_is_refused_once_its_line_is_gone(file):
    keys = RelayKeys(file)
    file.write_text(f"kyoto {KYOTO} kyoto-3\n")
    keys.renew()
    assert not keys.may_write("tokyo", "edo", "", b"value", signed(TOKYO, "edo"))
    assert keys.may_write("kyoto", "kyoto-3", "", b"value", signed(KYOTO, "kyoto-3"))


def test_a_file_that_becomes_useless_changes_nothing(file):
    keys = RelayKeys(file)
    file.write_text("kyoto short kyoto-3\n")
    keys.renew()
    assert keys.may_write("tokyo", "edo", "", b"value", signed(TOKYO, "edo"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kyoto", "line 1: a relay, its secret and a site"),
        (f"kyoto {KYOTO}", "line 1: a relay, its secret and a site"),
        ("\nkyoto short kyoto-3", "line 2: a secret has at least 32 characters, not 5"),
        (f"a {KYOTO} x\na {TOKYO} y", "line 2: a has a key already"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path, text, why):
    file = tmp_path / "relays"
    file.write_text(text)
    with pytest.raises(RelayKeyError, match=why):
        RelayKeys(file)
    with pytest.raises(RelayKeyError, match="cannot be read"):
        RelayKeys(tmp_path / "none")


def test_a_relay_reads_its_own_secret(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{KYOTO}\n")
    assert own_secret(file) == KYOTO.encode()
    file.write_text("short")
    with pytest.raises(RelayKeyError, match="at least 32"):
        own_secret(file)


def test_a_region_is_written_with_its_site(tmp_path):
    file = tmp_path / "relays"
    file.write_text(f"east {TOKYO} *@east\n")
    keys, signature = RelayKeys(file), signed(TOKYO, "home-7")
    assert keys.may_write("east", "home-7", "east", b"value", signature)
    assert not keys.may_write("east", "home-7", "west", b"value", signature)
    assert not keys.may_write("east", "home-7", "", b"value", signature)
