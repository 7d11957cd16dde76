import ssl

import pytest

from exporter.config import ConfigError
from exporter.pem import Files, Places, client_context, server_context
from tests.transports.authority import Authority, encrypt

PLACES = Places("tls.certificate", "tls.key", "tls.client_ca")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def met(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Let both shake hands, in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=None)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for end in (one, other):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    one.do_handshake()
    other.do_handshake()


def test_a_certificate_and_its_key_are_taken_from_two_files_or_one(authority):
    files = authority.issue()
    for given in (Files(str(files.certificate), str(files.key)), Files(str(files.both))):
        met(server_context(given, PLACES), client_context(str(files.certificate)))


def test_a_client_knows_its_server_by_the_certificate_and_no_other(authority):
    files, strange = authority.issue("one"), authority.issue("two")
    server = server_context(Files(str(files.both)), PLACES)
    with pytest.raises(ssl.SSLCertVerificationError):
        met(server, client_context(str(strange.certificate)))


def test_whoever_must_show_a_certificate_is_refused_without_one(authority):
    files = Files(str(authority.issue().both), client_ca=str(authority.file))
    client = client_context(str(authority.issue().certificate))
    with pytest.raises(ssl.SSLError):
        met(server_context(files, PLACES), client)
    met(server_context(files, PLACES, must_show=False), client)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_cannot_be_read_is_named_with_its_key(authority, place):
    files = authority.issue()
    given = Files(str(files.certificate), str(files.key), str(authority.file))
    wrong = given._replace(**{place.removeprefix("tls."): "/none"})
    with pytest.raises(ConfigError, match=f"{place}: cannot be read"):
        server_context(wrong, PLACES)


def test_what_is_in_a_file_is_told_where_it_is_the_wrong_thing(authority):
    one, two = authority.issue("one"), authority.issue("two")
    for files, why in (
        (Files(str(one.key), str(one.key)), "tls.certificate: .* holds no certificate"),
        (Files(str(one.certificate)), "tls.certificate: .* holds no private key"),
        (Files(str(one.certificate), str(two.key)), "tls.key: .* is not that of the certificate"),
        (Files(str(one.both), client_ca=str(one.key)), "tls.client_ca: .* holds no certificate"),
    ):
        with pytest.raises(ConfigError, match=why):
            server_context(files, PLACES)
    encrypt(one.key)
    with pytest.raises(ConfigError, match=r"tls.key: .* is encrypted"):
        server_context(Files(str(one.certificate), str(one.key)), PLACES)
