"""Which server a command asks, and as whom; what it says to it is in the commands' own tests."""

import pytest

from exporter.commands import reaching
from exporter.commands.options import parser
from tests.transports.authority import Authority


@pytest.fixture
def options(monkeypatch):
    monkeypatch.delenv("KNOCKWATCH_CONFIG", raising=False)
    names = "serve relay agent replay explain check healthcheck doctor forget demo token"
    read = parser(dict.fromkeys(names.split(), int))

    return lambda *words: read.parse_args(list(map(str, words)))


@pytest.fixture
def web(tmp_path):
    """A web configuration with TLS."""
    files = Authority(tmp_path).issue()
    file = tmp_path / "web.yml"
    file.write_text(f"tls_server_config: {{cert_file: {files.certificate}, key_file: b}}\n")
    return file


def asked(read) -> str:
    return reaching.server(read)[0]


def test_this_machine_is_asked_as_it_is_configured(options, tmp_path, web):
    config = tmp_path / "knockwatch.toml"
    assert asked(options("doctor")) == "http://127.0.0.1:10151"
    for listen, url in (
        ("http_port = 99", "http://127.0.0.1:99"),
        ('address = "::1"', "http://[::1]:10151"),
        (f'web_config = "{web}"', "https://127.0.0.1:10151"),
    ):
        config.write_text(f"[listen]\n{listen}\n")
        assert asked(options("healthcheck", "--config", config)) == url
    elsewhere = ("--config", config, "--url", "http://192.0.2.1")
    assert asked(options("doctor", *elsewhere)) == "http://192.0.2.1"


def test_the_command_line_names_the_web_configuration_too(options, web):
    assert asked(options("doctor", "--web.config.file", web)) == "https://127.0.0.1:10151"
    serve = options("serve", "--web.config.file", web)
    assert reaching.configuration(serve).listen.web_config == str(web)
    assert reaching.configuration(options("serve")).listen.web_config == ""


def test_a_login_or_a_token_is_a_line_of_a_file(options, tmp_path):
    file = tmp_path / "secret"
    file.write_text("anna:secret\n")
    headers = [
        reaching.server(options("doctor", option, file))[1]._headers
        for option in ("--login-file", "--token-file")
    ]
    assert headers == [
        {"Authorization": "Basic YW5uYTpzZWNyZXQ="},
        {"Authorization": "Bearer anna:secret"},
    ]
    assert reaching.server(options("forget", "NAS"))[1]._headers == {}
    with pytest.raises(SystemExit):
        options("doctor", "--login-file", file, "--token-file", file)
