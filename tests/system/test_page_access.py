"""The page for everybody: by keyboard, by screen reader, on each screen, dark and light.

Rules of axe-core hold on every page in both languages; each page fits each screen.
"""

import socket
import time
from urllib.parse import quote

import pytest

from tests.system.parts import axe
from tests.system.parts.chromium import PHONE, TABLET, WALL, Browser, chromium
from tests.system.parts.exposition import total
from tests.system.parts.founding import DEVICE, NETSTAT, PROCESS, flood, line, message
from tests.system.parts.knockwatch import Server, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.web import post

pytestmark = needs("chromium", "axe-core")

SCREENS = {"phone": PHONE, "tablet": TABLET, "wall": WALL}
DECIDED = "knockwatch_attributed_packets_total"
LOG = "\n".join(f"2026/11/18 10:00:{n:02} {line(f'198.51.100.{n}:3478')}" for n in range(5))
HOUR = f"period=hour&device={DEVICE}&process={PROCESS}"
MOMENT = time.strftime("%Y-%m-%dT%H:%M")
PAGES = {
    "overview": "/",
    "last day": "/?period=day",
    "nothing now": f"/packets?device=nobody-{DEVICE}",
    "all packets": "/packets?period=week",
    "packets of a program": f"/packets?{HOUR}&page=2",
    "look back": "/at",
    "a moment": f"/at?at={MOMENT}&around=3600",
    "a quiet moment": "/at?at=2020-01-01T03:12",
    "explained": f"/explain?line={quote(line('23.45.67.89:3478'))}",
    "not explained": "/explain?line=hello",
    "devices": "/devices",
    "known": f"/known?device={DEVICE}&process={PROCESS}",
    "add": "/add",
    "refused": "/packets?port=x",
    "missing": "/nothing",
}
FORMS = {
    "sockets": ("/sockets", {"device": DEVICE, "text": NETSTAT}),
    "log": ("/log", {"name": "gate", "text": LOG}),
}


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A server with a named program, a stranger's scan, an unreadable line and a real flood."""
    with serve(tmp_path_factory.mktemp("page")) as server:
        post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode())
        scans = [message(f"198.51.100.{n}:999", 20 + n % 9, "TCP") for n in range(1, 120)]
        server.send(*flood(300), *scans, "<5>acme: nobody knows this")
        until(lambda: total(server.metrics(), DECIDED) == 300 + len(scans), "decisions")
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as page:
        yield page


def complaints(browser: Browser) -> list[str]:
    """Return what is wrong with the page that is open, on any screen."""
    found = []
    for name, screen in SCREENS.items():
        for dark in (False, True):
            browser.show_on(screen, dark=dark)
            where = f"{name}, {'dark' if dark else 'light'}"
            found += [f"{where}: {violation}" for violation in axe.violations(browser)]
        if browser.overflow() > 0:
            found.append(f"{name}: wider than the screen by {browser.overflow()}")
    return found


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_for_everybody(browser, busy: Server, name, language):
    path = PAGES[name]
    browser.open(f"{busy.url}{path}{'&' if '?' in path else '?'}lang={language}", TABLET)
    assert browser.evaluate("document.documentElement.lang") == language
    assert browser.evaluate("document.querySelectorAll('h1').length") == 1
    assert complaints(browser) == []


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", FORMS)
def test_what_the_forms_answer_is_for_everybody(browser, busy: Server, name, language):
    action, fields = FORMS[name]
    browser.open(f"{busy.url}/?lang={language}", TABLET)
    browser.submit(action, **fields)
    assert browser.evaluate("location.pathname") == action
    assert complaints(browser) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_without_data_is_for_everybody(browser, tmp_path, language):
    with serve(tmp_path) as server:
        for lines in ((), ("<5>acme: nobody knows this",)):
            server.send(*lines)
            until(lambda: total(server.metrics(), "knockwatch_messages_total") == len(lines), "it")  # noqa: B023
            browser.open(f"{server.url}/?lang={language}", TABLET)
            assert complaints(browser) == []


def test_a_page_in_trouble_is_for_everybody(browser, tmp_path):
    flooded = (
        message(f"198.51.{n % 250}.{n % 199}:{1024 + n % 5000}", 40_000) for n in range(40_000)
    )
    with serve(tmp_path) as server:
        # By TCP, which waits for who reads: by UDP so many at once are lost on the way.
        with socket.create_connection(("127.0.0.1", server.syslog_port)) as router:
            router.sendall("".join(f"{one}\n" for one in flooded).encode())
        until(lambda: total(server.metrics(), DECIDED) == 40_000, "decisions", seconds=60)
        browser.open(f"{server.url}/", TABLET)
        assert browser.evaluate("document.querySelector('.verdict.act') !== null")
        assert complaints(browser) == []


def test_a_page_that_grows_old_says_so_and_is_not_green_any_more(browser, busy: Server):
    browser.open(busy.url, TABLET)
    tone = "getComputedStyle(document.querySelector('.glyph')).color"
    fresh = browser.evaluate(tone)
    assert "This is how it was at" not in browser.text()
    browser.evaluate("document.getAnimations().forEach(animation => animation.finish())")
    assert "This is how it was at" in browser.text()
    assert browser.evaluate(tone) != fresh
    assert complaints(browser) == []


def test_only_who_asks_for_it_gets_a_page_that_renews_itself(browser, busy: Server):
    browser.open(f"{busy.url}/?renew=1", TABLET)
    assert {found.partition(":")[0] for found in axe.violations(browser)} == {"meta-refresh"}


def focused(browser: Browser) -> str:
    """Return what has the focus: its text, its name or its place."""
    return str(
        browser.evaluate(
            "(e => (e.textContent.trim() || e.name || e.id).replace(/\\s+/g, ' '))"
            "(document.activeElement)"
        )
    )


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(browser, busy: Server):
    browser.open(f"{busy.url}/", TABLET)
    reachable = browser.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select,"
        " textarea, summary')].filter(e => e.checkVisibility({visibilityProperty: true})).length"
    )
    seen, places = [], []
    for _ in range(reachable):
        browser.press("Tab")
        seen.append(focused(browser))
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert browser.evaluate(f"{outline} !== 'none'"), f"no focus to be seen: {seen[-1]}"
        places.append(
            browser.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        )
    assert seen[0] == "Skip to the content"
    assert places == sorted(set(places))
    assert "Explain it" in seen
    assert f"See these packets and their log lines: {PROCESS}" in seen


def test_the_skip_link_is_seen_and_leads_to_the_content(browser, busy: Server):
    browser.open(f"{busy.url}/", PHONE)
    browser.press("Tab")
    box = "document.activeElement.getBoundingClientRect()"
    assert browser.evaluate(f"{box}.left >= 0 && {box}.top >= 0")
    browser.press("Enter")
    assert browser.evaluate("location.hash") == "#main"
    browser.press("Tab")
    assert browser.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_by_keyboard_alone_from_the_suspect_to_its_log_lines(browser, busy: Server):
    browser.open(f"{busy.url}/", TABLET)
    for _ in range(60):
        browser.press("Tab")
        if focused(browser).startswith("See these packets and their log lines"):
            break
    browser.press("Enter")
    browser.wait_for_page()
    assert browser.evaluate("location.pathname") == "/packets"
    text = browser.text()
    assert "UDP connection rejected from 23.45.67." in text
    assert PROCESS in text
