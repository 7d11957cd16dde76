import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.syslog.encoding import decode
from tests import timing

SENTENCES = (
    "居間のPC",
    "無線LAN接続: 端末「リビングのテレビ」を許可しました",
    "不正アクセスを検出しました (UDP)",
    "ルーター再起動",
    "ｻｰﾊﾞｰ ﾃﾚﾋﾞ",
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize("text", SENTENCES)
def test_japanese_survives_in_each_of_its_encodings(text, encoding):
    line = f"DHCPACK(br0) 192.168.1.5 00:00:5e:00:53:02 {text} from 198.51.100.7:3478"
    assert decode(line.encode(encoding)) == line


@pytest.mark.parametrize(
    "text",
    [
        "Internetverbindung wurde getrennt, Gerät Küche",
        "Adresse refusée à l'hôte",
        "conexión rechazada: año",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_western_letters_survive(text, encoding):
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("cut", [1, 2])
def test_utf8_that_was_cut_stays_utf8(cut):
    data = "端末の名前: 居間".encode()[:-cut]
    assert decode(data) == "端末の名前: 居\ufffd"


@given(st.binary(max_size=200))
def test_any_bytes_are_text_and_ascii_stays(data):
    text = decode(data)
    text.encode("utf-8")
    only = bytes(byte for byte in data if byte < 0x80)
    assert decode(only) == only.decode("ascii")


@given(st.text(max_size=100).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text)))
def test_utf8_is_never_taken_for_anything_else(text):
    assert decode(text.encode()) == text


@given(
    st.text(st.characters(codec="latin-1", min_codepoint=0xA0), min_size=1, max_size=1),
    st.text(st.characters(codec="ascii"), max_size=20),
)
def test_a_single_western_letter_is_read(letter, word):
    assert decode(f"{word}{letter}{word}".encode("latin-1")) == f"{word}{letter}{word}"


@pytest.mark.parametrize("data", [b"\xcb\xcc\xca#" * 16_000, b"\xa4\xa2" * 32_000])
def test_the_longest_message_is_read_at_once_whatever_its_bytes(data):
    assert timing.seconds(lambda: decode(data), 0.015) < 0.015  # a whole message may take 0.05
