"""Behind the numbers: by device, program, network and port, down to the line; and the past."""

import re
import time
from html import unescape

import pytest

from tests.system.parts.founding import DEVICE, PROCESS, flood, line, message

EVIL = "<script>alert(1)</script>\u202e&q=\"'"


@pytest.fixture
def busy(home):
    """A home with the founding case and a scan."""
    home.reports(DEVICE, 51413, PROCESS)
    home.hears(*flood(150), *(message(f"198.51.100.{n}:999", 23, "TCP") for n in range(1, 31)))
    home.decides()
    return home


def links(page: str) -> dict[str, str]:
    """Return where the links of a page lead, by their text."""
    found = re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
    plain = ((re.sub("<[^>]+>", "", text), unescape(url)) for url, text in found)
    return {" ".join(text.split()): url for text, url in plain}


def packets(page: str) -> int:
    return int(re.search(r'class="amount"><strong>([\d,]+)', page)[1].replace(",", ""))  # type: ignore[index]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_from_the_suspect_to_its_packets_and_their_lines(busy, language):
    client = busy.client()
    text = {"en": "See these packets and their log lines", "ja": "該当するパケットとログを見る"}
    overview = links(client.get(f"/?lang={language}").text)
    page = client.get(overview[f"{text[language]}: {PROCESS}"])
    assert page.status == 200
    assert packets(page.text) == 150
    for words in (DEVICE, PROCESS, "Akamai", "51413/udp", line("23.45.67.150:3478")):
        assert words in page.text
    assert "198.51.100." not in page.text


def test_each_step_narrows_it_down_and_the_crumbs_lead_back(busy):
    client = busy.client()
    page = client.get("/packets").text
    assert packets(page) == 180
    page = client.get(links(page)["No device of yours is named"]).text
    assert packets(page) == 30
    page = client.get(links(page)["198.51.100.1"]).text
    assert packets(page) == 1
    crumbs = re.search(r'class="crumbs".*?</nav>', page, re.DOTALL)[0]
    assert list(links(crumbs)) == [
        "Overview",
        "All packets",
        "Device No device of yours is named",
        "Address 198.51.100.1",
    ]
    assert 'aria-current="page"><span class="soft">Address' in crumbs
    assert packets(client.get(links(crumbs)["Device No device of yours is named"]).text) == 30
    assert packets(client.get(links(page)["Device: show all"]).text) == 1
    assert packets(client.get(links(page)["Address: show all"]).text) == 30


def test_every_row_is_on_one_page(busy):
    client, url, seen = busy.client(), "/packets?period=day", list[str]()
    while url:
        page = client.get(url).text
        seen += re.findall(r"<b><bdi>([\d.]+)</bdi> to", page)
        busy.now += 0.001
        busy.hears(message(f"203.0.113.{len(seen)}:1", 99))  # what comes meanwhile moves nothing
        busy.service.pipeline.finish(busy.now)
        url = links(page).get("Older", "")
    assert len(seen) == len(set(seen)) == 180


def test_where_nothing_is_it_says_so(busy):
    page = busy.client().get("/packets?device=NAS")
    assert page.status == 200
    assert "Nothing of the kind was rejected" in page.text


def test_a_line_is_kept_as_its_router_wrote_it_but_not_without_end(home):
    home.hears(f"{message('198.51.100.7:999')} 玄関 {'x' * 5000}")
    home.decides()
    page = home.client().get("/packets").text
    assert f"{message('198.51.100.7:999')} 玄関 xxx" in unescape(page)
    assert "x" * 500 not in page


def test_a_filter_that_cannot_be_is_refused_in_words(busy):
    answer = busy.client().get("/packets?port=99999")
    assert answer.status == 400
    assert "not a port" in answer.text


def test_what_strangers_wrote_stays_text(home):
    home.reports(EVIL, 51413, EVIL)
    home.hears(f"{message('198.51.100.7:3478')} {EVIL}", router=EVIL)
    home.decides()
    client = home.client()
    page = client.get("/packets").text
    for text in (page, client.get(links(page)[next(k for k in links(page) if "script" in k)]).text):
        assert "<script" not in text
        assert "\u202e" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_a_moment_of_the_past_shows_who_it_was_how_that_is_known_and_the_sockets(busy):
    then = time.strftime("%Y-%m-%dT%H:%M", time.localtime(busy.now))
    busy.now += 30 * 3600.0
    busy.hears(message("198.51.100.99:999", 22, "TCP"))
    busy.decides()
    page = busy.client().get(f"/at?at={then}&around=600").text
    assert packets(page) == 180
    for words in (DEVICE, PROCESS, "How sure", "51413/udp"):
        assert words in page
    assert "198.51.100.99" not in page
    assert (
        packets(busy.client().get(links(page)["See the packets and log lines of this time"]).text)
        == 180
    )
    now = busy.client().get("/packets").text
    assert packets(now) == 1


def test_a_moment_when_nothing_was_is_told(busy):
    page = busy.client().get("/at?at=2020-01-01T03:12").text
    assert "Nothing was rejected then" in page
    assert "Nothing is kept of that time" in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_a_moment_there_is_the_form_and_now_in_it(home, language):
    page = home.client().get(f"/at?lang={language}").text
    now = time.strftime("%Y-%m-%dT%H:%M", time.localtime(home.now))
    assert f'type="datetime-local" required value="{now}"' in page
    assert 'name="lang"' in page


def test_a_time_that_is_none_is_refused_in_words(home):
    assert home.client().get("/at?at=tuesday").status == 400
    assert "日時として" in home.client().get("/at?at=tuesday&lang=ja").text


def test_without_its_database_the_page_says_so(busy):
    busy.client().get("/")
    busy.database.execute("DROP TABLE decisions")
    for path in ("/packets", "/at?at=2026-11-24T03:12"):
        answer = busy.client().get(path)
        assert answer.status == 503
        assert "no such table" in answer.text


def test_nothing_of_it_is_a_script_or_a_style_of_its_own(busy):
    then = time.strftime("%Y-%m-%dT%H:%M", time.localtime(busy.now))
    for path in ("/packets", "/at", f"/at?at={then}"):
        page = busy.client().get(path).text
        assert "<script" not in page
        assert "style=" not in page
        assert "<title>" in page
