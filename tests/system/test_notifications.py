"""A real Alertmanager delivers to real receivers: what arrives is what the services expect."""

import shlex
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.pages import ROOT, blocks
from tests.system.parts.alertmanager import FOUNDING, Alertmanager, alert, alertmanager
from tests.system.parts.mail import MailServer, mail_server
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prometheus import binary
from tests.system.parts.receiver import Receiver, Request, certificate, receiver

pytestmark = needs("alertmanager", "amtool", "openssl")

PASSWORD = """p'": \\n $HOME & {{ .x }} é"""
TEXT = f"""⚠️ Please have a look
• {FOUNDING["summary"]}
→ {FOUNDING["action"]}
Graphs: {FOUNDING["dashboard"]}
Page: {FOUNDING["page"]}"""
TEXT_JA = f"""⚠️ 確認をお願いします
• {FOUNDING["summary_ja"]}
→ {FOUNDING["action_ja"]}
グラフ: http://192.168.1.10:3000/d/knockwatch-devices-ja?var-device=ANNA-PC
ページ: {FOUNDING["page"]}"""


PUBLIC = ("ntfy", "email", "telegram", "discord", "slack", "pushover", "line")


class Home(NamedTuple):
    """A home in which every receiver is switched on."""

    server: Alertmanager
    web: Receiver
    mail: MailServer

    def only(self, part: str) -> Request:
        """Wait for the one request to an address that contains `part`."""
        until(lambda: self.web.to(part), f"request to {part}")
        [request] = self.web.to(part)
        return request


def secrets(web: str, mail: int, names: str = "names=yes\n") -> dict[str, str]:
    """Return a file for each receiver; the services are meant by their own names."""
    files = {
        "ntfy": "https://ntfy.sh/our-topic\ntoken=tk_abc\n",
        "email": f"to=Anna <anna@example.org>, bob@example.org\nfrom=wall@example.org\n"
        f"smarthost=127.0.0.1:{mail}\ntls=off\nusername=anna\npassword={PASSWORD}\n",
        "telegram": "token=123:abc\nchat=-1001234567890\n",
        "discord": f"{web}/discord?wait=a&b='c\n",
        "slack": f"{web}/slack\n",
        "pushover": "user=uQiR\ntoken=azGD\n",
        "line": "abc/+==\n",
        "webhook": f"{web}/webhook?a=b&c=$d\ntoken=s3cret\n",
        "deadman": f"{web}/deadman\n",
    }
    return {name: f"{text}{names * (name in PUBLIC)}" for name, text in files.items()}


@pytest.fixture(params=["en"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    ours = certificate(tmp_path)
    with receiver(ours) as web, mail_server() as mail:
        settings = {"HTTPS_PROXY": web.url, "SSL_CERT_FILE": str(ours), "TZ": "Asia/Tokyo"}
        settings["KNOCKWATCH_LANGUAGE"] = request.param
        with alertmanager(tmp_path, secrets(web.url, mail.port), **settings) as server:
            yield Home(server, web, mail)


def test_the_founding_case_reaches_ntfy_line_and_telegram(home):
    home.server.post(alert(device="ANNA-PC"))
    title, dashboard = FOUNDING["title"], FOUNDING["dashboard"]

    ntfy = home.only("ntfy.sh")
    assert (ntfy.method, ntfy.url) == ("POST", "https://ntfy.sh/")
    assert ntfy.headers["authorization"] == "Bearer tk_abc"
    assert ntfy.json() == {
        "topic": "our-topic",
        "title": f"\t{title}",  # ntfy removes what is blank around it, and around the address
        "message": TEXT,
        "click": f"\t{dashboard}",
        "priority": 3,
        "tags": ["warning"],
    }
    line = home.only("api.line.me")
    assert (line.method, line.url) == ("POST", "https://api.line.me/v2/bot/message/broadcast")
    assert line.headers["authorization"] == "Bearer abc/+=="
    text = TEXT.replace("\n", f"\n{title}\n", 1)
    assert line.json() == {"messages": [{"type": "text", "text": text}]}

    telegram = home.only("api.telegram.org")
    assert telegram.url == "https://api.telegram.org/bot123:abc/sendMessage"
    assert telegram.json() == {
        "chat_id": "-1001234567890",
        "text": text,
        "disable_web_page_preview": "true",
    }


def test_the_documented_trial_arrives_everywhere(home):
    page = ROOT / "docs" / "notifications.md"
    [text] = [block.text for block in blocks(page) if "alert add" in block.text]
    inside, _, arguments = text.replace("\\\n", " ").partition(" amtool ")
    assert inside == "docker compose exec alertmanager"
    there = arguments.replace("http://127.0.0.1:9093", home.server.url)
    subprocess.run([binary("amtool"), *shlex.split(there)], check=True)
    for service in ("ntfy", "discord", "slack", "pushover", "line.me", "webhook", "telegram"):
        sent = home.only(service)
        assert "It works." in urllib.parse.unquote_plus(sent.url) + sent.body.decode()


def test_the_founding_case_reaches_pushover(home):
    home.server.post(alert(device="ANNA-PC"))
    pushover = home.only("api.pushover.net")
    assert pushover.url.startswith("https://api.pushover.net/1/messages.json?")
    sent = {name: value for name, value in pushover.query().items() if value}
    assert sent == {
        "user": "uQiR",
        "token": "azGD",
        "title": f"⚠️ {FOUNDING['title']}",
        "message": TEXT,
        "url": FOUNDING["dashboard"],
        "priority": "0",
        "retry": "60",
        "expire": "3600",
    }


def test_the_founding_case_reaches_chats_webhooks_and_mail(home):
    home.server.post(alert(device="ANNA-PC"))
    title, dashboard = FOUNDING["title"], FOUNDING["dashboard"]

    discord = home.only("/discord")
    assert discord.url == f"{home.web.url}/discord?wait=a&b='c"
    [embed] = discord.json()["embeds"]
    assert embed["title"] == f"⚠️ {title}"
    assert embed["description"] == TEXT.replace("netsession_win", "netsession\\_win")

    [attachment] = home.only("/slack").json()["attachments"]
    assert [attachment[key] for key in ("title", "title_link", "text")] == [
        f"⚠️ {title}",
        dashboard,
        TEXT,
    ]
    webhook = home.only("/webhook")
    assert urllib.parse.unquote(webhook.url) == f"{home.web.url}/webhook?a=b&c=$d"
    assert webhook.headers["authorization"] == "Bearer s3cret"
    assert webhook.json()["alerts"][0]["annotations"] == FOUNDING

    [mail] = until(lambda: home.mail.mails, "mail")
    assert home.mail.logins == [("anna", PASSWORD)]
    assert (mail.sender, mail.recipients) == (
        "wall@example.org",
        ["anna@example.org", "bob@example.org"],
    )
    assert mail.parsed()["subject"] == f"⚠️ {title}"
    assert mail.part("plain").replace("\r\n", "\n").strip() == TEXT
    assert f"<b>⚠️ {title}</b>" in mail.part("html")


@pytest.mark.parametrize("home", ["ja"], indirect=True)
def test_japanese_is_japanese_and_leads_to_japanese_dashboards(home):
    home.server.post(alert(device="ANNA-PC"))
    ntfy = home.only("ntfy.sh").json()
    assert (ntfy["title"].strip(), ntfy["message"]) == (FOUNDING["title_ja"], TEXT_JA)
    assert ntfy["click"].endswith("/d/knockwatch-devices-ja?var-device=ANNA-PC")
    [mail] = until(lambda: home.mail.mails, "mail")
    assert mail.parsed()["subject"] == f"⚠️ {FOUNDING['title_ja']}"
    assert mail.part("plain").replace("\r\n", "\n").strip() == TEXT_JA


def test_the_heartbeat_carries_no_name_and_reaches_no_phone(home):
    home.server.post(alert("Watchdog", severity="none", topic="watchdog"), alert(device="A"))
    home.only("ntfy.sh")
    deadman = home.only("/deadman")
    assert (deadman.method, deadman.json()) == ("POST", {"knockwatch": "alive"})
    assert "watched" not in home.only("/webhook").body.decode()


def test_a_refused_message_counts_and_stops_no_other(home):
    home.web.status = 500
    home.server.post(alert(device="ANNA-PC"))
    for name in ("webhook", "discord", "slack", "telegram", "pushover"):
        label = f'integration="{name}"'
        until(
            lambda label=label: home.server.metric(
                "alertmanager_notifications_failed_total", label
            ),
            f"failure of {name}",
            seconds=40,
        )
    until(lambda: home.mail.mails, "mail in spite of them")
    assert not home.server.metric("alertmanager_notifications_failed_total", 'integration="email"')


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_that_an_alert_holds_leaves_the_home_unless_it_was_asked_for(tmp_path, language):
    ours = certificate(tmp_path)
    settings = {"SSL_CERT_FILE": str(ours), "TZ": "Asia/Tokyo", "KNOCKWATCH_LANGUAGE": language}
    with receiver(ours) as web, mail_server() as mail:
        files = secrets(web.url, mail.port, names="")
        with alertmanager(tmp_path, files, HTTPS_PROXY=web.url, **settings) as server:
            home = Home(server, web, mail)
            server.post(alert(device="ANNA-PC"), alert("OfMyOwn", device="ANNA-PC"))
            sent = [home.only(part) for part in ("ntfy.sh", "telegram", "discord", "slack")]
            sent += [home.only(part) for part in ("api.pushover.net", "api.line.me")]
            [letter] = until(lambda: mail.mails, "mail")
            ours_alone = home.only("/webhook")
    told = [urllib.parse.unquote_plus(f"{one.url} {one.body.decode()}") for one in sent]
    told.append("\n".join((letter.parsed()["Subject"], *map(letter.part, ("plain", "html")))))
    for text in told:
        plain = text.encode().decode("unicode_escape") if "\\u" in text else text
        assert {"en": "Very many packets rejected", "ja": "大量の通信を拒否しました"}[
            language
        ] in plain
        assert "knockwatch-devices" in plain
        for name in ("ANNA", "netsession", "Akamai", "1450", "OfMyOwn", "var-device"):
            assert name not in plain
    assert "ANNA-PC" in ours_alone.body.decode()  # a webhook is at home
