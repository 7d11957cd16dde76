"""How clients and a Kafka know each other: in plain text, over TLS, or over TLS with a password."""

import secrets
from pathlib import Path

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.transports.authority import Authority

ADMIN = "admin"  # the nodes themselves, and a test that prepares something
LOGINS = "org.apache.kafka.common.security"
ITERATIONS = 4096  # the least that Kafka takes


class Plaintext:
    """Anybody may do anything."""

    protocol = "PLAINTEXT"

    def broker(self) -> dict[str, str]:
        """Return the properties of every node."""
        return {}

    def client(self, user: str) -> dict[str, str]:
        """Return what a client in librdkafka's words is told, to be that user."""
        return {}

    def enrol(self, admin: AdminClient) -> None:
        """Tell nodes that have started what they have to know of users."""


class Tls(Plaintext):
    """Anybody may do anything, once the node has shown a certificate for `localhost`."""

    protocol = "SSL"

    def __init__(self, folder: Path) -> None:
        self._authority = Authority(folder, "kafka-authority")
        issued = self._authority.issue()
        self._identity = folder / "kafka.pem"
        # Kafka reads a key as PKCS 8 only, and wants it before the chain.
        key = load_pem_private_key(issued.key.read_bytes(), None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._identity.write_bytes(pem + issued.certificate.read_bytes())

    @property
    def authority(self) -> Path:
        """The certificate that a client has to trust."""
        return self._authority.file

    def broker(self) -> dict[str, str]:
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._identity),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
        }

    def client(self, user: str) -> dict[str, str]:
        return {"security.protocol": self.protocol, "ssl.ca.location": str(self.authority)}


class Passwords(Tls):
    """Over TLS, as one of these users, by PLAIN or SCRAM-SHA-512.

    Each but the administrator may do only what it was allowed.
    """

    protocol = "SASL_SSL"

    def __init__(self, folder: Path, *users: str) -> None:
        super().__init__(folder)
        self.passwords = {user: secrets.token_hex(8) for user in (ADMIN, *users)}

    def broker(self) -> dict[str, str]:
        listener = "listener.name.clients"
        known = " ".join(f'user_{user}="{secret}"' for user, secret in self.passwords.items())
        own = f'username="{ADMIN}" password="{self.passwords[ADMIN]}"'
        return super().broker() | {
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",  # it is known before all others
            f"{listener}.plain.sasl.jaas.config": f"{LOGINS}.plain.PlainLoginModule"
            f" required {own} {known};",
            f"{listener}.scram-sha-512.sasl.jaas.config": f"{LOGINS}.scram.ScramLoginModule"
            " required;",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            # Nobody is anonymous but the nodes among themselves, on the controllers' listener.
            "super.users": f"User:{ADMIN};User:ANONYMOUS",
        }

    def client(self, user: str) -> dict[str, str]:
        return super().client(user) | {
            "sasl.mechanism": "PLAIN",
            "sasl.username": user,
            "sasl.password": self.passwords[user],
        }

    def enrol(self, admin: AdminClient) -> None:
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        known: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, info, secret.encode())
            for user, secret in self.passwords.items()
        ]
        for done in admin.alter_user_scram_credentials(known).values():
            done.result(30)
