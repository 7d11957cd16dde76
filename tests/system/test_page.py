"""The page as a person sees it: in a real browser, on a tablet and a phone, without JavaScript."""

import time
from urllib.parse import quote

import pytest

from tests.system.parts.chromium import PHONE, TABLET, Screen, chromium
from tests.system.parts.exposition import total
from tests.system.parts.founding import DEVICE, NETSTAT, PORT, PROCESS, flood, message
from tests.system.parts.knockwatch import Server, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.web import post

pytestmark = needs("chromium")

DECIDED = "knockwatch_attributed_packets_total"


@pytest.fixture(scope="module")
def founding_case(tmp_path_factory):
    """A server that has seen the founding case and decided all of it."""
    with serve(tmp_path_factory.mktemp("page")) as server:
        answer = post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode())
        assert answer.status < 300, answer
        server.send(*flood(300))
        until(lambda: total(server.metrics(), DECIDED) == 300, "decisions")
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.mark.parametrize("screen", [TABLET, PHONE], ids=["tablet", "phone"])
def test_the_founding_case_shows_device_program_and_network(
    browser, founding_case: Server, screen: Screen
):
    browser.open(founding_case.url, screen, scripts=False)
    text = browser.text()
    assert DEVICE in text
    assert PROCESS in text
    assert "Akamai" in text
    assert browser.overflow() <= 0


def test_what_is_of_no_device_has_room_for_a_networks_name(browser, tmp_path):
    with serve(tmp_path) as server:
        post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode())
        server.send(*flood(20), message("80.82.77.33:40000", 23, "TCP"))
        until(lambda: total(server.metrics(), DECIDED) == 21, "decisions")
        browser.open(server.url, TABLET, scripts=False)
        for width in (360, 768, 1000, 1100, 1280, 1920):
            browser.show_on(Screen(width, 900))
            wide = browser.evaluate("document.querySelector('.rows .from').clientWidth")
            assert wide > 150, width  # pixels; it once had ten


@pytest.mark.parametrize("screen", [TABLET, PHONE], ids=["tablet", "phone"])
def test_an_empty_page_fits_and_says_what_to_do_next(browser, tmp_path, screen: Screen):
    with serve(tmp_path) as server:
        browser.open(server.url, screen, scripts=False)
        assert str(server.syslog_port) in browser.text()
        assert browser.overflow() <= 0


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_longest_line_that_nobody_understands_fits_a_phone(browser, tmp_path, language):
    with serve(tmp_path) as server:
        server.send(f"<5>acme: {'x' * 900} end", "<5>acme: a=" + "b=<ip>,c=" * 60)
        until(lambda: total(server.metrics(), "knockwatch_messages_total") == 2, "the messages")
        browser.open(f"{server.url}/?lang={language}", PHONE, scripts=False)
        assert "/api/v1/unread" in browser.evaluate("document.body.innerHTML")
        assert "acme:" in browser.text()
        assert browser.overflow() <= 0


def test_words_that_a_stranger_chose_are_shown_not_run(browser, tmp_path):
    evil = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
    with serve(tmp_path) as server:
        server.send(f"<5>Nov 23 01:14:21 {evil[:20]} kernel: {evil} IN={evil} OUT= SRC=192.0.2.1")
        post(f"{server.url}/api/v1/sockets/{DEVICE}", f"UDP 0.0.0.0:5 *:* 1\n [{evil}]".encode())
        until(lambda: total(server.metrics(), "knockwatch_messages_total") == 1, "the message")
        browser.open(server.url, TABLET, scripts=True)
        assert browser.evaluate("document.title") != "run"


def test_what_a_stranger_chose_is_not_run_in_the_packets_and_lines_either(browser, tmp_path):
    evil = "<img src=x onerror=document.title='run'><script>document.title='run'</script>\u202e"
    with serve(tmp_path) as server:
        pasted = f"UDP 0.0.0.0:{PORT} *:* 1\n [{evil}]".encode()
        assert post(f"{server.url}/api/v1/sockets/{quote(evil[:40])}", pasted).status < 300
        server.send(f"{flood(1)[0]} {evil}")
        until(lambda: total(server.metrics(), DECIDED) == 1, "the decision")
        moment = time.strftime("%Y-%m-%dT%H:%M")
        for path in ("/packets", f"/at?at={moment}&around=3600", "/devices"):
            browser.open(f"{server.url}{path}", TABLET, scripts=True)
            assert "onerror=document.title='run'" in browser.text()
            assert "\u202e" not in browser.text()
            assert browser.evaluate("document.title") != "run"


def test_the_page_asks_nobody_else_for_anything(browser, founding_case: Server):
    browser.open(founding_case.url, TABLET)
    fetched = browser.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert fetched
    assert [url for url in fetched if not url.startswith(founding_case.url)] == []
