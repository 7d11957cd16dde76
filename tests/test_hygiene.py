"""Names of strangers, by every way in: what shows them stays whole.

Control characters, newlines, quotes, bidirectional overrides and 10 kB of text come as the host of
a header, a device, a process, an SSID, a lease's name, a pasted name and a line; they go to
the exposition in both formats, the page, the API and the log.
"""

import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from exporter import wire
from exporter.host_report import HostReport, Link, Socket
from exporter.wire import MAX_TEXT
from tests import logged
from tests.system.parts.prometheus import binary
from tests.test_app import CONFIG, FOUNDING, counted, get, run, send, until

NASTY = {
    "newlines": 'a\nknockwatch_forged_total 1\r\n# HELP x "y"',
    "quotes": "quote \" ' ` backslash \\ brace } {{ $labels.x }}",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "bidirectional": "\u202eexe.gpj\u202c \u2066isolated\u2069 \u200f\u061c",
    "control": "bell\x07 escape\x1b[31m delete\x7f next\x85 line\u2028 nul",
    "long": "x" * 10_000,
    "Japanese": "家庭 ルーター 🦊",
    "format": "{} {0} {name!r} %s %q %(x)s",
    "label": '",device="forged"} 1 #',
}
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
OFF = "[canary]\nevery_seconds = 0\n"


DNSMASQ = "<30>Nov 24 10:00:00 gate dnsmasq-dhcp[1]:"


def played(app, text: str) -> list[bytes]:
    """Bring a text in by every way; return what the posts answered."""
    host = text.replace("\n", "").replace("\r", "").replace(" ", "_")[:200]
    lines = [
        f"<4>Nov 24 10:00:00 {host} kernel: {FOUNDING.decode()}",
        f"<4>1 2026-11-24T10:00:00Z {host} app - - - {FOUNDING.decode()}",
        f"{DNSMASQ} DHCPACK(br0) 192.168.1.40 00:00:5e:00:53:02 {text}",
        f"<30>Nov 24 10:00:00 gate dnsmasq[1]: query[A] {text} from 192.168.1.7",
        f"<30>Nov 24 10:00:00 gate hostapd: wlan0: STA 00:00:5e:00:53:02 IEEE 802.11: {text}",
        f"<4>Nov 24 10:00:00 gate {text}",
        text,
    ]
    send(app, *(line.encode("utf-8", "replace") for line in lines))
    name = text[:MAX_TEXT]
    report = HostReport(
        version=1,
        device="PC",
        agent=name,
        os=name,
        interval_seconds=15.0,
        sockets=(
            Socket(
                transport="udp",
                local_ip="0.0.0.0",
                local_port=51413,
                process=name,
                age_seconds=3600.0,
            ),
        ),
        links=(Link(interface=name, received_bytes=1, sent_bytes=1, ssid=name),),
    )
    named = msgspec.structs.replace(report, device=name)
    answers = [
        ask(app, "/api/v1/reports", wire.encode(report)),
        ask(app, "/api/v1/reports", wire.encode(named)),
        ask(app, "/api/v1/sockets/PC2", f"UDP 0.0.0.0:5 *:* 4\n [{text}]".encode()),
        ask(app, "/log", form(name=text, text=text)),
        ask(app, "/sockets", form(device=text, text="UDP 0.0.0.0:5 *:* 4")),
    ]
    assert {status for status, _ in answers} <= {200, 303, 400, 409}
    return [body for _, body in answers]


def form(**fields: str) -> bytes:
    return urllib.parse.urlencode(fields).encode()


def ask(app, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{app.http_port}{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as said:
            return said.status, said.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


log = logged.fixture("DEBUG")


@pytest.mark.thorough
@pytest.mark.parametrize("kind", NASTY)
def test_no_name_breaks_what_shows_it(tmp_path, kind, log):
    text = NASTY[kind]

    def steps(app):
        bodies = played(app, text)
        until(lambda: counted(app, 2) or counted(app, 3))
        app._pipeline.tick(app.service.clock() + 300)
        shown = {path: get(app, path) for path in PAGES}
        shown["openmetrics"] = ask(app, "/metrics", Accept=OPENMETRICS)[1].decode()
        return bodies, shown

    bodies, shown = run(tmp_path, steps, CONFIG + OFF)
    exposition(shown["/metrics"], shown["openmetrics"])
    for path, body in shown.items():
        if path.startswith("/") and "metrics" not in path and "api" not in path:
            page(body)
    for body in bodies:
        if body.startswith(b"<"):
            page(body.decode())
    if kind == "markup":
        assert "&lt;script&gt;" in shown["/"] + shown["/devices"]
    for line in log:
        assert line.count("\n") <= 1, line  # its own end
        assert "\x1b" not in line
        assert not BIDI.search(line)


PAGES = (
    *("/metrics", "/", "/devices", "/packets", "/?lang=ja", "/api/v1/suspects", "/api/v1/devices"),
    "/api/v1/unread",
)


def exposition(text: str, open_text: str) -> None:
    """Hold both formats against two readers each."""
    families = list(prometheus(text))
    assert {family.name for family in families} >= {"knockwatch_messages"}
    assert not any("forged" in family.name for family in families)
    assert not any("forged" in family.name for family in openmetrics(open_text))
    samples = [one for family in families for one in family.samples]
    values = {value for one in samples for value in one.labels.values()}
    assert "forged" not in values
    assert max(map(len, values)) < 600
    program = binary("promtool")
    if program is not None:
        command = [str(program), "check", "metrics"]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
        assert b"error" not in done.stderr.lower(), done.stderr


def page(body: str) -> None:
    """No markup of a stranger's, and no text that runs beyond its place."""
    assert "<script" not in body.lower()
    assert "<img src=x" not in body
    for found in BIDI.finditer(body):
        around = body[max(0, found.start() - 300) : found.start()]
        assert "<bdi" in around or "<textarea" in around or "<code" in around, around[-80:]
