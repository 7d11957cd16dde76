import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.sockets_text import decode

ROWS = "  プロトコル\n  UDP         0.0.0.0:51413          *:*        5120\n [ポケット.exe]\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_an_encoding_is_recognised(encoding):
    assert decode.lines(ROWS.encode(encoding)) == ROWS.split("\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_recognised_without_a_mark(encoding):
    assert decode.lines(ROWS.encode(encoding)) == ROWS.split("\n")
    assert decode.lines(b"\xfe\xff" + ROWS.encode("utf-16-be")) == ROWS.split("\n")


def test_the_nuls_of_lsof_are_ends_of_lines_and_not_utf16():
    assert decode.lines(b"p1\0cx\0\nPUDP\0n*:5\0\n") == ["p1", "cx", "", "PUDP", "n*:5", "", ""]


def test_lines_end_where_windows_and_old_macs_end_them_and_nowhere_else():
    assert decode.lines("a\r\nb\rc\x0bd\x85e\u2028f\ng") == ["a", "b", "c\x0bd\x85e\u2028f", "g"]


def test_a_mark_between_two_files_is_dropped():
    assert decode.lines("a\n\ufeffb") == ["a", "b"]


def test_bytes_of_no_encoding_keep_their_ascii():
    assert "UDP 0.0.0.0:51413" in decode.lines(b"\x81\xff\x8d\nUDP 0.0.0.0:51413\n\xe9\n")


@given(st.binary())
def test_any_bytes_are_decoded(data):
    assert all("\n" not in line and "\r" not in line for line in decode.lines(data))


@pytest.mark.parametrize(
    ("phrase", "code_page"),
    [("повышения", "cp866"), ("élévation", "cp850"), ("需要提升", "cp936"), ("권한", "cp949")],
)
def test_a_phrase_is_found_in_the_code_page_of_its_language(phrase, code_page):
    data = f"C:\\> netstat\r\n{phrase.upper()}.".encode(code_page, "replace")
    assert decode.says(data, ["nothing", phrase])
    assert not decode.says(data, ["nothing"])
    assert decode.says(data.decode(code_page), [phrase])


def test_a_phrase_far_behind_is_not_looked_for():
    assert not decode.says(b" " * 100_000 + b"denied", ["denied"])
    assert not decode.says(" " * 100_000 + "denied", ["denied"])
