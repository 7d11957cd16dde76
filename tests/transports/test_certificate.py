import os
import ssl

import pytest

from exporter import cli
from exporter.config import ConfigError
from exporter.settings import Listen
from exporter.transports.certificate import Certificate, configured
from tests import logged
from tests.transports.authority import Authority, encrypt


@pytest.fixture
def ca(tmp_path):
    return Authority(tmp_path)


log = logged.fixture("DEBUG")


def complaint(certificate, key="", client_ca=""):
    with pytest.raises(ConfigError) as caught:
        Certificate(str(certificate), str(key), str(client_ca))
    return str(caught.value)


def test_without_a_certificate_there_is_no_tls():
    assert configured(Listen()) is None


def test_the_key_may_be_in_the_same_file_or_in_one_of_its_own(ca):
    files = ca.issue()
    for certificate, key in ((files.both, ""), (files.certificate, files.key)):
        found = configured(Listen(tls_certificate=str(certificate), tls_key=str(key)))
        assert found is not None
        assert found.context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert found.context.verify_mode is ssl.CERT_NONE
        assert found.context.options & ssl.OP_NO_COMPRESSION


def test_a_client_ca_makes_certificates_mandatory(ca):
    certificate = Certificate(str(ca.issue().both), client_ca=str(ca.file))
    assert certificate.context.verify_mode is ssl.CERT_REQUIRED
    assert len(certificate.context.get_ca_certs()) == 1


@pytest.mark.parametrize("place", ["tls_certificate", "tls_key", "tls_client_ca"])
def test_a_file_that_is_missing_or_no_pem_is_named_with_its_key(ca, tmp_path, place):
    files = ca.issue()
    good = {"tls_certificate": files.certificate, "tls_key": files.key, "tls_client_ca": ca.file}
    for content in (None, b"", b"\xff junk", b"-----BEGIN CERTIFICATE-----\nMIIB\n", b"folder"):
        wrong = tmp_path / f"wrong-{place}.pem"
        if content == b"folder":
            wrong = tmp_path
        elif content is not None:
            wrong.write_bytes(content)
        words = complaint(*{**good, place: wrong}.values())
        assert words.startswith(f"listen.{place}: ")
        assert str(wrong) in words


def test_a_path_that_none_can_be_is_named_with_its_key():
    assert complaint("a\0b").startswith("listen.tls_certificate: ")


def test_half_a_key_is_named(ca):
    files = ca.issue()
    files.key.write_bytes(files.key.read_bytes()[:100])
    words = complaint(files.certificate, files.key)
    assert words == f"listen.tls_key: {files.key}: broken or cut short"


def test_an_encrypted_key_is_an_error_and_no_question(ca):
    files = ca.issue()
    encrypt(files.key)
    words = complaint(files.certificate, files.key)
    assert words.startswith(f"listen.tls_key: {files.key}: the private key is encrypted")
    files.both.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())
    assert complaint(files.both).startswith("listen.tls_certificate: ")


def test_a_key_of_another_certificate_is_named(ca):
    words = complaint(ca.issue("one").certificate, key := ca.issue("two").key)
    assert words == f"listen.tls_key: {key}: the private key is not that of the certificate"


def test_text_around_the_certificates_does_no_harm(ca, tmp_path):
    several = tmp_path / "several.pem"
    several.write_bytes(
        "家の証明書\n".encode() + ca.file.read_bytes() + Authority(tmp_path, "b").file.read_bytes()
    )
    certificate = Certificate(str(ca.issue().both), client_ca=str(several))
    assert len(certificate.context.get_ca_certs()) == 2


def test_check_names_what_serve_would_not_start_with(ca, tmp_path, capsys):
    files = ca.issue()
    config = tmp_path / "knockwatch.toml"
    listen = f'[listen]\ntls_certificate = "{files.certificate}"\n'
    config.write_text(listen)
    assert cli.main(["check", "--config", str(config)]) == cli.USAGE
    words = f"listen.tls_certificate: {files.certificate} holds no private key in PEM"
    assert words in capsys.readouterr().err
    config.write_text(f'{listen}tls_key = "{files.key}"\n')
    assert cli.main(["check", "--config", str(config)]) == cli.OK
    assert f'tls_key = "{files.key}"' in capsys.readouterr().out


def renewed(files, other):
    """Put another certificate where the first one was, as a renewal does."""
    fresh = files.both.with_suffix(".new")
    fresh.write_bytes(other.both.read_bytes())
    fresh.replace(files.both)


def test_what_has_not_changed_is_not_read_again(ca):
    certificate = Certificate(str(ca.issue().both))
    context = certificate.context
    certificate.renew()
    assert certificate.context is context


def test_a_renewed_certificate_is_taken_and_said(ca, log):
    files = ca.issue()
    certificate = Certificate(str(files.both), client_ca=str(ca.file))
    context = certificate.context
    renewed(files, ca.issue("other"))
    certificate.renew()
    assert certificate.context is not context
    assert certificate.context.verify_mode is ssl.CERT_REQUIRED
    assert log == [f"INFO new certificate taken from {files.both}\n"]


def test_a_link_that_points_elsewhere_is_a_renewal(ca, tmp_path):
    link, files = tmp_path / "live.pem", ca.issue()
    link.symlink_to(files.both)
    certificate = Certificate(str(link))
    context = certificate.context
    link.unlink()
    link.symlink_to(ca.issue("other").both)
    certificate.renew()
    assert certificate.context is not context


@pytest.mark.parametrize("broken", [b"half a certif", None])
def test_a_broken_renewal_is_logged_once_and_the_old_certificate_stays(ca, log, broken):
    files = ca.issue()
    certificate = Certificate(str(files.both))
    context = certificate.context
    if broken is None:
        files.both.unlink()
    else:
        files.both.write_bytes(broken)
    for _ in range(3):
        certificate.renew()
    assert certificate.context is context
    assert len(log) == 1
    assert log[0].startswith("ERROR listen.tls_certificate: ")
    assert str(files.both) in log[0]
    assert "the certificate in force stays" in log[0]
    files.both.write_bytes(ca.issue("other").both.read_bytes())
    certificate.renew()
    assert certificate.context is not context


def test_a_key_that_is_renewed_after_its_certificate_is_waited_for(ca, log):
    files, other = ca.issue(), ca.issue("other")
    certificate = Certificate(str(files.certificate), str(files.key))
    context = certificate.context
    files.certificate.write_bytes(other.certificate.read_bytes())
    certificate.renew()
    assert certificate.context is context
    files.key.write_bytes(other.key.read_bytes())
    certificate.renew()
    assert certificate.context is not context
    assert [line.split()[0] for line in log] == ["ERROR", "INFO"]


def test_a_file_of_equal_size_and_another_time_is_looked_at(ca):
    files = ca.issue()
    certificate = Certificate(str(files.both))
    context = certificate.context
    os.utime(files.both, ns=(0, 0))
    certificate.renew()
    assert certificate.context is not context
