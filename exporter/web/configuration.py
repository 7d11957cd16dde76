"""The web configuration in force: TLS for new connections, passwords and headers for requests.

Its file (`web_settings`) goes in. It and the files that it names are read again when they have
changed; when they cannot be used then, what was in force stays.
"""

import ssl
from pathlib import Path

from loguru import logger

from exporter import pem, web_settings
from exporter.config import ConfigError
from exporter.file_marks import Mark, mark
from exporter.web.passwords import Passwords
from exporter.web_settings import Tls, WebSettings

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_PLACES = pem.Places(
    *(f"tls_server_config.{key}" for key in ("cert_file", "key_file", "client_ca_file"))
)


class WebConfiguration:
    """What is asked of whom. Empty it asks nothing of nobody, over plain HTTP."""

    def __init__(self, file: str | Path = "") -> None:
        """Read the files, if there is one. Raises ConfigError naming the file and the key."""
        self._file = str(file)
        self._seen: list[Mark] = []
        self.settings = WebSettings()
        self.context: ssl.SSLContext | None = None  # None: plain HTTP
        self.passwords = Passwords()
        if self._file:
            self._read()

    def use(self, file: str) -> None:
        """Read another file in place of that one, or none; the next `renew` says so.

        Raises ConfigError; nothing is changed then.
        """
        before, self._file = self._file, file
        try:
            if file:
                self._read()
            else:
                self._take(WebSettings(), None)
        except ConfigError:
            self._file = before
            raise
        self._seen = [None]

    def renew(self) -> bool:
        """Take what has changed; whether new connections are to be answered in another way.

        What cannot be used is logged, once, and nothing changes.
        """
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen  # from before the reading: what changes meanwhile is read again
        if not self._file:
            return True
        try:
            self._read()
        except ConfigError as error:
            logger.error("{}; the web configuration in force stays", error)
            return False
        logger.info("web configuration taken from {}", self._file)
        return True

    def _read(self) -> None:
        file = mark(self._file)
        settings = web_settings.read(self._file)
        tls = settings.tls_server_config
        seen = [file, *map(mark, tls.files)]
        self._take(settings, _context(tls) if tls.cert_file else None)
        self._seen = seen

    def _take(self, settings: WebSettings, context: ssl.SSLContext | None) -> None:
        self.settings, self.context = settings, context
        self.passwords.replace(settings.basic_auth_users)

    def _look(self) -> list[Mark]:
        if not self._file:
            return []
        return [mark(self._file), *map(mark, self.settings.tls_server_config.files)]


def _context(tls: Tls) -> ssl.SSLContext:
    files = pem.Files(tls.cert_file, tls.key_file, tls.client_ca_file)
    context = pem.server_context(files, _PLACES, must_show=tls.must_show)
    context.minimum_version = _VERSIONS[tls.min_version]
    return context
