"""The certificate with which we answer over TLS: the files of a configuration go in, what new
connections are given comes out. Files that are renewed while we run are taken then.
"""

from loguru import logger

from exporter import pem
from exporter.config import ConfigError
from exporter.file_marks import mark
from exporter.settings import Listen

_PLACES = pem.Places("listen.tls_certificate", "listen.tls_key", "listen.tls_client_ca")


class Certificate:
    """What is in force; `context` is for the next connection."""

    def __init__(self, certificate: str, key: str = "", client_ca: str = ""):
        """Read the files; with a `client_ca` only senders with a certificate of its are heard.

        Raises ConfigError naming the key and the file.
        """
        self._files = pem.Files(certificate, key, client_ca)
        self._seen = self._look()
        self.context = pem.server_context(self._files, _PLACES)

    def renew(self) -> None:
        """Take what has changed. Files that do not fit are logged once, and nothing changes."""
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen  # from before the reading: what changes meanwhile is read again
        try:
            self.context = pem.server_context(self._files, _PLACES)
        except ConfigError as error:
            logger.error("{}; the certificate in force stays", error)
        else:
            logger.info("new certificate taken from {}", self._files.certificate)

    def _look(self) -> list[object]:
        return [mark(file) for file in self._files if file]


def configured(listen: Listen) -> Certificate | None:
    """Return what a configuration asks for; None is no TLS.

    Raises ConfigError naming the key and the file.
    """
    if not listen.tls_certificate:
        return None
    return Certificate(listen.tls_certificate, listen.tls_key, listen.tls_client_ca)
