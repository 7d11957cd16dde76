"""The web configuration in force, and when it changes."""

import pytest

from exporter.config import ConfigError
from exporter.web.configuration import WebConfiguration
from tests import logged
from tests.access.test_tokens import write
from tests.transports.authority import Authority
from tests.web.test_doors import USERS


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "web.yml"
    made.write_text(USERS)
    return made


told = logged.fixture("ERROR", "{message}")


def test_without_a_file_it_asks_nothing_and_never_changes():
    web = WebConfiguration()
    assert web.context is None
    assert not web.passwords.are_asked_for
    assert not web.renew()


def test_a_changed_file_is_taken(file):
    web = WebConfiguration(file)
    assert web.passwords.are_asked_for
    assert not web.renew()
    write(file, "")
    assert web.renew()
    assert not web.passwords.are_asked_for
    assert not web.renew()


def test_a_bad_file_is_told_once_and_changes_nothing(file, told):
    web = WebConfiguration(file)
    for text in ("basic_auth_users: [", "basic_auth_users: {anna: plain}"):
        write(file, text)
        assert not web.renew()
        assert not web.renew()
        assert web.passwords.are_asked_for
    file.unlink()
    assert not web.renew()
    assert not web.renew()
    assert len(told) == 3
    assert all(f"{file}: " in line and "in force stays" in line for line in told)
    write(file, "")
    assert web.renew()


def test_a_renewed_certificate_is_taken_and_one_that_does_not_fit_is_not(tmp_path, told):
    ca = Authority(tmp_path)
    ours, other = ca.issue(), ca.issue("other")
    file = tmp_path / "web.yml"
    tls = f"{{cert_file: {ours.certificate.name}, key_file: {ours.key.name}}}"
    file.write_text(f"tls_server_config: {tls}\n")
    web = WebConfiguration(file)
    first = web.context
    assert first is not None
    ours.certificate.write_bytes(other.certificate.read_bytes())
    assert not web.renew()
    assert web.context is first
    assert any("the private key is not that of the certificate" in line for line in told)
    ours.key.write_bytes(other.key.read_bytes())
    assert web.renew()
    assert web.context is not first


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tls_server_config: {cert_file: none.pem, key_file: none.key}", "cert_file: cannot be"),
        ("nonsense: 1", "unknown key `nonsense`"),
    ],
)
def test_a_bad_file_at_the_start_is_an_error(file, text, complaint):
    file.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        WebConfiguration(file)


def test_another_file_is_used_in_place_of_one_and_a_bad_one_is_not(file, tmp_path):
    web, other = WebConfiguration(file), tmp_path / "other.yml"
    with pytest.raises(ConfigError, match=r"other\.yml"):
        web.use(str(other))
    assert web.passwords.are_asked_for
    assert not web.renew()
    other.write_text("")
    web.use(str(other))
    assert not web.passwords.are_asked_for
    assert web.renew()
    assert not web.renew()
    web.use(str(file))
    assert web.renew()
    web.use("")
    assert not web.passwords.are_asked_for
    assert web.renew()
    assert not web.renew()
