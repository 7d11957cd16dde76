import base64
import contextlib
import socket
import ssl
import time
import urllib.error
import urllib.request

import pytest

from exporter.config import ConfigError
from tests.access.test_tokens import write
from tests.test_app import CONFIG, get, run, until
from tests.transports.authority import HOST, Authority
from tests.web.test_doors import USERS

pytestmark = pytest.mark.thorough


def test_a_connection_that_says_nothing_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.KEEP_ALIVE", 0.1)

    def steps(app):
        with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as silent:
            return silent.recv(1)

    assert run(tmp_path, steps) == b""


def test_a_reader_that_hangs_up_is_not_written_to_a_thousand_times(tmp_path, caplog):
    async def scrape(accept):
        return bytes(20_000_000), "text/plain"

    def steps(app):
        app.service.scrape = scrape
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as reader:
                reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                reader.recv(1)
        until(lambda: not app._http.server_state.connections or time.sleep(0.05))

    run(tmp_path, steps)
    assert not caplog.records


def test_a_reader_that_takes_nothing_is_closed_and_one_that_reads_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.KEEP_ALIVE", 0.5)
    body = bytes(20_000_000)  # more than the kernel takes at once

    async def scrape(accept):
        return body, "text/plain"

    def ask(app):
        reader = socket.create_connection(("127.0.0.1", app.http_port), timeout=10)
        reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return reader

    def steps(app):
        app.service.scrape = scrape
        connections, read = app._http.server_state.connections, 0
        with ask(app), ask(app) as reading:
            until(lambda: len(connections) == 2 or time.sleep(0.05))
            while read < len(body):
                read += len(reading.recv(100_000)) or pytest.fail("closed while it was read")
                time.sleep(0.006)
            until(lambda: not connections or time.sleep(0.05))

    run(tmp_path, steps)


def test_a_reader_that_does_not_read_does_not_hold_the_stop(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.STOP_SECONDS", 1)
    held = []

    def steps(app):
        held.append(socket.create_connection(("127.0.0.1", app.http_port), timeout=10))
        held[0].sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return get(app, "/-/ready")

    assert run(tmp_path, steps)
    held[0].close()


# --- with a web configuration --------------------------------------------------------------------


@pytest.fixture
def secured(tmp_path):
    """A web configuration with TLS and a user; and who issued the certificate."""
    ca = Authority(tmp_path)
    files = ca.issue()
    web = tmp_path / "web.yml"
    web.write_text(
        f"tls_server_config: {{cert_file: {files.certificate}, key_file: {files.key}}}\n{USERS}"
    )
    return web, ca


def ask(app, context, path="/metrics", login="anna:secret", scheme="https"):
    """Return the status, over TLS with a certificate of that authority."""
    request = urllib.request.Request(f"{scheme}://{HOST}:{app.http_port}{path}")
    request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def shown(app, context):
    """Return the certificate that is shown."""
    with (
        socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        return tls.getpeercert(binary_form=True)


def with_web(web):
    return f'{CONFIG}web_config = "{web}"\n'


def test_with_tls_and_a_user_nobody_else_gets_in(tmp_path, secured):
    web, ca = secured
    context = ca.sender()

    def steps(app):
        assert app.scheme == "https"
        assert ask(app, context) == 200
        assert ask(app, context, login="anna:wrong") == 401
        assert ask(app, context, "/-/ready", login=":") == 200
        with pytest.raises((OSError, urllib.error.URLError)):
            ask(app, None, scheme="http")
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            ask(app, ssl.create_default_context())

    run(tmp_path / "state", steps, with_web(web))


def test_certificates_users_and_tls_itself_change_without_a_restart(tmp_path, secured):
    web, ca = secured
    context = ca.sender()

    def steps(app):
        first, port = shown(app, context), app.http_port
        renewed = ca.issue()
        until(lambda: shown(app, context) != first or time.sleep(0.1))
        web.write_text(web.read_text().replace("anna:", "ben:"))
        until(lambda: ask(app, context, login="ben:secret") == 200 or time.sleep(0.1))
        assert ask(app, context) == 401
        renewed.key.write_text("broken")
        time.sleep(1.5)
        assert ask(app, context, login="ben:secret") == 200
        write(web, "")

        def plain():
            with contextlib.suppress(OSError):
                return get(app, "/metrics")
            return time.sleep(0.1)

        assert until(plain)
        assert app.http_port == port

    run(tmp_path / "state", steps, with_web(web))


def test_with_a_ca_for_clients_only_they_are_heard(tmp_path, secured):
    web, ca = secured
    wants = f"client_auth_type: RequireAndVerifyClientCert, client_ca_file: {ca.file}"
    web.write_text(web.read_text().replace("{cert_file", f"{{{wants}, cert_file"))

    def steps(app):
        with pytest.raises(OSError, match=r"CERTIFICATE_REQUIRED|reset|closed|alert"):
            ask(app, ca.sender())
        assert ask(app, ca.sender(ca.issue("client"))) == 200

    run(tmp_path / "state", steps, with_web(web))


def test_a_bad_web_configuration_stops_the_start(tmp_path):
    file = tmp_path / "web.yml"
    file.write_text("tls_server_config: {cert_file: none.pem, key_file: none.key}\n")
    with pytest.raises(ConfigError, match=r"web\.yml|none\.pem"):
        run(tmp_path / "state", lambda app: None, with_web(file))


# --- who takes what all need ---------------------------------------------------------------------


def dribble(peer, *pieces):
    """Send pieces, one after the other, until the connection is closed; return how many."""
    for number, piece in enumerate(pieces):
        try:
            peer.sendall(piece)
        except OSError:
            return number
        time.sleep(0.1)
        peer.settimeout(0.01)
        with contextlib.suppress(TimeoutError):
            try:
                if not peer.recv(1):
                    return number
            except ConnectionError:
                return number
        peer.settimeout(10)
    return len(pieces)


def test_headers_that_come_bit_by_bit_are_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.HEAD_SECONDS", 0.5)

    def steps(app):
        with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            return dribble(slow, *(b"X-%d: x\r\n" % number for number in range(50)))

    assert 2 <= run(tmp_path, steps) < 20


def test_a_handshake_that_does_not_come_is_not_waited_for(tmp_path, monkeypatch, secured):
    monkeypatch.setattr("exporter.web.server.HEAD_SECONDS", 0.3)

    def steps(app):
        with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as silent:
            return silent.recv(1)

    assert run(tmp_path / "state", steps, with_web(secured[0])) == b""


def test_a_slow_request_after_a_quick_one_is_not_waited_for_either(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.HEAD_SECONDS", 0.5)

    def steps(app):
        with socket.create_connection(("127.0.0.1", app.http_port), timeout=10) as slow:
            slow.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert slow.recv(4096).startswith(b"HTTP/1.1 200")
            return dribble(slow, *[b"G"] * 50)

    assert run(tmp_path, steps) < 20


def test_nobody_takes_all_connections(tmp_path, monkeypatch):
    monkeypatch.setattr("exporter.web.server.MOST_OF_A_CLIENT", 3)

    def steps(app):
        connections = app._http.server_state.connections
        with contextlib.ExitStack() as opened:
            for _ in range(6):
                place = ("127.0.0.1", app.http_port)
                opened.enter_context(socket.create_connection(place, timeout=10))
            until(lambda: len(connections) == 3 or time.sleep(0.05))
        return get(app, "/-/ready")

    assert run(tmp_path, steps)
