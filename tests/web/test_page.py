"""The page: the founding case from end to end, its boxes, both languages, every state."""

import re
from urllib.parse import quote

import pytest

from exporter.web import page as page_module
from tests.system.parts.founding import NETSTAT, PROCESS, flood, line, message

LOG = "\r\n".join(
    ["Log  Refresh", *(f"2026/11/18 10:00:{n:02} {line(f'198.51.100.{n}:3478')}" for n in range(5))]
)


def test_the_founding_case_shows_device_program_and_network(home):
    client = home.client()
    assert client.post("/api/v1/sockets/ANNA-PC", NETSTAT.encode()).status == 200
    home.now += 300
    home.hears(*flood(300))
    home.decides()
    page = client.get("/")
    assert page.status == 200
    for words in ("ANNA-PC", PROCESS, "Akamai", "AS20940", "51413/udp", "300 packets", "100"):
        assert words in page.text
    assert "300パケット" in client.get("/?lang=ja").text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_state_has_its_page(home, language):
    client = home.client()
    path = f"/?lang={language}"
    waiting = client.get(path).text
    assert "5514" in waiting
    assert f'<html lang="{language}">' in waiting
    home.hears("<5>what is this")
    unread = client.get(path).text
    home.hears(*flood(3), *(message(f"198.51.100.{n}:9", 23, "TCP") for n in range(1, 60)))
    home.decides()
    busy = client.get(path).text
    home.now += 10_000
    silent = client.get(path).text
    titles = {re.search("<title>(.*)</title>", text)[1] for text in (waiting, unread, busy, silent)}
    assert len(titles) == 4


def test_beyond_the_suspects_that_are_shown_the_packets_are_told(home, monkeypatch):
    monkeypatch.setattr(page_module, "MOST_SHOWN", 2)
    home.hears(*(message("198.51.100.7:999", 23, transport) for transport in ("TCP", "TCP", "UDP")))
    home.hears(*(message(f"23.45.67.{n}:999", 22, "TCP") for n in range(1, 10)))
    home.decides()
    page = home.client().get("/").text
    assert "1 packets came from others" in re.sub("</?bdi>", "", page)
    assert "75" in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_lines_that_nobody_understands_are_shown_without_names_and_with_how_to_teach_them(
    home, language
):
    home.hears(*(f"<5>acme: refused 198.51.100.{n} <b>user</b>=anna" for n in range(1, 9)))
    home.hears("last message repeated 5000000 times", "", "<5>one", "<5>two", "<5>three")
    page = home.client().get(f"/?lang={language}").text
    panel = page[page.index('id="unread"') : page.index("</aside>")]
    assert "acme: refused &lt;ip&gt;" in panel
    assert "198.51.100." not in panel
    assert "<b>user" not in panel
    for words in ("[[dialect]]", "[router.meanings]", "docs/own-dialects.md", "/api/v1/unread"):
        assert words in panel
    assert panel.count("<details>") == 1  # three are shown, the others on demand


def test_packets_that_wait_for_a_decision_are_told_apart(home):
    home.reports("ANNA-PC", 1000, "x")
    home.hears(*flood(7))
    assert "7 more not decided yet" in home.client().get("/").text


def test_the_browser_chooses_the_language_unless_it_is_configured(make_home):
    client = make_home().client()
    assert '<html lang="ja">' in client.get("/", accept_language="ja,en;q=0.5").text
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="ja">' in make_home('language = "ja"').client().get("/").text


def test_a_language_that_was_asked_for_stays(home):
    page = home.client().get("/?lang=ja").text
    assert 'href="/?lang=ja"' in page
    assert 'action="/log?lang=ja"' in page
    assert 'href="/?lang=en"' in page


def test_only_the_overview_renews_itself_and_only_where_that_is_asked_for(home):
    client = home.client()
    renewing = client.get("/?renew=1&period=day").text
    assert 'http-equiv="refresh" content="30"' in renewing
    assert "<textarea" not in renewing  # what is typed would be lost
    assert 'href="/?period=day"' in renewing
    for answer in (client.get("/"), client.submit("/log", text=LOG), client.get("/x")):
        assert "http-equiv" not in answer.text
    assert "This is how it was at" in client.get("/").text  # shown by the sheet when it is old


def test_nothing_on_the_page_is_a_script_or_comes_from_elsewhere(home):
    home.hears(*flood(3))
    home.decides()
    page = home.client().get("/").text
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r'(?:src|action)="(?!/(?!/))', page)
    assert "db-ip.com" in page


def test_the_agent_is_pointed_at_the_address_under_which_the_page_was_asked_for(home):
    client = home.client()
    seen = client._replace(host="192.168.1.10:10151").get("/").text
    assert "knockwatch agent --server http://192.168.1.10:10151" in seen
    assert "--server http://localhost" not in client._replace(host="localhost:10151").get("/").text


def test_a_line_is_explained_step_by_step(home):
    home.reports("ANNA-PC", 51413, PROCESS)
    text = quote(f"{line('23.45.67.89:3478')}\r\nsecond line")
    page = home.client().get(f"/explain?line={text}").text
    assert "ANNA-PC" in page
    assert "Akamai" in page
    assert page.count("<li>") > 3
    assert "Only the first of" in page
    assert home.client().get("/explain?line=").status == 400
    assert "ANNA-PC" in home.client().get(f"/explain?lang=ja&line={text}").text


def test_a_line_that_nobody_knows_is_explained_too(home):
    assert home.client().get("/explain?line=hello").status == 200


def test_pasted_sockets_are_confirmed(home):
    answer = home.client().submit("/sockets", device=" ANNA-PC ", text=NETSTAT)
    assert answer.status == 200
    assert "ANNA-PC" in answer.text
    assert "<dd>4</dd>" in answer.text
    assert "<dd>2</dd>" in answer.text
    assert PROCESS in answer.text
    assert "ANNA-PC" in home.client().get("/").text


def test_what_a_paste_cannot_tell_is_said_beside_it(home):
    def read(text):
        return home.client().submit("/sockets", device="PC", text=text).text

    windows = read("UDP 0.0.0.0:51413 *:* 5120\n [netsession_win.exe]")
    assert "does not show to whom an open UDP port talks" in windows
    assert "without the rights" not in windows
    linux = read("udp 0 0 0.0.0.0:5 0.0.0.0:* 12/sshd\nudp 0 0 0.0.0.0:6 0.0.0.0:* -")
    assert "does not show to whom" not in linux
    assert "without the rights to see it" in linux


def test_what_cannot_be_read_as_sockets_is_answered_with_what_to_do(home):
    answer = home.client().submit("/sockets", device="PC", text="hello")
    assert answer.status == 400
    assert "netstat -ano -b" in answer.text
    assert home.client().submit("/sockets", text=NETSTAT).status == 400


def test_a_pasted_log_is_counted_once_however_often_it_is_pasted(home):
    client = home.client()
    for _ in range(2):
        page = client.submit("/log", name="gate", text=LOG).text
        assert "<dd>5</dd>" in page
    more = LOG.partition("\r\n")[2] + f"\r\n2026/11/18 10:01:00 {line('198.51.100.9:3478')}"
    assert "<dd>6</dd>" in client.submit("/log", name="gate", text=more).text
    assert "<dd>6</dd>" in client.get("/log?name=gate").text


def test_pasted_logs_never_touch_the_live_counters(home):
    client = home.client()
    client.submit("/log", name="gate", text=LOG)
    assert home.counted("knockwatch_messages_total") == {}
    assert home.counted("knockwatch_rejected_packets_total") == {}
    assert client.get("/api/v1/suspects").json["packets"] == 0


def test_a_pasted_log_is_shown_until_it_is_forgotten(home):
    client = home.client()
    client.submit("/log", name="gate & co", text=LOG)
    assert "/log?name=gate+%26+co" in client.get("/").text
    gone = client.submit("/log/forget?lang=ja", name="gate & co")
    assert (gone.status, gone.headers["location"]) == (303, "/?lang=ja#paste")
    assert client.get("/log?name=gate+%26+co").status == 404


def test_text_without_a_log_line_is_answered_with_what_one_is(home):
    answer = home.client().submit("/log", text="Refresh\r\nClear")
    assert answer.status == 400
    assert "time in front" in answer.text


def test_a_log_longer_than_any_is_answered_with_what_to_paste(home, monkeypatch):
    monkeypatch.setattr("exporter.pasted_log.MAX_PASTED", 3)
    answer = home.client().submit("/log", text=LOG)
    assert answer.status == 400
    assert "newest part" in answer.text


def test_with_tokens_the_forms_ask_for_one(home):
    client = home.client("secret", address="198.51.100.7")
    assert 'name="token"' in client.get("/").text
    assert 'name="token"' not in home.client().get("/").text
    assert client.submit("/log", text=LOG).status == 401
    assert client.submit("/log", text=LOG, token="wrong").status == 401
    assert client.submit("/log", text=LOG, token="secret").status == 200
    assert client.submit("/sockets", device="PC", text=NETSTAT).status == 401


def test_the_token_of_a_device_pastes_its_sockets_and_nothing_else(home):
    client = home.client("all", "ANNA-PC s3cret")
    fields = {"text": NETSTAT, "token": "s3cret"}
    assert client.submit("/sockets", device=" anna-pc ", **fields).status == 200
    refused = client.submit("/sockets", device="NAS", **fields)
    assert refused.status == 403
    assert "ANNA-PC" in refused.text
    assert client.submit("/log", text=LOG, token="s3cret").status == 403


def test_without_its_database_the_page_shows_the_rest(home):
    home.hears(*flood(3))
    home.database.execute("DROP TABLE decisions")
    page = home.client().get("/")
    assert page.status == 200
    assert "no such table" in page.text
    assert "192.168.1.1" in page.text


def test_a_routers_table_shows_its_conversations(home):
    out = "src=192.168.1.10 dst=198.51.100.7 sport=50123 dport=3478"
    back = "src=198.51.100.7 dst=203.0.113.9 sport=3478 dport=61001"
    table = f"udp 17 28 {out} {back} mark=0 use=1"
    answer = home.client().submit("/sockets", device="ROUTER", text=table)
    assert "Conversations" in answer.text
    assert "<dd>1</dd>" in answer.text
