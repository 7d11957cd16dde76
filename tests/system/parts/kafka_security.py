"""How clients and a Kafka know each other: not at all, or by certificates and passwords."""

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


class Guarded(Plaintext):
    """Over TLS, certificates on both sides, as one of these users, by PLAIN or SCRAM-SHA-512.

    Each but the administrator may do only what it was allowed.
    """

    protocol = "SASL_SSL"

    def __init__(self, folder: Path, *users: str) -> None:
        self.authority = Authority(folder, "kafka-authority")
        self.passwords = {user: secrets.token_hex(8) for user in (ADMIN, *users)}
        self.own = self.authority.issue("client")  # the clients' certificate, one for all
        self._node = folder / "kafka-node.pem"
        node = self.authority.issue()
        # Kafka reads a key as PKCS 8 only, and wants it before the chain.
        key = load_pem_private_key(node.key.read_bytes(), None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._node.write_bytes(pem + node.certificate.read_bytes())

    def broker(self) -> dict[str, str]:
        listener = "listener.name.clients"
        known = " ".join(f'user_{user}="{secret}"' for user, secret in self.passwords.items())
        own = f'username="{ADMIN}" password="{self.passwords[ADMIN]}"'
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._node),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
            f"{listener}.ssl.client.auth": "required",
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
        return {
            "security.protocol": self.protocol,
            "ssl.ca.location": str(self.authority.file),
            "ssl.certificate.location": str(self.own.certificate),
            "ssl.key.location": str(self.own.key),
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
