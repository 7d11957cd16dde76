"""The page that adds a device, and the way from a code to a report that is taken."""

import json
import re

import pytest

from exporter import wire
from exporter.access import tokens
from exporter.access.pairing import LIFETIME, TRIES
from exporter.host_report import HostReport

PAIR = "/api/v1/pair"
REPORT = wire.encode(HostReport(version=1, device="Ben-PC", agent="knockwatch-agent/1"))


def code_of(page: str) -> str:
    found = re.search(r"--pair ([A-Z2-9]{4}-[A-Z2-9]{4})<", page)
    assert found
    return found[1]


def wish(code: str, device: str = "Ben-PC") -> bytes:
    return json.dumps({"code": code, "device": device}).encode()


@pytest.fixture
def guarded(home):
    """A client of a server that wants tokens, and which tokens there are."""
    return home.client("all", "NAS own")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_system_has_its_command_with_this_servers_address(home, language):
    client = home.client()._replace(host="192.168.1.10:10151")
    page = client.get(f"/add?lang={language}").text
    for command in (
        "sudo knockwatch agent --server http://192.168.1.10:10151<",
        ".\\knockwatch-agent.ps1 -Server http://192.168.1.10:10151 -Install<",
        "sudo ss -tunap | curl --data-binary @- http://192.168.1.10:10151/api/v1/sockets/$(hostn",
        "netstat -abno | curl.exe --data-binary @- http://192.168.1.10:10151/api/v1/sockets/%COMP",
    ):
        assert f"<pre><code>{command}" in page or command in page
    assert "--pair" not in page
    assert 'name="token"' not in page
    assert f'<html lang="{language}">' in page


def test_an_ipv6_address_is_written_in_brackets(home):
    page = home.client()._replace(host="[2001:db8::7]:10151").get("/add").text
    assert "--server http://[2001:db8::7]:10151<" in page


@pytest.mark.parametrize("host", ["localhost:10151", "127.0.0.1:10151", "[::1]:10151"])
def test_an_address_that_only_the_server_can_use_is_given_to_nobody(home, host):
    page = home.client()._replace(host=host).get("/add").text
    assert f"--server http://{host}" not in page
    assert "ADDRESS-OF-THIS-COMPUTER" in page
    assert "on the server itself" in page


@pytest.mark.parametrize("path", ["/", "/add"])
def test_the_port_is_the_servers_own_wherever_the_page_is_opened(home, path):
    page = home.client()._replace(host="localhost:20153").get(path).text
    assert "--server http://ADDRESS-OF-THIS-COMPUTER:20153<" in page


def test_the_page_is_found_from_the_overview(home):
    assert 'href="/add"' in home.client().get("/").text
    assert 'href="/add?lang=ja"' in home.client().get("/?lang=ja").text


def test_a_code_is_exchanged_for_a_token_that_reports_for_its_device_only(home, guarded):
    assert "--server" not in guarded.get("/add").text  # a code first
    page = guarded.submit("/add", token="all").text
    code = code_of(page)
    assert page.count(code) == 3  # told, for Linux and macOS, for Windows
    answer = guarded.post(PAIR, wish(code))
    assert answer.status == 200
    assert answer.json["device"] == "Ben-PC"
    mine = {"authorization": f"Bearer {answer.json['token']}"}
    assert guarded.post("/api/v1/reports", REPORT, **mine).status == 200
    other = wire.encode(HostReport(version=1, device="NAS", agent="knockwatch-agent/1"))
    assert guarded.post("/api/v1/reports", other, **mine).status == 403
    stored = (home.folder / "tokens").read_text()
    assert stored == f"{tokens.line('Ben-PC', answer.json['token'])}\n"
    assert answer.json["token"] not in stored


def test_a_code_is_good_once(guarded):
    code = code_of(guarded.submit("/add", token="all").text)
    assert guarded.post(PAIR, wish(code)).status == 200
    again = guarded.post(PAIR, wish(code))
    assert again.status == 403
    assert "/add" in again.json["error"]


@pytest.mark.parametrize("name", ["ben-pc", "NAS", "\u0412en-PC"])
def test_a_code_takes_no_name_whose_device_has_a_token(home, guarded, name):
    """Who was given a code for his own device could report for another's while that one is off."""
    code = code_of(guarded.submit("/add", token="all").text)
    mine = guarded.post(PAIR, wish(code, "Ben-PC")).json["token"]
    (home.folder / "configured-tokens").write_text("all\nNAS own\n")
    refused = guarded.post(PAIR, wish(code_of(guarded.submit("/add", token="all").text), name))
    assert refused.status == 409
    assert "has a token already" in refused.json["error"]
    mine = {"authorization": f"Bearer {mine}"}
    assert guarded.post("/api/v1/reports", REPORT, **mine).status == 200


def test_who_was_forgotten_is_paired_again(guarded):
    code = code_of(guarded.submit("/add", token="all").text)
    assert guarded.post(PAIR, wish(code)).status == 200
    all_of_it = {"authorization": "Bearer all"}
    assert guarded.post("/api/v1/forget/ben-pc", **all_of_it).status == 200
    again = guarded.post(PAIR, wish(code_of(guarded.submit("/add", token="all").text)))
    assert again.status == 200


def test_a_code_ends_after_ten_minutes(home, guarded):
    code = code_of(guarded.submit("/add", token="all").text)
    home.now += LIFETIME + 1
    assert guarded.post(PAIR, wish(code)).status == 403


def test_guessing_is_stopped(home, guarded):
    code = code_of(guarded.submit("/add", token="all").text)
    tried = [guarded.post(PAIR, wish("AAAAAAAA")).status for _ in range(int(TRIES) + 3)]
    assert tried == [403] * int(TRIES) + [429] * 3
    assert guarded.post(PAIR, wish(code)).status == 429
    home.now += 7
    assert guarded.post(PAIR, wish(code)).status == 200


def test_only_who_may_post_anything_may_make_a_code(guarded):
    assert guarded.submit("/add").status == 401
    assert guarded.submit("/add", token="wrong").status == 401
    assert guarded.submit("/add", token="own").status == 403  # a device must not invite others
    foreign = guarded.post("/add", b"token=all", origin="http://evil.example")
    assert foreign.status == 403
    assert "--pair" not in guarded.get("/add").text


def test_a_foreign_site_pairs_nobody(guarded):
    code = code_of(guarded.submit("/add", token="all").text)
    assert guarded.post(PAIR, wish(code), origin="http://evil.example").status == 403
    assert guarded.post(PAIR, wish(code)).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\xff", b'{"code": 1, "device": "PC"}', b"[" * 3000, b"x" * 5000]
)
def test_what_is_no_pairing_is_refused(guarded, body):
    assert guarded.post(PAIR, body).status in (400, 413)


@pytest.mark.parametrize("name", ["", " ", "# PC", "a\0b", "x" * 256, "a\u202eb"])
def test_a_name_that_cannot_have_a_token_uses_no_code_up(guarded, name):
    code = code_of(guarded.submit("/add", token="all").text)
    assert guarded.post(PAIR, wish(code, name)).status == 400
    assert guarded.post(PAIR, wish(code)).status == 200


def test_without_tokens_no_pairing_is_needed(home):
    answer = home.client().post(PAIR, wish("ABCDEFGH"))
    assert answer.status == 409
    assert "without a token" in answer.json["error"]
    assert "--pair" not in home.client().submit("/add").text
    assert home.client(address="198.51.100.7").post(PAIR, wish("ABCDEFGH")).status == 403


def test_a_store_that_cannot_be_written_is_told(home, guarded):
    code = code_of(guarded.submit("/add", token="all").text)
    (home.folder / "tokens.new").mkdir()
    answer = guarded.post(PAIR, wish(code))
    assert answer.status == 503
    assert "cannot be stored" in answer.json["error"]
