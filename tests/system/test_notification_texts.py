"""Any text arrives as it is, short enough for every service, whatever Alertmanager makes of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.system.parts.alertmanager import FOUNDING, Alertmanager, alert, alertmanager
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.receiver import Receiver, certificate, receiver

pytestmark = needs("alertmanager", "openssl")

# What YAML, JSON, Go's templates, HTML and Markdown would each like to make something of.
TEXTS = [
    "plain",
    "Tablet: 520 blocked",
    "[FIRING:1] {a: b}, [c]",
    "123",
    "1e3",
    "null",
    "true",
    "~",
    "2026-11-25",
    "- a",
    "? a",
    ": a",
    "# a",
    "%YAML 1.1",
    "@here",
    "`id`",
    "*a",
    "&a",
    "!!binary a",
    "|",
    "> a",
    "'single' \"double\"",
    '"quoted"',
    "back\\slash \\n \\t \\u0041",
    "{{ .Alerts }} {{ template `x` }} ${1} $1 %s %d",
    '<script>alert("x")</script> &amp; <b>',
    "_a_ *b* ~c~ ||d|| [e](f)",
    "two\nlines: b\n- c\n--- \nd: e",
    "日本語：「引用」、改行なし",
    "😀 👨‍👩‍👧 e\u0301 \u202eright\u202c",
]


class Phones(NamedTuple):
    """Two receivers whose payload is a recipe of ours, and one of each kind of markup."""

    server: Alertmanager
    web: Receiver

    def messages(self, service: str, count: int) -> list[dict[str, Any]]:
        """Wait for that many messages to a service and return what they say."""
        until(lambda: len(self.web.to(service)) >= count, f"{count} to {service}", seconds=40)
        return [request.json() for request in self.web.to(service)]


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    ours = certificate(tmp_path)
    with receiver(ours) as web:
        files = {
            "ntfy": "https://ntfy.sh/our-topic",
            "line": "abc",
            "telegram": "token=1:x\nchat=1",
        }
        files |= {"pushover": "user=u\ntoken=t", "slack": f"{web.url}/slack"}
        files |= {"discord": f"{web.url}/discord"}
        files = {name: f"{text}\nnames=yes" for name, text in files.items()}
        with alertmanager(tmp_path, files, HTTPS_PROXY=web.url, SSL_CERT_FILE=str(ours)) as server:
            yield Phones(server, web)


def test_any_text_arrives_as_it_is(phones):
    """Each text in a topic of its own, so in a message of its own."""
    phones.server.post(
        *(
            alert(annotations={"title": text, "summary": text, "action": text}, topic=f"t{number}")
            for number, text in enumerate(TEXTS)
        )
    )
    first = "⚠️ Please have a look"
    ntfy = phones.messages("ntfy.sh", len(TEXTS))
    body = {f"{first}\n• {text}\n→ {text}" for text in TEXTS}
    assert {message["message"] for message in ntfy} == body
    one_line = {" ".join(text.split()) for text in TEXTS}
    assert {message["title"].strip() for message in ntfy} == one_line

    line = phones.messages("api.line.me", len(TEXTS))
    whole = {f"{first}\n{' '.join(text.split())}\n• {text}\n→ {text}" for text in TEXTS}
    assert {message["messages"][0]["text"] for message in line} == whole
    telegram = phones.messages("api.telegram.org", len(TEXTS))
    assert {message["text"] for message in telegram} == whole


def test_an_alert_without_texts_arrives_by_its_name(phones):
    phones.server.post(alert("Foreign", severity="", topic="", annotations={}))
    [ntfy] = phones.messages("ntfy.sh", 1)
    assert ntfy["title"].strip() == "Foreign"
    assert ntfy["message"] == "⚠️ Please have a look\n• Foreign"
    assert ntfy["click"].strip() == ""


def test_an_alert_of_a_site_says_which_and_sites_do_not_share_a_message(phones):
    phones.server.post(alert(site="osaka", device="PC"), alert(site="kobe <1>", device="PC"))
    ntfy = {
        message["title"].strip(): message["message"] for message in phones.messages("ntfy.sh", 2)
    }
    assert set(ntfy) == {f"{site} · {FOUNDING['title']}" for site in ("osaka", "kobe <1>")}
    for title, message in ntfy.items():
        assert message.splitlines()[1] == f"• {title.partition(' · ')[0]} · {FOUNDING['summary']}"


def test_forty_alerts_at_once_fit_into_every_service(phones):
    long = {**FOUNDING, "summary": "長い文章です。" * 60, "action": "確認してください。" * 60}
    phones.server.post(
        *(alert(device=f"device {number}", annotations=long) for number in range(40))
    )
    [ntfy] = phones.messages("ntfy.sh", 1)
    assert len(ntfy["message"].encode()) <= 4096
    assert ntfy["title"].strip() == f"{FOUNDING['title']} (and 39 more)"
    assert "\ufffd" not in ntfy["message"]
    [line] = phones.messages("api.line.me", 1)
    assert len(line["messages"][0]["text"]) <= 5000
    [telegram] = phones.messages("api.telegram.org", 1)
    assert len(telegram["text"]) <= 4096
    [discord] = phones.messages("/discord", 1)
    assert len(discord["embeds"][0]["description"]) <= 4096
    assert len(discord["embeds"][0]["title"]) <= 256
    until(lambda: phones.web.to("api.pushover.net"), "message to Pushover")
    pushover = phones.web.to("api.pushover.net")[0].query()
    assert len(pushover["message"]) <= 1024
    assert len(pushover["title"]) <= 250


def test_five_alerts_are_told_and_the_others_counted_the_worst_first(phones):
    mild = [alert(device=f"device {number}") for number in range(6)]
    phones.server.post(*mild)
    [line] = phones.messages("api.line.me", 1)
    text = line["messages"][0]["text"]
    assert text.count("• ") == 5
    assert text.endswith("… and 1 more")


def test_markup_of_slack_and_discord_is_no_markup(phones):
    name = "<a&b> *x* _y_ `z` ~v~ |w|"
    phones.server.post(alert(annotations={"title": name, "summary": name, "page": "http://a_b_/"}))
    [slack] = phones.messages("/slack", 1)
    escaped = "&lt;a&amp;b&gt; *x* _y_ `z` ~v~ |w|"
    [attachment] = slack["attachments"]
    assert attachment["title"] == f"⚠️ {escaped}"
    assert f"• {escaped}\n" in attachment["text"]
    assert attachment["mrkdwn_in"] == ["pretext"]  # so that stars and strokes stay what they are
    [embed] = phones.messages("/discord", 1)[0]["embeds"]
    marked = "<a&b\\> \\*x\\* \\_y\\_ \\`z\\` \\~v\\~ \\|w\\|"
    assert embed["title"] == f"⚠️ {marked}"
    assert f"• {marked}\n" in embed["description"]
    assert embed["description"].endswith("http://a_b_/")


def test_the_end_says_how_long_it_lasted(phones):
    phones.server.post(alert(device="ANNA-PC", minutes=77))
    [begun] = phones.messages("api.line.me", 1)
    assert " Since " in begun["messages"][0]["text"]
    phones.server.post(alert(device="ANNA-PC", minutes=77, ended=True))
    ended = phones.messages("ntfy.sh", 2)[1]
    assert ended["title"].strip() == f"Over: {FOUNDING['title']}"
    assert ended["message"] == f"✅ It is over\n✓ {FOUNDING['title']} (lasted 1 h 17 min)"
    assert (ended["priority"], ended["tags"]) == (2, ["white_check_mark"])
