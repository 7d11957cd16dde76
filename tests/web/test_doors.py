"""Who gets in where the web configuration has users; with passwords, tokens and codes."""

import base64
import json
from pathlib import Path

import pytest

from exporter import web
from exporter.web import guard
from exporter.web.configuration import WebConfiguration
from exporter.web.doors import Doors
from tests.test_web_settings import HASH
from tests.web.client import Client
from tests.web.test_reports import body

USERS = f"basic_auth_users: {{anna: {HASH}}}\n"


def basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


ANNA = basic("anna:secret")


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    file = tmp_path / "web.yml"
    file.write_text(USERS)
    return file


@pytest.fixture
def enter(home, configured):
    """Return a maker of clients of a home with doors, and with tokens if there are any."""

    def client(*tokens: str) -> Client:
        rights = home.tokens(*tokens) if tokens else None
        application = web.create(home.service, rights)
        doors = Doors(application, WebConfiguration(configured), guard.admits(rights))
        return Client(doors)

    return client


@pytest.mark.parametrize("path", ["/", "/metrics", "/static/style.css", "/api/v1/suspects", "/add"])
def test_everything_needs_a_password(enter, path):
    closed, opened = enter().get(path), enter().get(path, authorization=ANNA)
    assert (closed.status, opened.status) == (401, 200)
    assert closed.headers["www-authenticate"].startswith('Basic realm="knockwatch"')
    assert "default-src 'none'" in closed.headers["content-security-policy"]
    assert b"anna" not in closed.body


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
def test_whether_it_is_well_is_told_to_everybody(enter, path):
    assert enter().get(path).status == 200


@pytest.mark.parametrize(
    "given",
    [
        basic("anna:wrong"),
        basic("anna:"),
        basic("anna"),
        basic("nobody:secret"),
        basic(":"),
        "Basic",
        "Basic !!!",
        f"Basic {base64.b64encode(bytes([255, 58, 254])).decode()}",
        f"Digest {base64.b64encode(b'anna:secret').decode()}",
        "Bearer secret",
    ],
)
def test_anything_else_is_no_password(enter, given):
    answer = enter().get("/api/v1/suspects", authorization=given)
    assert answer.status == 401
    assert "password" in answer.json["error"]


def test_a_token_is_as_good_for_reports_and_for_nothing_else(enter):
    client = enter("ANNA-PC t0ken")
    reported = client.post("/api/v1/reports", body(device="ANNA-PC"), authorization="Bearer t0ken")
    assert reported.status == 200
    for path in ("/api/v1/devices", "/api/v1/doctor", "/metrics", "/"):
        assert client.get(path, authorization="Bearer t0ken").status == 401
    wrong = client.post("/api/v1/reports", body(device="ANNA-PC"), authorization="Bearer x")
    assert wrong.status == 401


def test_a_token_that_may_do_anything_asks_the_api(enter):
    client = enter("all-of-it")
    assert client.get("/api/v1/doctor", authorization="Bearer all-of-it").status == 200
    assert client.get("/", authorization="Bearer all-of-it").status == 401


def test_a_device_is_paired_by_its_code_alone(enter):
    wish = json.dumps({"code": "WRONG", "device": "NAS"}).encode()
    answer = enter("all-of-it").post("/api/v1/pair", wish)
    assert answer.status == 403  # the code is looked at
    assert "code" in answer.json["error"]


def test_a_password_does_not_replace_a_token(enter):
    client = enter("all-of-it")
    assert client.post("/api/v1/reports", body(), authorization=ANNA).status == 401


def test_posts_of_another_site_are_refused_whatever_the_browser_knows(enter):
    headers = {"authorization": ANNA, "origin": "http://evil.example"}
    answer = enter().post("/api/v1/sockets/NAS", b"", **headers)
    assert answer.status == 403


def test_configured_headers_are_on_every_answer_in_place_of_ours(home, configured):
    own = "{Content-Security-Policy: default-src *, Strict-Transport-Security: max-age=60}"
    configured.write_text(f"{USERS}http_server_config: {{headers: {own}}}\n")
    doors = Doors(web.create(home.service), WebConfiguration(configured), lambda _: False)
    for answer in (Client(doors).get("/"), Client(doors).get("/", authorization=ANNA)):
        assert answer.headers["content-security-policy"] == "default-src *"
        assert answer.headers["strict-transport-security"] == "max-age=60"


def test_without_users_everybody_gets_in(home):
    doors = Doors(web.create(home.service), WebConfiguration(), lambda _: False)
    assert Client(doors).get("/").status == 200
