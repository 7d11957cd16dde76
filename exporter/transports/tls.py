"""The server's side of TLS on one connection, without the connection.

What arrived goes in, plain text comes out, and `answer` is what is to be sent back. So the receiver
stays the same with TLS and without, and whatever was received is plain text before anything else
can happen to the connection.
"""

import contextlib
import ssl
from typing import Any, Literal

_RECORD = 16 * 1024  # bytes; TLS carries no more at once

_REASONS = {  # what OpenSSL finds, in a person's words
    "HTTP_REQUEST": "it does not speak TLS",
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it shows no certificate",
}


class TlsError(ValueError):
    """A connection cannot go on; the plain text that came whole in the same call is not lost.

    `reason` says whether it was refused ("denied_sender": the handshake failed) or broke later
    ("bad_frame"), and `lost` how many messages that counts for.
    """

    lost = 1

    def __init__(
        self, reason: Literal["denied_sender", "bad_frame"], text: str, plain: bytes = b""
    ):
        super().__init__(text)
        self.reason = reason
        self.plain = plain


class Session:
    """One connection: its handshake, then its records."""

    def __init__(self, context: ssl.SSLContext):
        self.established = False
        self.names: tuple[str, ...] = ()  # on the certificate of a sender that had to show one
        self.ended = False  # by a close_notify of either side, or by an error
        self._begun = False
        self._arrived = ssl.MemoryBIO()
        self._leaving = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._arrived, self._leaving, server_side=True)

    def feed(self, data: bytes) -> bytes:
        """Add received bytes; return the plain text they completed.

        Raises TlsError when they are no TLS, or from nobody whom we want to hear.
        """
        self._begun = True
        self._arrived.write(data)
        plain = bytearray()
        try:
            if not self.established:
                self._tls.do_handshake()
                self.established = True
                self.names = _names(self._tls)
            while chunk := self._tls.read(_RECORD):
                plain += chunk
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.ended = True
            if self.established:
                raise TlsError("bad_frame", f"broken TLS: {_why(error)}", bytes(plain)) from error
            raise TlsError("denied_sender", f"no TLS handshake: {_why(error)}") from error
        return bytes(plain)

    def end(self) -> None:
        """Take it that nothing more comes. Who has said nothing at all was no sender.

        Raises TlsError when that is in the middle of the handshake.
        """
        if self._begun and not self.established and not self.ended:
            raise TlsError("denied_sender", "no TLS handshake: it hung up")

    def leave(self) -> None:
        """End it from our side, with a close_notify where there is something to end."""
        self.ended = True
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()

    def answer(self) -> bytes:
        """Return what is to be sent since the last call."""
        return self._leaving.read()


def _names(tls: ssl.SSLObject) -> tuple[str, ...]:
    """Return the DNS names of a certificate that was looked at, then the common one."""
    shown: dict[str, Any] = tls.getpeercert() or {}
    subject = [pair for part in shown.get("subject", ()) for pair in part]
    names = [name for kind, name in shown.get("subjectAltName", ()) if kind == "DNS"]
    return *names, *(name for kind, name in subject if kind == "commonName")


def _why(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate: {error.verify_message}"
    if not error.reason:
        return str(error)
    return _REASONS.get(error.reason) or error.reason.replace("_", " ").lower()
