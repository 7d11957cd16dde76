"""What is tried against HTTP, byte by byte against a running server: what holds is the list.

Requests that one program could read otherwise than another are not answered as asked; nothing that
is sent makes an answer of 500, a second answer, or a header of the sender's own.
"""

import contextlib
import json
import re
import socket
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.web.guard import HEADERS
from tests.test_app import CONFIG, get, run

pytestmark = pytest.mark.thorough  # most of it waits for what does not come

OFF = "[canary]\nevery_seconds = 0\n"
HOST = b"Host: localhost\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
REPORT = json.dumps({"version": 1, "device": "PC", "agent": "x", "sockets": []}).encode()


class Asked:
    """What a server answers to each of many: raw bytes go in, all that comes back comes out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.devices: list[str] = []  # that it knows then

    def __call__(self, *requests: bytes) -> list[bytes]:
        return list(run(self._folder, lambda app: self._ask(app, requests), CONFIG + OFF))

    def _ask(self, app, requests) -> list[bytes]:
        with ThreadPoolExecutor(30) as pool:  # most wait until nothing more comes
            answers = list(pool.map(lambda request: ask(app.http_port, request), requests))
        assert get(app, "/-/ready")  # it is as well as before
        assert "knockwatch_internal_errors_total{" not in get(app, "/metrics")
        self.devices = [device.name for device in app._pipeline.stages.hosts.devices()]
        return answers


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Asked:
    return Asked(tmp_path_factory.mktemp("attacked"))


def ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=3) as peer:
        with contextlib.suppress(ConnectionError):  # it may have heard enough
            peer.sendall(request)
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while chunk := peer.recv(65_536):
                answer += chunk
        return answer


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]


def posting(*headers: bytes, body: bytes = b"", path: bytes = b"/api/v1/reports") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + lines + b"\r\n" + body


def sized(body: bytes, *headers: bytes, path: bytes = b"/api/v1/reports") -> bytes:
    length = b"Content-Length: %d" % len(body)
    return posting(length, b"Connection: close", *headers, body=body, path=path)


SMUGGLED = {
    "two lengths": posting(b"Content-Length: 0", b"Content-Length: 44", body=HIDDEN),
    "two lengths in one": posting(b"Content-Length: 0, 44", body=HIDDEN),
    "a signed length": posting(b"Content-Length: +0", body=HIDDEN),
    "a length in hexadecimal": posting(b"Content-Length: 0x0", body=HIDDEN),
    "a negative length": posting(b"Content-Length: -1", body=HIDDEN),
    "a chunk size of nonsense": posting(b"Transfer-Encoding: chunked", body=b"z\r\n" + HIDDEN),
    "a chunk size with a sign": posting(b"Transfer-Encoding: chunked", body=b"+0\r\n\r\n" + HIDDEN),
    "an unknown coding": posting(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + HIDDEN),
    "chunked twice": posting(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n" + HIDDEN),
    "a folded coding": posting(b"Transfer-Encoding:\r\n chunked", body=b"5\r\n" + HIDDEN),
    "a blank before the colon": posting(b"Content-Length : 44", body=HIDDEN),
    "a header without a name": posting(b": x", b"Content-Length: 44", body=HIDDEN),
    "a header that is folded": posting(b"X: a\r\n b", b"Content-Length : 0", body=HIDDEN),
    "a NUL in a header": posting(b"X: a\0b", body=HIDDEN),
    "a bare CR in a header": posting(b"X: a\rContent-Length: 0", body=HIDDEN),
    "a NUL in the request line": b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a blank in the path": b"GET / x HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /\r\n" + HOST + b"\r\n",
    "HTTP/2 in clear": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "headers without an end": b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 20_000,
    "one endless header": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 200_000,
}


def test_what_could_be_read_in_two_ways_is_refused_and_hides_no_request(asked):
    answers = dict(zip(SMUGGLED, asked(*SMUGGLED.values()), strict=True))
    for name, answer in answers.items():
        # The preface of HTTP/2 is a request that names no host.
        refused = ([421],) if name == "HTTP/2 in clear" else ([400], [])
        assert statuses(answer) in refused, (name, answer[:300])
        assert b"hidden" not in answer, name


def test_a_coding_beside_a_length_is_read_one_way_and_ends_the_connection(asked):
    """RFC 9112 6.1: chunked wins, and the connection is closed behind it."""
    both = posting(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + HIDDEN)
    [answer] = asked(both)
    assert len(statuses(answer)) <= 1 or b"hidden" not in answer


def test_a_request_behind_another_is_one_of_its_own(asked):
    [answer] = asked(b"GET /-/healthy HTTP/1.1\r\n" + HOST + b"\r\n" + HIDDEN)
    assert statuses(answer) == [200, 404]


HOSTS = {
    "none": (b"", 400),
    "two": (b"Host: localhost\r\nHost: evil.example\r\n", 400),
    "a stranger's": (b"Host: evil.example\r\n", 421),
    "a stranger's that begins like ours": (b"Host: localhost.evil.example\r\n", 421),
    "with a user": (b"Host: evil.example@localhost\r\n", 421),
    "with a path": (b"Host: localhost/evil\r\n", 421),
    "of a rebinding": (b"Host: 127.0.0.1.evil.example\r\n", 421),
}


def test_only_our_own_names_are_answered(asked):
    requests = (b"GET / HTTP/1.1\r\n" + host + b"\r\n" for host, _ in HOSTS.values())
    for name, answer in zip(HOSTS, asked(*requests), strict=True):
        wanted = HOSTS[name][1]
        assert statuses(answer) in ([wanted], [421 if wanted == 400 else wanted]), name
        assert b"<form" not in answer, name


PATHS = (
    *("/static/../words.yaml", "/static/..%2fwords.yaml", "/static/%2e%2e/words.yaml"),
    *("/static/....//words.yaml", "/static/..%5cwords.yaml", "/static//etc/passwd"),
    *("/static/%00", "//evil.example/", "/%2fevil.example", "/static/style.css%00.html"),
    *("/api/v1/../../metrics/../..//etc/passwd", "/devices/../../etc/passwd"),
)


def test_no_path_leads_out_of_its_folder_or_to_another_host(asked):
    requests = (f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n" for path in PATHS)
    for path, answer in zip(PATHS, asked(*requests), strict=True):
        assert statuses(answer)[0] in (400, 404, 405), (path, answer[:200])
        assert b"root:" not in answer
        assert b"\r\nlocation:" not in answer.lower(), path


def test_nobody_writes_a_header_of_an_answer(asked):
    evil = urllib.parse.quote("en\r\nX-Evil: 1\r\n\r\n<script>")
    paths = (f"/?lang={evil}", f"/explain?line={evil}", f"/known?device={evil}&process={evil}")
    paths += (f"/nothing{evil}", f"/api/v1/explain?line={evil}", f"/at?at={evil}")
    requests = [f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n" for path in paths]
    for path, answer in zip(paths, asked(*requests), strict=True):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"x-evil" not in head.lower(), path
        assert b"<script>" not in body or b"application/json" in head, path
        for name, value in HEADERS.items():
            assert f"{name}: {value}".encode() in head, (path, name)


def test_no_answer_lets_a_browser_run_anything():
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy


JSON = {
    "deeply nested": b"[" * 200_000,
    "deeply nested objects": b'{"sockets":' * 50_000,
    "nested where a value is ignored": b'{"version":1,"device":"PC","x":' + b"[" * 100_000,
    "a number of a million digits": b'{"version":' + b"9" * 1_000_000 + b"}",
    "an exponent without end": b'{"version":1e' + b"9" * 10_000 + b"}",
    "half a character": b'{"version":1,"device":"\xff\xfe"}',
    "half a surrogate": b'{"version":1,"device":"\\ud800"}',
    "a NUL": b'{"version":1,"device":"\\u0000"}',
    "not an object": b'"' + b"x" * 1_000_000 + b'"',
    "cut off": REPORT[:-3],
    "twice": REPORT + REPORT,
    "a key a million times": b'{"version":1,"device":"PC"' + b',"version":1' * 90_000,
}


def test_json_of_any_depth_and_size_is_refused_and_changes_nothing(asked):
    for name, answer in zip(JSON, asked(*map(sized, JSON.values())), strict=True):
        assert statuses(answer) == [400], (name, answer[:300])
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"], name
    assert asked.devices == []


def test_more_than_may_come_is_refused_whatever_is_declared(asked):
    large = b"x" * (9 * 1024 * 1024)
    chunked = b"%x\r\n" % len(large) + large + b"\r\n0\r\n\r\n"
    answers = asked(
        sized(large),
        posting(b"Content-Length: 99999999999999999999", b"Connection: close"),
        posting(b"Transfer-Encoding: chunked", b"Connection: close", body=chunked),
    )
    assert [statuses(answer)[:1] for answer in answers[1:]] == [[413], [413]]
    assert statuses(answers[0])[:1] in ([413], [])  # we hung up while it was sent


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"x"])
def test_nothing_is_unpacked(asked, coding):
    [answer] = asked(sized(b"\x1f\x8b", b"Content-Encoding: " + coding))
    assert statuses(answer) == [415]


FOREIGN = {
    "another origin": (b"Origin: http://evil.example",),
    "another port": (b"Origin: http://localhost:81",),
    "a sandbox": (b"Origin: null",),
    "another site": (b"Sec-Fetch-Site: cross-site",),
    "a neighbour": (b"Sec-Fetch-Site: same-site",),
    "our origin from another site": (b"Origin: http://localhost", b"Sec-Fetch-Site: cross-site"),
}


@pytest.mark.parametrize("path", [b"/api/v1/reports", b"/api/v1/sockets/PC", b"/log", b"/known"])
def test_another_site_posts_nothing_by_anybodys_browser(asked, path):
    requests = (sized(REPORT, *headers, path=path) for headers in FOREIGN.values())
    for name, answer in zip(FOREIGN, asked(*requests), strict=True):
        assert statuses(answer) == [403], name
    assert asked.devices == []


def test_other_methods_are_none(asked):
    methods = (b"PUT", b"DELETE", b"PATCH", b"TRACE", b"CONNECT", b"EVIL")
    rest = b" /metrics HTTP/1.1\r\n" + HOST + b"Cookie: secret\r\n\r\n"
    for answer in asked(*(method + rest for method in methods)):
        assert statuses(answer) in ([405], [400], [403])
        assert b"secret" not in answer
