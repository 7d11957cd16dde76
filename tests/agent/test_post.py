import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.agent.post import ReportRefusedError, ServerAwayError, poster
from tests.agent.servers import Server, bound, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with bound() as found, serving(found):
        yield found


def test_a_report_arrives_as_it_was_sent_and_says_who_sends_it(server: Server):
    poster(server.url + "/", "s3cret")(b'{"version":1}')
    path, headers, body = server.posted.get(timeout=20)
    assert (path, body) == ("/api/v1/reports", b'{"version":1}')
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("knockwatch-agent/")


def test_without_a_token_none_is_sent(server: Server):
    poster(server.url, None)(b"{}")
    assert "Authorization" not in server.posted.get(timeout=20)[1]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_server_in_trouble_is_asked_again(server: Server, status: int):
    server.answers = [(status, {}, b'{"error": "busy"}')]
    with pytest.raises(ServerAwayError, match=f"HTTP {status}: busy"):
        poster(server.url, None)(b"{}")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "HTTP 400: expected int, got str at version$"),
        (401, "--token-file"),
        (403, "private addresses"),
        (404, "without a path"),
        (421, "give its address in --server"),
    ],
)
def test_a_refused_report_comes_with_the_servers_words_and_what_to_do(
    server: Server, status: int, advice: str
):
    server.answers = [(status, {}, b'{"error": "expected int, got str at version"}')]
    with pytest.raises(ReportRefusedError, match=advice):
        poster(server.url, None)(b"{}")


@pytest.mark.parametrize("body", [b"", b"<html>", b'["error"]', b'{"error"', b"\xff", b"[" * 4096])
def test_an_answer_of_something_else_still_has_its_status(server: Server, body: bytes):
    server.answers = [(400, {}, body)]
    with pytest.raises(ReportRefusedError, match="HTTP 400: Bad Request"):
        poster(server.url, None)(b"{}")


def test_the_servers_words_cannot_play_with_a_terminal(server: Server):
    server.answers = [(400, {}, b'{"error": "\\u001b[2Jgone\\n"}')]
    with pytest.raises(ReportRefusedError, match=r"HTTP 400: \ufffd\[2Jgone\ufffd$"):
        poster(server.url, None)(b"{}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_does_not_follow_a_redirect(server: Server, status: int):
    server.answers = [(status, {"Location": f"{server.url}/elsewhere"}, b"")]
    with pytest.raises(ReportRefusedError, match="redirects"):
        poster(server.url, "s3cret")(b"{}")
    assert [path for path, _, _ in server.posted.queue] == ["/api/v1/reports"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path):
    make = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem"
    )
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    with bound() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with serving(server), pytest.raises(ServerAwayError, match="CERTIFICATE_VERIFY_FAILED"):
            poster(server.url.replace("http", "https"), "s3cret")(b"{}")
        assert server.posted.empty()


def test_reports_take_no_way_round(server: Server, monkeypatch: pytest.MonkeyPatch):
    with bound() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        poster(server.url, None)(b"{}")
    assert server.posted.qsize() == 1


def test_nobody_at_the_address_is_a_server_that_is_away():
    with bound() as server, pytest.raises(ServerAwayError, match="refused"):
        poster(server.url, None)(b"{}")


def test_a_name_that_does_not_exist_is_a_server_that_is_away():
    with pytest.raises(ServerAwayError):
        poster("http://knockwatch.invalid:10151", None)(b"{}")


@pytest.mark.parametrize(
    "url",
    [
        *("192.168.1.10:10151", "file:///etc/passwd", "http://", "", "ftp://pc", "http://pc?x"),
        *(
            "http://pc:abc",
            "http://pc:65536",
            "http://pc:0",
            "http://[::1",
            "http://p c",
            "http://pc#",
        ),
        *("http://pc\n", "http://\ud800"),
    ],
)
def test_a_url_that_cannot_work_is_refused_at_the_start(url: str):
    with pytest.raises(ValueError, match=r"must look like http://192\.168\.1\.10:10151"):
        poster(url, None)


@pytest.mark.parametrize("url", ["http://anna:hunter2@pc:10151", "http://anna:hunter2@pc:abc"])
def test_a_password_in_the_url_is_refused_and_not_shown(url: str):
    with pytest.raises(ValueError, match="--token-file") as caught:
        poster(url, None)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a\nHost: x", "ключ"])
def test_a_token_that_cannot_work_is_refused_at_the_start(token: str):
    with pytest.raises(ValueError, match="token"):
        poster("http://192.168.1.10:10151", token)
