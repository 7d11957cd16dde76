"""The overview by period, its sparklines, what is stuck, and looking without keeping."""

import re

import pytest

from tests.system.parts.founding import DEVICE, NETSTAT, PROCESS, flood, message


@pytest.fixture
def past(home):
    """A home with the founding case two hours ago, and a scan now."""
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(90))
    home.decides()
    home.now += 7200.0
    home.hears(message("198.51.100.7:999", 23, "TCP"))
    home.decides()
    return home


def rejected(page: str) -> int:
    return int(re.search(r"<dd><strong>([\d,]+)", page)[1])  # type: ignore[index]


@pytest.mark.parametrize(
    ("path", "packets", "within"),
    [
        ("/", 1, "in the last hour"),
        ("/?period=now", 1, "in the last 10 minutes"),
        ("/?period=day", 91, "in the last 24 hours"),
        ("/?period=week", 1, "in the last hour"),
        ("/?period=%00", 1, "in the last hour"),
    ],
)
def test_the_reader_chooses_the_period(past, path, packets, within):
    page = past.client().get(path).text
    assert rejected(page) == packets
    assert f"Rejected {within}" in page
    assert (PROCESS in page) == (packets == 91)
    assert page.count('aria-current="true"') == 1


def test_the_verdict_is_that_of_the_period(past):
    assert "All quiet" in past.client().get("/").text
    assert "Have a look" in past.client().get("/?period=day").text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_suspect_has_a_sparkline_that_also_speaks(past, language):
    page = past.client().get(f"/?period=day&lang={language}").text
    drawn = re.findall(r'<svg class="(?:spark|bars)"[^>]*role="img" aria-label="([^"]+)">', page)
    assert len(drawn) == 3  # all packets, the program, the scan
    assert "90" in drawn[0]
    assert {"en": "At most 90 in 15 minutes", "ja": "最多は"}[language] in drawn[1]


def test_a_page_that_renews_keeps_its_period(past):
    client = past.client()
    assert 'href="/?period=day&amp;renew=1"' in client.get("/?period=day").text
    assert 'href="/?period=day&amp;renew=1"' in client.get("/?renew=1").text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_data_the_way_of_a_line_is_shown_and_the_next_step(home, language):
    client = home.client()
    waiting = client.get(f"/?lang={language}").text
    assert 'class="hops"' in waiting
    home.hears("<5>what is this")
    unread = client.get(f"/?lang={language}").text
    assert {"en": "Do this next:", "ja": "次にすること:"}[language] in unread
    home.hears(*flood(2))
    home.decides()
    assert 'class="hops"' not in client.get(f"/?lang={language}").text


def test_a_paste_can_be_looked_at_and_nothing_of_it_kept(home):
    home.reports("NAS", 51413, "x", agent="paste")
    home.now += 700.0
    home.hears(*flood(3))
    home.decides()
    client = home.client()
    page = client.submit("/sockets", device=DEVICE, text=NETSTAT, look="1").text
    assert "Nothing of it was kept" in page
    assert PROCESS in page
    assert re.search(r'<a href="/packets\?port=51413&amp;transport=udp">3</a>', page)
    assert DEVICE not in client.get("/").text.replace('placeholder="ANNA-PC"', "")
    kept = client.submit("/sockets", device=DEVICE, text=NETSTAT).text
    assert "They count as open for 10 minutes" in kept
    assert f"/packets?device={DEVICE}" in client.get("/").text
