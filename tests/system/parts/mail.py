"""A real mail server that keeps what it takes."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mail(NamedTuple):
    """One message as the server took it."""

    sender: str | None
    recipients: list[str]
    content: bytes

    def parsed(self) -> EmailMessage:
        message = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def part(self, kind: str) -> str:
        """Return the text of the part `plain` or `html`."""
        part = self.parsed().get_body((kind,))
        if part is None:
            raise LookupError(f"the message has no {kind} part")
        return str(part.get_content())


class MailServer:
    """What was taken so far, and who logged in."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Mail] = []
        self.logins: list[tuple[str, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(Mail(envelope.mail_from, envelope.rcpt_tos, content))
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Take mail, and any login, on a free port of the loopback until the block ends."""
    taken = MailServer()
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(
            taken,
            authenticator=taken.authenticate,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],  # its questions are not the ones that Go waits for
            loop=loop,
        )

    server = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0))
    taken.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield taken
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
