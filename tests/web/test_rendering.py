"""Foreign text on a page stays text, in its place and in its direction."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.web.rendering import percent, visible
from tests.system.parts.founding import message

EVIL = "<script>alert(1)</script>\u202e\"'>{{7777*7}}{device}<img src=x onerror=alert(1)>"


def assert_harmless(text: str) -> None:
    assert "<script" not in text
    assert "<img src=x" not in text
    assert "\u202e" not in text
    assert "54439" not in text


def test_a_process_a_device_a_router_and_a_network_are_escaped(home):
    home.reports(EVIL, 51413, EVIL)
    home.hears(message("198.51.100.7:3478"), "<5>what is this", router=EVIL)
    home.decides()
    answer = home.client().get("/")
    assert "&lt;script&gt;alert(1)" in answer.text
    assert_harmless(answer.text)


def test_an_explained_line_is_escaped(home):
    line = f"Nov 10 23:04:06 gate {EVIL} UDP connection rejected from {EVIL} to 203.0.113.9:51413"
    for text in (EVIL, line):
        answer = home.client().get(f"/explain?line={quote(text)}")
        assert answer.status == 200
        assert "&lt;script&gt;alert(1)" in answer.text
        assert_harmless(answer.text)


def test_pasted_text_is_escaped(home):
    client = home.client()
    told = client.submit("/log", name=EVIL, text=f"Nov 10 23:04:06 gate {EVIL}")
    assert told.status == 200
    assert "&lt;script&gt;" in told.text
    assert_harmless(told.text)
    assert_harmless(client.get("/").text)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.sampled_from("<>&'\"{}%a \u202e\u2066\x00\n\t/"), max_size=40))
def test_no_text_makes_an_element(home, text):
    answer = home.client().submit("/log", name=f"n{text}", text=f"Nov 10 23:04:06 gate x{text}")
    assert answer.status == 200
    assert "\x00" not in answer.text
    assert "\u2066" not in answer.text
    assert "<a" not in answer.text.partition("<h1>")[2].partition("</h1>")[0]


def test_line_ends_stay_and_what_hides_does_not():
    assert visible("a\nb\tc\u200bd\u2028e") == "a\nb\tc\ufffdd\ufffde"
    assert visible(7) == 7


@pytest.mark.parametrize(
    ("share", "english", "japanese"),
    [
        (1.0, "100\u202f%", "100%"),
        (0.999, ">\u202f99\u202f%", ">99%"),
        (0.42, "42\u202f%", "42%"),
        (0.001, "<\u202f1\u202f%", "<1%"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(share, english, japanese):
    assert percent(share, "en") == english
    assert percent(share, "ja") == japanese
