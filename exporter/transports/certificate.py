"""The certificate with which we answer over TLS: the files of a configuration go in, what new
connections are given comes out. Files that are renewed while we run are taken then.

All files are PEM. A chain goes into one file, our own certificate first; the key may stand in the
same file.
"""

import ssl
from pathlib import Path

from loguru import logger

from exporter.config import ConfigError
from exporter.settings import Listen

_Seen = tuple[tuple[int, int, int] | None, ...]


class Certificate:
    """What is in force; `context` is for the next connection."""

    def __init__(self, certificate: str, key: str = "", client_ca: str = ""):
        """Read the files; with a `client_ca` only senders with a certificate of its are heard.

        Raises ConfigError naming the key and the file.
        """
        self._files = (certificate, key, client_ca)
        self._seen = _look(self._files)
        self.context = _context(*self._files)

    def renew(self) -> None:
        """Take what has changed. Files that do not fit are logged once, and nothing changes."""
        seen = _look(self._files)
        if seen == self._seen:
            return
        self._seen = seen  # from before the reading: what changes meanwhile is read again
        try:
            self.context = _context(*self._files)
        except ConfigError as error:
            logger.error("{}; the certificate in force stays", error)
        else:
            logger.info("new certificate taken from {}", self._files[0])


def configured(listen: Listen) -> Certificate | None:
    """Return what a configuration asks for; None is no TLS.

    Raises ConfigError naming the key and the file.
    """
    if not listen.tls_certificate:
        return None
    return Certificate(listen.tls_certificate, listen.tls_key, listen.tls_client_ca)


def _look(files: tuple[str, ...]) -> _Seen:
    """Return by what a changed file is known."""
    seen: list[tuple[int, int, int] | None] = []
    for file in filter(None, files):
        try:
            found = Path(file).stat()
        except (OSError, ValueError):
            seen.append(None)
        else:
            seen.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(seen)


def _context(certificate: str, key: str, client_ca: str) -> ssl.SSLContext:
    # Not `create_default_context`: from Python 3.13 on it refuses what home-made CAs issue.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # as OpenSSL 3 does by itself
    # A sender that hangs up without having read a ticket resets the connection.
    context.num_tickets = 0
    _certificates("tls_certificate", certificate)
    place, file = ("tls_key", key) if key else ("tls_certificate", certificate)
    if "PRIVATE KEY-----" not in _text(place, file):
        raise ConfigError(f"listen.{place}: {file} holds no private key in PEM")
    try:
        context.load_cert_chain(certificate, key or None, password=_no_password)
    except (ssl.SSLError, _Encrypted) as error:
        raise ConfigError(f"listen.{place}: {file}: {_why(error)}") from None
    if client_ca:
        context.load_verify_locations(cadata=_certificates("tls_client_ca", client_ca))
        context.verify_mode = ssl.CERT_REQUIRED
        # Whoever is named there is trusted: an intermediate CA, or one sender's own certificate.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _certificates(place: str, file: str) -> str:
    """Return the certificates of a file, as text, once OpenSSL could read them."""
    text = _text(place, file)
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ConfigError(f"listen.{place}: {file} holds no certificate in PEM")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise ConfigError(f"listen.{place}: {file}: {_why(error)}") from None
    return text


def _text(place: str, file: str) -> str:
    try:
        return Path(file).read_text("ascii", "ignore")  # what stands between the blocks is free
    except (OSError, ValueError) as error:
        raise ConfigError(f"listen.{place}: cannot be read: {error}") from None


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
