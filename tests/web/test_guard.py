"""Who may ask and who may post: the decision by itself, and around the application."""

import asyncio
from pathlib import Path

import pytest
from starlette.responses import Response

from exporter.access.tokens import Tokens
from exporter.web.guard import Asked, Guard, Rules, refusal

HOST = "192.168.1.10:10151"
HOME = Rules()


@pytest.fixture
def guarded(tmp_path: Path) -> Rules:
    file = tmp_path / "tokens"
    file.write_text("one\nANNA-PC two\n")
    return Rules(tokens=Tokens(file))


def status(rules: Rules = HOME, *, hosts: tuple[str, ...] = (HOST,), **facts) -> int | None:
    """Return the status of the refusal of a post, None when it may pass."""
    known = {"method": "POST", "path": "/api/v1/reports", "client": "192.168.1.20"}
    refused = refusal(Asked(hosts=hosts, **known | facts), rules)
    return None if refused is None else refused.status


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "192.168.1.10:10151", "[::1]:10151", "[fd00::2]", "203.0.113.9:80"),
        *("localhost", "LOCALHOST:10151", "localhost.", "box.local:10151", "Box.Local"),
    ],
)
def test_addresses_and_local_names_are_ours(host):
    assert status(hosts=(host,)) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:10151", "localhost.evil.example", "local", ".local.", ""),
        *("127.0.0.1.evil.example", "[::1", "[localhost]", "192.168.1.10:x", "a b", "0x7f000001"),
        *("localhost:80:80", "192.168.1.999", "user@localhost"),
    ],
)
def test_any_other_name_is_refused_whatever_is_asked(host):
    assert status(hosts=(host,)) == 421
    assert status(hosts=(host,), method="GET", path="/") == 421


def test_one_host_is_needed():
    assert status(hosts=()) == 421
    assert status(hosts=(HOST, "evil.example")) == 421


def test_a_configured_name_is_ours_in_any_case():
    rules = Rules(host_names=frozenset({"knock.home.example"}))
    assert status(rules, hosts=("Knock.Home.Example:8443",)) is None
    assert status(rules, hosts=("other.home.example",)) == 421


@pytest.mark.parametrize(
    "client",
    [
        *("127.0.0.1", "::1", "10.1.2.3", "172.16.0.9", "192.168.1.20", "169.254.3.4"),
        *("100.64.0.7", "fd00::5", "fe80::1%eth0", "::ffff:192.168.1.20"),
    ],
)
def test_without_tokens_near_clients_may_post(client):
    assert status(client=client) is None


@pytest.mark.parametrize("client", ["198.51.100.7", "2001:db8::7", "::ffff:198.51.100.7", "", "x"])
def test_without_tokens_nobody_else_may(client):
    assert status(client=client) == 403
    assert status(client=client, method="GET") is None


def test_with_tokens_only_they_may_post_from_anywhere(guarded):
    assert status(guarded, client="198.51.100.7", token="two") is None
    assert status(guarded, token="three") == 401
    assert status(guarded, token="") == 401
    assert status(guarded, token="öne") == 401
    assert status(guarded) == 401


def test_the_token_of_a_device_is_good_for_reports_only(guarded):
    assert status(guarded, token="two", path="/api/v1/sockets/ANNA-PC") is None
    for path in ("/api/v1/forget/ANNA-PC", "/api/v1/reports2/..", "/api/v1/anything", "/api/"):
        assert status(guarded, token="one", path=path) is None
        assert status(guarded, token="two", path=path) == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://192.168.1.10:9090", "http://[::1", "", "192.168.1.10"],
)
def test_a_foreign_origin_may_not_post(origin, guarded):
    assert status(origin=origin) == 403
    assert status(guarded, origin=origin, token="one") == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_foreign_site_may_not_post(site):
    assert status(site=site) == 403
    assert status(site=site, method="GET") is None


@pytest.mark.parametrize("origin", [None, f"http://{HOST}", f"https://{HOST}", f"HTTP://{HOST}"])
@pytest.mark.parametrize("site", [None, "none", "same-origin"])
def test_our_own_pages_and_programs_may_post(origin, site):
    assert status(origin=origin, site=site) is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "post"])
def test_every_method_that_could_change_something_counts_as_a_post(method):
    assert status(method=method, client="198.51.100.7") == 403


def test_a_rebound_name_reads_nothing(home):
    client = home.client()._replace(host="evil.example")
    for path in ("/", "/metrics", "/api/v1/suspects", "/static/style.css", "/-/ready"):
        assert client.get(path).status == 421


def test_what_is_refused_is_neither_read_nor_stored(home):
    answer = home.client().post(
        "/api/v1/sockets/PC", b"UDP 0.0.0.0:5 *:* 1", origin="http://evil.example"
    )
    assert answer.status == 403
    assert list(home.service.pipeline.stages.hosts.devices()) == []


def test_every_answer_forbids_scripts_frames_and_keeping(home):
    client = home.client()
    for answer in (client.get("/"), client.get("/api/v1/explain"), client.get("/nowhere")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_a_missing_token_is_asked_for_by_its_scheme(home):
    client = home.client("secret")
    refused = client.post("/api/v1/reports", b"{}")
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert client.post("/api/v1/reports", b"{}", authorization="Basic secret").status == 401
    assert client.post("/api/v1/reports", b"{}", authorization="Bearer secret").status == 400


def test_what_is_no_request_passes_untouched():
    scopes = []

    async def inner(scope, receive, send):
        scopes.append(scope)

    guard = Guard(inner, HOME, lambda request, refused: Response())
    asyncio.run(guard({"type": "lifespan"}, None, None))
    assert scopes == [{"type": "lifespan"}]
