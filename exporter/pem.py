"""What TLS needs, read from files (PEM) and tried: contexts come out, of a server and of a client.

A chain goes into one file, our own certificate first; the key may stand in the same file. Errors
name the key of the configuration and the file.
"""

import ssl
from pathlib import Path
from typing import NamedTuple

from exporter.config import ConfigError


class Files(NamedTuple):
    """The files of a server; "" for none."""

    certificate: str
    key: str = ""  # "": it is in the certificate's
    client_ca: str = ""


class Places(NamedTuple):
    """What the configuration calls them."""

    certificate: str
    key: str
    client_ca: str


def server_context(files: Files, places: Places, *, must_show: bool = True) -> ssl.SSLContext:
    """Return the context of a server; with a `client_ca` a client `must_show` a certificate of its.

    Raises ConfigError.
    """
    # Not `create_default_context`: from Python 3.13 on it refuses what home-made CAs issue.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # as OpenSSL 3 does by itself
    # A sender that hangs up without having read a ticket resets the connection.
    context.num_tickets = 0
    _certificates(places.certificate, files.certificate)
    in_its_own = (places.key, files.key)
    place, file = in_its_own if files.key else (places.certificate, files.certificate)
    if "PRIVATE KEY-----" not in _text(place, file):
        raise ConfigError(f"{place}: {file} holds no private key in PEM")
    try:
        context.load_cert_chain(files.certificate, files.key or None, password=_no_password)
    except (ssl.SSLError, _Encrypted) as error:
        raise ConfigError(f"{place}: {file}: {_why(error)}") from None
    if files.client_ca:
        context.load_verify_locations(cadata=_certificates(places.client_ca, files.client_ca))
        context.verify_mode = ssl.CERT_REQUIRED if must_show else ssl.CERT_OPTIONAL
        # Whoever is named there is trusted: an intermediate CA, or one sender's own certificate.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def client_context(certificate: str) -> ssl.SSLContext:
    """Return the context of a client that speaks to the owner of a certificate, by whatever name.

    So the machine's own server is asked by its address, which its certificate rarely bears. Raises
    OSError or ssl.SSLError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _certificates(place: str, file: str) -> str:
    """Return the certificates of a file, as text, once OpenSSL could read them."""
    text = _text(place, file)
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ConfigError(f"{place}: {file} holds no certificate in PEM")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise ConfigError(f"{place}: {file}: {_why(error)}") from None
    return text


def _text(place: str, file: str) -> str:
    try:
        return Path(file).read_text("ascii", "ignore")  # what stands between the blocks is free
    except (OSError, ValueError) as error:
        raise ConfigError(f"{place}: cannot be read: {error}") from None


class _Encrypted(ValueError):
    """A key that wants a passphrase, which nobody is there to type."""


def _no_password() -> str:
    raise _Encrypted("the private key is encrypted; decrypt it with `openssl pkey`")


def _why(error: ssl.SSLError | _Encrypted) -> str:
    if isinstance(error, _Encrypted):
        return str(error)
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the private key is not that of the certificate"
    return error.reason.replace("_", " ").lower() if error.reason else "broken or cut short"
