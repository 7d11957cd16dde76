"""Who may do what in a fleet: brokers ask who is there, and records are signed."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AclOperation, AdminClient, ResourceType

from exporter.fleet.kafka import changelog_of
from exporter.fleet.records import Lines, encode
from exporter.fleet.relay_keys import sign
from tests.system.parts.exposition import total
from tests.system.parts.fleet import REJECTED, ready, scraped, worker
from tests.system.parts.founding import flood, message
from tests.system.parts.kafka import Kafka
from tests.system.parts.kafka import kafka as started
from tests.system.parts.kafka_records import QUIET, read, write
from tests.system.parts.kafka_security import Guarded
from tests.system.parts.knockwatch import Server
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.relay import relay as relaying
from tests.transports.authority import Authority

pytestmark = needs("kafka")

TOPIC = "knockwatch"
RELAYED = "knockwatch_relayed_messages_total"
DROPPED = "knockwatch_dropped_messages_total"
KEYS = {"osaka": "0123456789abcdef" * 2, "tokyo": "fedcba9876543210" * 2}
SEQUENCE = itertools.count(1)


class Fleet(NamedTuple):
    """Brokers, and the worker that counts."""

    cluster: Kafka
    worker: Server

    def dropped(self, reason: str) -> float:
        """Messages that belong to no site's numbers."""
        labels = {"listener": "kafka", "reason": reason, "site": ""}
        return total(scraped(self.worker), DROPPED, **labels)

    def rejected(self, site: str) -> float:
        """Packets that are counted for a site."""
        return total(scraped(self.worker), REJECTED, site=site)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Iterator[Fleet]:
    """A worker and a relay's user that may do what docs/fleet.md grants them, and nothing else."""
    folder = tmp_path_factory.mktemp("fleet")
    keys = folder / "relays"
    keys.write_text("".join(f"{name} {secret} {name}\n" for name, secret in KEYS.items()))
    with started(folder, security=Guarded(folder, "worker", "relay")) as cluster:
        grant(cluster)
        more = f'{login(cluster, folder, "worker")}[fleet]\nrelays = "{keys}"\n'
        with worker(folder, cluster, TOPIC, partitions=1, more=more) as server:
            ready(server)
            yield Fleet(cluster, server)


def grant(cluster: Kafka) -> None:
    """Give each role what it needs."""
    operation, kind = AclOperation, ResourceType
    looks = (operation.DESCRIBE_CONFIGS, operation.CREATE)
    cluster.allow("relay", kind.TOPIC, TOPIC, operation.WRITE)
    cluster.allow("worker", kind.TOPIC, TOPIC, operation.READ, *looks)
    cluster.allow(
        "worker", kind.TOPIC, changelog_of(TOPIC), operation.READ, operation.WRITE, *looks
    )
    cluster.allow("worker", kind.GROUP, TOPIC, operation.READ)
    cluster.allow("worker", kind.TRANSACTIONAL_ID, f"{TOPIC}-*", operation.WRITE)


def login(cluster: Kafka, folder: Path, user: str, password: str = "") -> str:
    """Return what `[kafka]` says of who we are, by the mechanism that is the default."""
    security = cluster.security
    assert isinstance(security, Guarded)
    secret = folder / f"password-{user}"
    secret.write_text(f"{password or security.passwords[user]}\n")
    return (
        f'security = "sasl_ssl"\nca = "{security.authority.file}"\n'
        f'certificate = "{security.own.certificate}"\nkey = "{security.own.key}"\n'
        f'user = "{user}"\npassword_file = "{secret}"\n'
    )


def record(*remotes: str, region: str = "") -> bytes:
    """Return the value of a record with one rejected packet from each of these."""
    return encode(
        Lines(
            session="by hand",
            sequence=next(SEQUENCE),
            region=region,
            received=datetime.now(UTC).timestamp(),
            listener="udp",
            sender="192.168.1.1",
            messages=[message(f"{remote}:3478").encode() for remote in remotes],
        )
    )


def send(fleet: Fleet, site: str, value: bytes, *, relay: str, signature: bytes | None) -> None:
    """Write a record as the user of relays, who may write to the topic."""
    headers = {"kind": b"lines", "relay": relay.encode()}
    if signature is not None:
        headers["signature"] = signature
    write(fleet.cluster, TOPIC, (site.encode(), value), headers=headers, user="relay")


def signed(relay: str, site: str, value: bytes) -> bytes:
    return sign(KEYS[relay].encode(), site, value)


def test_what_a_relay_signed_for_its_site_is_counted(fleet):
    value = record("198.51.100.1", "198.51.100.2")
    send(fleet, "osaka", value, relay="osaka", signature=signed("osaka", "osaka", value))
    until(lambda: fleet.rejected("osaka") == 2, "packets of Osaka")


@pytest.mark.parametrize("site", ["osaka", "tokyo"])
def test_a_relay_is_counted_for_its_own_site_and_for_no_other(fleet, tmp_path, site):
    key = tmp_path / "key"
    key.write_text(f"{KEYS['osaka']}\n")
    place = f'site = "{site}"\nkey_file = "{key}"\n'
    how = login(fleet.cluster, tmp_path, "relay")
    packets, forged = fleet.rejected("osaka"), fleet.dropped("forged")
    with relaying(
        tmp_path, fleet.cluster.bootstrap, TOPIC, name="osaka", relay=place, kafka=how
    ) as relay:
        relay.send(*flood(30))
        until(lambda: total(relay.metrics(), RELAYED) == 30, "all written")
    if site == "osaka":
        until(lambda: fleet.rejected("osaka") == packets + 30, "all counted")
        assert fleet.dropped("forged") == forged
    else:
        until(lambda: fleet.dropped("forged") > forged, "dropped as forged")
        assert fleet.rejected("osaka") == packets
        assert "tokyo" not in scraped(fleet.worker)


@pytest.mark.parametrize(
    ("relay", "signer", "of_site", "region"),
    [
        ("osaka", "osaka", "tokyo", ""),  # its own key, and the site that it writes for
        ("tokyo", "osaka", "tokyo", ""),  # another's name
        ("osaka", "osaka", "osaka", ""),  # a signature that it made for its own site
        ("tokyo", "tokyo", "tokyo", "kansai"),  # its own site, under a region that it was not given
        ("tokyo", "", "", ""),  # no signature at all
        ("nobody", "osaka", "tokyo", ""),
    ],
)
def test_what_nobody_signed_who_may_is_dropped_and_named_to_nobody(
    fleet, relay, signer, of_site, region
):
    before, packets = fleet.dropped("forged"), total(scraped(fleet.worker), REJECTED)
    value = record("198.51.100.3", "198.51.100.4", region=region)
    signature = signed(signer, of_site, value) if signer else None
    send(fleet, "tokyo", value, relay=relay, signature=signature)
    until(lambda: fleet.dropped("forged") == before + 1, "dropped as forged")
    shown = scraped(fleet.worker)
    assert total(shown, REJECTED) == packets
    assert "tokyo" not in shown
    assert "kansai" not in shown


def test_a_relay_may_write_to_the_topic_and_do_nothing_else(fleet):
    refused = pytest.raises(KafkaException, match=r"(?i)authoriz")
    for topic in (TOPIC, changelog_of(TOPIC)):
        with refused:
            read(fleet.cluster, topic, user="relay")
    with refused:
        write(fleet.cluster, changelog_of(TOPIC), (b"offset", b"0"), user="relay")


def test_a_client_without_certificate_or_tls_or_of_another_authority_has_no_connection(
    fleet, tmp_path
):
    right = fleet.cluster.client("relay") | QUIET
    another = Authority(tmp_path, "another")
    own = another.issue("client")
    shown = {"ssl.certificate.location": str(own.certificate), "ssl.key.location": str(own.key)}
    nameless = {key: right[key] for key in right if key not in shown}
    assert set(AdminClient(right).list_topics(timeout=20).topics) == {TOPIC}  # what it may see
    refused(nameless, "bad certificate")
    refused(right | shown, "bad certificate")
    refused(right | {"ssl.ca.location": str(another.file)}, "certificate verify failed")
    refused(right | {"security.protocol": "SASL_PLAINTEXT"}, "down")


def refused(settings: dict[str, str], why: str) -> None:
    """Wait until a client, which tries without end, has no connection for that reason."""
    errors: list[KafkaError] = []
    told: dict[str, Any] = {"error_cb": errors.append}
    client = AdminClient(settings | told)

    def said() -> bool:
        client.poll(0.1)
        return any(why in error.str() for error in errors)

    until(said, why)


def test_a_worker_with_a_wrong_password_says_so_and_ends(fleet, tmp_path):
    more = login(fleet.cluster, tmp_path, "worker", password="guessed")
    with worker(tmp_path, fleet.cluster, TOPIC, more=more) as server:
        assert server.process.popen.wait(60) == 1
        assert "the brokers refuse us" in server.process.output()
