"""A certificate authority of a test's own: files as an operator has them, and what senders show."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

HOST = "localhost"


class Files(NamedTuple):
    """One certificate with its chain, its key, and both in one file."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Issues certificates into a folder; `file` is its own."""

    def __init__(self, folder: Path, name: str = "ca"):
        self._folder = folder
        self._ca = trustme.CA()
        self.file = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, name: str = HOST, *, days: float = 1.0) -> Files:
        """Write a certificate for a name; with `days` below 0 it expired so long ago."""
        until = datetime.now(UTC) + timedelta(days=days)
        leaf = self._ca.issue_cert(name, not_before=until - timedelta(days=9), not_after=until)
        files = Files(*(self._folder / f"{name}-{part}.pem" for part in Files._fields))
        files.certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        files.key.write_bytes(leaf.private_key_pem.bytes())
        files.both.write_bytes(leaf.private_key_and_cert_chain_pem.bytes())
        return files

    def sender(self, shows: Files | None = None) -> ssl.SSLContext:
        """What a sender speaks with that trusts this authority; it shows a certificate or none."""
        context = ssl.create_default_context(cafile=str(self.file))
        if shows:
            context.load_cert_chain(shows.both)
        return context


def encrypt(key: Path, passphrase: bytes = b"secret") -> None:
    """Encrypt a key file, as one that is to be typed in at each start."""
    plain = load_pem_private_key(key.read_bytes(), None)
    secret = BestAvailableEncryption(passphrase)
    key.write_bytes(plain.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
