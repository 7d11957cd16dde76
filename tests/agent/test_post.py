import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.agent.post import ReportRefusedError, ServerAwayError
from exporter.agent.post import Server as There
from tests.agent.servers import Server, bound, serving
from tests.transports.authority import Authority


@pytest.fixture
def server() -> Iterator[Server]:
    with bound() as found, serving(found):
        yield found


def test_a_report_arrives_as_it_was_sent_with_no_more_headers_than_it_needs(server: Server):
    There(server.url + "/", "s3cret").post(b'{"version":1}')
    path, headers, body = server.posted.get(timeout=20)
    assert (path, body) == ("/api/v1/reports", b'{"version":1}')
    assert headers == {
        "Host": server.url.removeprefix("http://"),
        "Authorization": "Bearer s3cret",
        "Content-Length": "13",
    }


def test_without_a_token_none_is_sent(server: Server):
    There(server.url).post(b"{}")
    assert "Authorization" not in server.posted.get(timeout=20)[1]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_server_in_trouble_is_asked_again(server: Server, status: int):
    server.answers = [(status, {}, b'{"error": "busy"}')]
    with pytest.raises(ServerAwayError, match=f"HTTP {status}: busy"):
        There(server.url).post(b"{}")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "HTTP 400: expected int, got str at version$"),
        (401, "--token-file"),
        (403, "HTTP 403: expected int, got str at version$"),  # the server's words say which rule
        (404, "without a path"),
        (421, "give its address in --server"),
    ],
)
def test_a_refused_report_comes_with_the_servers_words_and_what_to_do(
    server: Server, status: int, advice: str
):
    server.answers = [(status, {}, b'{"error": "expected int, got str at version"}')]
    with pytest.raises(ReportRefusedError, match=advice):
        There(server.url).post(b"{}")


@pytest.mark.parametrize("body", [b"", b"<html>", b'["error"]', b'{"error"', b"\xff", b"[" * 4096])
def test_an_answer_of_something_else_still_has_its_status(server: Server, body: bytes):
    server.answers = [(400, {}, body)]
    with pytest.raises(ReportRefusedError, match="HTTP 400: Bad Request"):
        There(server.url).post(b"{}")


def test_the_servers_words_cannot_play_with_a_terminal(server: Server):
    server.answers = [(400, {}, b'{"error": "\\u001b[2Jgone\\n"}')]
    with pytest.raises(ReportRefusedError, match=r"HTTP 400: \ufffd\[2Jgone\ufffd$"):
        There(server.url).post(b"{}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_does_not_follow_a_redirect(server: Server, status: int):
    server.answers = [(status, {"Location": f"{server.url}/elsewhere"}, b"")]
    with pytest.raises(ReportRefusedError, match="redirects"):
        There(server.url, "s3cret").post(b"{}")
    assert [path for path, _, _ in server.posted.queue] == ["/api/v1/reports"]


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Server, Authority]]:
    """A server that speaks TLS as `localhost`, and the authority that vouches for it."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("localhost").both)
    with bound() as found:
        found.socket = context.wrap_socket(found.socket, server_side=True)
        found.url = f"https://localhost:{found.server_address[1]}"
        with serving(found):
            yield found, authority


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(secure: tuple[Server, Authority]):
    server, _ = secure
    with pytest.raises(ServerAwayError, match="CERTIFICATE_VERIFY_FAILED"):
        There(server.url, "s3cret").post(b"{}")
    assert server.posted.empty()


def test_an_authority_of_ones_own_is_trusted_when_it_is_named(secure: tuple[Server, Authority]):
    server, authority = secure
    There(server.url, "s3cret", str(authority.file)).post(b"{}")
    assert server.posted.get(timeout=20)[1]["Authorization"] == "Bearer s3cret"


def test_a_certificate_of_another_name_is_not_trusted(secure: tuple[Server, Authority]):
    server, authority = secure
    elsewhere = server.url.replace("localhost", "127.0.0.1")
    with pytest.raises(ServerAwayError, match="CERTIFICATE_VERIFY_FAILED"):
        There(elsewhere, "s3cret", str(authority.file)).post(b"{}")
    assert server.posted.empty()


def test_another_authority_is_not_trusted(secure: tuple[Server, Authority], tmp_path: Path):
    server, _ = secure
    other = Authority(tmp_path, "other")
    with pytest.raises(ServerAwayError, match="CERTIFICATE_VERIFY_FAILED"):
        There(server.url, "s3cret", str(other.file)).post(b"{}")
    assert server.posted.empty()


def test_authorities_that_cannot_be_read_are_told_at_the_start(tmp_path: Path):
    with pytest.raises(OSError, match=r"--ca-file .*nowhere\.pem: No such file"):
        There("https://localhost", None, str(tmp_path / "nowhere.pem"))
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("hello")
    with pytest.raises(ValueError, match=r"--ca-file .*nothing\.pem: holds no certificate"):
        There("https://localhost", None, str(nothing))


def test_the_servers_clock_comes_with_its_answers(server: Server):
    server.date = "Thu, 26 Nov 2026 00:00:01 GMT"
    there = There(server.url, "s3cret")
    assert (there.post(b"{}"), there.time()) == (1795651201.0, 1795651201.0)
    assert [path for path, _, _ in server.posted.queue] == ["/api/v1/reports", "GET /-/healthy"]


def test_something_else_tells_no_time(server: Server):
    assert There(f"{server.url}/elsewhere").time() is None


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 99 Nov 2026 00:00:00 GMT"])
def test_a_date_that_is_none_tells_no_time(server: Server, date: str):
    server.date = date
    assert There(server.url).post(b"{}") is None


def test_reports_take_no_way_round(server: Server, monkeypatch: pytest.MonkeyPatch):
    with bound() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        There(server.url).post(b"{}")
    assert server.posted.qsize() == 1


def test_nobody_at_the_address_is_a_server_that_is_away():
    with bound() as server, pytest.raises(ServerAwayError) as told:
        There(server.url).post(b"{}")
    assert str(told.value) == f"{server.url} does not answer: Connection refused"


def test_a_name_that_does_not_exist_is_a_server_that_is_away():
    with pytest.raises(ServerAwayError):
        There("http://knockwatch.invalid:10151").post(b"{}")


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
        There(url)


@pytest.mark.parametrize("url", ["http://anna:hunter2@pc:10151", "http://anna:hunter2@pc:abc"])
def test_a_password_in_the_url_is_refused_and_not_shown(url: str):
    with pytest.raises(ValueError, match="--token-file") as caught:
        There(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a\nHost: x", "ключ"])
def test_a_token_that_cannot_work_is_refused_at_the_start(token: str):
    with pytest.raises(ValueError, match="token"):
        There("http://192.168.1.10:10151", token)
