"""The file in exporter-toolkit's format: what it says, and what is wrong with it."""

import bcrypt
import pytest

from exporter import web_settings
from exporter.config import ConfigError
from exporter.web_settings import parse, read

HASH = bcrypt.hashpw(b"secret", b"$2b$04$abcdefghijklmnopqrstuu").decode()
FULL = f"""
tls_server_config:
  cert_file: server.pem
  key_file: /etc/keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  min_version: TLS13
http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  anna: {HASH}
"""
TLS = "tls_server_config: {cert_file: a, key_file: b%s}"


def test_nothing_at_all_asks_nothing_of_nobody():
    assert parse("") == parse("# nothing\n") == parse("{}") == web_settings.WebSettings()


def test_names_of_files_are_relative_to_the_folder(tmp_path):
    file = tmp_path / "web.yml"
    file.write_text(FULL)
    settings = read(file)
    tls = settings.tls_server_config
    assert tls.files == (f"{tmp_path}/server.pem", "/etc/keys/server.key", f"{tmp_path}/ca.pem")
    assert (tls.must_show, tls.min_version) == (True, "TLS13")
    assert settings.basic_auth_users == {"anna": HASH}
    assert settings.http_server_config.headers == {"Strict-Transport-Security": "max-age=31536000"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tls_config: {}", "unknown key `tls_config`; did you mean `tls_server_config`?"),
        (TLS % ", ciphers: []", "unknown key `tls_server_config.ciphers`"),
        (TLS % ", min_version: TLS10", "tls_server_config.min_version: invalid enum value 'TLS10'"),
        (TLS % ", client_auth_type: RequireAnyClientCert", "tls_server_config.client_auth_type"),
        (TLS % ", client_ca_file: c", "client_ca_file: client_auth_type asks for none"),
        (TLS % ", client_auth_type: VerifyClientCertIfGiven", "client_ca_file: is missing"),
        ("tls_server_config: {cert_file: a}", "tls_server_config.key_file: is missing"),
        ("tls_server_config: {key_file: a}", "tls_server_config.cert_file: is missing"),
        ("http_server_config: {headers: {Server: x}}", "Server"),
        ('http_server_config: {headers: {X-Frame-Options: "a\\nb"}}', "not a line of ASCII"),
        ("basic_auth_users: {anna: secret}", "basic_auth_users.anna: not a bcrypt hash"),
        (f'basic_auth_users: {{"a:b": "{HASH}"}}', "'a:b' cannot be a user's name"),
        ("- a list", "expected `object`"),
        ("a: [", "while parsing"),
    ],
)
def test_what_is_wrong_names_its_place(tmp_path, text, complaint):
    file = tmp_path / "web.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert complaint.lower() in str(caught.value).lower()


def test_a_password_in_place_of_its_hash_is_not_shown():
    with pytest.raises(ValueError, match="not a bcrypt hash") as caught:
        parse("basic_auth_users: {anna: correct horse}")
    assert "horse" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yml: cannot be read"):
        read(tmp_path / "none.yml")
