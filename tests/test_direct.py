import urllib.error

import pytest

from exporter.direct import Direct, basic, bearer
from tests.agent.servers import Server, bound, serving


@pytest.fixture
def server():
    with bound() as found, serving(found):
        yield found


def test_who_asks_is_told_to_the_server(server: Server):
    server.answers = [(200, {}, b"yes")] * 3
    for authorization in (bearer("t0ken"), basic("anna:größer"), ""):
        with Direct(None, authorization).open(f"{server.url}/x", b"body", seconds=5) as answer:
            assert answer.read() == b"yes"
        _, headers, body = server.posted.get(timeout=20)
        assert (headers.get("Authorization", ""), body) == (authorization, b"body")
    assert basic("anna:größer") == "Basic YW5uYTpncsO2w59lcg=="
    assert bearer(None) == bearer("") == ""


def test_nobody_else_is_asked_by_a_redirect(server: Server):
    server.answers = [(307, {"Location": "http://192.0.2.1/"}, b"")]
    with pytest.raises(urllib.error.HTTPError, match="307"):
        Direct(None, bearer("t0ken")).open(server.url, b"", seconds=5)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1"])
def test_something_else_is_no_exporter(url):
    with pytest.raises(ValueError, match="not an address of an exporter"):
        Direct().open(url, seconds=5)
