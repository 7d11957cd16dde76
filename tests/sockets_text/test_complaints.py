"""What is said of a text without sockets: in both languages, and the same."""

import re

import pytest

from exporter.sockets_text import UnreadableText, complaints, read

JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "要求された操作には管理者特権が必要です。",
        "tcp 0 0 router.lan:domain *:* LISTEN",
        '"a.exe","12","N/A"',
        "0  SAC  s  udp  192.168.88.10:50123  198.51.100.7:3478  2m51s",
        "x\n" * 100_001,
    ],
)
def test_a_complaint_exists_in_both_languages(text):
    with pytest.raises(UnreadableText) as caught:
        read(text, "pc")
    told = caught.value.text
    assert str(caught.value) == told.en
    assert JAPANESE.search(told.ja)
    assert not JAPANESE.search(told.en)
    assert set(re.findall("`[^`]+`", told.en)) == set(re.findall("`[^`]+`", told.ja))


def test_the_text_that_was_pasted_is_shown_in_both():
    told = complaints.complaint(["héllo"], rows=False, programs=False)
    assert "héllo" in told.en
    assert "héllo" in told.ja
